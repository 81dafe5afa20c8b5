"""The upkeep of a SQLite vault beside running proxies: forgetting, sealing anew, copies."""

from collections.abc import Sequence
import os
from pathlib import Path
import sqlite3

from pgproxy.errors import ConfigError, Finding, Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import schema
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.sqlite import SqliteVault

_STALE = (
    "SELECT e.id, s.domain, s.kind, e.place, e.key, e.sealed FROM entry AS e"
    " JOIN space AS s ON s.id = e.space WHERE e.key <> ? AND e.id > ? ORDER BY e.id LIMIT ?"
)


class SqliteUpkeep(SqliteVault):
    """See ``store.Upkeep``."""

    _resealed = 0

    def forget(self, space: TokenSpace, values: Sequence[bytes]) -> int:
        """Erase these values and their tokens for good; how many there were.

        What is deleted is overwritten, and the log that may hold it is emptied where no reader
        keeps it; copies made before are the owner's to destroy.
        """
        with self._working():
            here = self._space(space, create=False)
            if here is None:
                return 0
            lookups = set(here.cipher.lookups(values))
            self._connection.execute("PRAGMA secure_delete = ON").fetchall()
            with self._writing():
                delete = "DELETE FROM entry WHERE space = ? AND lookup = ?"
                rows = [(here.id, lookup) for lookup in sorted(lookups)]
                gone = self._connection.executemany(delete, rows).rowcount
            with self._lock.held():
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return max(gone, 0)

    def reseal(self, limit: int) -> int:
        """Seal up to ``limit`` values of other keys, from where the last call ended; how many."""
        with self._working(), self._writing():
            run, primary = self._connection.execute, self._primary_key
            rows = run(_STALE, (primary, self._resealed, limit)).fetchall()
            for number, domain, kind, place, key, sealed in rows:
                here = self._space(TokenSpace(domain, kind), create=False)
                assert here is not None
                (token,) = here.places.tokens([place])
                value = here.cipher.open(self._key_name(key), token, sealed)
                (fresh,) = here.cipher.seal([token], [value])
                run("UPDATE entry SET key = ?, sealed = ? WHERE id = ?", (primary, fresh, number))
            self._resealed = rows[-1][0] if rows else 0
        return len(rows)


def copy_vault(source: Path, target: Path, keys: KeyRing) -> None:
    """Copy a vault file, as it is at one moment, to a path where nothing is yet; durable after.

    Serves backup and restore alike.  Raises ConfigError where the source is not a vault of these
    keys or the target is taken, Unavailable where copying fails; then nothing is left behind.
    """
    for path in (target, target.with_name(target.name + "-wal")):
        if path.exists():
            raise _finding(path, "there already; move it away first, nothing is overwritten")
    if not source.is_file():
        raise _finding(source, "there is no vault here to copy")
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        schema.create_file(part)
        _copy(source, part, keys)
        os.replace(part, target)
        _sync(target)
        _sync(target.parent)
    except OSError as error:
        raise Unavailable(f"the vault cannot be copied: {error.strerror}") from None
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise Unavailable(f"the vault cannot be copied: {name}") from None
    finally:
        for end in ("", "-wal", "-shm"):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _copy(source: Path, part: Path, keys: KeyRing) -> None:
    there = sqlite3.connect(source, timeout=10.0)
    here = schema.connect(part, 10.0)
    try:
        there.backup(here)
        if schema.schema_version(here) == 0:
            raise _finding(source, "this file is empty, no vault")
        try:
            schema.prepare(here, part, keys)
        except ConfigError as error:
            raise _finding(source, error.findings[0].message) from None
        if here.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise _finding(source, "this vault is damaged; use another copy")
        here.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        here.close()
        there.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finding(path: Path, message: str) -> ConfigError:
    return ConfigError((Finding(str(path), 0, message),))
