"""Reads stored values, for what is learned of them and compared with them; never for a client.

Read only, at one moment, with row-level security switched off: a login that may not see every row
is told so, and does not learn from some.  No value is in an error.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from pgproxy.errors import Unavailable
from pgproxy.net.introspection import CONNECT_SECONDS, Connection, connect

HINT = "name a login that may read the data: --url, or PGPROXY_DATA_URL in the environment"

_NO_RIGHT = "42501"
_CANCELLED = "57014"


@asynccontextmanager
async def stored_data(url: str, database: str, seconds: int) -> AsyncIterator[Connection]:
    """A connection in a transaction; a statement may take so long.  Raises Unavailable."""
    try:
        connection = await _connected(url, database, seconds + CONNECT_SECONDS)
        try:
            await connection.execute(
                f"SET row_security = off; SET TimeZone = 'UTC'; "
                f"SET statement_timeout = {seconds * 1000}"
            )
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield connection
        finally:
            connection.terminate()
    except asyncpg.PostgresError as error:
        raise _in_our_words(getattr(error, "sqlstate", None) or "no SQLSTATE", seconds) from None
    except (asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise Unavailable(f"the data cannot be read ({type(error).__name__})", hint=HINT) from None


async def _connected(url: str, database: str, seconds: float) -> Connection:
    try:
        return await connect(url, database, CONNECT_SECONDS, seconds)
    except ValueError:
        # It quotes the URL, and a password with it.
        raise Unavailable("the URL of the data cannot be read", hint=HINT) from None


def _in_our_words(sqlstate: str, seconds: int) -> Unavailable:
    if sqlstate == _NO_RIGHT:
        return Unavailable("the login may not read every row of the tables (42501)", hint=HINT)
    if sqlstate == _CANCELLED:
        return Unavailable(f"a table took longer than {seconds} s", hint="allow more: --seconds")
    return Unavailable(f"the data cannot be read ({sqlstate})", hint=HINT)


def quoted(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'
