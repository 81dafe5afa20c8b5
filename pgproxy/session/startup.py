"""The first packets of a client: TLS is begun or declined, GSSAPI declined, a cancel passed on; a
start-up packet leads to the login."""

from pgproxy.errors import ClientViolation, Refusal
from pgproxy.session.authentication import Authentication
from pgproxy.session.context import Encrypted, SessionContext
from pgproxy.session.effects import Close, EncryptClient, ForwardCancel
from pgproxy.session.login import Login
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.wire.startup import (
    INVALID_AUTHORIZATION,
    TLS_HANDSHAKE,
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    StartupMessage,
    packet_length,
    parse_first,
)

PROTOCOL = "postgresql"

_ACCEPTED, _DECLINED = b"S", b"N"
_HANDSHAKE = bytes((TLS_HANDSHAKE,))


class Opening(Phase):
    """Until a start-up packet is complete.  A connect without bytes is a health check: no words."""

    def __init__(self, context: SessionContext, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._context = context
        self._buffer = b""
        self._asked: set[type] = set()
        self._encrypting = False
        # TLS without asking first needs a protocol that is agreed on (manual 54.2.10).
        self._unasked = False
        self._encrypted: Encrypted | None = None

    def leftovers(self) -> tuple[bytes, bytes]:
        """What the client has sent behind its start-up packet."""
        return self._buffer, b""

    def client_data(self, data: bytes) -> None:
        """One packet after the other; what follows the start-up packet is the login's."""
        self._buffer += data
        if self._buffer[:1] == _HANDSHAKE and self._encrypted is None and not self._asked:
            self._direct()
        while self.next is None and not self._outbox.closed and not self._encrypting:
            packet = parse_first(self._buffer)
            if packet is None:
                return
            length = packet_length(self._buffer) or 0
            raw, self._buffer = self._buffer[:length], self._buffer[length:]
            if isinstance(packet, CancelRequest):
                self._outbox.add(ForwardCancel(raw))
                self._outbox.add(Close())
            elif isinstance(packet, SSLRequest | GSSENCRequest):
                self._encryption(packet)
            else:
                self._log_in(packet, raw)

    def client_encrypted(self, encrypted: Encrypted) -> None:
        """The handshake is done; what comes now is read as before it."""
        self._encrypting = False
        self._encrypted = encrypted
        if self._unasked and encrypted.protocol != PROTOCOL:
            raise ClientViolation("TLS without asking first needs the ALPN protocol postgresql")

    def _direct(self) -> None:
        if self._context.tls is None:
            raise ClientViolation("TLS is not configured here")
        received, self._buffer = self._buffer, b""
        self._unasked = self._encrypting = True
        self._outbox.add(EncryptClient(received))

    def _encryption(self, packet: SSLRequest | GSSENCRequest) -> None:
        if type(packet) in self._asked or self._encrypted is not None:
            raise ClientViolation("encryption was asked for twice")
        self._asked.add(type(packet))
        if self._buffer and self._context.tls is not None:
            # Somebody in between may have put it there (CVE-2021-23214).
            raise ClientViolation("unencrypted data came behind a request for encryption")
        if isinstance(packet, GSSENCRequest) or self._context.tls is None:
            self._outbox.client(_DECLINED)
            return
        self._outbox.client(_ACCEPTED)
        self._encrypting = True
        self._outbox.add(EncryptClient())

    def _log_in(self, packet: StartupMessage, raw: bytes) -> None:
        tls, encrypted = self._context.tls, self._encrypted
        if tls is not None and tls.required and encrypted is None:
            raise Refusal(
                "plaintext",
                "only connections with TLS are accepted here",
                hint="Connect with sslmode=require or stricter.",
                sqlstate=INVALID_AUTHORIZATION,
            )
        if tls and tls.certificates and encrypted and encrypted.name != packet.user:
            raise Refusal(
                "certificate",
                "the client's certificate is not that of the login",
                hint="Its common name has to be the name of the login.",
                sqlstate=INVALID_AUTHORIZATION,
            )
        if self._context.scram is None:
            self.next = Login(self._context, self._outbox, packet, raw)
        else:
            self.next = Authentication(self._context, self._outbox, (packet, raw), encrypted)
