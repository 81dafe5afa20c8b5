"""``python -m tests.fidelity``: the fidelity report of the sample shop, and its picture.

Starts a PostgreSQL with ten times the demo's shop, learns its distributions, and compares.
"""

import argparse
from pathlib import Path
import sys
import tempfile

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from tests.fidelity.shop import add_baskets, setting

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("customers", "orders", "payments", "baskets")


def main() -> int:
    """The exit code of what failed, if anything did."""
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("--svg", default=str(ROOT / "config" / "fidelity.svg"))
    parser.add_argument("--out", help="also the whole report, as HTML")
    parser.add_argument("--scale", type=int, default=10)
    given = parser.parse_args()
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        shop.load(cluster, given.scale)
        add_baskets(cluster, shop.DATABASE)
        files = setting(cluster, Path(folder), database=shop.DATABASE)
        named = [word for table in TABLES for word in ("--table", f"shop.{table}")]
        report = ["fidelity", "--role", "analyst", "--svg", given.svg, *named]
        if given.out:
            report += ["--out", given.out]
        for arguments in (["learn"], report):
            done = files.run(*arguments)
            sys.stdout.write(done.stdout)
            sys.stderr.write(done.stderr)
            if done.returncode:
                return done.returncode
    print(*filter(None, (given.out, given.svg)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
