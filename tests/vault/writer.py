"""A process that writes to a vault until it is stopped, and says what it was given.

    python -m tests.vault.writer VAULT KEYFILE SEED BATCHES

A line is one answer, printed only after the vault returned: ``value token`` pairs in hexadecimal.
Checkpoints are made frequent, so that kills and races meet them too.
"""

from pathlib import Path
import random
import sys

from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import schema
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.sqlite import SqliteVault

SPACE = TokenSpace("shared", "text/8")
POOL = 20_000


def main(path: str, key_file: str, seed: int, batches: int) -> None:
    """Ask for tokens of values from a pool that all writers share."""
    schema._CHECKPOINT_PAGES = 16
    keys = KeyRing.from_json(Path(key_file).read_text(encoding="utf-8"), key_file)
    vault = SqliteVault(Path(path), keys, patience=30)
    choose = random.Random(seed)
    for _ in range(batches):
        size = choose.choice((1, 3, 40))
        values = [b"value-%d" % choose.randrange(POOL) for _ in range(size)]
        tokens = vault.tokens(SPACE, values)
        pairs = [f"{v.hex()} {t.hex()}" for v, t in zip(values, tokens, strict=True)]
        print(" ".join(pairs), flush=True)
    vault.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
