"""A server that takes everybody: ``python -m tests.faults.backend PORT``.

As little of a backend as many clients can be held with: whoever sends a start-up packet is logged
in, a Query gives one row, or takes a copy when it begins so; a CancelRequest is heard and closed.
"""

import asyncio
import resource
import sys
from typing import cast

import uvloop

from pgproxy.wire import backend
from pgproxy.wire.framing import Framer
from pgproxy.wire.startup import StartupMessage, packet_length, parse_first

_SETTINGS = {
    b"client_encoding": b"UTF8",
    b"server_version": b"18.0",
    b"standard_conforming_strings": b"on",
    b"is_superuser": b"off",
    b"DateStyle": b"ISO, MDY",
    b"TimeZone": b"UTC",
}
WELCOME = b"".join(
    (
        backend.authentication(backend.AUTHENTICATION_OK),
        *(backend.parameter_status(name, value) for name, value in _SETTINGS.items()),
        backend.backend_key_data(7, b"key!"),
        backend.ready_for_query(),
    )
)
ROW = b"".join(
    (
        backend.row_description([backend.FieldDescription(b"?column?", 0, 0, 23, 4, -1, 0)]),
        backend.data_row([b"1"]),
        backend.command_complete(b"SELECT 1"),
        backend.ready_for_query(),
    )
)
COPY_IN = backend.copy_response(backend.COPY_IN_RESPONSE, 0, [0])
COPIED = backend.command_complete(b"COPY 0") + backend.ready_for_query()


class Backend(asyncio.Protocol):
    """One session."""

    def __init__(self) -> None:
        self._framer: Framer | None = None
        self._first = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's contract, as is the next one."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._framer is None:
            self._first += data
            packet = parse_first(self._first)
            if packet is None:
                return
            if not isinstance(packet, StartupMessage):
                self._transport.close()
                return
            self._framer = Framer(1 << 30, merge_rows=False)
            data = self._first[packet_length(self._first) :]
            self._transport.write(WELCOME)
        for kind, body, _ in self._framer.feed(data):
            if kind == ord("Q"):
                self._transport.write(COPY_IN if body.upper().startswith(b"COPY") else ROW)
            elif kind in b"cf":
                self._transport.write(COPIED)
            elif kind == ord("X"):
                self._transport.close()


async def main() -> None:
    """Serve until killed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Backend, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
