"""What the tests of the vault share: a key ring and a vault file of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.sqlite import SqliteVault

EMAILS = TokenSpace("person_email", "text")


@pytest.fixture
def keys() -> KeyRing:
    """A fresh key ring."""
    return KeyRing.from_json(new_key_file(), "test.key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the vault of this test lies."""
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path: Path, keys: KeyRing) -> Iterator[SqliteVault]:
    """An open vault."""
    opened = SqliteVault(path, keys)
    yield opened
    opened.close()
