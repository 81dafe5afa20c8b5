"""Figures of the PostgreSQL vault: new tokens made durable, values and tokens looked up, a second.

    python -m tests.bench.bench_vault_pg [--rows 200000] [--batch 20000]

On a server of its own with fsync on.  Prints; asserts no time.  What was made is checked, so that a
figure never comes from work that was not done.
"""

import argparse
import random

from pgproxy.demo.postgres import Cluster
from pgproxy.net.vault_postgres import PostgresVault
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file
from tests.bench.bench_vault import timed

_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_SIZED = {"shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum": "on"}


def measure(url: str, rows: int, batch: int, kind: str) -> None:
    """One space filled, read by value, read by token; one line a figure."""
    vault = PostgresVault(url, KeyRing.from_json(new_key_file(), "bench"))
    space = TokenSpace("person_email", kind)
    known = [b"user%d@mail.example.com" % number for number in range(rows)]
    tokens = timed(f"{kind}: new tokens", known, batch, lambda part: vault.tokens(space, part))
    assert len(set(tokens)) == rows
    random.shuffle(known)
    found = timed(f"{kind}: known values", known, batch, lambda part: vault.tokens(space, part))
    values = timed(f"{kind}: tokens resolved", found, batch, lambda t: vault.values(space, t))
    assert values == known
    print(f"{kind}: {vault.status().bytes / rows:.0f} bytes a token")
    vault.close()


def main() -> None:
    """Measure the kinds that differ: wide tokens, short ones, integers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=20_000)
    arguments = parser.parse_args()
    for kind in ("text", "text/12", "integer"):
        with Cluster(settings={**_DURABLE, **_SIZED}) as cluster:
            measure(cluster.dsn(), arguments.rows, arguments.batch, kind)


if __name__ == "__main__":
    main()
