"""Dates and timestamps over the whole calendar of the server."""

from datetime import date, datetime, timedelta
import struct

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.wire import values
from tests.wire.round_trip import round_trip


@given(st.dates())
def test_a_date_counts_days_as_python_does(day: date) -> None:
    canonical = values.decode(
        values.DATE, 1, struct.pack(">i", day.toordinal() - date(2000, 1, 1).toordinal())
    )
    assert canonical == day.isoformat().encode()
    round_trip(values.DATE, canonical)


@given(st.integers(-2451545, 2145031948))
def test_every_day_of_the_servers_calendar_has_a_text(days: int) -> None:
    round_trip(values.DATE, values.decode(values.DATE, 1, struct.pack(">i", days)))


@given(st.datetimes())
def test_a_timestamp_counts_microseconds_as_python_does(moment: datetime) -> None:
    microseconds = (moment - datetime(2000, 1, 1)) // timedelta(microseconds=1)
    canonical = values.decode(values.TIMESTAMP, 1, struct.pack(">q", microseconds))
    assert (
        datetime.fromisoformat(
            canonical.decode().ljust(26, "0") if b"." in canonical else canonical.decode()
        )
        == moment
    )
    round_trip(values.TIMESTAMP, canonical)


@given(st.integers(-211813488000000000, 9223371331199999999))
def test_every_moment_of_the_servers_calendar_has_a_text(moment: int) -> None:
    packed = struct.pack(">q", moment)
    for type_oid in (values.TIMESTAMP, values.TIMESTAMPTZ):
        round_trip(type_oid, values.decode(type_oid, 1, packed))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (b"2024-03-10 01:30:00-05", b"2024-03-10 06:30:00+00"),
        (b"2024-03-10 01:30:00+05:45", b"2024-03-09 19:45:00+00"),
        (b"1883-11-18 12:00:00-04:56:02", b"1883-11-18 16:56:02+00"),
        (b"0001-01-01 01:00:00+02 BC", b"0002-12-31 23:00:00+00 BC"),
        (b"0001-01-01 01:00:00.5+02", b"0001-12-31 23:00:00.5+00 BC"),
    ],
)
def test_a_zone_only_moves_the_spelling(text: bytes, canonical: bytes) -> None:
    assert values.decode(values.TIMESTAMPTZ, 0, text) == canonical
