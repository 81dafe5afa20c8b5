"""redact: the constant says nothing but "not NULL"."""

import pytest

from pgproxy.treatment.fields import FieldType
from pgproxy.treatment.redact import redacted
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS
from tests.treatment.vault import applied


@pytest.mark.parametrize(
    ("oid", "typmod", "text", "binary"),
    [
        (values.TEXT, -1, b"***", b"***"),
        (values.VARCHAR, 4 + 2, b"**", b"**"),
        (values.BPCHAR, 4 + 5, b"***  ", b"***  "),
        (values.NAME, -1, b"***", b"***"),
        (values.BOOL, -1, b"f", b"\0"),
        (values.INT4, -1, b"0", bytes(4)),
        (values.NUMERIC, (10 << 16 | 2) + 4, b"0.00", bytes(7) + b"\2"),
        (values.DATE, -1, b"1970-01-01", (-10957).to_bytes(4, signed=True)),
        (values.JSONB, -1, b"{}", b"\1{}"),
        (values.BYTEA, -1, b"\\x", b""),
        (values.UUID, -1, b"00000000-0000-0000-0000-000000000000", bytes(16)),
        (values.INTERVAL, -1, b"00:00:00", bytes(16)),
        (values.BIT, 9, b"000000000", b"\0\0\0\x09\0\0"),
        (1009, -1, b"{}", bytes(8) + b"\0\0\0\x19"),
        (3904, -1, b"empty", b"\1"),
    ],
)
def test_the_constant_of_a_type(oid: int, typmod: int, text: bytes, binary: bytes) -> None:
    for format, constant in ((0, text), (1, binary)):
        field = redacted("***", FieldType(oid, typmod, format))
        assert applied(field, [b"secret", None]) == [constant, None]


def test_the_text_is_the_users_for_texts_only() -> None:
    assert applied(redacted("weg", FieldType(values.TEXT, -1, 0)), [b"x"]) == [b"weg"]
    assert applied(redacted("weg", FieldType(values.JSON, -1, 0)), [b"x"]) == [b"{}"]


def test_unknown_types_become_null() -> None:
    for oid in (600, 99999, 0):
        assert redacted("***", FieldType(oid, -1, 0)).null_only
    assert 22 not in ARRAYS, "int2vector is no array to be emptied"
