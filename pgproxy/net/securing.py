"""TLS to the server: asked for with SSLRequest, before a leg takes the connection over.

The answer is exactly one byte: what comes behind it was not protected, and is not read
(CVE-2021-23222).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from pgproxy.errors import Unavailable
from pgproxy.net.tls import Tls
from pgproxy.wire.startup import SSLRequest


class Securing(asyncio.Protocol):
    """A connection until it speaks TLS; await ``secured``, then take its transport over."""

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self._context = context
        self._hostname = hostname
        self._transport: asyncio.Transport | None = None
        self._tls: Tls | None = None
        self.lost = asyncio.Event()
        self.secured: asyncio.Future[Tls] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's contract, as are the next two."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(SSLRequest().encode())

    def data_received(self, data: bytes) -> None:
        if self._tls is not None:
            self._receive(self._tls, data)
        elif data == b"S":
            self._tls = Tls(self._context, server_side=False, hostname=self._hostname)
            self._send(self._tls.begin())
        elif data == b"N":
            self._fail("the server does not speak TLS")
        else:
            self._fail("the server answers what was not asked")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the server closed the connection")
        self.lost.set()

    def _receive(self, tls: Tls, data: bytes) -> None:
        try:
            plain = tls.receive(data)
        except ssl.SSLCertVerificationError as error:
            self._send(tls.outgoing())
            self._fail(f"the server's certificate is not trusted: {error.verify_message}")
            return
        except ssl.SSLError:
            self._send(tls.outgoing())
            self._fail("the TLS handshake failed")
            return
        self._send(tls.outgoing())
        if plain:
            self._fail("the server speaks before it is asked")
        elif tls.established and not self.secured.done():
            self.secured.set_result(tls)

    def _send(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def _fail(self, why: str) -> None:
        if not self.secured.done():
            self.secured.set_exception(Unavailable(f"no connection to the server: {why}"))
        if self._transport is not None:
            self._transport.close()
