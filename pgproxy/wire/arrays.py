"""One-dimensional arrays as lists of field values, in both formats (manual 8.15.6, array_send).

Elements stay field bytes of their own type; ``None`` is NULL.  Raises ``values.Unsupported`` for
more dimensions and for bytes that are no array.
"""

import re
import struct

from pgproxy.wire.values import BINARY_FORMAT, TEXT_FORMAT, Unsupported

Elements = list[bytes | None]

# An element: quoted, with backslashes before what is special in it, or bare.  (The server takes
# backslashes in a bare one too; no driver writes them.)  Nothing that was matched is given back:
# else white space with a brace behind it, in a parameter, would take time by the square.
_ELEMENT = re.compile(rb'\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^{}",\\]++))(,|\Z)', re.DOTALL)
_BARE = re.compile(rb'[^\s{}",\\]+')
# Dimensions, whether there are NULLs, element type; then per dimension its size and lower bound.
_HEADER = struct.Struct(">iiI")
_DIMENSION = struct.Struct(">ii")
_LENGTH = struct.Struct(">i")


def read_array(format: int, value: bytes) -> tuple[int, Elements]:
    """The element type that the value names (0 in text) and the elements."""
    if format == TEXT_FORMAT:
        return 0, _read_text(value.strip())
    if format == BINARY_FORMAT:
        try:
            return _read_binary(value)
        except struct.error:
            raise _unsupported() from None
    raise _unsupported()


def write_array(format: int, element_oid: int, elements: Elements) -> bytes:
    """The field bytes of an array of that element type, its lower bound 1."""
    if format == TEXT_FORMAT:
        return b"{%b}" % b",".join(map(_quoted, elements))
    if not elements:
        return _HEADER.pack(0, 0, element_oid)
    parts = [_HEADER.pack(1, None in elements, element_oid), _DIMENSION.pack(len(elements), 1)]
    for element in elements:
        parts.append(_LENGTH.pack(-1 if element is None else len(element)))
        parts.append(element or b"")
    return b"".join(parts)


def _read_text(value: bytes) -> Elements:
    if value[:1] != b"{" or value[-1:] != b"}":
        raise _unsupported()
    inner = value[1:-1]
    elements: Elements = []
    at = 0
    more = bool(inner.strip())
    while more:
        found = _ELEMENT.match(inner, at)
        if found is None:
            raise _unsupported()
        quoted, bare, end = found.groups()
        if quoted is not None:
            # By pairs first: a match for each backslash would take fifty bytes for one of them.
            pairs = quoted.split(rb"\\")
            elements.append(b"\\".join([part.replace(b"\\", b"") for part in pairs]))
        else:
            word = bare.strip()
            if not word:
                raise _unsupported()
            elements.append(None if word.upper() == b"NULL" else word)
        at, more = found.end(), end == b","
    return elements


def _read_binary(value: bytes) -> tuple[int, Elements]:
    dimensions, _, element_oid = _HEADER.unpack_from(value)
    at = _HEADER.size
    count = 0
    if dimensions == 1:
        count, _ = _DIMENSION.unpack_from(value, at)
        at += _DIMENSION.size
    if dimensions not in (0, 1) or not 0 <= count <= len(value):
        raise _unsupported()
    elements: Elements = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(value, at)
        at += _LENGTH.size
        if length < -1 or length > len(value) - at:
            raise _unsupported()
        elements.append(None if length == -1 else value[at : at + length])
        at += max(length, 0)
    if at != len(value):
        raise _unsupported()
    return element_oid, elements


def _quoted(element: bytes | None) -> bytes:
    if element is None:
        return b"NULL"
    if _BARE.fullmatch(element) and element.upper() != b"NULL":
        return element
    return b'"%b"' % element.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _unsupported() -> Unsupported:
    return Unsupported("no one-dimensional array")
