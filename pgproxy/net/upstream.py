"""Where the server is, and the connections made to it: a session's leg, a cancel, a probe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import socket
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from pgproxy.errors import ConfigError, Finding, Unavailable
from pgproxy.wire.startup import SSLRequest

CONNECT_SECONDS = 15.0
CANCEL_SECONDS = 10.0
PROBE_SECONDS = 5.0

# Linux finds a dead host after idle + interval * count seconds.  No TCP_USER_TIMEOUT: it also ends
# a connection whose peer is alive and merely does not read for that long.
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Upstream:
    """One server: a host and a port, or the path of its Unix socket.  No TLS yet."""

    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> "Upstream":
        """The server of a libpq URL; the user, password and database in it are not used here."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _finding("brackets or port are malformed") from None
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        mode = options.get("sslmode", "prefer")
        if mode not in ("disable", "allow", "prefer"):
            raise _finding("TLS to the server is not there yet; leave sslmode out")
        number = port or int(options.get("port") or 5432)
        host = unquote(parts.hostname or options.get("host", "")) or "localhost"
        if "," in host or "," in parts.netloc:
            raise _finding("several hosts are not there yet; expected one")
        if host.startswith(("/", "@")):
            path = f"{host}/.s.PGSQL.{number}"
            return cls(host, number, "\0" + path[1:] if host[0] == "@" else path)
        return cls(host, number)

    def __str__(self) -> str:
        if self.path:
            return self.path.replace("\0", "@")
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def connect(self, leg: Callable[[], P]) -> P:
        """A new leg to the server.  Raises Unavailable, with a reason in our own words."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if self.path:
                    _, made = await loop.create_unix_connection(leg, self.path)
                else:
                    _, made = await loop.create_connection(leg, self.host, self.port)
        except TimeoutError:
            raise Unavailable("the server did not accept the connection in time") from None
        except OSError as error:
            raise Unavailable(f"no connection to the server: {_reason(error)}") from None
        return made

    async def cancel(self, packet: bytes) -> None:
        """Deliver a CancelRequest; returns when the server has closed, or after a while."""
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._ask(packet, -1)
        except OSError:  # a TimeoutError is one
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


def tune(transport: asyncio.BaseTransport) -> None:
    """What every leg's socket wants: no delay, and an end that notices a dead host."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


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


def _finding(message: str) -> ConfigError:
    return ConfigError((Finding("upstream.url", 0, message),))
