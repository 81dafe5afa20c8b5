"""The packets before the first typed message: they start with a length and a code.

A client sends SSLRequest or GSSENCRequest (each may be answered ``N``), then StartupMessage; or it
sends CancelRequest and leaves.  Every length is checked before anything is held for it.  What is no
valid packet raises ClientViolation with the server's own SQLSTATE.
"""

from dataclasses import dataclass, field

from pgproxy.errors import ClientViolation
from pgproxy.wire.body import Body

CANCEL_REQUEST_CODE = 80877102
SSL_REQUEST_CODE = 80877103
GSSENC_REQUEST_CODE = 80877104

# The server takes 10,000 bytes beside the length word (MAX_STARTUP_PACKET_LENGTH).
MAX_PACKET = 10_004
MIN_PACKET = 8
MAX_CANCEL_KEY = 256
TLS_HANDSHAKE = 0x16

INVALID_AUTHORIZATION = "28000"
FEATURE_NOT_SUPPORTED = "0A000"

# Names and values are bytes to the server; this keeps every one of them the same there and back.
_UTF8 = ("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class SSLRequest:
    """May we speak TLS?"""

    def encode(self) -> bytes:
        """The packet."""
        return _packet(SSL_REQUEST_CODE, b"")


@dataclass(frozen=True, slots=True)
class GSSENCRequest:
    """May we speak GSSAPI encryption?"""

    def encode(self) -> bytes:
        """The packet."""
        return _packet(GSSENC_REQUEST_CODE, b"")


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Cancel what the session with this key runs; the key is 4 bytes in 3.0, up to 256 in 3.2."""

    pid: int
    key: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The packet."""
        return _packet(CANCEL_REQUEST_CODE, self.pid.to_bytes(4, "big") + self.key)


@dataclass(frozen=True, slots=True)
class StartupMessage:
    """Protocol version (major, minor) and parameters, in the client's order.

    Bytes that are not UTF-8 are kept as surrogate escapes, but never in a user or database name.
    """

    protocol: tuple[int, int]
    parameters: dict[str, str] = field(repr=False)

    @property
    def user(self) -> str:
        """The login that the client asks for."""
        return self.parameters["user"]

    @property
    def database(self) -> str:
        """The database asked for: by default the one named as the user."""
        return self.parameters.get("database") or self.user

    def encode(self) -> bytes:
        """The packet."""
        parts = []
        for pair in self.parameters.items():
            for text in pair:
                if "\0" in text:
                    raise ValueError("a protocol string cannot hold a NUL")
                parts.append(text.encode(*_UTF8) + b"\0")
        major, minor = self.protocol
        return _packet(major << 16 | minor, b"".join(parts) + b"\0")


FirstPacket = SSLRequest | GSSENCRequest | CancelRequest | StartupMessage


def _packet(code: int, rest: bytes) -> bytes:
    return (8 + len(rest)).to_bytes(4, "big") + code.to_bytes(4, "big") + rest


def packet_length(data: bytes) -> int | None:
    """The length of the packet that ``data`` starts with; None: fewer than its 4 bytes are here."""
    if len(data) < 4:
        return None
    length = int.from_bytes(data[:4], "big")
    if length < MIN_PACKET or length > MAX_PACKET:
        raise ClientViolation("invalid length of startup packet")
    return length


def parse_first(data: bytes) -> FirstPacket | None:
    """The packet that ``data`` starts with, which may be followed by more; None: not complete.

    ``packet_length`` says where it ends.
    """
    length = packet_length(data)
    if length is None or len(data) < length:
        return None
    body = Body("startup", data[4:length], ClientViolation)
    code = body.uint32()
    if code in (SSL_REQUEST_CODE, GSSENC_REQUEST_CODE):
        body.end()
        return SSLRequest() if code == SSL_REQUEST_CODE else GSSENCRequest()
    if code == CANCEL_REQUEST_CODE:
        return _cancel_request(body)
    return _startup_message(code, body)


def _cancel_request(body: Body) -> CancelRequest:
    request = CancelRequest(body.uint32(), body.rest())
    if not 4 <= len(request.key) <= MAX_CANCEL_KEY:
        raise body.violated()
    return request


def _startup_message(code: int, body: Body) -> StartupMessage:
    protocol = code >> 16, code & 0xFFFF
    if protocol[0] != 3:
        raise ClientViolation(
            f"unsupported frontend protocol {protocol[0]}.{protocol[1]}",
            hint="pgproxy speaks version 3",
            sqlstate=FEATURE_NOT_SUPPORTED,
        )
    parameters: dict[str, str] = {}
    while name := body.string():
        value = body.string()
        key = name.decode(*_UTF8)
        if key in parameters:
            # which of two counts is the server's affair: it and we must not read two logins
            raise ClientViolation("a startup parameter is given twice")
        parameters[key] = value.decode(*_UTF8)
    body.end()
    _check_names(parameters)
    return StartupMessage(protocol, parameters)


def _check_names(parameters: dict[str, str]) -> None:
    if not parameters.get("user"):
        raise ClientViolation(
            "no PostgreSQL user name specified in startup packet", sqlstate=INVALID_AUTHORIZATION
        )
    for key in ("user", "database"):
        if _has_escapes(parameters.get(key, "")):
            raise ClientViolation(
                f"the {key} name is not valid UTF-8", sqlstate=INVALID_AUTHORIZATION
            )


def _has_escapes(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)
