"""bucket: the lower edge of a range that a value falls into; shift: a date moved by so many days.

Neither needs a secret of the value: a bucket tells which range, a shift tells how far dates of one
domain lie apart, and in which order.
"""

from collections.abc import Callable
from fractions import Fraction
import math

from pgproxy.policy.rules import Bucket, Shift
from pgproxy.treatment.canonical import Change, changed
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.noise import numeric_text
from pgproxy.treatment.shape import INTEGER_BITS, FieldType
from pgproxy.wire import values
from pgproxy.wire.values_numbers import SPECIAL_FLOATS, float4_text, float8_text
from pgproxy.wire.values_time import INFINITE, at_day, date_of, day_and_clock, days_of

_MIDNIGHT = {values.DATE: b"", values.TIMESTAMP: b"00:00:00", values.TIMESTAMPTZ: b"00:00:00+00"}
_FLOATS = {values.FLOAT4: float4_text, values.FLOAT8: float8_text}
_NOT_FINITE = (*INFINITE, *SPECIAL_FLOATS)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def bucketed(treatment: Bucket, field: FieldType) -> FieldTreatment:
    """Numbers by ``size``; dates and timestamps by days, months, quarters or years."""
    if field.oid in _MIDNIGHT:
        return _finite(field, _period_start(treatment, _MIDNIGHT[field.oid]))
    if treatment.size is None:
        return Nulls()
    size = Fraction(treatment.size)
    if field.oid in INTEGER_BITS:
        return _finite(field, _whole_edge(size, -(1 << INTEGER_BITS[field.oid])))
    if field.oid == values.NUMERIC:
        return _finite(field, _numeric_edge(size, field.precision_and_scale))
    if field.oid in _FLOATS:
        return _finite(field, _float_edge(size, _FLOATS[field.oid]))
    return Nulls()


def shifted(treatment: Shift, domain: str, field: FieldType, keys: Keys) -> FieldTreatment:
    """Dates and timestamps, all of a domain by the same number of days, which is not 0.

    Up to ``days`` either way, from the key.
    """
    if field.oid not in _MIDNIGHT:
        return Nulls()
    drawn = int.from_bytes(keys.digest("shift", domain, str(treatment.days))(b"")[:16])
    offset = drawn % (2 * treatment.days) - treatment.days
    offset += offset >= 0

    def change(canonical: bytes) -> bytes:
        day, clock = day_and_clock(canonical)
        return at_day(date_of(days_of(day) + offset), clock)

    return _finite(field, change)


def _finite(field: FieldType, change: Change) -> FieldTreatment:
    """As ``changed``; what is no finite number or date stays."""
    return changed(field, lambda value: value if value in _NOT_FINITE else change(value))


def _period_start(treatment: Bucket, midnight: bytes) -> Change:
    def change(canonical: bytes) -> bytes:
        day, _ = day_and_clock(canonical)
        if treatment.size is not None:
            size = max(int(treatment.size), 1)
            return at_day(date_of(days_of(day) // size * size), midnight)
        date, _, era = day.partition(b" ")
        year, month, _ = date.split(b"-")
        months = _MONTHS[treatment.period]
        start = b"%b-%02d-01" % (year, (int(month) - 1) // months * months + 1)
        return at_day(start + (b" " + era if era else b""), midnight)

    return change


def _edge(number: Fraction, size: Fraction) -> Fraction:
    return math.floor(number / size) * size


def _whole_edge(size: Fraction, lowest: int) -> Change:
    return lambda canonical: b"%d" % max(math.floor(_edge(Fraction(int(canonical)), size)), lowest)


def _numeric_edge(size: Fraction, bounds: tuple[int, int] | None) -> Change:
    largest = Fraction(10) ** (bounds[0] - bounds[1]) if bounds else None

    def change(canonical: bytes) -> bytes:
        scale = bounds[1] if bounds else len(canonical.partition(b".")[2])
        # Down to what the column's scale can show, negative for numeric(5, -2).
        step = Fraction(10) ** -scale
        steps = math.floor(_edge(Fraction(canonical.decode()), size) / step)
        if largest is not None and steps * step <= -largest:
            raise ValueError("the edge does not fit the column")
        return numeric_text(steps, scale)

    return change


def _float_edge(size: Fraction, text: Callable[[float], bytes]) -> Change:
    return lambda canonical: text(float(_edge(Fraction(float(canonical)), size)))
