"""``python -m tests.treatment.unique_people [N]``: addresses of N subjects, none of them twice."""

import secrets
import sys
import time

from pgproxy.treatment.keys import Keys
from pgproxy.treatment.locales import locale
from pgproxy.treatment.person import MAKERS
from pgproxy.treatment.subject import subjects


def main() -> None:
    """Counts by a hash of 61 bits: two that are alike there would be counted as alike."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    drawn, make, where = subjects(Keys(secrets.token_bytes(32)), "p"), MAKERS["email"], locale("zh")
    began, seen = time.monotonic(), set()
    for key in range(count):
        seen.add(hash(make(drawn(b"k%d" % key), where)))
        if key % 1_000_000 == 999_999:
            print(f"{key + 1:,} of {count:,}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{count:,} subjects, {count - len(seen)} addresses twice")
    sys.exit(len(seen) < count)


if __name__ == "__main__":
    main()
