"""Field values ⇄ their canonical form, per type and wire format.

The canonical form of a value is the text PostgreSQL sends for it with ISO settings (UTC for
timestamptz, hexadecimal bytea, shortest float digits, bpchar without its padding): equal values
have equal canonical bytes whatever the wire format.  Works on one value at a time; the layouts are
those of the types' send and receive functions.  No policy, no keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import struct

from pgproxy.wire import values_numbers as numbers
from pgproxy.wire import values_plain as plain
from pgproxy.wire import values_time as times

TEXT_FORMAT = 0
BINARY_FORMAT = 1

# pg_type.dat: these OIDs are the same in every database since PostgreSQL 8.
BOOL = 16
BYTEA = 17
CHAR = 18
NAME = 19
INT8 = 20
INT2 = 21
INT4 = 23
TEXT = 25
OID = 26
JSON = 114
XML = 142
CIDR = 650
FLOAT4 = 700
FLOAT8 = 701
UNKNOWN = 705
MACADDR8 = 774
MONEY = 790
MACADDR = 829
INET = 869
BPCHAR = 1042
VARCHAR = 1043
DATE = 1082
TIME = 1083
TIMESTAMP = 1114
TIMESTAMPTZ = 1184
INTERVAL = 1186
TIMETZ = 1266
BIT = 1560
VARBIT = 1562
NUMERIC = 1700
UUID = 2950
JSONB = 3802


class Unsupported(Exception):
    """No canonical form: the type has none in that format, or the bytes are not of the type.

    The message never holds the value.
    """


Conversion = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Codec:
    """How one type is read and written; every function raises ValueError for foreign bytes.

    ``read_text`` also serves for writing text: it takes any text form we know to the canonical one.
    """

    read_text: Conversion
    read_binary: Conversion
    write_binary: Conversion


_TEXT = Codec(plain.same, plain.same, plain.same)

CODECS: Mapping[int, Codec] = {
    TEXT: _TEXT,
    VARCHAR: _TEXT,
    NAME: _TEXT,
    UNKNOWN: _TEXT,
    JSON: _TEXT,
    BPCHAR: Codec(plain.without_padding, plain.without_padding, plain.without_padding),
    BOOL: Codec(plain.read_bool_text, plain.read_bool, plain.write_bool),
    BYTEA: Codec(plain.read_bytea_text, plain.read_bytea, plain.write_bytea),
    UUID: Codec(plain.read_uuid_text, plain.read_uuid, plain.write_uuid),
    INET: Codec(plain.read_inet_text, plain.read_inet, plain.write_inet),
    JSONB: Codec(plain.same, plain.read_jsonb, plain.write_jsonb),
    INT2: Codec(*numbers.integer_codec(">h")),
    INT4: Codec(*numbers.integer_codec(">i")),
    INT8: Codec(*numbers.integer_codec(">q")),
    OID: Codec(*numbers.integer_codec(">I")),
    FLOAT4: Codec(numbers.read_float4_text, numbers.read_float4, numbers.write_float4),
    FLOAT8: Codec(numbers.read_float8_text, numbers.read_float8, numbers.write_float8),
    NUMERIC: Codec(numbers.read_numeric_text, numbers.read_numeric, numbers.write_numeric),
    DATE: Codec(times.read_date_text, times.read_date, times.write_date),
    TIMESTAMP: Codec(times.read_timestamp_text, times.read_timestamp, times.write_timestamp),
    TIMESTAMPTZ: Codec(
        times.read_timestamptz_text, times.read_timestamptz, times.write_timestamptz
    ),
}


def decode(type_oid: int, format: int, value: bytes) -> bytes:
    """The canonical form of a field value as it came over the wire."""
    codec = CODECS.get(type_oid)
    if format == TEXT_FORMAT:
        return _run(codec.read_text, value) if codec else value
    if format == BINARY_FORMAT and codec:
        return _run(codec.read_binary, value)
    raise Unsupported(f"type {type_oid} in format {format}")


def encode(type_oid: int, format: int, canonical: bytes) -> bytes:
    """A canonical value as field bytes of the type; bpchar comes without its padding."""
    codec = CODECS.get(type_oid)
    if format == TEXT_FORMAT:
        return _run(codec.read_text, canonical) if codec else canonical
    if format == BINARY_FORMAT and codec:
        return _run(codec.write_binary, canonical)
    raise Unsupported(f"type {type_oid} in format {format}")


def _run(conversion: Conversion, value: bytes) -> bytes:
    try:
        return conversion(value)
    except (ValueError, ArithmeticError, struct.error):
        # "from None": those errors quote what they could not read.
        raise Unsupported("bytes that are not of the type") from None
