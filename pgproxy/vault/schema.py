"""The vault as a SQLite file: how it is made, opened and recognised.

Tables: ``vault`` (one row: which key file it belongs to), ``sealing_key`` (ids of the keys that
sealed something), ``space`` (domain and kind), ``entry`` (one token; see ``places``).  ``entry``
grows at its end and has two narrow unique indexes: a WITHOUT ROWID table would drag the sealed
values through a tree in random order, and was measured a third slower.

Durability: WAL with synchronous=FULL.  The WAL is fsynced inside COMMIT, before any connection can
see the rows; NORMAL would fsync at checkpoints only and lose the last tokens when power fails.
"""

from contextlib import suppress
import os
from pathlib import Path
import sqlite3

from pgproxy.errors import ConfigError, Finding
from pgproxy.vault.keys import KeyRing

VERSION = 1
_APPLICATION_ID = 0x50475056  # "PGPV": `file` and other programs can tell what this is
_CACHE_KIB = 64 * 1024
# 32 MiB of WAL before pages go back to the database: fewer times for a page written often.
_CHECKPOINT_PAGES = 8192
_WAL_KEPT_BYTES = 64 * 1024 * 1024

_TABLES = """
CREATE TABLE vault (
    fingerprint BLOB NOT NULL
);
CREATE TABLE sealing_key (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    proof BLOB NOT NULL
);
CREATE TABLE space (
    id INTEGER PRIMARY KEY,
    domain TEXT NOT NULL,
    kind TEXT NOT NULL,
    UNIQUE (domain, kind)
);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES space (id),
    lookup BLOB NOT NULL,
    place BLOB NOT NULL,
    key INTEGER NOT NULL REFERENCES sealing_key (id),
    sealed BLOB NOT NULL
);
CREATE UNIQUE INDEX entry_lookup ON entry (space, lookup);
CREATE UNIQUE INDEX entry_place ON entry (space, place)
"""


def create_file(path: Path) -> None:
    """Make an empty vault file, for its owner only; one that is there is left alone.

    SQLite gives the WAL beside it the same mode.  The directory is synced: a vault must not
    vanish with its first tokens when power fails.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        return
    os.close(descriptor)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """A connection with autocommit, usable from one thread at a time."""
    return sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=64
    )


def prepare(connection: sqlite3.Connection, path: Path, keys: KeyRing) -> None:
    """Recognise the vault, or make an empty file one; refuse everything else untouched.

    The caller holds the write lock.
    """
    if not _is_empty(connection):
        _require_vault(connection, path)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",  # macOS: fsync alone does not reach the disk there
        "checkpoint_fullfsync = ON",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        f"journal_size_limit = {_WAL_KEPT_BYTES}",
        f"cache_size = -{_CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        raise _finding(path, "the file system does not carry SQLite's write-ahead log")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_empty(connection):
            _create(connection, keys)
        _require_keys(connection, path, keys)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def schema_version(connection: sqlite3.Connection) -> int:
    """The version the file says it has."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return tables == 0 and schema_version(connection) == 0


def _require_vault(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION_ID:
        raise _finding(path, "this SQLite database is not a pgproxy vault")
    if (version := schema_version(connection)) != VERSION:
        raise _finding(path, f"vault version {version} is unknown here; expected {VERSION}")


def _create(connection: sqlite3.Connection, keys: KeyRing) -> None:
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO vault (fingerprint) VALUES (?)", (keys.fingerprint(),))
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _require_keys(connection: sqlite3.Connection, path: Path, keys: KeyRing) -> None:
    """The vault belongs to this key file, and a key id means the same secret as before."""
    if connection.execute("SELECT fingerprint FROM vault").fetchall() != [(keys.fingerprint(),)]:
        raise _finding(path, "the vault belongs to another key file; its index secret differs")
    states = keys.states
    for name, proof in connection.execute("SELECT name, proof FROM sealing_key").fetchall():
        if name in states and proof != keys.proof(name):
            raise _finding(path, f"key {name!r} of the key file is not the one the vault knows")
    connection.execute(
        "INSERT INTO sealing_key (name, proof) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (keys.primary, keys.proof(keys.primary)),
    )


def _finding(path: Path, message: str) -> ConfigError:
    return ConfigError((Finding(str(path), 0, message),))
