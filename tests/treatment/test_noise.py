"""noise: within the range, of the type, fixed per number, not to be averaged or subtracted away."""

from datetime import datetime
from decimal import Decimal
import math
import struct

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import Noise
from pgproxy.treatment.fields import FieldType, Keys
from pgproxy.treatment.noise import noisy
from pgproxy.wire import values
from pgproxy.wire.values_time import moment_of, write_timestamp, write_timestamptz
from tests.treatment.vault import Column, applied

KEYS = Keys(bytes(range(32)))
RANGE_3 = Noise(range=Decimal(3))
PERCENT_5 = Noise(percent=Decimal(5))


def run(treatment: Noise, oid: int, *column: bytes, typmod: int = -1, format: int = 0) -> Column:
    result = applied(noisy(treatment, "d", FieldType(oid, typmod, format), KEYS), list(column))
    assert isinstance(result, list)
    return result


def moved(treatment: Noise, oid: int, number: int) -> int:
    (value,) = run(treatment, oid, b"%d" % number)
    assert value is not None
    return int(value) - number


def test_all_offsets_of_the_range_occur_and_no_other() -> None:
    offsets = [moved(RANGE_3, values.INT4, number) for number in range(3000)]
    counts = {offset: offsets.count(offset) for offset in set(offsets)}
    assert sorted(counts) == [-3, -2, -1, 1, 2, 3]
    assert all(400 < count < 600 for count in counts.values())


