"""The vault in one SQLite file: get-or-create in batches, safe with several processes on it.

A look-up reads without a lock.  What is missing is drawn and sealed first, then written in one
transaction under the write lock; a value that another process wrote in between keeps that process's
token, a token that is taken is drawn again.  Both rest on the unique indexes, not on what was read
before.  A token is returned after COMMIT only, which fsyncs (see ``schema``).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import os
from pathlib import Path
import sqlite3
import threading

from pgproxy.errors import ConfigError, Finding, Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import schema
from pgproxy.vault import tokens as drawing
from pgproxy.vault.cipher import SpaceCipher
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.lock import WriteLock
from pgproxy.vault.places import NOWHERE, Places, places_of
from pgproxy.vault.status import KeyStatus, SpaceStatus, VaultStatus

# Values in one transaction: enough to spread its cost, few enough that others are not kept waiting.
_BATCH = 10_000
# Values in one IN list; SQLite before 3.32 allows 999 parameters.
_LIST = 500
# Half the space taken: each round places half of what is left.  Then the space is called full.
_ROUNDS = 32

_INSERT = (
    "INSERT INTO entry (space, lookup, place, key, sealed) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_BY_LOOKUP = "SELECT lookup, place FROM entry WHERE space = ? AND lookup IN ({})"
_BY_PLACE = "SELECT place, key, sealed FROM entry WHERE space = ? AND place IN ({})"


@dataclass(frozen=True, slots=True)
class _Space:
    """One space of the file, with its row id and its keys."""

    id: int
    space: TokenSpace
    cipher: SpaceCipher
    places: Places


@dataclass(frozen=True, slots=True)
class _Draft:
    """Rows that may be inserted, and the token that each look-up has if they are."""

    tokens: dict[bytes, bytes]
    rows: list[tuple[int, bytes, bytes, int, bytes]]


class SqliteVault:
    """See ``store.Vault``.  One connection; calls from several threads take turns."""

    def __init__(self, path: Path, keys: KeyRing, *, patience: float = 10.0) -> None:
        self._path = path.absolute()
        self._keys = keys
        self._turn = threading.Lock()
        self._process = os.getpid()
        self._spaces: dict[TokenSpace, _Space] = {}
        self._key_names: dict[int, str] = {}
        self._closed = False
        try:
            schema.create_file(self._path)
            self._identity = _identity(self._path)
            self._lock = WriteLock(self._path, patience)
        except OSError as error:
            message = f"cannot open the vault: {error.strerror}"
            raise ConfigError((Finding(str(path), 0, message),)) from None
        try:
            self._connection = self._connect(patience)
        except BaseException:
            self._lock.close()
            raise

    def tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
        """The token of each value, made where there is none; durable before this returns."""
        if not values:
            return []
        with self._working():
            here = self._space(space, create=True)
            assert here is not None
            lookups = here.cipher.lookups(values)
            known = self._find(here, lookups)
            # Written in the order of the look-ups: neighbours in the index share pages, and the
            # file does not keep the order in which the rows came.
            missing = sorted(
                {lk: v for lk, v in zip(lookups, values, strict=True) if lk not in known}.items()
            )
            for start in range(0, len(missing), _BATCH):
                known.update(self._create(here, dict(missing[start : start + _BATCH])))
            return [known[lookup] for lookup in lookups]

    def values(self, space: TokenSpace, tokens: Sequence[bytes]) -> list[bytes | None]:
        """The value of each token, None for what is no token of the space."""
        if not tokens:
            return []
        with self._working():
            here = self._space(space, create=False)
            if here is None or here.cipher.one_way:
                return [None] * len(tokens)
            token_at = dict(zip(here.places.places(tokens), tokens, strict=True))
            token_at.pop(NOWHERE, None)
            found = {
                token_at[place]: here.cipher.open(self._key_name(key), token_at[place], sealed)
                for place, key, sealed in self._select(_BY_PLACE, here, list(token_at))
            }
            return [found.get(token) for token in tokens]

    def ping(self) -> None:
        """Returns when the vault can answer."""
        with self._working():
            self._require_same_file()
            self._connection.execute("SELECT fingerprint FROM vault").fetchall()

    def status(self) -> VaultStatus:
        """What is in it; counts all rows."""
        with self._working():
            run = self._connection.execute
            spaces = run(
                "SELECT domain, kind, (SELECT count(*) FROM entry WHERE space = s.id)"
                " FROM space AS s ORDER BY domain, kind"
            ).fetchall()
            keys = run(
                "SELECT name, coalesce(sealed, 0) FROM sealing_key AS k LEFT JOIN"
                " (SELECT key, count(*) AS sealed FROM entry GROUP BY key) AS e ON e.key = k.id"
                " ORDER BY k.id"
            ).fetchall()
            (size,) = run(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            ).fetchone()
            version = schema.schema_version(self._connection)
        states = self._keys.states
        return VaultStatus(
            schema_version=version,
            bytes=size,
            spaces=tuple(SpaceStatus(TokenSpace(d, k), count) for d, k, count in spaces),
            keys=tuple(KeyStatus(name, states.get(name, ""), count) for name, count in keys),
        )

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        with self._turn:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._lock.close()

    def _connect(self, patience: float) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            with self._lock.held():
                connection = schema.connect(self._path, patience)
                schema.prepare(connection, self._path, self._keys)
            self._key_names = _key_names(connection)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.Error):
                raise _unavailable(error) from None
            raise
        return connection

    @contextmanager
    def _working(self) -> Iterator[None]:
        """One call at a time; SQLite's errors become ours."""
        with self._turn:
            if self._closed:
                raise Unavailable("the vault is closed")
            if os.getpid() != self._process:
                # SQLite's locks do not survive a fork: two processes would write as one.
                raise Unavailable("the vault was opened before a fork; open it in the child")
            try:
                yield
            except sqlite3.Error as error:
                raise _unavailable(error) from None

    def _space(self, space: TokenSpace, *, create: bool) -> _Space | None:
        known = self._spaces.get(space)
        if known is not None:
            return known
        key = (space.domain, space.kind)
        find = "SELECT id FROM space WHERE domain = ? AND kind = ?"
        places = places_of(self._keys, space)
        row = self._connection.execute(find, key).fetchone()
        if row is None:
            if not create:
                return None
            with self._writing():
                self._connection.execute(
                    "INSERT INTO space (domain, kind) VALUES (?, ?) ON CONFLICT DO NOTHING", key
                )
            row = self._connection.execute(find, key).fetchone()
        known = _Space(row[0], space, SpaceCipher(self._keys, space), places)
        self._spaces[space] = known
        return known

    def _find(self, space: _Space, lookups: Iterable[bytes]) -> dict[bytes, bytes]:
        found = dict(self._select(_BY_LOOKUP, space, list(dict.fromkeys(lookups))))
        return dict(zip(found, space.places.tokens(list(found.values())), strict=True))

    def _select(self, sql: str, space: _Space, wanted: Sequence[bytes]) -> Iterator[tuple]:  # type: ignore[type-arg]
        for start in range(0, len(wanted), _LIST):
            part = wanted[start : start + _LIST]
            marks = ",".join("?" * len(part))
            yield from self._connection.execute(sql.format(marks), (space.id, *part)).fetchall()

    def _create(self, space: _Space, missing: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """Tokens for values without one, look-up → value in and look-up → token out."""
        draft = self._draft(space, missing, space.places.draw(list(missing.values())))
        with self._writing():
            return self._insert(space, missing, draft)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction under the write lock, durable when this ends."""
        with self._lock.held():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._require_same_file()
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _insert(
        self, space: _Space, missing: dict[bytes, bytes], draft: _Draft
    ) -> dict[bytes, bytes]:
        for _ in range(_ROUNDS):
            written = self._connection.executemany(_INSERT, draft.rows).rowcount
            if written == len(missing):
                return draft.tokens
            # Some were kept out: by a row of another process for the same value, whose token is
            # then ours too, or by a token that is taken, which leaves the value without one.
            made = self._find(space, missing)
            left = {lookup: value for lookup, value in missing.items() if lookup not in made}
            if not left:
                return made
            draft = self._draft(space, left, self._redraw(space, list(left.values())))
        raise Unavailable(drawing.full(space.space, missing.values()))

    def _draft(self, space: _Space, values: dict[bytes, bytes], places: list[bytes]) -> _Draft:
        tokens = space.places.tokens(places)
        sealed = space.cipher.seal(tokens, list(values.values()))
        key = self._primary_key
        rows = [
            (space.id, lookup, place, key, secret)
            for lookup, place, secret in zip(values, places, sealed, strict=True)
        ]
        return _Draft(dict(zip(values, tokens, strict=True)), rows)

    def _redraw(self, space: _Space, values: list[bytes]) -> list[bytes]:
        if not drawing.listable(space.space.kind):
            return space.places.draw(values)
        taken = self._connection.execute("SELECT place FROM entry WHERE space = ?", (space.id,))
        free = drawing.draw_free(space.space.kind, values, [place for (place,) in taken.fetchall()])
        if free is None:
            raise Unavailable(drawing.full(space.space, values))
        return free

    def _require_same_file(self) -> None:
        """A file that was moved or replaced under us would take our tokens with it."""
        try:
            same = _identity(self._path) == self._identity
        except OSError:
            same = False
        if not same:
            raise Unavailable("the vault file was moved or replaced while in use; restart")

    def _key_name(self, key: int) -> str:
        if key not in self._key_names:
            self._key_names = _key_names(self._connection)  # another process may have rotated
        return self._key_names.get(key, "")

    @property
    def _primary_key(self) -> int:
        return next(key for key, name in self._key_names.items() if name == self._keys.primary)


def _key_names(connection: sqlite3.Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT id, name FROM sealing_key").fetchall())


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


_REASONS = {
    "SQLITE_BUSY": "another process keeps it locked",
    "SQLITE_LOCKED": "another process keeps it locked",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it cannot be written",
    "SQLITE_CANTOPEN": "its file cannot be opened",
    "SQLITE_CORRUPT": "its file is damaged",
    "SQLITE_NOTADB": "its file is no SQLite database",
}


def _unavailable(error: sqlite3.Error) -> Unavailable:
    """SQLite's error by its code: its text may come to name what we never want named."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    primary = "_".join(name.split("_")[:2])
    return Unavailable(f"the vault cannot be used: {_REASONS.get(primary, name)}")
