"""Integers, floats, numeric: what a number loses on the way is a bug."""

from decimal import Decimal
import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from pgproxy.wire import values
from tests.wire.round_trip import round_trip


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_numeric_keeps_its_digits(number: Decimal) -> None:
    if number.is_finite():
        text = format(number, "f")
        if not number:
            text = text.lstrip("-")
    else:
        text = "NaN" if number.is_nan() else "Infinity" if number > 0 else "-Infinity"
    round_trip(values.NUMERIC, text.encode())


@given(st.floats())
def test_a_double_survives(number: float) -> None:
    canonical = values.decode(values.FLOAT8, 1, struct.pack(">d", number))
    round_trip(values.FLOAT8, canonical)
    assert float(canonical) == number or math.isnan(number)
    again = values.encode(values.FLOAT8, 1, canonical)
    assert math.isnan(number) or again == struct.pack(">d", number)


@given(st.floats(width=32))
def test_a_single_survives(number: float) -> None:
    canonical = values.decode(values.FLOAT4, 1, struct.pack(">f", number))
    round_trip(values.FLOAT4, canonical)
    again = values.encode(values.FLOAT4, 1, canonical)
    assert math.isnan(number) or again == struct.pack(">f", number)
