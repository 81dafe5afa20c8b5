"""One server, and the connections made to it: a session's leg, a cancel, a probe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import socket

from pgproxy.errors import Unavailable
from pgproxy.net.certificates import ServerTls
from pgproxy.net.legs import Leg
from pgproxy.net.securing import Securing
from pgproxy.net.tls import Tls
from pgproxy.wire.startup import SSLRequest

CONNECT_SECONDS = 15.0
CANCEL_SECONDS = 10.0
PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Upstream:
    """One server: a host and a port, or the path of its Unix socket, where TLS means nothing."""

    host: str
    port: int
    path: str = ""
    tls: ServerTls | None = None

    @classmethod
    def at(cls, host: str, port: int, tls: ServerTls | None) -> "Upstream":
        """The server at a host as libpq writes it: a name, an address, or a directory."""
        if host.startswith(("/", "@")):
            path = f"{host}/.s.PGSQL.{port}"
            return cls(host, port, "\0" + path[1:] if host[0] == "@" else path)
        return cls(host, port, tls=tls)

    def __str__(self) -> str:
        if self.path:
            return self.path.replace("\0", "@")
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def connect(self, leg: Callable[[], Leg]) -> Leg:
        """A new leg to the server.  Raises Unavailable, with a reason in our own words."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if self.path:
                    _, made = await loop.create_unix_connection(leg, self.path)
                elif self.tls is None:
                    _, made = await loop.create_connection(leg, self.host, self.port)
                else:
                    transport, tls, _ = await self._secure()
                    made = leg()
                    made.encrypt(tls)
                    transport.set_protocol(made)
                    made.connection_made(transport)
        except TimeoutError:
            raise Unavailable("the server did not accept the connection in time") from None
        except OSError as error:
            raise Unavailable(f"no connection to the server: {_reason(error)}") from None
        return made

    async def cancel(self, packet: bytes) -> None:
        """Deliver a CancelRequest; returns when the server has closed, or after a while."""
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                if self.tls is None:
                    await self._ask(packet, -1)
                    return
                transport, tls, securing = await self._secure()
                transport.write(tls.send(packet))
                try:
                    await securing.lost.wait()
                finally:
                    transport.abort()
        except (OSError, Unavailable):  # a TimeoutError is an OSError
            return

    async def probe(self) -> None:
        """Whether a PostgreSQL answers there.  An SSLRequest leaves no line in its log."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                answer = await self._ask(SSLRequest().encode(), 1)
        except OSError as error:
            raise Unavailable(f"no connection to the server: {_reason(error)}") from None
        if answer not in (b"S", b"N"):
            raise Unavailable("what answers at the server's address is no PostgreSQL")
        if answer == b"N" and self.tls is not None:
            raise Unavailable("no connection to the server: the server does not speak TLS")

    async def _secure(self) -> tuple[asyncio.WriteTransport, Tls, Securing]:
        """A connection that speaks TLS.  Raises Unavailable, OSError."""
        assert self.tls is not None
        context, loop = self.tls.context(), asyncio.get_running_loop()
        transport, securing = await loop.create_connection(
            lambda: Securing(context, self.host), self.host, self.port
        )
        try:
            return transport, await securing.secured, securing
        except BaseException:
            transport.close()
            raise

    async def _ask(self, packet: bytes, count: int) -> bytes:
        if self.path:
            reader, writer = await asyncio.open_unix_connection(self.path)
        else:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(packet)
            return await reader.read(count)
        finally:
            writer.transport.abort()


_WORDS: dict[type[OSError], str] = {
    ConnectionRefusedError: "refused",
    ConnectionResetError: "reset",
    FileNotFoundError: "there is no such socket",
    PermissionError: "not permitted",
    TimeoutError: "no answer in time",
    socket.gaierror: "its name cannot be resolved",
}


def _reason(error: OSError) -> str:
    # The error's own text names the address: not for a client's eyes.
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    return "the network says no"
