"""The admin port: a GET-only HTTP of four pages.  Shows counts and states, never a value or SQL."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
import logging
from pathlib import Path
import socket

import msgspec

from pgproxy.net.logs import origin
from pgproxy.net.readiness import OK, Readiness
from pgproxy.net.sockets import written

# Slow or many askers cost this much, and no more.
_HEAD_BYTES = 8192
_SECONDS = 10.0
_AT_ONCE = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK


MakePage = Callable[[], Awaitable[Page]]


class Admin:
    """Serves the pages of ``routes``, path → how it is made."""

    def __init__(self, routes: Mapping[str, MakePage]) -> None:
        self._routes = routes
        self._listeners: list[asyncio.Server] = []
        self._serving: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> str:
        """Accept requests; the address, as it is written."""
        listener = await asyncio.start_server(self._accept, host, port, limit=_HEAD_BYTES)
        self._listeners.append(listener)
        return written(listener.sockets[0].getsockname())

    async def listen_on(self, sockets: list[socket.socket]) -> None:
        """The same with sockets that are bound already."""
        for sock in sockets:
            listener = await asyncio.start_server(self._accept, sock=sock, limit=_HEAD_BYTES)
            self._listeners.append(listener)

    async def listen_at(self, path: Path) -> None:
        """Accept requests of this user's processes only, through a file."""
        listener = await asyncio.start_unix_server(self._accept, path, limit=_HEAD_BYTES)
        self._listeners.append(listener)

    async def close(self) -> None:
        """Answer nobody any more."""
        for listener in self._listeners:
            listener.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._serving) >= _AT_ONCE:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        problems = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        try:
            with suppress(*problems):  # a TimeoutError is an OSError
                async with asyncio.timeout(_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(await self._answer(head))
                    await writer.drain()
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _encode(Page(b"bad request\n", status=HTTPStatus.BAD_REQUEST))
        if words[0] not in ("GET", "HEAD"):
            return _encode(Page(b"only GET\n", status=HTTPStatus.METHOD_NOT_ALLOWED))
        make = self._routes.get(words[1].partition("?")[0])
        if make is None:
            return _encode(Page(b"there is no such page\n", status=HTTPStatus.NOT_FOUND))
        try:
            page = await make()
        except Exception as error:
            log.error("fault in the admin page: %s", origin(error))
            page = Page(b"this page failed\n", status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return _encode(page, with_body=words[0] == "GET")


def _encode(page: Page, with_body: bool = True) -> bytes:
    lines = (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        f"Content-Type: {page.content_type}",
        f"Content-Length: {len(page.body)}",
        "Connection: close",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        *(["Allow: GET, HEAD"] if page.status is HTTPStatus.METHOD_NOT_ALLOWED else []),
    )
    head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
    return head + page.body if with_body else head


async def healthz() -> Page:
    """The loop turns."""
    return Page(b"ok\n")


def readyz(readiness: Readiness) -> MakePage:
    """What is wrong, part by part; 503 where anything is."""

    async def make() -> Page:
        found = await readiness.look()
        ready = all(state == OK for state in found.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        body = msgspec.json.encode({"ready": ready, "parts": found}) + b"\n"
        return Page(body, "application/json", status)

    return make
