"""The two connections of a conversation, as asyncio protocols: each event goes to its owner.

Nothing is decided here.  Only ``bytes`` may be written: uvloop keeps a reference to what it gets.
"""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network, IPv6Network, ip_address
import logging
import select
import ssl
from typing import Protocol, cast

from pgproxy.net.sockets import tune
from pgproxy.net.tls import Tls

# A paused leg and a full one cost at most this much, and a whole read on top.
HIGH_WATER = 256 << 10
LOW_WATER = 64 << 10

log = logging.getLogger(__name__)

_GONE = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


class Owner(Protocol):
    """Who is told what happens on a leg."""

    def leg_opened(self, leg: Leg) -> None:
        """The connection is there."""

    def leg_encrypted(self, leg: Leg) -> None:
        """Both sides speak TLS now."""

    def leg_data(self, leg: Leg, data: bytes) -> None:
        """One read."""

    def leg_ended(self, leg: Leg) -> None:
        """The peer has ended its side: there will be no more data.  Once a leg."""

    def leg_lost(self, leg: Leg) -> None:
        """The descriptor is closed.  The last event of a leg."""

    def flow_changed(self) -> None:
        """A leg has become full, or has room again."""


class _Nobody:
    """The owner of a leg that is lost: nothing happens on it any more."""

    def leg_opened(self, leg: Leg) -> None: ...

    def leg_encrypted(self, leg: Leg) -> None: ...

    def leg_data(self, leg: Leg, data: bytes) -> None: ...

    def leg_ended(self, leg: Leg) -> None: ...

    def leg_lost(self, leg: Leg) -> None: ...

    def flow_changed(self) -> None: ...


_NOBODY = _Nobody()


def written(host: object, port: int) -> str:
    """An address and a port as one text."""
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


class Leg(asyncio.Protocol):
    """One connection: its transport, and whether it is full, being read, ended."""

    __slots__ = (
        "__weakref__",
        "_ended",
        "_owner",
        "_reading",
        "_transport",
        "full",
        "lost",
        "received",
        "tls",
    )

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._ended = False
        self.full = False
        self.lost = False
        self.received = 0
        self.tls: Tls | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's contract, as are the next five."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        tune(transport)
        self._owner.leg_opened(self)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if not self._reading and self._transport is not None:
            # uvloop starts to read after connection_made, whatever was asked for in it.
            self._transport.pause_reading()
        if self.tls is None:
            self._owner.leg_data(self, data)
        else:
            self._decipher(self.tls, data)

    def encrypt(self, tls: Tls, received: bytes = b"") -> None:
        """From here on this leg speaks TLS; ``received`` is what the peer has said of it already.

        A handshake that has not ended yet leads to ``leg_encrypted``.
        """
        self.tls = tls
        if received:
            self._decipher(tls, received)

    def _decipher(self, tls: Tls, data: bytes) -> None:
        begun = tls.established
        try:
            plain = tls.receive(data)
        except ssl.SSLError as error:
            log.info("TLS of %s failed: %s", self.address(), error.reason)
            self._send(tls.outgoing())
            self.close()
            self._end()
            return
        self._send(tls.outgoing())
        if tls.established and not begun:
            self._owner.leg_encrypted(self)
        if plain:
            self._owner.leg_data(self, plain)
        if tls.ended:
            self._end()

    def _send(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.full = False
        self._end()
        self._owner.leg_lost(self)
        # No cycle may be left for the collector: a leg and its owner name each other.
        self._owner = _NOBODY
        self._transport = None

    def pause_writing(self) -> None:
        self.full = True
        self._owner.flow_changed()

    def resume_writing(self) -> None:
        self.full = False
        self._owner.flow_changed()

    def write(self, data: bytes) -> None:
        """Send, or queue; a lost leg takes nothing any more, nor one in its handshake."""
        if self.lost or self._transport is None:
            return
        if self.tls is None:
            self._transport.write(data)
        elif self.tls.established:
            self._transport.write(self.tls.send(data))

    def read(self, wanted: bool) -> None:
        """Read on, or stop reading."""
        transport = self._transport
        if wanted is self._reading or transport is None or transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            transport.resume_reading()
        else:
            transport.pause_reading()

    @property
    def paused(self) -> bool:
        """Not being read: the peer's end would go unnoticed."""
        return not self._reading and not self.lost

    @property
    def queued(self) -> int:
        """Bytes written and not yet taken by the system."""
        return 0 if self.lost or not self._transport else self._transport.get_write_buffer_size()

    def hung_up(self) -> bool:
        """Whether the peer has ended its side, seen without reading."""
        sock = (
            None if self.lost or not self._transport else self._transport.get_extra_info("socket")
        )
        if sock is None or sock.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(sock.fileno(), _GONE)
        return bool(poll.poll(0))

    def finish(self) -> None:
        """No more will be written: tell the peer so after what is queued, and wait for its end.

        Closing at once, while the peer's bytes are unread, would reset the connection and could
        take our last words with it.
        """
        transport = self._transport
        if self.lost or transport is None or transport.is_closing():
            return
        if self._ended or not transport.can_write_eof():
            self.close()
            return
        self.read(True)
        self._farewell()
        transport.write_eof()

    def close(self) -> None:
        """Close after what is queued."""
        transport = self._transport
        if transport is not None and not transport.is_closing():
            self._farewell()
            transport.close()

    def _farewell(self) -> None:
        """Without it the peer could not tell an end from a cut (RFC 8446, 6.1)."""
        if self.tls is not None and self.tls.established:
            self._send(self.tls.close())

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()

    def address(self) -> str:
        """The peer's address, for the audit trail and the log."""
        peer = self._transport.get_extra_info("peername") if self._transport else None
        return written(peer[0], peer[1]) if isinstance(peer, tuple) else "local"

    def is_in(self, network: IPv4Network | IPv6Network) -> bool:
        """Whether the peer's address is one of that network."""
        peer = self._transport.get_extra_info("peername") if self._transport else None
        if not isinstance(peer, tuple):
            return False
        address = ip_address(peer[0].partition("%")[0])
        # A socket for both families names IPv4 within IPv6.
        return (getattr(address, "ipv4_mapped", None) or address) in network

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._owner.leg_ended(self)
