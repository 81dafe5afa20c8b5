"""Arrays as lists of field values, in both formats (manual 8.15.6, array_send).

Elements stay field bytes of their own type; ``None`` is NULL.  ``read_array`` takes what a client
writes, in one dimension; ``open_array`` what the server does, in any.  Raises
``values.Unsupported`` for anything else.
"""

from collections.abc import Mapping
import re
import struct

from pgproxy.wire import values
from pgproxy.wire.values import BINARY_FORMAT, TEXT_FORMAT, Unsupported

Elements = list[bytes | None]

# Array type → element type, of the types that come with PostgreSQL.
ARRAYS: Mapping[int, int] = {
    143: values.XML,
    199: values.JSON,
    651: values.CIDR,
    775: values.MACADDR8,
    791: values.MONEY,
    1000: values.BOOL,
    1001: values.BYTEA,
    1002: values.CHAR,
    1003: values.NAME,
    1005: values.INT2,
    1007: values.INT4,
    1009: values.TEXT,
    1014: values.BPCHAR,
    1015: values.VARCHAR,
    1016: values.INT8,
    1021: values.FLOAT4,
    1022: values.FLOAT8,
    1028: values.OID,
    1040: values.MACADDR,
    1041: values.INET,
    1115: values.TIMESTAMP,
    1182: values.DATE,
    1183: values.TIME,
    1185: values.TIMESTAMPTZ,
    1187: values.INTERVAL,
    1231: values.NUMERIC,
    1270: values.TIMETZ,
    1561: values.BIT,
    1563: values.VARBIT,
    2951: values.UUID,
    3807: values.JSONB,
}

# What stands around the elements: a piece more than there are elements.  Of binary one piece, the
# header.
Frame = list[bytes]

# An element: quoted, with backslashes before what is special in it, or bare.  (The server takes
# backslashes in a bare one too; no driver writes them.)  Nothing that was matched is given back:
# else white space with a brace behind it, in a parameter, would take time by the square.
_ELEMENT = re.compile(rb'\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^{}",\\]++))(,|\Z)', re.DOTALL)
_WRITTEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"|([^{}",\\\s]++)|([{},])', re.DOTALL)
_BOUNDS = re.compile(rb"(?:\[-?[0-9]+:-?[0-9]+\])+=")
_BARE = re.compile(rb'[^\s{}",\\]+')
# Dimensions, whether there are NULLs, element type; then per dimension its size and lower bound.
_HEADER = struct.Struct(">iiI")
_DIMENSION = struct.Struct(">ii")
_LENGTH = struct.Struct(">i")
_MOST_DIMENSIONS = 6  # MAXDIM


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


def open_array(format: int, value: bytes) -> tuple[Frame, Elements]:
    """The elements of an array that the server has written, and what stands around them."""
    if format == TEXT_FORMAT:
        return _open_text(value)
    if format == BINARY_FORMAT:
        try:
            return _open_binary(value)
        except struct.error:
            raise _unsupported() from None
    raise _unsupported()


def close_array(format: int, frame: Frame, elements: Elements) -> bytes:
    """The array with other elements in their places, as many."""
    if format == TEXT_FORMAT:
        parts = [frame[0]]
        for element, piece in zip(elements, frame[1:], strict=True):
            parts += (_quoted(element), piece)
        return b"".join(parts)
    (header,) = frame
    dimensions, _, element_oid = _HEADER.unpack_from(header)
    parts = [_HEADER.pack(dimensions, None in elements, element_oid), header[_HEADER.size :]]
    return b"".join([*parts, *map(_with_length, elements)])


def _with_length(element: bytes | None) -> bytes:
    return _LENGTH.pack(-1) if element is None else _LENGTH.pack(len(element)) + element


def _open_text(value: bytes) -> tuple[Frame, Elements]:
    # Bounds other than 1 come first: [0:1]={a,b}.
    start = value.find(b"{")
    if start < 0 or value[-1:] != b"}" or (start and not _BOUNDS.fullmatch(value[:start])):
        raise _unsupported()
    frame: Frame = []
    elements: Elements = []
    at, piece = start, 0
    while at < len(value):
        found = _WRITTEN.match(value, at)
        if found is None:
            raise _unsupported()
        quoted, bare, structure = found.groups()
        if structure is None:
            frame.append(value[piece:at])
            elements.append(_unescaped(quoted) if bare is None else _word(bare))
            piece = found.end()
        at = found.end()
    frame.append(value[piece:])
    return frame, elements


def _word(bare: bytes) -> bytes | None:
    return None if bare == b"NULL" else bare


def _unescaped(quoted: bytes) -> bytes:
    # By pairs first: a match for each backslash would take fifty bytes for one of them.
    pairs = quoted.split(rb"\\")
    return b"\\".join([part.replace(b"\\", b"") for part in pairs])


def _open_binary(value: bytes) -> tuple[Frame, Elements]:
    dimensions, _, _ = _HEADER.unpack_from(value)
    if not 0 <= dimensions <= _MOST_DIMENSIONS:
        raise _unsupported()
    at, count = _HEADER.size, min(dimensions, 1)
    for _ in range(dimensions):
        size, _ = _DIMENSION.unpack_from(value, at)
        at += _DIMENSION.size
        count *= size
        if not 0 <= count <= len(value):
            raise _unsupported()
    return [value[:at]], _elements(value, at, count)


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
            elements.append(_unescaped(quoted))
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
    return element_oid, _elements(value, at, count)


def _elements(value: bytes, at: int, count: int) -> Elements:
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
    return elements


def _quoted(element: bytes | None) -> bytes:
    if element is None:
        return b"NULL"
    if _BARE.fullmatch(element) and element.upper() != b"NULL":
        return element
    return b'"%b"' % element.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _unsupported() -> Unsupported:
    return Unsupported("no one-dimensional array")
