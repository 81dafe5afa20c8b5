"""Canonical forms: fixed points, and what is refused.  The server's word is in tests/e2e."""

import struct

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.wire import values
from tests.wire.round_trip import round_trip

TYPES = sorted(values.CODECS)


@given(st.sampled_from(TYPES), st.sampled_from([0, 1]), st.binary(max_size=40))
def test_no_bytes_break_a_decoder(type_oid: int, format: int, value: bytes) -> None:
    try:
        canonical = values.decode(type_oid, format, value)
    except values.Unsupported:
        return
    # What was read is a fixed point: it can be written and read again, both ways.
    round_trip(type_oid, canonical)


@given(st.sampled_from(TYPES), st.sampled_from([0, 1]), st.binary(max_size=40))
def test_no_canonical_value_breaks_an_encoder(type_oid: int, format: int, value: bytes) -> None:
    try:
        field = values.encode(type_oid, format, value)
    except values.Unsupported:
        return
    values.decode(type_oid, format, field)


@pytest.mark.parametrize(
    ("type_oid", "value"),
    [
        (values.INT4, b"2147483648"),
        (values.INT4, b"1_0"),
        (values.INT4, b" 1"),
        (values.INT4, "٣".encode()),
        (values.INT8, b"9" * 5000),
        (values.FLOAT8, b"1_0.0"),
        (values.FLOAT8, b"inf"),
        (values.FLOAT4, b"1e39"),
        (values.NUMERIC, b"1e5"),
        (values.NUMERIC, b"01"),
        (values.NUMERIC, b"-0.00"),
        (values.DATE, b"03/10/2024"),
        (values.DATE, b"2023-02-29"),
        (values.DATE, b"0000-01-01"),
        (values.TIMESTAMP, b"2024-03-10 25:00:00"),
        (values.TIMESTAMP, b"2024-03-10 01:00:00+00"),
        (values.TIMESTAMPTZ, b"2024-03-10 01:00:00"),
        (values.BOOL, b"true"),
        (values.UUID, b"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
        (values.BYTEA, b"\\x123"),
        (values.BYTEA, b"\\9"),
    ],
)
def test_a_text_the_server_would_not_send_is_not_guessed_at(type_oid: int, value: bytes) -> None:
    with pytest.raises(values.Unsupported):
        values.decode(type_oid, 0, value)


@pytest.mark.parametrize(
    ("type_oid", "value"),
    [
        (values.INT4, bytes(8)),
        (values.INT8, bytes(4)),
        (values.NUMERIC, b""),
        (values.NUMERIC, struct.pack(">HhHHH", 2, 0, 0, 0, 1)),
        (values.NUMERIC, struct.pack(">HhHHH", 1, 0, 0, 0, 10000)),
        (values.NUMERIC, struct.pack(">HhHH", 0, 0, 0x1000, 0)),
        (values.NUMERIC, struct.pack(">HhHH", 0, 0, 0, 16384)),
        (values.DATE, struct.pack(">i", 2145031949)),
        (values.TIMESTAMP, struct.pack(">q", 9223371331200000000)),
        (values.UUID, bytes(15)),
        (values.JSONB, b"\x02{}"),
        (values.JSONB, b""),
        (values.BOOL, b""),
    ],
)
def test_binary_of_another_shape_is_refused(type_oid: int, value: bytes) -> None:
    with pytest.raises(values.Unsupported):
        values.decode(type_oid, 1, value)


def test_an_unknown_type_has_only_its_text() -> None:
    assert values.decode(99999, 0, b"anything") == b"anything"
    assert values.encode(99999, 0, b"anything") == b"anything"
    with pytest.raises(values.Unsupported):
        values.decode(99999, 1, b"anything")
    with pytest.raises(values.Unsupported):
        values.encode(99999, 1, b"anything")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(values.Unsupported):
        values.decode(values.TEXT, 2, b"a")


def test_the_error_does_not_carry_the_value() -> None:
    with pytest.raises(values.Unsupported) as caught:
        values.decode(values.INT4, 0, b"secret-canary")
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
