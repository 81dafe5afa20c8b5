"""The catalog snapshots in use: one a database, held to be true only while looks say so.

A snapshot is *good* if a look at the server, or its own reading, began after the last sign of a
change, and not long ago.  Masked statements are planned on a good one or not at all: they wait for
the next look, and are refused where it fails.  Signs of a change are DDL that a session has seen, a
look that found another fingerprint, a look that failed.

A reading that fails leaves what is there; who asked for something newer is told so.  One that
finds nothing changed keeps the old snapshot, and with it every plan made on it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
import logging
import time

from pgproxy.analysis.catalog import Catalog
from pgproxy.errors import Unavailable
from pgproxy.net.probes import Look

# Read again for what no fingerprint shows: settings of the server itself.
REFRESH_SECONDS = 60.0

# From one look to the next; longer where a look takes long, so that it costs the server no more
# than a certain share of one processor.
LOOK_SECONDS = 0.75
_SHARE = 0.04
# A look may be late by this: then plans wait for it.
GRACE_SECONDS = 0.5
_TICK_SECONDS = 0.1

# Readings at once: a start-up packet asks for one before anyone has logged in.
_AT_ONCE = 4

Read = Callable[[str, str, int], Awaitable[tuple[Catalog, str]]]
Names = Callable[[], Collection[str]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Entry:
    """One database: its snapshot, and when the last look at it, and the last attempt, began."""

    catalog: Catalog | None = None
    fingerprint: str = ""
    checked: float = 0.0
    attempted: float = 0.0
    read: float = 0.0
    suspected: float = 0.0
    signed: bool = False  # a session has seen DDL since the last attempt
    took: float = 0.0  # a look, on average
    spent: float = 0.0  # the last attempt
    failure: str = ""
    askers: int = 0
    watch: asyncio.Task[None] | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def interval(self) -> float:
        """From one look to the next."""
        return max(LOOK_SECONDS, self.took / _SHARE)

    @property
    def good(self) -> bool:
        """Whether plans may be made on it."""
        oldest = time.monotonic() - self.interval - GRACE_SECONDS
        return self.catalog is not None and self.checked > max(self.suspected, oldest)


class Catalogs:
    """Snapshots by database; ``changed`` is told of each one that differs from the last."""

    def __init__(self, url: str, read: Read, looks: Look) -> None:
        self._url = url
        self._read = read
        self._looks = looks
        self.changed: Callable[[Catalog], None] = lambda catalog: None
        self._entries: dict[str, _Entry] = {}
        self._readings = asyncio.Semaphore(_AT_ONCE)
        self._versions = count(1)  # none is given twice, even after a database was let go of
        self._sign = asyncio.Event()

    def known(self, database: str) -> Catalog | None:
        """The snapshot, where there is a good one."""
        entry = self._entries.get(database)
        return entry.catalog if entry is not None and entry.good else None

    def holds(self, database: str, version: int) -> bool:
        """Whether that snapshot is the good one of the moment."""
        entry = self._entries.get(database)
        if entry is None or entry.catalog is None:
            return False
        return entry.catalog.version == version and entry.good

    async def get(self, database: str) -> Catalog:
        """A good snapshot, looked at or read if need be.  Raises Unavailable."""
        return self.known(database) or await self._after(time.monotonic(), database)

    async def refresh(self, database: str) -> Catalog:
        """A snapshot that was found to be true after this call.  Raises Unavailable.

        It is the one we had, version and all, where nothing has changed since.
        """
        return await self._after(time.monotonic(), database)

    def suspect(self) -> None:
        """Some session has changed a catalog: roles are of all databases, so all are looked at."""
        now = time.monotonic()
        for entry in self._entries.values():
            entry.suspected, entry.signed = now, True
        self._sign.set()

    async def keep_fresh(self, in_use: Names, masked: Names) -> None:
        """Look at the masked again and again, read what is in use now and then, let go of the rest.

        Runs until cancelled.
        """
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._sign.wait(), _TICK_SECONDS)
                self._sign.clear()
                self._tick(set(in_use()), set(masked()))
        finally:
            for database, entry in self._entries.items():
                self._looks.release(database)
                if entry.watch is not None:
                    entry.watch.cancel()

    def age(self, in_use: Collection[str]) -> float:
        """Seconds since the stalest snapshot in use was last seen to be true; 0 for none."""
        now = time.monotonic()
        ages = [
            now - entry.checked
            for database, entry in self._entries.items()
            if entry.catalog is not None and database in in_use
        ]
        return max(ages, default=0.0)

    def _tick(self, used: Collection[str], masked: Collection[str]) -> None:
        now = time.monotonic()
        for database, entry in list(self._entries.items()):
            if entry.askers or entry.watch is not None:
                continue
            if database not in used:
                self._looks.release(database)
                if now - entry.checked > REFRESH_SECONDS:
                    del self._entries[database]
                continue
            since = now - entry.attempted
            if database in masked:
                due = entry.signed or since >= entry.interval
            else:
                due = min(since, now - entry.read) > REFRESH_SECONDS
            if due:
                entry.watch = asyncio.create_task(self._renew(database, entry))

    async def _renew(self, database: str, entry: _Entry) -> None:
        failing = entry.failure
        try:
            await self.refresh(database)
        except Unavailable as error:
            if error.message != failing:
                log.warning("masked statements wait: %s", error.message)
        finally:
            entry.watch = None

    async def _after(self, moment: float, database: str) -> Catalog:
        """A snapshot found true by what began after ``moment``: all who wait for one share it."""
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
        # Whoever keeps asking, or changing things, keeps the server half busy at most.
        await asyncio.sleep(max(entry.attempted + 2 * entry.spent - time.monotonic(), 0.0))
        started = time.monotonic()
        entry.signed = False
        try:
            if not await self._still(database, entry):
                await self._reading(database, entry)
            entry.spent = time.monotonic() - started
        except Unavailable as error:
            entry.attempted, entry.failure = started, error.message
            entry.suspected = time.monotonic()

    async def _still(self, database: str, entry: _Entry) -> bool:
        """Whether a look finds nothing changed, and no reading is due anyway."""
        started = time.monotonic()
        if entry.catalog is None or started - entry.read > REFRESH_SECONDS:
            return False
        found = await self._looks.look(database)
        took = time.monotonic() - started
        entry.took = (3 * entry.took + took) / 4 if entry.took else took
        if found != entry.fingerprint:
            entry.suspected = time.monotonic()
            return False
        entry.attempted = entry.checked = started
        entry.failure = ""
        return True

    async def _reading(self, database: str, entry: _Entry) -> None:
        old = entry.catalog
        async with self._readings:
            started = time.monotonic()
            new, found = await self._read(self._url, database, next(self._versions))
            same = old is not None and await asyncio.to_thread(_same, old, new)
        entry.attempted = entry.checked = entry.read = started
        entry.fingerprint, entry.failure = found, ""
        if not same:
            entry.catalog = new
            if old is not None:
                self.changed(new)


def _same(old: Catalog, new: Catalog) -> bool:
    return replace(new, version=old.version) == old
