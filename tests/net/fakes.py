"""A session that only relays, a server that does what a test says, and the house around them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import os
from pathlib import Path
import socket
import struct
import threading
from typing import Any

import uvloop

from pgproxy.analysis.catalog import Catalog
from pgproxy.net.audit import AuditTrail
from pgproxy.net.catalogs import Catalogs
from pgproxy.net.hosts import Hosts
from pgproxy.net.lookups import Lookups
from pgproxy.net.server import Room, Server
from pgproxy.net.services import Services
from pgproxy.net.upstream import Upstream
from pgproxy.session.counters import Counters
from pgproxy.session.effects import Close, ConnectUpstream, Effect, ToClient, ToUpstream
from pgproxy.session.session import Session
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.status import VaultStatus

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

Test = Callable[[], Coroutine[Any, Any, None]]


def run(test: Test, loop: str = "uvloop", seconds: float = 30.0) -> None:
    """Run a test on one kind of loop; a hang fails."""

    async def limited() -> None:
        async with asyncio.timeout(seconds):
            await test()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(limited())


class RelaySession(Session):
    """Its first byte is the login; from then on it relays.  What happened is kept in ``events``."""

    ready = False
    masked = False
    client_blocked = False
    upstream_blocked = False

    def __init__(self, client: str = "") -> None:
        self.client = client
        self.closed = False
        self.login = ""
        self.database = ""
        self.events: list[str] = []
        self.early = b""
        self.open_transaction = False
        self.draining = False

    def client_data(self, data: bytes) -> list[Effect]:
        if self.ready:
            return [ToUpstream(data)]
        self.early += data
        if self.login:
            return []
        self.login, self.database = "someone", "shop"
        return self.start()

    def start(self) -> list[Effect]:
        """What the login leads to."""
        return [ConnectUpstream()]

    def upstream_connected(self, binding: bytes = b"") -> list[Effect]:
        self.ready = True
        self.events.append("connected")
        return [ToUpstream(self.early)]

    def upstream_failed(self, reason: str) -> list[Effect]:
        return self._close(f"FATAL 08006 {reason}")

    def upstream_data(self, data: bytes) -> list[Effect]:
        return [ToClient(data)]

    def upstream_closed(self) -> list[Effect]:
        self.events.append("upstream closed")
        return self._close("", "the server ended the session")

    def client_closed(self) -> list[Effect]:
        self.events.append("client closed")
        return self._close()

    def catalog_ready(self, catalog: Catalog) -> list[Effect]:
        self.events.append(f"catalog {catalog.version}")
        return []

    def catalog_failed(self, reason: str) -> list[Effect]:
        self.events.append(f"no catalog: {reason}")
        return []

    def tokens_ready(self, tokens: object) -> list[Effect]:
        self.events.append("tokens")
        return []

    def tokens_failed(self, reason: str) -> list[Effect]:
        self.events.append(f"no tokens: {reason}")
        return []

    def drain(self) -> list[Effect]:
        self.draining = True
        return [] if self.open_transaction else self.end("57P01", "")

    def end(self, sqlstate: str, message: str) -> list[Effect]:
        return self._close(f"FATAL {sqlstate}")

    def _close(self, words: str = "", reason: str = "") -> list[Effect]:
        if self.closed:
            return []
        self.closed = True
        said: list[Effect] = [ToClient(words.encode())] if words else []
        return [*said, Close(words or reason)]


class FakeVault:
    """Tokens that are their values backwards; slow or broken when told."""

    def __init__(self) -> None:
        self.calls: list[tuple[TokenSpace, list[bytes]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken: dict[str, Exception] = {}  # by domain
        self.unknown: set[bytes] = set()  # tokens

    def tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
        self.gate.wait(10)
        self.calls.append((space, list(values)))
        if space.domain in self.broken:
            raise self.broken[space.domain]
        return [value[::-1] for value in values]

    def values(self, space: TokenSpace, tokens: Sequence[bytes]) -> list[bytes | None]:
        if space.domain in self.broken:
            raise self.broken[space.domain]
        return [None if token in self.unknown else token[::-1] for token in tokens]

    def ping(self) -> None:
        if "ping" in self.broken:
            raise self.broken["ping"]

    def status(self) -> VaultStatus:
        return VaultStatus(1, 0, (), ())

    def close(self) -> None:
        self.gate.set()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that sends back what it gets."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def no_catalog(url: str, database: str, version: int) -> tuple[Catalog, str]:
    """A reading that sees an empty database."""
    return Catalog(database, version, 180000, {}, {}, {}), ""


class NoLooks:
    """A database in which nothing ever changes."""

    async def look(self, database: str) -> str:
        return ""

    def release(self, database: str) -> None:
        pass


@dataclass
class Rig:
    """A proxy in this process, its port, and what it was made of."""

    server: Server
    services: Services
    port: int
    vault: FakeVault
    sessions: list[RelaySession]
    audit_path: Path
    backends: list[asyncio.StreamWriter] = field(default_factory=list)
    backend_ends: int = 0

    async def connect(self, hello: bytes = b"!") -> "Client":
        """A client that has said ``hello``."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        writer.write(hello)
        return Client(reader, writer)

    async def until(self, true: Callable[[], bool], seconds: float = 8.0) -> None:
        """Wait for something to come true."""
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - any condition
                await asyncio.sleep(0.005)

    async def until_empty(self) -> None:
        """Wait until every connection of the proxy is gone, on both sides."""
        await self.until(lambda: not self.server._conversations)
        await self.until(lambda: self.backend_ends == len(self.backends))


