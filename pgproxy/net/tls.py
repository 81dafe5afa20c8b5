"""TLS over bytes: what a leg receives and sends, through two buffers and no socket.

In place of the event loop's own, so that a handshake can begin with bytes that were already read,
and so that what is queued stays where the leg can see it.
"""

from contextlib import suppress
import hashlib
import ssl

from cryptography import x509
from cryptography.x509.oid import NameOID

ALPN = "postgresql"

# A TLS record holds at most this much (RFC 8446, 5.1).
_RECORD = 16_384


class Tls:
    """One TLS connection; it never touches the network.

    Every method may leave bytes for the peer in ``outgoing``.  Raises ssl.SSLError; the alert that
    tells the peer why is outgoing then.
    """

    __slots__ = ("_in", "_object", "_out", "ended", "established")

    def __init__(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
    ) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._in, self._out, server_side, hostname)
        self.established = False
        self.ended = False  # the peer will send no more

    def receive(self, data: bytes) -> bytes:
        """Bytes of the peer; returns what they say."""
        self._in.write(data)
        if not self.established and not self._shake():
            return b""
        parts: list[bytes] = []
        try:
            while part := self._object.read(_RECORD):
                parts.append(part)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def send(self, data: bytes) -> bytes:
        """The bytes for the peer that say this."""
        self._object.write(data)
        return self._out.read()

    def outgoing(self) -> bytes:
        """Bytes for the peer: handshake, alerts."""
        return self._out.read()

    def begin(self) -> bytes:
        """The first bytes of a client."""
        self._shake()
        return self._out.read()

    def close(self) -> bytes:
        """The bytes that tell the peer that nothing more is said."""
        # It wants the peer's farewell too, which nobody waits for.
        with suppress(ssl.SSLError):
            self._object.unwrap()
        return self._out.read()

    @property
    def alpn(self) -> str:
        """The protocol that both sides agreed on; '' for none."""
        return self._object.selected_alpn_protocol() or ""

    @property
    def peer(self) -> bytes:
        """The certificate of the peer, in DER; b'' without one."""
        return self._object.getpeercert(binary_form=True) or b""

    def _shake(self) -> bool:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.established = True
        return True


def common_name(certificate: bytes) -> str:
    """The common name of a DER certificate's subject; '' without one, or where there are several.

    The server compares it with the login (manual 20.12).
    """
    subject = x509.load_der_x509_certificate(certificate).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


def end_point(certificate: bytes) -> bytes:
    """The hash of a DER certificate that binds a login to it; b'' where none is defined.

    RFC 5929, 4.1: the hash of the certificate's signature, but SHA-256 for MD5 and SHA-1.
    """
    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    if algorithm is None:
        return b""
    name = "sha256" if algorithm.name in ("md5", "sha1") else algorithm.name
    return hashlib.new(name, certificate).digest()
