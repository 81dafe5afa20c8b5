"""synthetic, like a distribution: a value near its own rank, drawn from what was learned.

A value's rank in the learned distribution moves by a keyed amount that is fixed per value, and the
value at the new rank takes its place: means, spread, ranks and what depends on them stay about what
they were.  At the ends a rank turns back, so that ranks stay evenly spread.  Never the value itself
while its type has another.

The amount depends on the ``ranks`` option, or two roles could subtract it out; it does not depend
on the profile, or each time it is learned again would give another draw to average.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pgproxy.policy.rules import Like
from pgproxy.treatment.canonical import Change, changed
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.noise import numeric_text, one_spelling
from pgproxy.treatment.profiles import Family, Profile, family_of
from pgproxy.treatment.shape import INTEGER_BITS, FieldType
from pgproxy.wire import values
from pgproxy.wire.values_numbers import SPECIAL_FLOATS, float4_text, float8_text
from pgproxy.wire.values_time import (
    END_MOMENT,
    FIRST_DAY,
    FIRST_MOMENT,
    INFINITE,
    LAST_DAY,
    date_of,
    days_of,
    moment_of,
    timestamp_of,
)

_DRAW_BYTES = 8
_DRAWS = 1 << 8 * _DRAW_BYTES
_SECOND = 1_000_000
_ZONES = {values.TIMESTAMP: b"", values.TIMESTAMPTZ: b"+00"}
_FLOATS = {values.FLOAT4: float4_text, values.FLOAT8: float8_text}
_NOT_FINITE = (*INFINITE, *SPECIAL_FLOATS)


def alike(treatment: Like, domain: str, field: FieldType, keys: Keys) -> FieldTreatment:
    """Numbers, dates and timestamps; NULL for other types, and for what nothing is learned of."""
    family = family_of(field.oid)
    profile = keys.profiles.get((domain, family)) if family is not None else None
    if profile is None:
        return Nulls()
    digest = keys.digest("like", domain, str(treatment.ranks))
    width = float(treatment.ranks)

    def drawn(key: bytes, number: float) -> float:
        offset = int.from_bytes(digest(key)[:_DRAW_BYTES]) / _DRAWS * 2 - 1
        rank = abs(profile.rank(number) + width * offset)
        return profile.quantile(rank if rank <= 1 else 2 - rank)

    return changed(field, _finite(_change(field, profile, drawn)))


# A key and a number → the number that takes its place.
_Drawn = Callable[[bytes, float], float]


def _finite(change: Change) -> Change:
    """What lies in no distribution (infinity, NaN) would show itself: it becomes NULL."""

    def finite(canonical: bytes) -> bytes:
        if canonical in _NOT_FINITE:
            raise ValueError("no finite value")
        return change(canonical)

    return finite


def _change(field: FieldType, profile: Profile, drawn: _Drawn) -> Change:
    if profile.family is Family.DATE:
        grid = _Grid(max(round(profile.step), 1), FIRST_DAY, LAST_DAY)
        return lambda day: date_of(_on(grid, drawn, day, days_of(day)))
    if profile.family is Family.TIMESTAMP:
        return _timestamp_change(_ZONES[field.oid], profile, drawn)
    if field.oid in INTEGER_BITS:
        lowest = -(1 << INTEGER_BITS[field.oid])
        grid = _Grid(max(round(profile.step), 1), lowest, -lowest - 1)
        return lambda number: b"%d" % _on(grid, drawn, number, int(number))
    if field.oid == values.NUMERIC:
        return _numeric_change(field.precision_and_scale, profile, drawn)
    return _float_change(_FLOATS[field.oid], drawn)


@dataclass(frozen=True, slots=True)
class _Grid:
    """The whole numbers that a type and a profile allow."""

    step: int
    lowest: int
    highest: int

    def nearest(self, number: float, own: int) -> int:
        """The nearest one that is not ``own``."""
        step = self.step
        low, high = -(-self.lowest // step), self.highest // step
        found = min(max(round(number / step), low), high)
        if found * step == own:
            upwards = found < high and (number >= own or found == low)
            found += 1 if upwards else -1
        return min(max(found * step, self.lowest), self.highest)


def _on(grid: _Grid, drawn: _Drawn, key: bytes, own: int) -> int:
    found = grid.nearest(drawn(key, float(own)), own)
    if found == own:
        raise ValueError("the type has no other value")
    return found


def _timestamp_change(zone: bytes, profile: Profile, drawn: _Drawn) -> Change:
    step = max(round(profile.step * _SECOND), 1)
    grid = _Grid(step, FIRST_MOMENT, END_MOMENT - 1)

    def change(canonical: bytes) -> bytes:
        moment = moment_of(canonical, zoned=bool(zone))
        number = drawn(canonical, moment / _SECOND) * _SECOND
        return timestamp_of(grid.nearest(number, moment), zone)

    return change


def _numeric_change(bounds: tuple[int, int] | None, profile: Profile, drawn: _Drawn) -> Change:
    def change(canonical: bytes) -> bytes:
        whole, _, fraction = canonical.partition(b".")
        scale = bounds[1] if bounds else len(fraction)
        unit = 10.0**scale
        largest = 10 ** bounds[0] - 1 if bounds else 10**1000
        number = float(canonical)
        surplus = len(fraction) - scale
        own = int(whole + fraction) * 10 ** max(-surplus, 0) // 10 ** max(surplus, 0)
        # A step that is no multiple of the last digit cannot be kept.
        step = round(profile.step * unit) if profile.step * unit >= 1 else 1
        found = _Grid(step, -largest, largest).nearest(
            drawn(one_spelling(canonical), number) * unit, own
        )
        return numeric_text(found, scale)

    return change


def _float_change(text: Callable[[float], bytes], drawn: _Drawn) -> Change:
    def change(canonical: bytes) -> bytes:
        number = float(canonical)
        found = text(drawn(one_spelling(canonical), number))
        if found == text(number):
            raise ValueError("the distribution has no other value")
        return found

    return change
