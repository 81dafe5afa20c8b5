"""redact: one constant a type, in both formats; types without one become NULL."""

from collections.abc import Mapping

from pgproxy.treatment.columns import Constant, FieldTreatment, Nulls
from pgproxy.treatment.shape import FieldType
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS

_CANONICAL: Mapping[int, bytes] = {
    values.BOOL: b"f",
    values.INT2: b"0",
    values.INT4: b"0",
    values.INT8: b"0",
    values.OID: b"0",
    values.FLOAT4: b"0",
    values.FLOAT8: b"0",
    values.DATE: b"1970-01-01",
    values.TIMESTAMP: b"1970-01-01 00:00:00",
    values.TIMESTAMPTZ: b"1970-01-01 00:00:00+00",
    values.UUID: b"00000000-0000-0000-0000-000000000000",
    values.JSON: b"{}",
    values.JSONB: b"{}",
    values.BYTEA: b"\\x",
}

_IPV4 = b"\x02"  # PGSQL_AF_INET on the wire
_NO_HOST = b"\x20%b\x04\0\0\0\0"  # 32 bits of net mask, the cidr flag, four bytes of address

# Types whose values we do not read: the constant as text and as bytes.
_LITERAL: Mapping[int, tuple[bytes, bytes]] = {
    values.TIME: (b"00:00:00", bytes(8)),
    values.TIMETZ: (b"00:00:00+00", bytes(12)),
    values.INTERVAL: (b"00:00:00", bytes(16)),
    values.MONEY: (b"0", bytes(8)),
    values.INET: (b"0.0.0.0", _IPV4 + _NO_HOST % b"\x00"),
    values.CIDR: (b"0.0.0.0/32", _IPV4 + _NO_HOST % b"\x01"),
    values.MACADDR: (b"00:00:00:00:00:00", bytes(6)),
    values.MACADDR8: (b"00:00:00:00:00:00:00:00", bytes(8)),
    values.XML: (b"<redacted/>", b"<redacted/>"),
    values.CHAR: (b"*", b"*"),
    values.VARBIT: (b"", bytes(4)),
}

# int4range, numrange, tsrange, tstzrange, daterange, int8range and their multiranges
_RANGES = (3904, 3906, 3908, 3910, 3912, 3926)
_MULTIRANGES = (4451, 4532, 4533, 4534, 4535, 4536)


def redacted(text: str, field: FieldType) -> FieldTreatment:
    """The constant of the field's type; ``text`` where the type is a text."""
    constant = field.fit(text) if field.is_text else _constant(field)
    return Nulls() if constant is None else Constant(constant)


def _constant(field: FieldType) -> bytes | None:
    if field.oid == values.NUMERIC:
        return values.encode(field.oid, field.format, _zero(field))
    if field.oid in _CANONICAL:
        return values.encode(field.oid, field.format, _CANONICAL[field.oid])
    forms = _LITERAL.get(field.oid)
    if field.oid == values.BIT:
        forms = _zero_bits(field)
    elif field.oid in ARRAYS:
        forms = b"{}", bytes(8) + ARRAYS[field.oid].to_bytes(4)
    elif field.oid in _RANGES:
        forms = b"empty", b"\x01"
    elif field.oid in _MULTIRANGES:
        forms = b"{}", bytes(4)
    return forms[field.format] if forms else None


def _zero(field: FieldType) -> bytes:
    bounds = field.precision_and_scale
    scale = max(bounds[1], 0) if bounds else 0
    return b"0." + b"0" * scale if scale else b"0"


def _zero_bits(field: FieldType) -> tuple[bytes, bytes] | None:
    """bit(n) takes exactly n bits; its typmod is n itself."""
    if field.typmod < 1:
        return None
    count = field.typmod
    return b"0" * count, count.to_bytes(4) + bytes(-(-count // 8))
