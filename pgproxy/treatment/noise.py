"""noise: a keyed offset, fixed per value, so that asking again cannot average it away.

All arithmetic is on whole steps of the type (1 for integers and dates, the last digit shown for
numeric and timestamps), exact at any size; only floats are floats.  At least one step and never
none, so that no value is simply shown; at the edge of its type a value moves the other way.  The
offset depends on the number, not on its spelling: 5, 5.0 and 5.00 of one domain move alike.  The
range and the percentage are part of the key: two roles that see one value under different ranges
could otherwise subtract it out.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
import math
from typing import NamedTuple

from pgproxy.policy.rules import Noise
from pgproxy.treatment.canonical import Change, changed
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.keys import Digest, Keys
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

_ZONES = {values.TIMESTAMP: b"", values.TIMESTAMPTZ: b"+00"}
_MICROSECONDS_A_DAY = 86_400_000_000
_DRAW_BYTES = 16
_DRAWS = 1 << 8 * _DRAW_BYTES


def noisy(treatment: Noise, domain: str, field: FieldType, keys: Keys) -> FieldTreatment:
    """Numbers within a range or a percentage; dates and timestamps within a range of days."""
    extent = _Extent.of(treatment)
    if extent is None:
        return Nulls()
    draw = _Draw(keys.digest("noise", domain, *extent.options))
    shift = _shift_of(field, extent, draw)
    return Nulls() if shift is None else changed(field, shift)


class _Extent:
    """How far a value may move: a fixed distance, or a share of the value."""

    def __init__(self, amount: Fraction, *, relative: bool) -> None:
        self.amount = amount
        self.relative = relative
        self.options = ("percent" if relative else "range", str(amount))

    @classmethod
    def of(cls, treatment: Noise) -> "_Extent | None":
        given = treatment.range if treatment.range is not None else treatment.percent
        if given is None or not given.is_finite():
            return None
        relative = treatment.range is None
        return cls(abs(Fraction(given)) / (100 if relative else 1), relative=relative)

    def steps(self, scale: int) -> Callable[[int], int]:
        """Value in steps of 10^-scale → how many of them it may move, one at least."""
        if self.relative:
            share, whole = self.amount.as_integer_ratio()
            return lambda magnitude: max(abs(magnitude) * share // whole, 1)
        reach = max(int(self.amount * Fraction(10) ** scale), 1)
        return lambda _: reach

    def distance(self, number: float) -> float:
        """The same for floats."""
        return float(self.amount) * (abs(number) if self.relative else 1.0)


class _Draw:
    """A fixed draw per number."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest

    def whole(self, key: bytes, reach: int) -> int:
        """Uniform in -reach … reach without 0, which would show the value."""
        drawn = int.from_bytes(self._digest(key)[:_DRAW_BYTES])
        offset = (drawn * 2 * reach // _DRAWS) - reach
        return offset if offset < 0 else offset + 1

    def real(self, key: bytes) -> float:
        """Uniform in -1 … 1."""
        return int.from_bytes(self._digest(key)[:_DRAW_BYTES]) / _DRAWS * 2 - 1


def _shift_of(field: FieldType, extent: _Extent, draw: _Draw) -> Change | None:
    if field.oid in INTEGER_BITS:
        return _integer_shift(INTEGER_BITS[field.oid], extent, draw)
    if field.oid == values.NUMERIC:
        return _numeric_shift(field.precision_and_scale, extent, draw)
    if field.oid == values.FLOAT4:
        return _float_shift(_SINGLE, extent, draw)
    if field.oid == values.FLOAT8:
        return _float_shift(_DOUBLE, extent, draw)
    if field.oid == values.DATE and not extent.relative:
        return _date_shift(extent, draw)
    if field.oid in _ZONES and not extent.relative:
        return _timestamp_shift(_ZONES[field.oid], extent, draw)
    return None


def _integer_shift(bits: int, extent: _Extent, draw: _Draw) -> Change:
    lowest, highest = -(1 << bits), (1 << bits) - 1
    reach = extent.steps(0)

    def shift(canonical: bytes) -> bytes:
        number = int(canonical)
        moved = _moved(number, draw.whole(canonical, reach(number)), lowest, highest)
        return b"%d" % moved

    return shift


def _date_shift(extent: _Extent, draw: _Draw) -> Change:
    reach = extent.steps(0)(0)

    def shift(canonical: bytes) -> bytes:
        if canonical in INFINITE:
            return canonical
        offset = draw.whole(canonical, reach)
        return date_of(_moved(days_of(canonical), offset, FIRST_DAY, LAST_DAY))

    return shift


def _timestamp_shift(zone: bytes, extent: _Extent, draw: _Draw) -> Change:
    reach = max(int(extent.amount * _MICROSECONDS_A_DAY), 1)

    def shift(canonical: bytes) -> bytes:
        if canonical in INFINITE:
            return canonical
        moment = moment_of(canonical, zoned=bool(zone))
        # In steps of the last digit shown: whole seconds stay whole.
        step = next(size for size in _STEPS if moment % size == 0)
        offset = step * draw.whole(canonical, max(reach // step, 1))
        lowest, highest = FIRST_MOMENT, END_MOMENT - step
        return timestamp_of(_moved(moment, offset, lowest, highest), zone)

    return shift


_STEPS = [10**power for power in range(6, -1, -1)]


def _numeric_shift(bounds: tuple[int, int] | None, extent: _Extent, draw: _Draw) -> Change:
    reach = extent.steps(bounds[1]) if bounds else None
    largest = 10 ** bounds[0] - 1 if bounds else None

    def shift(canonical: bytes) -> bytes:
        if canonical in SPECIAL_FLOATS:
            return canonical
        whole, _, fraction = canonical.partition(b".")
        # The column's scale, negative for numeric(5, -2); without one, the digits shown.
        scale = bounds[1] if bounds else len(fraction)
        steps = _scaled(int(whole + fraction), scale - len(fraction))
        offset = draw.whole(one_spelling(canonical), (reach or extent.steps(scale))(steps))
        if largest is not None:
            return numeric_text(_moved(steps, offset, -largest, largest), scale)
        return numeric_text(steps + offset, scale)

    return shift


def _moved(number: int, offset: int, lowest: int, highest: int) -> int:
    """Within the type's range, and never the number itself while the range holds another."""
    if not lowest <= number + offset <= highest:
        offset = -offset
    moved = min(max(number + offset, lowest), highest)
    return moved if moved != number else min(max(number - offset, lowest), highest)


def _scaled(number: int, power: int) -> int:
    factor: int = 10 ** abs(power)
    return number * factor if power >= 0 else number // factor


def numeric_text(steps: int, scale: int) -> bytes:
    """So many steps of 10^-scale, with as many decimals."""
    if scale <= 0:
        return b"%d" % (steps * 10**-scale)
    sign = b"-" if steps < 0 else b""
    digits = (b"%d" % abs(steps)).rjust(scale + 1, b"0")
    return sign + digits[:-scale] + b"." + digits[-scale:]


class _Float(NamedTuple):
    spacing: float  # of the numbers from 1 to 2
    largest: float
    text: Callable[[float], bytes]


_SINGLE = _Float(2.0**-23, (2.0 - 2.0**-23) * 2.0**127, float4_text)
_DOUBLE = _Float(2.0**-52, (2.0 - 2.0**-52) * 2.0**1023, float8_text)


def _float_shift(kind: _Float, extent: _Extent, draw: _Draw) -> Change:
    spacing, largest, text = kind

    def shift(canonical: bytes) -> bytes:
        number = float(canonical)
        if not math.isfinite(number):
            return canonical
        offset = draw.real(one_spelling(canonical)) * extent.distance(number)
        moved = text(min(max(number + offset, -largest), largest))
        # Too small a move for a number of this size: to its neighbour.  A share of 0 is 0.
        return moved if moved != text(number) else text(number - number * spacing)

    return shift


def one_spelling(canonical: bytes) -> bytes:
    """One spelling for one number, whatever zeros and exponents it came with."""
    if b"e" in canonical:
        canonical = f"{Decimal(canonical.decode()):f}".encode()
    if b"." in canonical:
        canonical = canonical.rstrip(b"0").rstrip(b".")
    return canonical if canonical not in (b"", b"-0", b"-") else b"0"
