"""A process that asks a PostgreSQL vault for tokens until it is stopped, and says what it got.

    python -m tests.net.vault_writer URL KEYFILE SEED BATCHES

A line is one answer, printed only after the vault returned: ``value token`` pairs in hexadecimal.
"""

from pathlib import Path
import random
import sys

from pgproxy.net.vault_postgres import PostgresVault
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing

SPACES = (TokenSpace("shared", "text/8"), TokenSpace("small", "smallint"))
POOL = 9_000


def main(url: str, key_file: str, seed: int, batches: int) -> None:
    """Ask for tokens of values from a pool that all writers share; two spaces in turn."""
    keys = KeyRing.from_json(Path(key_file).read_text(encoding="utf-8"), key_file)
    vault = PostgresVault(url, keys, seconds=30)
    choose = random.Random(seed)
    for turn in range(batches):
        size = choose.choice((1, 3, 40, 500))
        values = [b"value-%d" % choose.randrange(POOL) for _ in range(size)]
        tokens = vault.tokens(SPACES[turn % 2], values)
        pairs = [f"{v.hex()} {t.hex()}" for v, t in zip(values, tokens, strict=True)]
        print(turn % 2, *pairs, flush=True)
    vault.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