def test_a_range_below_one_step_still_moves() -> None:
    offsets = {moved(Noise(range=Decimal("0.4")), values.INT4, n) for n in range(100)}
    assert offsets == {-1, 1}
    assert {moved(PERCENT_5, values.INT4, n) for n in range(-9, 9)} == {-1, 1}


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_a_percentage_is_of_the_value(number: int) -> None:
    offset = moved(PERCENT_5, values.INT8, number)
    assert abs(offset) <= max(abs(number) // 20, 1)


@pytest.mark.parametrize(("oid", "bits"), [(values.INT2, 15), (values.INT4, 31), (values.INT8, 63)])
def test_integers_stay_in_their_type(oid: int, bits: int) -> None:
    wide = Noise(range=Decimal("1e30"))
    numbers = (b"%d" % -(1 << bits), b"%d" % ((1 << bits) - 1), b"0")
    for value, number in zip(run(wide, oid, *numbers), numbers, strict=True):
        assert value is not None
        assert -(1 << bits) <= int(value) < 1 << bits
        assert value != number


def test_at_the_edge_of_its_type_a_number_is_not_shown() -> None:
    """Moved beyond the edge and set back to it, it showed itself: half of all the draws did."""
    edge = b"32767"
    ranges = [Noise(range=Decimal(n)) for n in range(1, 60)]
    assert all(run(treatment, values.INT2, edge) != [edge] for treatment in ranges)
    full = ((3 << 16) | 2) + 4  # numeric(3, 2)
    assert all(run(t, values.NUMERIC, b"9.99", typmod=full) != [b"9.99"] for t in ranges)


@pytest.mark.parametrize("oid", [values.FLOAT4, values.FLOAT8])
def test_a_float_too_large_for_its_noise_moves_to_its_neighbour(oid: int) -> None:
    assert run(RANGE_3, oid, b"1e+20") not in ([b"1e+20"], [None])


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_text_and_binary_move_alike(number: int) -> None:
    (text,) = run(RANGE_3, values.INT4, b"%d" % number)
    (binary,) = run(RANGE_3, values.INT4, struct.pack(">i", number), format=1)
    assert text is not None
    assert binary is not None
    assert struct.unpack(">i", binary)[0] == int(text)


def test_another_spelling_or_type_of_a_number_gives_no_second_draw() -> None:
    offset = moved(Noise(range=Decimal(1000)), values.INT4, 500000)
    for oid, spelling in (
        (values.INT8, b"500000"),
        (values.NUMERIC, b"500000"),
        (values.NUMERIC, b"500000.000"),
        (values.FLOAT8, b"500000"),
        (values.FLOAT4, b"5e+05"),
    ):
        (value,) = run(Noise(range=Decimal(1000)), oid, spelling)
        assert value is not None
        assert abs(float(value) - 500000 - offset) <= 1


def test_two_ranges_over_one_value_do_not_give_it_away() -> None:
    # With one draw scaled twice, 2 * a - b would be the value itself.
    narrow, wide = Noise(range=Decimal(1000)), Noise(range=Decimal(2000))
    exact = [2 * moved(narrow, values.INT4, n) - moved(wide, values.INT4, n) for n in range(200)]
    assert sum(abs(rest) <= 2 for rest in exact) < 20


def test_numeric_keeps_scale_and_precision() -> None:
    typmod = (10 << 16 | 2) + 4
    column = [b"%d.%02d" % (n, n % 100) for n in range(300)]
    for value in run(Noise(range=Decimal("0.5")), values.NUMERIC, *column, typmod=typmod):
        assert value is not None
        assert len(value.partition(b".")[2]) == 2
    (top,) = run(RANGE_3, values.NUMERIC, b"99999999.99", typmod=typmod)
    assert top is not None
    assert Decimal(top.decode()) <= Decimal("99999999.99")


def test_numeric_of_a_negative_scale_moves_by_whole_hundreds() -> None:
    typmod = (5 << 16 | -2 & 0x7FF) + 4
    results = run(Noise(range=Decimal(1000)), values.NUMERIC, b"12300", b"0", typmod=typmod)
    assert all(v is not None and v.endswith((b"00", b"0")) for v in results)
    assert results[0] is not None
    assert abs(int(results[0]) - 12300) <= 1000
    assert int(results[0]) % 100 == 0


@given(st.decimals(-(10**20), 10**20, places=4))
def test_numeric_stays_within_the_range(number: Decimal) -> None:
    (value,) = run(RANGE_3, values.NUMERIC, format(number + 0, "f").encode())
    assert value is not None
    assert abs(Decimal(value.decode()) - number) <= 3
    assert len(value.partition(b".")[2]) == 4


@given(st.floats(-1e12, 1e12))
def test_floats_stay_within_the_range(number: float) -> None:
    canonical = values.decode(values.FLOAT8, 1, struct.pack(">d", number))
    (value,) = run(RANGE_3, values.FLOAT8, canonical)
    assert value is not None
    assert abs(float(value) - number) <= 3.001


def test_the_largest_floats_do_not_become_infinite() -> None:
    for oid, largest in (
        (values.FLOAT4, b"3.4028235e+38"),
        (values.FLOAT8, b"1.7976931348623157e+308"),
    ):
        wide = Noise(percent=Decimal(300))
        column = [b"-" + largest, largest]
        assert all(v is not None and math.isfinite(float(v)) for v in run(wide, oid, *column))


def test_what_has_no_neighbours_stays() -> None:
    special = [b"NaN", b"Infinity", b"-Infinity"]
    for oid in (values.NUMERIC, values.FLOAT4, values.FLOAT8):
        assert run(RANGE_3, oid, *special) == special
    assert run(RANGE_3, values.DATE, b"infinity", b"-infinity") == [b"infinity", b"-infinity"]


def test_dates_move_by_days_and_stay_in_the_calendar() -> None:
    assert set(run(RANGE_3, values.DATE, b"2024-02-29")) <= {
        *(b"2024-02-26", b"2024-02-27", b"2024-02-28", b"2024-02-29"),
        *(b"2024-03-01", b"2024-03-02", b"2024-03-03"),
    }
    wide = Noise(range=Decimal("1e30"))
    assert None not in run(wide, values.DATE, b"5874897-12-31", b"4714-11-24 BC", b"2000-01-01")


def test_what_has_no_noise_becomes_null() -> None:
    for oid in (values.TEXT, values.BOOL, values.INTERVAL, values.UUID, 99999):
        assert noisy(RANGE_3, "d", FieldType(oid, -1, 0), KEYS).null_only
    assert noisy(PERCENT_5, "d", FieldType(values.DATE, -1, 0), KEYS).null_only
    assert noisy(Noise(), "d", FieldType(values.INT4, -1, 0), KEYS).null_only
    assert noisy(Noise(range=Decimal("NaN")), "d", FieldType(values.INT4, -1, 0), KEYS).null_only


def test_a_number_beyond_reach_becomes_null_and_does_not_break_the_rows() -> None:
    assert run(RANGE_3, values.NUMERIC, b"9" * 10000, b"5")[0] is None
    assert run(RANGE_3, values.INT4, b"\0" * 3, format=1) == [None]


def test_the_offsets_of_a_key_stay_what_they_are() -> None:
    assert run(Noise(range=Decimal(1000)), values.INT4, b"52000") == [b"51983"]


TIMESTAMPS = [values.TIMESTAMP, values.TIMESTAMPTZ]


@pytest.mark.parametrize("oid", TIMESTAMPS)
@given(st.datetimes(min_value=datetime(1, 1, 5)))
def test_timestamps_move_within_days_and_keep_their_digits(oid: int, moment: datetime) -> None:
    zone = "+00" if oid == values.TIMESTAMPTZ else ""
    text = f"{moment.isoformat(' ')}{zone}".encode()
    (value,) = run(RANGE_3, oid, text)
    assert value is not None
    zoned = bool(zone)
    offset = moment_of(value, zoned=zoned) - moment_of(text, zoned=zoned)
    assert 0 < abs(offset) <= 3 * 86_400_000_000
    if not moment.microsecond:
        assert offset % 1_000_000 == 0
    # The same in binary.
    write = write_timestamptz if zoned else write_timestamp
    (binary,) = run(RANGE_3, oid, write(text), format=1)
    assert binary == write(value)


def test_a_timestamp_in_another_zone_is_the_same_moment() -> None:
    here, there = b"2024-05-01 12:00:00+02", b"2024-05-01 10:00:00+00"
    assert run(RANGE_3, values.TIMESTAMPTZ, here) == run(RANGE_3, values.TIMESTAMPTZ, there)


@pytest.mark.parametrize("oid", TIMESTAMPS)
def test_the_ends_of_time_stay_and_its_edges_are_not_passed(oid: int) -> None:
    zone = b"+00" if oid == values.TIMESTAMPTZ else b""
    assert run(RANGE_3, oid, b"infinity", b"-infinity") == [b"infinity", b"-infinity"]
    edges = (b"294276-12-31 23:59:59" + zone, b"4714-11-24 00:00:00" + zone + b" BC")
    for edge, value in zip(edges, run(RANGE_3, oid, *edges), strict=True):
        assert value not in (None, edge)
