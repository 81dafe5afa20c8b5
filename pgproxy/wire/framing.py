"""Messages in a byte stream: cutting it up, and putting one message together.

Knows the header, type byte and length word, and no message's body.  ``Framer`` is the kernel's.
"""

from collections.abc import Sequence

from pgproxy.wire.kernel import Framer

__all__ = ["HEADER", "MAX_LENGTH", "Framer", "int16s", "message", "oids", "string"]

HEADER = 5
# The server's own limit (MaxAllocSize); a length beyond 2^31 would wrap and let the rest of a body
# be read as messages.
MAX_LENGTH = 0x3FFFFFFF


def message(kind: int, body: bytes = b"") -> bytes:
    """One message with its header."""
    length = 4 + len(body)
    if length > MAX_LENGTH:
        raise ValueError("the message is longer than the protocol allows")
    return kind.to_bytes(1, "big") + length.to_bytes(4, "big") + body


def string(value: bytes) -> bytes:
    """A protocol string: its bytes and a NUL."""
    if b"\0" in value:
        raise ValueError("a protocol string cannot hold a NUL")
    return value + b"\0"


def int16s(values: Sequence[int]) -> bytes:
    """A counted list of Int16: format codes."""
    return len(values).to_bytes(2, "big") + b"".join(value.to_bytes(2, "big") for value in values)


def oids(values: Sequence[int]) -> bytes:
    """A counted list of OIDs."""
    return len(values).to_bytes(2, "big") + b"".join(value.to_bytes(4, "big") for value in values)
