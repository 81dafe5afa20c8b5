"""The catalog snapshots in use: one a database, read once, read again on demand and on a timer.

A reading that fails leaves what is there; who asked for something newer is told so.  A reading that
finds nothing changed keeps the old snapshot, and with it every plan made on it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from itertools import count
import logging
import time

from pgproxy.analysis.catalog import Catalog
from pgproxy.errors import Unavailable

REFRESH_SECONDS = 60.0

# Readings at once: a start-up packet asks for one before anyone has logged in.
_AT_ONCE = 4

Read = Callable[[str, str, int], Awaitable[Catalog]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Entry:
    """One database: its snapshot, and when the reading of it, or the last attempt, began."""

    catalog: Catalog | None = None
    checked: float = 0.0
    attempted: float = 0.0
    took: float = 0.0
    failure: str = ""
    askers: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Catalogs:
    """Snapshots by database; ``changed`` is told of each one that differs from the last."""

    def __init__(self, url: str, read: Read) -> None:
        self._url = url
        self._read = read
        self.changed: Callable[[Catalog], None] = lambda catalog: None
        self._entries: dict[str, _Entry] = {}
        self._readings = asyncio.Semaphore(_AT_ONCE)
        self._versions = count(1)  # none is given twice, even after a database was let go of

    def known(self, database: str) -> Catalog | None:
        """The snapshot, where there is one that is fresh enough to start a session on."""
        entry = self._entries.get(database)
        if entry is None or time.monotonic() - entry.checked > REFRESH_SECONDS * 1.5:
            return None
        return entry.catalog

    async def get(self, database: str) -> Catalog:
        """A snapshot, read if need be.  Raises Unavailable."""
        return self.known(database) or await self._after(time.monotonic(), database)

    async def refresh(self, database: str) -> Catalog:
        """A snapshot that was read after this call.  Raises Unavailable.

        It is the one we had, version and all, where nothing has changed since.
        """
        return await self._after(time.monotonic(), database)

    async def keep_fresh(self, in_use: Callable[[], Collection[str]]) -> None:
        """Read what is in use again and again, let go of the rest.  Runs until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            used = set(in_use())
            for database, entry in list(self._entries.items()):
                if database in used:
                    await self._renew(database)
                elif not entry.askers:
                    self._entries.pop(database, None)

    def age(self, in_use: Collection[str]) -> float:
        """Seconds since the stalest snapshot in use was last seen to be true; 0 for none."""
        now = time.monotonic()
        ages = [
            now - entry.checked
            for database, entry in self._entries.items()
            if entry.catalog is not None and database in in_use
        ]
        return max(ages, default=0.0)

    async def _renew(self, database: str) -> None:
        try:
            await self.refresh(database)
        except Unavailable as error:
            log.warning("catalog refresh failed: %s", error.message)

    async def _after(self, moment: float, database: str) -> Catalog:
        """A snapshot whose reading began after ``moment``: all who wait for one share it."""
        entry = self._entries.setdefault(database, _Entry())
        entry.askers += 1
        try:
            async with entry.turn:
                if entry.attempted < moment:
                    await self._attempt(database, entry)
                if entry.catalog is None or entry.checked < moment:
                    raise Unavailable(entry.failure)
                return entry.catalog
        finally:
            entry.askers -= 1
            if entry.catalog is None and not entry.askers:
                # Names come from clients who have not logged in yet: keep none that is not there.
                self._entries.pop(database, None)

    async def _attempt(self, database: str, entry: _Entry) -> None:
        # Whoever keeps asking for unknown names keeps the server half busy at most.
        await asyncio.sleep(max(entry.attempted + 2 * entry.took - time.monotonic(), 0.0))
        old = entry.catalog
        async with self._readings:
            started = time.monotonic()
            try:
                new = await self._read(self._url, database, next(self._versions))
                same = old is not None and await asyncio.to_thread(_same, old, new)
            except Unavailable as error:
                entry.attempted, entry.failure = started, error.message
                return
        entry.attempted = entry.checked = started
        entry.took = time.monotonic() - started
        if not same:
            entry.catalog = new
            if old is not None:
                self.changed(new)


def _same(old: Catalog, new: Catalog) -> bool:
    return replace(new, version=old.version) == old