@dataclass
class Client:
    """One connection to the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def socket(self) -> socket.socket:
        """The real one, to do things to that no stream offers."""
        found: socket.socket = self.writer.get_extra_info("socket")
        return found

    async def ask(self, data: bytes, size: int | None = None) -> bytes:
        """Send, and read that many bytes back."""
        self.writer.write(data)
        return await self.reader.readexactly(len(data) if size is None else size)

    async def rest(self) -> bytes:
        """What still comes, until the connection ends in whichever way."""
        got = bytearray()
        with suppress(ConnectionResetError):
            while data := await self.reader.read(1 << 16):
                got += data
        return bytes(got)

    def reset(self) -> None:
        """Leave with RST, as a client does that dies with bytes unread."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def leave(self) -> None:
        """Leave with FIN."""
        self.writer.close()


@dataclass(frozen=True)
class Wish:
    """What a rig should be like."""

    serve: Serve = echo
    session: Callable[[str], RelaySession] = RelaySession
    clients: int = 100
    startup_seconds: float = 10.0
    audit: str = "audit.jsonl"
    patience: float = 10.0


@asynccontextmanager
async def rig(folder: Path, wish: Wish = Wish()) -> AsyncIterator[Rig]:
    """Start one; afterwards no descriptor and no task of it may be left."""
    listener = await asyncio.start_server(echo, "127.0.0.1", 0)
    listener.close()  # uvloop opens a descriptor with its first listener, and keeps it
    await asyncio.sleep(0)
    before = descriptors(), len(asyncio.all_tasks())
    made: Rig

    async def backend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.backends.append(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await wish.serve(reader, writer)
        finally:
            made.backend_ends += 1
            writer.transport.abort()

    sessions: list[RelaySession] = []

    def open_session(client: str) -> Session:
        sessions.append(wish.session(client))
        return sessions[-1]

    listener = await asyncio.start_server(backend, "127.0.0.1", 0)
    vault, counters = FakeVault(), Counters()
    path = folder / wish.audit
    services = Services(
        Hosts([Upstream("127.0.0.1", listener.sockets[0].getsockname()[1])]),
        Catalogs("", no_catalog, NoLooks()),
        Lookups(vault, counters),
        AuditTrail(str(path), wish.patience),
        counters,
        open_session,
    )
    server = Server(services, Room(wish.clients, wish.startup_seconds))
    (address,) = await server.listen("127.0.0.1", 0)
    made = Rig(server, services, int(address.rpartition(":")[2]), vault, sessions, path)
    try:
        yield made
    finally:
        await server.stop()
        for writer in made.backends:
            writer.transport.abort()
        services.audit.close()
        await services.lookups.close()
        listener.close()
        assert not server._conversations
    await made.until(lambda: descriptors() <= before[0], 5)
    await made.until(lambda: len(asyncio.all_tasks()) <= before[1], 5)


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))
