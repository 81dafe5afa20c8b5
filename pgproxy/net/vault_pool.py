"""Connections to a PostgreSQL vault: few, checked when made, with time-outs, errors in our words.

The tables are made or brought to our version under an advisory lock, by whichever proxy comes
first.  Every new connection looks whether it has met our vault: the server may come back with
another database in its place.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from pgproxy.errors import ConfigError, Finding, Unavailable
from pgproxy.net.introspection import Connection
from pgproxy.vault import postgres_sql as sql
from pgproxy.vault.keys import KeyRing

CONNECTIONS = 4
CONNECT_SECONDS = 5.0
# Longer than the server's own limit, whose answer says more.
_SPARE_SECONDS = 2.0

# What the server says of itself when it lacks resources is passed on: class 53.
_LACKING = {
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "53300": "it takes no more connections",
}
_SAID = {
    "25006": "it cannot be written: its server is read-only",
    "28P01": "its server refuses the login",
    "28000": "its server refuses the login",
    "3D000": "its database does not exist",
    "42501": "the login lacks a right on it; it needs CREATE on the database once, or its tables",
    "42P01": "its tables are gone; restore them, or restart with another vault.url",
    "57014": "it does not answer in time",
    "55P03": "another process keeps it locked",
}


class Wrong(Exception):
    """This is not the vault of these keys, or not of a version we know."""


def unavailable(code: str) -> Unavailable:
    """The error of a SQLSTATE, never with the server's own text."""
    why = _LACKING.get(code) or _SAID.get(code) or f"its server says {code}"
    sqlstate = code if code.startswith("53") else ""
    return Unavailable(f"the vault cannot be used: {why}", sqlstate=sqlstate)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Whatever a connection raises, as Unavailable: a server's text may hold a row."""
    try:
        yield
    except Wrong as error:
        raise Unavailable(f"the vault cannot be used: {error}") from None
    except asyncpg.PostgresError as error:
        raise unavailable(getattr(error, "sqlstate", None) or "an error") from None
    except TimeoutError:
        raise Unavailable("the vault cannot be used: it does not answer in time") from None
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, EOFError) as error:
        raise Unavailable(
            f"the vault cannot be used: its server cannot be reached ({type(error).__name__})"
        ) from None


class _Plain(asyncpg.Connection):
    """A connection that nothing has to be reset on: that would be a round trip a block."""

    def get_reset_query(self) -> str:
        return ""


class VaultPool:
    """A bounded pool, opened at first use; used from one loop."""

    def __init__(self, url: str, keys: KeyRing, seconds: float) -> None:
        self._url = url
        self._keys = keys
        self._seconds = seconds
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self.renewed: Callable[[], None] = lambda: None

    async def open(self) -> "asyncpg.Pool[asyncpg.Record]":
        """The pool, the tables being there.  Raises what ``in_our_words`` translates."""
        async with self._opening:
            if self._pool is None:
                await self._prepare()
                self._pool = asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=CONNECTIONS,
                    init=self._welcome,
                    connection_class=_Plain,
                    timeout=CONNECT_SECONDS,
                    command_timeout=self._seconds + _SPARE_SECONDS,
                    server_settings=self._settings(),
                )
                await self._pool
        return self._pool

    async def close(self) -> None:
        """Let go of every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await pool.close()
            except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                pool.terminate()

    async def check(self) -> None:
        """Raises ConfigError where this vault is not ours, Unavailable where it is away."""
        try:
            with in_our_words():
                await self.open()
        except Unavailable as error:
            if isinstance(error.__context__, Wrong):
                raise ConfigError((Finding("vault.url", 0, error.message),)) from None
            raise

    def _settings(self) -> dict[str, str]:
        milliseconds = str(int(self._seconds * 1000))
        return {
            "application_name": "pgproxy vault",
            # A token leaves after its row is on the disk, whatever the server's default.
            "synchronous_commit": "on",
            "default_transaction_isolation": "read committed",
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
            # A plan made while a table was small must not read it whole when it is large.
            "enable_seqscan": "off",
            "jit": "off",
        }

    async def _prepare(self) -> None:
        connection = await asyncpg.connect(
            self._url,
            timeout=CONNECT_SECONDS,
            command_timeout=self._seconds + _SPARE_SECONDS,
            server_settings=self._settings(),
        )
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", sql.LOCK)
                if not await connection.fetchval(sql.EXISTS):
                    await connection.execute(sql.CREATE)
                    await connection.execute(sql.MIGRATIONS[0])
                    await connection.execute(sql.BELONGS, 1, self._keys.fingerprint())
                await self._migrate(connection)
                await self._require_ours(connection)
                primary = self._keys.primary
                await connection.execute(sql.ADD_KEY, primary, self._keys.proof(primary))
        finally:
            connection.terminate()

    async def _migrate(self, connection: Connection) -> None:
        version = await connection.fetchval(sql.IDENTITY)
        if version is None:
            return  # ``_require_ours`` says what is wrong
        for number, script in enumerate(sql.MIGRATIONS[version:], start=version + 1):
            await connection.execute(script)
            await connection.execute(sql.MIGRATED, number)

    async def _welcome(self, connection: Connection) -> None:
        """A new connection: what is remembered of the database is read again."""
        await self._require_ours(connection)
        self.renewed()

    async def _require_ours(self, connection: Connection) -> None:
        rows = await connection.fetch(sql.IDENTITY)
        if len(rows) != 1:
            raise Wrong("its tables are damaged: they do not say which keys they belong to")
        version, fingerprint = rows[0]
        if version != sql.VERSION:
            raise Wrong(f"its version {version} is unknown here; expected {sql.VERSION}")
        if fingerprint != self._keys.fingerprint():
            raise Wrong("it belongs to another key file; its index secret differs")
        states = self._keys.states
        for row in await connection.fetch(sql.KEYS):
            if row["name"] in states and row["proof"] != self._keys.proof(row["name"]):
                raise Wrong(f"key {row['name']!r} of the key file is not the one the vault knows")
