"""What is learned of a distribution: means of groups of its values, in their order.

No value is kept.  A point is the mean of at least a minimum group of neighbouring values, moved a
little; between two points the distribution is a straight line, and beyond the last it goes on for
half a group.  Numbers are numbers, dates are days and timestamps seconds from 2000-01-01.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
import math

from pgproxy.treatment.shape import INTEGER_BITS
from pgproxy.wire import values

# Fewer groups tell no form; more tell little more of it.
FEWEST_POINTS = 5
MOST_POINTS = 100


class Family(StrEnum):
    """Types whose values lie on one scale."""

    NUMBER = "number"
    DATE = "date"
    TIMESTAMP = "timestamp"


_FAMILIES = {
    **dict.fromkeys(INTEGER_BITS, Family.NUMBER),
    values.NUMERIC: Family.NUMBER,
    values.FLOAT4: Family.NUMBER,
    values.FLOAT8: Family.NUMBER,
    values.DATE: Family.DATE,
    values.TIMESTAMP: Family.TIMESTAMP,
    values.TIMESTAMPTZ: Family.TIMESTAMP,
}


def family_of(type_oid: int) -> Family | None:
    """The scale of a base type; None for a type that has none."""
    return _FAMILIES.get(type_oid)


@dataclass(frozen=True)
class Profile:
    """The distribution of one domain's values of one family.

    ``points`` never fall.  ``step``: what every value was a multiple of, 0 for none in particular.
    ``columns``: where it was learned, for people.
    """

    domain: str
    family: Family
    points: tuple[float, ...] = field(repr=False)
    step: float = 0.0
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.points) < FEWEST_POINTS or list(self.points) != sorted(self.points):
            raise ValueError("a profile has five points at least, and they never fall")

    @cached_property
    def _edges(self) -> tuple[float, ...]:
        """The points, and half a group beyond them at either end."""
        low, high = self.points[0], self.points[-1]
        first = low - (self.points[1] - low) / 2
        last = high + (high - self.points[-2]) / 2
        # What has no negative numbers gets none, and the reverse.
        first = max(first, 0.0) if low >= 0 else first
        last = min(last, 0.0) if high <= 0 else last
        return first, *self.points, last

    def _rank_at(self, index: int) -> float:
        """Of an edge; a point stands in the middle of its group."""
        count = len(self.points)
        return min(max((index - 0.5) / count, 0.0), 1.0)

    def rank(self, number: float) -> float:
        """Which share of the values lies below, 0 to 1; the middle of those that are equal."""
        edges = self._edges
        left, right = bisect_left(edges, number), bisect_right(edges, number)
        if left != right:
            return (self._rank_at(left) + self._rank_at(right - 1)) / 2
        if right in (0, len(edges)):
            return 0.0 if right == 0 else 1.0
        low, high = edges[right - 1], edges[right]
        below, above = self._rank_at(right - 1), self._rank_at(right)
        return below + (number - low) / (high - low) * (above - below)

    def quantile(self, rank: float) -> float:
        """The number below which that share of the values lies."""
        count, edges = len(self.points), self._edges
        at = rank * count + 0.5
        index = min(max(int(at), 0), count)
        low, high = self._rank_at(index), self._rank_at(index + 1)
        part = (rank - low) / (high - low)
        return edges[index] + min(max(part, 0.0), 1.0) * (edges[index + 1] - edges[index])


# By domain and family.
Profiles = Mapping[tuple[str, Family], Profile]

NO_PROFILES: Profiles = {}


def points_of(means: Sequence[float], draws: Iterable[float], step: float) -> tuple[float, ...]:
    """Means of groups, in order, as the points of a profile: moved a little and rounded.

    ``draws``, one a mean, are from -1 to 1 and nobody's to know.  A mean moves by up to a tenth of
    the way to its nearest neighbour, and comes to stand between two multiples of ``step``, what all
    values are multiples of (0: of nothing): it is none of the values.
    """
    spread = means[-1] - means[0]
    if not spread > 0:
        raise ValueError("means that are all the same")
    digit = 10.0 ** (math.floor(math.log10(spread)) - 4)
    if step:
        digit = max(math.ceil(digit / step), 1) * step
    moved: list[float] = []
    for index, (mean, draw) in enumerate(zip(means, draws, strict=True)):
        beside = (*means[max(index - 1, 0) : index], *means[index + 1 : index + 2])
        gaps = [abs(mean - other) for other in beside if other != mean]
        reach = min(gaps, default=spread / len(means)) / 10
        # Not beyond the outermost means: where there are no negative values, none come up.
        found = min(max(mean + draw * reach, means[0]), means[-1])
        moved.append(math.floor(found / digit) * digit + (step or digit) / 2)
    return tuple(sorted(moved))
