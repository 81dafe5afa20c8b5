"""One client: its session, its two legs, and the carrying out of what the session asks for.

Either direction stops alone: a leg is read while the other has room and the session wants it.  Any
leg's end ends both.  Nothing is decided here about what may pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
import logging
import time

from pgproxy.analysis.catalog import Catalog
from pgproxy.errors import ClientViolation, Unavailable
from pgproxy.net.errands import Asker, Errand, run_errand
from pgproxy.net.house import House
from pgproxy.net.legs import Leg, written
from pgproxy.net.logs import origin
from pgproxy.net.tls import Tls, common_name, end_point
from pgproxy.session.context import Encrypted
from pgproxy.session.effects import (
    Audit,
    CatalogChanged,
    Close,
    ConnectUpstream,
    Effect,
    EncryptClient,
    ForwardCancel,
    ToClient,
    ToUpstream,
)
from pgproxy.session.session import Session
from pgproxy.wire.proxy_header import parse_proxy_header

# A statement that was sent has begun by then.
AGAIN_SECONDS = 0.5
TIMED_OUT = "57014"

# Sweeps without a byte moving, before a leg that is to end by itself is cut: where only the peer's
# end is awaited, and where it has not taken our last bytes yet (it may just be slow).
END_SWEEPS = 2
QUEUED_SWEEPS = 60
LINGER_SWEEPS = 10  # at most, where the peer has our last bytes and goes on sending

# The same for a client that has left while it was not read: what it sent before may still be meant.
# Systems move bytes in lumps of megabytes, so a slow server can look like a stuck one for seconds.
LEFT_SWEEPS = 10

log = logging.getLogger(__name__)


class Conversation:
    """Owner of both legs."""

    __slots__ = (
        "_admitted",
        "_cancelling",
        "_client",
        "_closed",
        "_connecting",
        "_header",
        "_house",
        "_lingered",
        "_progress",
        "_services",
        "_start_timer",
        "_stuck",
        "_upstream",
        "generation",
        "session",
    )

    def __init__(self, house: House) -> None:
        self._house = house
        self._services = house.services
        self._client = Leg(self)
        self._upstream: Leg | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._cancelling: asyncio.Task[None] | None = None
        self._start_timer: asyncio.TimerHandle | None = None
        self._progress: tuple[int, ...] = ()
        self._stuck = 0
        self._lingered = 0
        self._admitted = False
        # What has come of a PROXY header; None: none is due.
        self._header: bytes | None = None
        self._closed = False
        self.generation = 0
        self.session: Session

    @classmethod
    def client_leg(cls, house: House) -> Leg:
        """What a listener makes for each connection."""
        return cls(house)._client

    def drain(self) -> None:
        """End as soon as no transaction is open."""
        self._event(self.session.drain)

    def end(self, sqlstate: str, message: str) -> None:
        """End now, with an error where one can be told."""
        self._event(lambda: self.session.end(sqlstate, message))

    def catalog_changed(self, catalog: Catalog) -> None:
        """There is a newer snapshot; it may be of another database."""
        if catalog.database == self.session.database:
            self._event(lambda: self.session.catalog_ready(catalog))

    def abort(self) -> None:
        """Close both legs now, whatever is queued."""
        self._event(self.session.client_closed)
        self._close(Close())
        for leg in (self._client, self._upstream):
            if leg is not None:
                leg.abort()

    def leg_opened(self, leg: Leg) -> None:
        """Part of ``Owner``, as are the next four."""
        if leg is not self._client:
            self._upstream = leg
            if self._closed:
                leg.abort()
            else:
                binding = end_point(leg.tls.peer) if leg.tls is not None else b""
                self._event(lambda: self.session.upstream_connected(binding))
            return
        self.session = self._services.open_session(leg.address())
        if any(leg.is_in(network) for network in self._house.balancers):
            self._header = b""
        if not self._house.entered(self):
            self.abort()
            return
        loop = asyncio.get_running_loop()
        self._start_timer = loop.call_later(self._house.startup_seconds, self._late)

    def leg_encrypted(self, leg: Leg) -> None:
        tls = leg.tls
        if tls is not None:
            peer, side = tls.peer, self._services.client_tls
            name = common_name(peer) if peer else ""
            encrypted = Encrypted(tls.alpn, name, side.binding if side else b"")
            self._event(lambda: self.session.client_encrypted(encrypted))

    def leg_data(self, leg: Leg, data: bytes) -> None:
        if self._closed:
            return
        if self._header is not None and leg is self._client:
            data = self._behind_header(self._header + data)
            if not data:
                return
        try:
            client = leg is self._client
            self._do((self.session.client_data if client else self.session.upstream_data)(data))
        except Exception as error:
            self._fault(error)

    def _behind_header(self, data: bytes) -> bytes:
        """What comes behind the PROXY header; b'' while that is not complete."""
        try:
            header = parse_proxy_header(data)
        except ClientViolation as error:
            log.warning("%s: %s", self._client.address(), error.message)
            self.abort()
            return b""
        if header is None:
            self._header = data
            return b""
        self._header = None
        if header.source is not None:
            # Nothing has been said yet: the session is one of that client from its first byte on.
            self.session = self._services.open_session(written(*header.source))
        return data[header.length :]

    def leg_ended(self, leg: Leg) -> None:
        if leg is self._client:
            self._event(self.session.client_closed)
            self._close(Close())
        else:
            self._event(self.session.upstream_closed)

    def leg_lost(self, leg: Leg) -> None:
        self._leave()

    def flow_changed(self) -> None:
        client, upstream, session = self._client, self._upstream, self.session
        if self._closed:
            return
        held = self._house.held
        full = upstream is not None and upstream.full
        client.read(not (held or full or session.client_blocked))
        if upstream is not None:
            upstream.read(not (held or client.full or session.upstream_blocked))
        if client.paused:
            self._house.watch(self)

    def sweep(self) -> bool:
        """Look at what no event will tell: a peer that left while its leg is not read.

        It is given up once no byte has moved on either leg for a while.
        """
        legs = [leg for leg in (self._client, self._upstream) if leg is not None]
        queued = [leg.queued for leg in legs]
        progress = (*queued, *(leg.received for leg in legs))
        self._stuck = self._stuck + 1 if progress == self._progress else 0
        self._progress = progress
        if self._closed:
            self._lingered += not any(queued)
            stuck = self._stuck >= (QUEUED_SWEEPS if any(queued) else END_SWEEPS)
            if stuck or self._lingered >= LINGER_SWEEPS:
                self.abort()
            return not all(leg.lost for leg in legs)
        if self._client.paused and self._stuck >= LEFT_SWEEPS and self._client.hung_up():
            self.abort()
        return self._client.paused

    def _event(self, happened: Callable[[], list[Effect]]) -> None:
        if self._closed:
            return
        try:
            self._do(happened())
        except Exception as error:
            self._fault(error)

    def _do(self, effects: list[Effect]) -> None:
        audited = False
        for effect in effects:
            if isinstance(effect, ToClient):
                if audited:
                    self._services.audit.flush()
                    audited = False
                self._client.write(effect.data)
            elif isinstance(effect, ToUpstream):
                if self._upstream is not None:
                    self._upstream.write(effect.data)
            elif isinstance(effect, Audit):
                self._services.audit.put(effect.record)
                audited = True
            elif isinstance(effect, Close):
                self._close(effect)
            elif isinstance(effect, EncryptClient):
                self._encrypt(effect.received)
            elif isinstance(effect, CatalogChanged):
                self._services.catalogs.suspect()
            elif isinstance(effect, ForwardCancel):
                self._cancelling = self._house.start(self._cancel(effect))
            else:
                # What is known at once leads to more effects, which come after these.
                effects += self._request(effect)
        if audited:
            self._services.audit.flush()
        if self._start_timer is not None and self.session.ready:
            self._start_timer.cancel()
            self._start_timer = None
        self.flow_changed()

    def _encrypt(self, received: bytes) -> None:
        side = self._services.client_tls
        if side is None:
            raise RuntimeError("TLS is not configured")
        self._client.encrypt(Tls(side.context, server_side=True), received)

    def _request(self, effect: ConnectUpstream | Errand) -> list[Effect]:
        if self.session.closed:
            return []
        if not self._admitted:
            refused = self._house.admit(self)
            if refused is not None:
                return self.session.end(*refused)
            self._admitted = True
        if isinstance(effect, ConnectUpstream):
            self._connecting = self._house.start(self._connect())
            return []
        return run_errand(effect, Asker(self.session, self._event), self._house)

    async def _connect(self) -> None:
        started = time.perf_counter()
        try:
            await self._services.upstream.connect(lambda: Leg(self))
        except Unavailable as error:
            self._connecting = None
            log.warning("%s", error.message)
            reason = error.message
            self._event(lambda: self.session.upstream_failed(reason))
        else:
            self._connecting = None
            self._services.connecting.observe(time.perf_counter() - started)

    async def _cancel(self, effect: ForwardCancel) -> None:
        try:
            await self._services.upstream.cancel(effect.packet)
            if effect.again:
                await asyncio.sleep(AGAIN_SECONDS)
                await self._services.upstream.cancel(effect.packet)
        finally:
            self._cancelling = None
            if self._closed:
                # Whoever asked for it waits for this end to know that it is done.
                self._client.close()
                self._leave()

    def _late(self) -> None:
        self._start_timer = None
        if self.session.login:
            self.end(TIMED_OUT, "start-up takes too long")
        else:
            self.abort()  # as silent as the server is before it knows who calls

    def _fault(self, error: Exception) -> None:
        self._services.counters.faults += 1
        log.error("fault, session ended: %s", origin(error))
        try:
            for effect in self.session.client_closed():
                if isinstance(effect, Audit):
                    self._services.audit.put(effect.record)
            self._services.audit.flush()
        finally:
            self._close(Close())
            self.abort()

    def _close(self, close: Close) -> None:
        if self._closed:
            return
        self._closed = True
        if close.reason:
            log.info("session of %s ended: %s", self._client.address(), close.reason)
        if self._start_timer is not None:
            self._start_timer.cancel()
            self._start_timer = None
        if self._connecting is not None:
            self._connecting.cancel()
        if self._upstream is not None:
            self._upstream.close()
        if self._cancelling is None:
            if close.reason:
                self._client.finish()
            else:
                self._client.close()
        self._house.watch(self)

    def _leave(self) -> None:
        upstream_gone = self._upstream is None or self._upstream.lost
        if self._client.lost and upstream_gone and self._cancelling is None:
            self._close(Close())
            self._house.left(self)
