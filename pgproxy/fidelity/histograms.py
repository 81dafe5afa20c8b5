"""A distribution as bars, none of them of fewer real rows than a minimum group.

Where the axis begins and ends is rounded to what tells no value: the lowest and the highest group
of values decide, by their means.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
from statistics import fmean

from pgproxy.treatment.profiles import Family
from pgproxy.wire.values_time import date_of, days_of

_BARS = 32
_TICKS = 5
_DAY = 86_400
# How many months may lie between two places on an axis.
_MONTHS = (1, 2, 3, 6, *(12 * years * 10**n for n in range(4) for years in (1, 2, 5)))


@dataclass(frozen=True, slots=True)
class Bins:
    """``edges`` from 0 to 1; between two of them the densities of the real and treated rows.

    ``ticks``: places on the axis and what stands there.
    """

    edges: tuple[float, ...]
    real: tuple[float, ...]
    treated: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]


def bins_of(
    real: Sequence[float], treated: Sequence[float], family: Family, group: int
) -> Bins | None:
    """None where there are not rows enough for two bars, or nothing between the ends."""
    ordered = sorted(real)
    if len(ordered) < 2 * group:
        return None
    low, high = fmean(ordered[:group]), fmean(ordered[-group:])
    if not low < high:
        return None
    wide = [low + (high - low) * n / _BARS for n in range(1, _BARS)]
    edges = _merged(ordered, wide, group)
    # Beyond the ends, values count to the first and the last bar.
    return Bins(
        edges=tuple((edge - low) / (high - low) for edge in (low, *edges, high)),
        real=_densities(real, (low, *edges, high)),
        treated=_densities(treated, (low, *edges, high)),
        ticks=tuple(((at - low) / (high - low), text) for at, text in _ticks(low, high, family)),
    )


def _merged(ordered: Sequence[float], edges: Sequence[float], group: int) -> list[float]:
    """Those edges between which there are rows enough."""
    kept: list[float] = []
    before = 0
    for edge in edges:
        below = bisect_right(ordered, edge)
        if below - before >= group and len(ordered) - below >= group:
            kept.append(edge)
            before = below
    return kept


def _densities(numbers: Sequence[float], edges: Sequence[float]) -> tuple[float, ...]:
    """1 where the rows lie as densely as if they were spread evenly."""
    counts = [0] * (len(edges) - 1)
    for number in numbers:
        counts[min(max(bisect_right(edges, number) - 1, 0), len(counts) - 1)] += 1
    even = len(numbers) / (edges[-1] - edges[0])
    widths = [end - start for start, end in pairwise(edges)]
    return tuple(count / width / even for count, width in zip(counts, widths, strict=True))


def _ticks(low: float, high: float, family: Family) -> list[tuple[float, str]]:
    if family is Family.NUMBER:
        step = _round_step((high - low) / _TICKS)
        return [(at, _spelled(at, step)) for at in _multiples(low, high, step)]
    unit = 1.0 if family is Family.DATE else float(_DAY)
    first, last = _month_of(low / unit) + 1, _month_of(high / unit)
    step = next((n for n in _MONTHS if (last - first) / n <= _TICKS), _MONTHS[-1])
    months = range(-(-first // step) * step, last + 1, step)
    return [
        (days_of(f"{month // 12:04}-{month % 12 + 1:02}-01".encode()) * unit, _named(month, step))
        for month in months
        if month // 12 > 0
    ]


def _month_of(days: float) -> int:
    """Months from the year 0; what lies before is of no use to an axis."""
    text = date_of(math.floor(days))
    if text.endswith(b" BC"):
        return 0
    year, month, _ = text.split(b"-")
    return int(year) * 12 + int(month) - 1


def _named(month: int, step: int) -> str:
    year = f"{month // 12:04}"
    return year if step % 12 == 0 else f"{year}-{month % 12 + 1:02}"


def _round_step(width: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(width))
    return next((power * n for n in (1, 2, 5) if power * n >= width), power * 10)


def _multiples(low: float, high: float, step: float) -> list[float]:
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _spelled(number: float, step: float) -> str:
    decimals = max(-math.floor(math.log10(step)), 0)
    return f"{number:,.{decimals}f}"
