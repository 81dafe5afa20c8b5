"""What is stored of passwords: in the configuration, or by the server.

One kept connection, one statement a login.  A password that changes holds from the next login on.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import asyncpg

from pgproxy.errors import Unavailable
from pgproxy.net.introspection import Connection, connect, in_our_words

# Of one look, its connect included: a login waits for it.
LOOK_SECONDS = 5.0

_STORED = "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1 AND rolcanlogin"


def home(url: str) -> str:
    """The database that a URL names, ``postgres`` where it names none."""
    named = urlsplit(url).path.lstrip("/")
    return "postgres" if not named or "{" in named else named


class Verifiers:
    """``users``: those of the configuration; others are asked for at ``url``, '' for nowhere."""

    def __init__(self, users: Mapping[str, str] | None = None, url: str = "") -> None:
        self._users = users or {}
        self._url = url
        # Roles are the same in every database.
        self._database = home(url)
        self._kept: Connection | None = None
        self._turn = asyncio.Lock()

    async def of(self, user: str) -> str:
        """The verifier of a user, '' for none.  Raises Unavailable."""
        if user in self._users or not self._url:
            return self._users.get(user, "")
        async with self._turn:
            with in_our_words():
                async with asyncio.timeout(LOOK_SECONDS):
                    return await self._stored(user)

    def close(self) -> None:
        """Nothing of ours stays open."""
        if self._kept is not None:
            self._kept.terminate()
            self._kept = None

    async def _stored(self, user: str) -> str:
        kept, self._kept = self._kept, None
        if kept is not None:
            # The server may have ended it.
            with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                return await self._ask(kept, user)
        fresh = await connect(self._url, self._database, LOOK_SECONDS, LOOK_SECONDS)
        return await self._ask(fresh, user)

    async def _ask(self, connection: Connection, user: str) -> str:
        try:
            found = await connection.fetchval(_STORED, user)
        except asyncpg.InsufficientPrivilegeError:
            connection.terminate()
            raise Unavailable("the login of auth.url may not read pg_authid") from None
        except BaseException:
            connection.terminate()
            raise
        self._kept = connection
        return str(found or "")
