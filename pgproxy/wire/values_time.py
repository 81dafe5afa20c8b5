"""date, timestamp and timestamptz: days and microseconds from 2000-01-01 ⇄ ISO text.

PostgreSQL counts years from 4713 BC to 5874897 AD, far beyond ``datetime``: a year is brought
into the first 400-year cycle of the calendar, which repeats to the day, and the cycles are counted
apart.
ValueError for bytes that are not of the type; ``values`` turns it into Unsupported.
"""

from datetime import date
import re
import struct

_DAYS = struct.Struct(">i")
_MICROSECONDS = struct.Struct(">q")

FIRST_DAY = -2451545  # 4714-11-24 BC, Julian day 0
LAST_DAY = 2145031948  # 5874897-12-31
FIRST_MOMENT = FIRST_DAY * 86_400_000_000
END_MOMENT = 9_223_371_331_200_000_000  # 294277-01-01

INFINITE = (b"infinity", b"-infinity")
_DAY_ENDS = {b"infinity": 0x7FFFFFFF, b"-infinity": -0x80000000}
_MICROSECOND_ENDS = {b"infinity": (1 << 63) - 1, b"-infinity": -(1 << 63)}

_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
_EPOCH = date(2000, 1, 1).toordinal()
_DAY = 86_400_000_000

_DATE = re.compile(rb"([0-9]{4,7})-([0-9]{2})-([0-9]{2})( BC)?")
_TIMESTAMP = re.compile(
    rb"([0-9]{4,6}-[0-9]{2}-[0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
    rb"([+-][0-9]{2}(?::[0-9]{2}){0,2})?( BC)?"
)


def days_of(canonical: bytes) -> int:
    """Days from 2000-01-01 of a finite canonical date."""
    match = _DATE.fullmatch(canonical)
    if not match:
        raise ValueError("no date")
    year = int(match[1])
    if not year:
        raise ValueError("there is no year 0")
    cycle, place = divmod((1 - year if match[4] else year) - 1, _CYCLE_YEARS)
    ordinal = date(place + 1, int(match[2]), int(match[3])).toordinal()
    days = ordinal + cycle * _CYCLE_DAYS - _EPOCH
    if not FIRST_DAY <= days <= LAST_DAY:
        raise ValueError("a date out of range")
    return days


def date_of(days: int) -> bytes:
    """The canonical date that many days from 2000-01-01."""
    if not FIRST_DAY <= days <= LAST_DAY:
        raise ValueError("a date out of range")
    text, era = _day_text(days)
    return text + era


def _day_text(days: int) -> tuple[bytes, bytes]:
    """The date, and ' BC' where it is: a timestamp puts the time between the two."""
    cycle, place = divmod(days + _EPOCH - 1, _CYCLE_DAYS)
    day = date.fromordinal(place + 1)
    year = day.year + cycle * _CYCLE_YEARS
    era = b"" if year > 0 else b" BC"
    return b"%04d-%02d-%02d" % (year if year > 0 else 1 - year, day.month, day.day), era


def day_and_clock(canonical: bytes) -> tuple[bytes, bytes]:
    """The canonical date of a finite date or timestamp, and its time with the zone, if any."""
    era = b" BC" if canonical.endswith(b" BC") else b""
    day, _, clock = canonical.removesuffix(era).partition(b" ")
    return day + era, clock


def at_day(day: bytes, clock: bytes) -> bytes:
    """A date or timestamp of the two."""
    if not clock:
        return day
    date, _, era = day.partition(b" ")
    return b"%b %b%b" % (date, clock, b" " + era if era else b"")


def read_date_text(value: bytes) -> bytes:
    """ISO text."""
    return value if value in INFINITE else date_of(days_of(value))


def read_date(value: bytes) -> bytes:
    """A four-byte number of days."""
    days: int = _DAYS.unpack(value)[0]
    for text, end in _DAY_ENDS.items():
        if days == end:
            return text
    return date_of(days)


def write_date(canonical: bytes) -> bytes:
    """A four-byte number of days."""
    end = _DAY_ENDS.get(canonical)
    return _DAYS.pack(days_of(canonical) if end is None else end)


def read_timestamp_text(value: bytes) -> bytes:
    """ISO text without a zone."""
    return value if value in INFINITE else timestamp_of(moment_of(value, zoned=False), b"")


def read_timestamptz_text(value: bytes) -> bytes:
    """ISO text with the session's offset; the canonical form is at UTC."""
    return value if value in INFINITE else timestamp_of(moment_of(value, zoned=True), b"+00")


def read_timestamp(value: bytes) -> bytes:
    """An eight-byte number of microseconds."""
    return _read_microseconds(value, b"")


def read_timestamptz(value: bytes) -> bytes:
    """An eight-byte number of microseconds, at UTC."""
    return _read_microseconds(value, b"+00")


def write_timestamp(canonical: bytes) -> bytes:
    """An eight-byte number of microseconds."""
    return _write_microseconds(canonical, zoned=False)


def write_timestamptz(canonical: bytes) -> bytes:
    """An eight-byte number of microseconds, at UTC."""
    return _write_microseconds(canonical, zoned=True)


def _read_microseconds(value: bytes, zone: bytes) -> bytes:
    moment: int = _MICROSECONDS.unpack(value)[0]
    for text, end in _MICROSECOND_ENDS.items():
        if moment == end:
            return text
    return timestamp_of(moment, zone)


def _write_microseconds(canonical: bytes, *, zoned: bool) -> bytes:
    end = _MICROSECOND_ENDS.get(canonical)
    return _MICROSECONDS.pack(moment_of(canonical, zoned=zoned) if end is None else end)


def moment_of(text: bytes, *, zoned: bool) -> int:
    """Microseconds from 2000-01-01, at UTC where it is ``zoned``, of a finite timestamp."""
    match = _TIMESTAMP.fullmatch(text)
    if not match or zoned != (match[6] is not None):
        raise ValueError("no timestamp")
    hours, minutes, seconds = int(match[2]), int(match[3]), int(match[4])
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError("no time of day")
    clock = (hours * 60 + minutes) * 60 + seconds - (_offset(match[6]) if zoned else 0)
    moment = days_of(match[1] + (match[7] or b"")) * _DAY + clock * 1_000_000
    return moment + int((match[5] or b"").ljust(6, b"0"))


def _offset(zone: bytes) -> int:
    """Seconds east of UTC; old local times have seconds in it."""
    parts = [int(part) for part in zone[1:].split(b":")]
    seconds = sum(part * scale for part, scale in zip(parts, (3600, 60, 1), strict=False))
    return -seconds if zone.startswith(b"-") else seconds


def timestamp_of(moment: int, zone: bytes) -> bytes:
    """The canonical timestamp at so many microseconds; ``zone``: b'' or b'+00'."""
    if not FIRST_MOMENT <= moment < END_MOMENT:
        raise ValueError("a timestamp out of range")
    days, rest = divmod(moment, _DAY)
    seconds, fraction = divmod(rest, 1_000_000)
    day, era = _day_text(days)
    clock = b" %02d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
    if fraction:
        clock += b".%06d" % fraction
        clock = clock.rstrip(b"0")
    return day + clock + zone + era
