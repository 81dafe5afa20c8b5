"""Figures of the SQLite vault: new tokens made durable and known values found, each second.

    python -m tests.bench.bench_vault [--rows 100000] [--batch 1000] [--dir DIR]

Prints; asserts no time, for a time is a property of the machine.  What was made is checked, so that
a figure never comes from work that was not done.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
import random
import tempfile
import time
from typing import TypeVar

from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.sqlite import SqliteVault

Item = TypeVar("Item")
Result = TypeVar("Result")


def measure(directory: Path, rows: int, batch: int, kind: str) -> None:
    """One fresh vault, filled, read by value, read by token; one line a figure."""
    keys = KeyRing.from_json(new_key_file(), "bench")
    path = directory / f"{kind.replace('/', '-')}.db"
    vault = SqliteVault(path, keys)
    space = TokenSpace("person_email", kind)
    known = [b"user%d@mail.example.com" % number for number in range(rows)]
    tokens = timed(f"{kind}: new tokens", known, batch, lambda part: vault.tokens(space, part))
    assert len(set(tokens)) == rows
    fresh = [b"fresh%d@mail.example.com" % number for number in range(20 * batch)]
    timed(f"{kind}: new, above {rows:,}", fresh, batch, lambda part: vault.tokens(space, part))
    random.shuffle(known)
    found = timed(f"{kind}: known values", known, batch, lambda part: vault.tokens(space, part))
    values = timed(f"{kind}: tokens resolved", found, batch, lambda t: vault.values(space, t))
    assert values == known
    vault.close()
    print(f"{kind}: {path.stat().st_size / (rows + len(fresh)):.0f} bytes a token")


def timed(
    name: str, items: Sequence[Item], batch: int, work: Callable[[Sequence[Item]], list[Result]]
) -> list[Result]:
    """Work on the items a batch at a time, and print how many a second that was."""
    results: list[Result] = []
    start = time.perf_counter()
    for at in range(0, len(items), batch):
        results += work(items[at : at + batch])
    seconds = time.perf_counter() - start
    print(f"{name}: {len(items) / seconds:,.0f}/s")
    return results


def main() -> None:
    """Measure the kinds that differ: wide tokens, short ones, integers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--dir", type=Path, help="where the vault lies; its disk is what counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.dir) as directory:
        for kind in ("text", "text/12", "integer"):
            measure(Path(directory), arguments.rows, arguments.batch, kind)


if __name__ == "__main__":
    main()
