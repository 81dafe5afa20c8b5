"""Cheap looks at whether a database's catalog is still the one that was read.

One kept connection of the catalog login for each database, one statement a look.  A look that fails
or takes too long says nothing: its connection is given up, and the next look opens another.
"""

import asyncio
from contextlib import suppress
from typing import Protocol

import asyncpg

from pgproxy.net.catalog_queries import EMPTY_PATH, FINGERPRINT
from pgproxy.net.introspection import Connection, connect, in_our_words

# Of one look, its connect included.  Masked statements may wait this long, to be refused then.
PROBE_SECONDS = 3.0


class Look(Protocol):
    """Fingerprints of catalogs."""

    async def look(self, database: str) -> str:
        """What the catalog of the database comes to now.  Raises Unavailable."""

    def release(self, database: str) -> None:
        """It is not looked at for now."""


class Probes:
    """See ``Look``.  For each database one look at a time, which the caller sees to."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: dict[str, Connection] = {}

    async def look(self, database: str) -> str:
        """By the kept connection; by a new one where the server has ended that."""
        with in_our_words():
            async with asyncio.timeout(PROBE_SECONDS):
                kept = self._kept.pop(database, None)
                if kept is not None:
                    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                        return await self._ask(database, kept)
                fresh = await connect(self._url, database, PROBE_SECONDS, PROBE_SECONDS)
                return await self._ask(database, fresh)

    def release(self, database: str) -> None:
        """Nothing of ours stays open there."""
        kept = self._kept.pop(database, None)
        if kept is not None:
            kept.terminate()

    def close(self) -> None:
        """Nothing of ours stays open."""
        for database in list(self._kept):
            self.release(database)

    async def _ask(self, database: str, connection: Connection) -> str:
        """Kept only if it has answered."""
        try:
            await connection.execute(EMPTY_PATH)
            fingerprint = await connection.fetchval(FINGERPRINT)
        except BaseException:
            connection.terminate()
            raise
        self._kept[database] = connection
        return str(fingerprint)
