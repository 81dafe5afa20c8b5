"""The listener and everyone who came in by it: room, draining, the watch over silent legs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
import logging
import socket

from pgproxy.analysis.catalog import Catalog
from pgproxy.net.audit import State
from pgproxy.net.conversation import Conversation
from pgproxy.net.seats import Seats
from pgproxy.net.services import OpenSession, Services
from pgproxy.net.sockets import written

SWEEP_SECONDS = 1.0

# Connections beyond the limit that may stay long enough to cancel a query or to be told 53300.
SPARE = 1000

TOO_MANY = ("53300", "too many clients of the proxy")
SHUTDOWN = ("57P01", "the proxy is shutting down")
RELOADED = ("57P01", "the policy of the proxy has changed")
NO_AUDIT = ("58000", "the audit trail cannot be written")

_BACKLOG = 1024

# What is still queued when everything ends gets this long to go out.
_LAST_WORDS_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """``limits`` of pgproxy.yaml, as far as the listener keeps them."""

    clients: int
    startup_seconds: float
    balancers: tuple[IPv4Network | IPv6Network, ...] = ()
    seats: Seats = field(default_factory=lambda: Seats.of(1)[0])


class Server:
    """See ``conversation.House``."""

    def __init__(self, services: Services, room: Room) -> None:
        self.services = services
        self.startup_seconds = room.startup_seconds
        self.balancers = room.balancers
        self.held = False
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._listeners: list[asyncio.Server] = []
        self._conversations: set[Conversation] = set()
        self._watched: set[Conversation] = set()
        self._admitted: set[Conversation] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._generation = 0
        self._draining = False
        self._departure = asyncio.Event()
        services.audit.changed = self._audit_changed
        services.catalogs.changed = self._catalog_changed

    async def listen(self, host: str, port: int) -> list[str]:
        """Accept connections; the addresses, as they are written."""
        listener = await self._loop.create_server(
            lambda: Conversation.client_leg(self), host, port, backlog=_BACKLOG
        )
        self._listeners.append(listener)
        return [written(sock.getsockname()) for sock in listener.sockets]

    async def listen_on(self, sockets: list[socket.socket]) -> None:
        """The same with sockets that are bound already."""
        for sock in sockets:
            self._listeners.append(
                await self._loop.create_server(
                    lambda: Conversation.client_leg(self), sock=sock, backlog=_BACKLOG
                )
            )

    def databases(self) -> Collection[str]:
        """Those that somebody is using."""
        return {c.session.database for c in self._admitted}

    def masked_databases(self) -> Collection[str]:
        """Those that a masked session is using."""
        return {c.session.database for c in self._admitted if c.session.masked}

    def sessions(self) -> int:
        """Clients that have said who they are, and are not gone."""
        return len(self._admitted)

    async def reload(self, open_session: OpenSession, seconds: float) -> None:
        """New sessions go by new rules; those that go by the old ones end with their transaction.

        Whatever is still open after ``seconds`` is ended.
        """
        old = self._generation
        self._generation += 1
        self.services.open_session = open_session
        await self._end_sessions(old, seconds, RELOADED)

    async def drain(self, seconds: float) -> None:
        """Accept nobody; let transactions end; after ``seconds`` end what is left."""
        self._draining = True
        await self._stop_listening()
        await self._end_sessions(self._generation, seconds, SHUTDOWN)

    async def stop(self) -> None:
        """End everything now; nothing is left open when this returns."""
        self._draining = True
        await self._stop_listening()
        for conversation in list(self._conversations):
            conversation.end(*SHUTDOWN)
        await self._until_empty(self._generation, _LAST_WORDS_SECONDS)
        for conversation in list(self._conversations):
            conversation.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._until_empty(self._generation, _LAST_WORDS_SECONDS)
        if self._sweeping is not None:
            self._sweeping.cancel()

    def entered(self, conversation: Conversation) -> bool:
        """Part of ``House``, as are the next four."""
        self._conversations.add(conversation)
        conversation.generation = self._generation
        return len(self._conversations) <= self._room.clients + SPARE

    def admit(self, conversation: Conversation) -> tuple[str, str] | None:
        if self._draining:
            return SHUTDOWN
        if self.services.audit.state is State.LOST:
            return NO_AUDIT
        if self._room.seats.taken() >= self._room.clients:
            return TOO_MANY
        self._admitted.add(conversation)
        self._room.seats.set(len(self._admitted))
        return None

    def watch(self, conversation: Conversation) -> None:
        self._watched.add(conversation)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def left(self, conversation: Conversation) -> None:
        self._conversations.discard(conversation)
        self._admitted.discard(conversation)
        self._room.seats.set(len(self._admitted))
        self._watched.discard(conversation)
        self._departure.set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _sweep(self) -> None:
        self._sweeping = None
        for conversation in list(self._watched):
            if not conversation.sweep():
                self._watched.discard(conversation)
        if self._watched and self._sweeping is None:
            self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _catalog_changed(self, catalog: Catalog) -> None:
        for conversation in list(self._admitted):
            conversation.catalog_changed(catalog)

    def _audit_changed(self, state: State) -> None:
        self.held = state is not State.WRITING
        for conversation in list(self._conversations):
            if state is State.LOST:
                conversation.end(*NO_AUDIT)
            conversation.flow_changed()

    async def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    async def _end_sessions(self, generation: int, seconds: float, why: tuple[str, str]) -> None:
        for conversation in self._of(generation):
            conversation.drain()
        await self._until_empty(generation, seconds)
        for conversation in self._of(generation):
            conversation.end(*why)
        await self._until_empty(generation, _LAST_WORDS_SECONDS)

    async def _until_empty(self, generation: int, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._of(generation):
                    self._departure.clear()
                    await self._departure.wait()

    def _of(self, generation: int) -> list[Conversation]:
        return [c for c in self._conversations if c.generation <= generation]
