"""A vault file is recognised, kept private, opened durable, and nothing else is touched."""

from contextlib import closing
import os
from pathlib import Path
import sqlite3
import stat

import pytest

from pgproxy.errors import ConfigError, Unavailable
from pgproxy.vault import schema
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.sqlite import SqliteVault
from tests.vault.conftest import EMAILS


def test_every_file_is_its_owners_alone(path: Path, keys: KeyRing) -> None:
    before = os.umask(0)
    try:
        vault = SqliteVault(path, keys)
        vault.tokens(EMAILS, [b"a@b.org"])
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    vault.close()
    assert "vault.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_a_commit_is_synced_before_it_is_told(path: Path, keys: KeyRing) -> None:
    schema.create_file(path)
    connection = schema.connect(path, 1)
    schema.prepare(connection, path, keys)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def _statement(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)


def test_someone_elses_database_is_refused_and_left_alone(path: Path, keys: KeyRing) -> None:
    _statement(path, "CREATE TABLE other (id)")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="not a pgproxy vault"):
        SqliteVault(path, keys)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(path: Path, keys: KeyRing) -> None:
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(Unavailable, match="no SQLite database"):
        SqliteVault(path, keys)


def test_an_unknown_version_is_refused(path: Path, keys: KeyRing) -> None:
    SqliteVault(path, keys).close()
    _statement(path, "PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="version 99 is unknown"):
        SqliteVault(path, keys)


def test_another_key_file_is_refused(path: Path, keys: KeyRing) -> None:
    SqliteVault(path, keys).close()
    with pytest.raises(ConfigError, match="belongs to another key file"):
        SqliteVault(path, KeyRing.from_json(new_key_file(), "other.key"))
    SqliteVault(path, keys).close()


def test_a_key_id_used_again_with_another_secret_is_refused(path: Path) -> None:
    text = new_key_file()
    SqliteVault(path, KeyRing.from_json(text, "vault.key")).close()
    start = text.index('"secret": "') + len('"secret": "')
    swapped = text[:start] + ("B" if text[start] == "A" else "A") + text[start + 1 :]
    with pytest.raises(ConfigError, match="not the one the vault knows"):
        SqliteVault(path, KeyRing.from_json(swapped, "vault.key"))


def test_a_file_left_empty_by_a_crash_becomes_a_vault(path: Path, keys: KeyRing) -> None:
    schema.create_file(path)
    vault = SqliteVault(path, keys)
    assert vault.status().schema_version == schema.VERSION
    vault.close()


def test_a_failed_creation_leaves_no_half_made_vault(
    path: Path, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_TABLES", schema._TABLES + "; CREATE TABLE vault (again)")
    with pytest.raises(Unavailable):
        SqliteVault(path, keys)
    monkeypatch.undo()
    SqliteVault(path, keys).close()


def test_a_missing_directory_is_a_finding(tmp_path: Path, keys: KeyRing) -> None:
    with pytest.raises(ConfigError, match=r"cannot open the vault: No such file"):
        SqliteVault(tmp_path / "absent" / "vault.db", keys)


def test_both_ways_are_unique_in_the_file_itself(path: Path, keys: KeyRing) -> None:
    vault = SqliteVault(path, keys)
    vault.tokens(EMAILS, [b"a@b.org"])
    vault.close()
    for kept, changed in (("lookup", "place"), ("place", "lookup")):
        with pytest.raises(sqlite3.IntegrityError):
            _statement(
                path,
                f"INSERT INTO entry (space, {kept}, {changed}, key, sealed)"
                f" SELECT space, {kept}, x'00', key, sealed FROM entry",
            )
