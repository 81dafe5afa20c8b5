"""The first packets of a client: TLS and GSSAPI are declined, a cancel is passed on, a start-up
packet leads to the login."""

from pgproxy.errors import ClientViolation
from pgproxy.session.context import SessionContext
from pgproxy.session.effects import Close, ForwardCancel
from pgproxy.session.login import Login
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.wire.startup import (
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    packet_length,
    parse_first,
)

_DECLINED = b"N"


class Opening(Phase):
    """Until a start-up packet is complete.  A connect without bytes is a health check: no words."""

    def __init__(self, context: SessionContext, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._context = context
        self._buffer = b""
        self._asked: set[type] = set()

    def leftovers(self) -> tuple[bytes, bytes]:
        """What the client has sent behind its start-up packet."""
        return self._buffer, b""

    def client_data(self, data: bytes) -> None:
        """One packet after the other; what follows the start-up packet is the login's."""
        self._buffer += data
        while self.next is None and not self._outbox.closed:
            packet = parse_first(self._buffer)
            if packet is None:
                return
            length = packet_length(self._buffer) or 0
            raw, self._buffer = self._buffer[:length], self._buffer[length:]
            if isinstance(packet, CancelRequest):
                self._outbox.add(ForwardCancel(raw))
                self._outbox.add(Close())
            elif isinstance(packet, SSLRequest | GSSENCRequest):
                if type(packet) in self._asked:
                    raise ClientViolation("encryption was asked for twice")
                self._asked.add(type(packet))
                self._outbox.client(_DECLINED)
            else:
                self.next = Login(self._context, self._outbox, packet, raw)
