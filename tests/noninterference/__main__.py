"""``python -m tests.noninterference [COUNT] [SEED]``: the long run, by hand.

Statements of our own grammar, or one a line from standard input with COUNT ``-`` (sqlsmith's, say).
"""

from contextlib import ExitStack
import sys
import time

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from tests.noninterference.run import Run, statements
from tests.world.world import World


def main() -> int:
    """Run, print the tally, exit 1 for any leak."""
    count = sys.argv[1] if len(sys.argv) > 1 else "100000"
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    with Cluster() as cluster, ExitStack() as stack:
        shop.load(cluster)
        world = World(cluster)
        stack.callback(world.close)
        run = Run(world)
        source = sys.stdin if count == "-" else statements(world, seed, int(count))
        for number, sql in enumerate(source, 1):
            run.ask(sql.strip())
            if number % 1000 == 0:
                speed = number / (time.monotonic() - began)
                print(f"\r{number:,} statements, {speed:.0f}/s", end="", file=sys.stderr)
        print(file=sys.stderr)
        tally = run.tally
    print(f"statements  {tally.statements:,} in {time.monotonic() - began:.0f} s")
    print(f"answered    {tally.answered:,}; asked directly, {tally.telling:,} of", end=" ")
    print(f"{tally.sampled:,} differ")
    print(f"failed      {sum(tally.failed.values()):,}  {dict(tally.failed.most_common(6))}")
    print(f"refused     {sum(tally.refused.values()):,}")
    for why, times in tally.refused.most_common(14):
        print(f"  {times:>9,}  {why}")
    print(f"other order {tally.order:,}, not repeatable {tally.noisy:,}")
    print(f"LEAKS       {len(tally.leaks):,}")
    for sql in tally.leaks[:40]:
        print(f"  {sql}")
    return 1 if tally.leaks else 0


if __name__ == "__main__":
    sys.exit(main())
