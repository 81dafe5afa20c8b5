"""bucket and shift: the lower edge, always, and dates that keep their distances."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import Bucket, Shift
from pgproxy.treatment.bucket import bucketed, shifted
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.shape import FieldType
from pgproxy.wire import values
from tests.treatment.vault import applied

KEYS = Keys(bytes(range(32)))
TEN = Bucket(Decimal(10))
NUMERIC_5_MINUS_2 = 4 + (5 << 16 | -2 & 0x7FF)
MONTH, QUARTER, YEAR = (Bucket(period=period) for period in ("month", "quarter", "year"))


def edge_of(treatment: Bucket, oid: int, value: bytes, typmod: int = -1) -> bytes | None:
    found = applied(bucketed(treatment, FieldType(oid, typmod, 0)), [value])
    assert isinstance(found, list)
    return found[0]


@pytest.mark.parametrize(
    ("treatment", "oid", "value", "edge"),
    [
        (TEN, values.INT4, b"19", b"10"),
        (TEN, values.INT4, b"20", b"20"),
        (TEN, values.INT4, b"-1", b"-10"),
        (TEN, values.INT2, b"-32768", b"-32768"),
        (Bucket(Decimal("2.5")), values.INT8, b"4", b"2"),
        (TEN, values.NUMERIC, b"19.99", b"10.00"),
        (TEN, values.NUMERIC, b"-0.01", b"-10.00"),
        (TEN, values.NUMERIC, b"NaN", b"NaN"),
        (Bucket(Decimal("0.25")), values.NUMERIC, b"0.9", b"0.7"),
        (Bucket(Decimal("0.25")), values.FLOAT8, b"0.9", b"0.75"),
        (TEN, values.FLOAT8, b"-Infinity", b"-Infinity"),
        (MONTH, values.DATE, b"2024-02-29", b"2024-02-01"),
        (QUARTER, values.DATE, b"2024-12-31", b"2024-10-01"),
        (YEAR, values.DATE, b"0044-03-15 BC", b"0044-01-01 BC"),
        (YEAR, values.DATE, b"infinity", b"infinity"),
        (QUARTER, values.TIMESTAMP, b"2024-05-06 07:08:09.5", b"2024-04-01 00:00:00"),
        (MONTH, values.TIMESTAMPTZ, b"2024-05-01 01:00:00+02", b"2024-04-01 00:00:00+00"),
        (MONTH, values.INT4, b"5", None),
        (TEN, values.TEXT, b"19", None),
    ],
)
def test_the_lower_edge(treatment: Bucket, oid: int, value: bytes, edge: bytes | None) -> None:
    assert edge_of(treatment, oid, value) == edge


def test_a_scale_below_zero_stays() -> None:
    assert edge_of(TEN, values.NUMERIC, b"1900", NUMERIC_5_MINUS_2) == b"1900"
    assert edge_of(Bucket(Decimal(150)), values.NUMERIC, b"200", NUMERIC_5_MINUS_2) == b"100"


@given(st.integers(-(2**31) + 10**6, 2**31 - 1), st.integers(1, 10**6))
def test_an_edge_is_below_its_value_by_less_than_the_size(number: int, size: int) -> None:
    edge = edge_of(Bucket(Decimal(size)), values.INT4, b"%d" % number)
    assert edge is not None
    assert number - size < int(edge) <= number


def test_dates_of_a_domain_move_together() -> None:
    field = FieldType(values.DATE, -1, 0)
    seen: set[bytes | None] = set()
    for domain in map(str, range(200)):
        found = applied(
            shifted(Shift(3), domain, field, KEYS),
            [b"2024-05-10", b"2024-05-15", None, b"infinity"],
        )
        assert isinstance(found, list)
        one, other, null, end = found
        assert (null, end) == (None, b"infinity")
        assert one is not None
        assert other is not None
        assert int(other[8:]) - int(one[8:]) == 5
        seen.add(one)
    assert seen == {b"2024-05-%02d" % day for day in (7, 8, 9, 11, 12, 13)}


def test_a_shift_keeps_the_time_of_day() -> None:
    field = FieldType(values.TIMESTAMPTZ, -1, 0)
    found = applied(shifted(Shift(30), "d", field, KEYS), [b"2024-02-28 10:11:12.5+00"])
    assert isinstance(found, list)
    assert found[0] is not None
    assert found[0].endswith(b" 10:11:12.5+00")
    assert shifted(Shift(30), "d", FieldType(values.TEXT, -1, 0), KEYS).null_only
