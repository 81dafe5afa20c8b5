"""One table before and after: its columns, how they belong together, and its records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from pgproxy.fidelity.columns import (
    MINIMUM_GROUP,
    ColumnPair,
    ColumnReport,
    compare,
    numbers,
)
from pgproxy.fidelity.measures import cramers_v, nearest, pearson, scaled

# What a like-distribution column keeps to, where a few hundred rows or more are compared.
STATED_DISTANCE = 0.1
STATED_MEAN = 0.05
STATED_RANKS = 0.98
STATED_CORRELATION = 0.05

_MOST_COLUMNS = 12
_MOST_RECORDS = 400
_CATEGORIES = range(2, 21)


@dataclass(frozen=True, slots=True)
class Association:
    """Two columns: how they belong together as stored, and as treated; ``kind``: the measure."""

    columns: tuple[str, str]
    kind: str  # correlation | categories
    real: float
    treated: float

    @property
    def change(self) -> float:
        """How far the two are apart."""
        return abs(self.real - self.treated)


@dataclass(frozen=True, slots=True)
class Records:
    """Distances to the nearest stored record, by the columns that are masked numbers.

    ``treated``: of a treated record; ``real``: of a stored one to another; medians in standard
    deviations.  ``own``: the share of treated records whose nearest stored one is their own.
    """

    columns: tuple[str, ...]
    count: int
    treated: float
    real: float
    own: float


@dataclass(frozen=True, slots=True)
class TableReport:
    """What is told of one table."""

    name: str
    rows: int
    columns: tuple[ColumnReport, ...]
    associations: tuple[Association, ...]
    records: Records | None

    @property
    def survivors(self) -> int:
        """Real values that are still there where they must not be."""
        return sum(column.survivors for column in self.columns if not column.safe)

    @property
    def change(self) -> float | None:
        """The largest change of an association; None where there is none."""
        return max((one.change for one in self.associations), default=None)


def compare_table(
    name: str, pairs: Sequence[ColumnPair], group: int = MINIMUM_GROUP
) -> TableReport:
    """Measure a table."""
    rows = len(pairs[0].real) if pairs else 0
    return TableReport(
        name,
        rows,
        tuple(compare(pair, group) for pair in pairs),
        (*_correlations(pairs, group), *_categories(pairs, group)),
        _records(pairs, group),
    )


def within(column: ColumnReport) -> bool | None:
    """Whether a like-distribution column keeps to the stated error; None: nothing to tell."""
    alike = column.alike
    if not column.like or alike is None:
        return None
    ranks = alike.ranks is None or alike.ranks >= STATED_RANKS
    return ranks and alike.distance <= STATED_DISTANCE and alike.mean <= STATED_MEAN


def _correlations(pairs: Sequence[ColumnPair], group: int) -> Iterator[Association]:
    """Of numbers, where one of the two at least is treated."""
    scales = [
        (pair, numbers(pair.family, pair.real), numbers(pair.family, pair.treated))
        for pair in pairs
        if pair.family is not None
    ]
    for (one, a, a2), (other, b, b2) in combinations(scales[:_MOST_COLUMNS], 2):
        if one.shown and other.shown:
            continue
        rows = [row for row in zip(a, b, a2, b2, strict=True) if None not in row]
        if len(rows) < group:
            continue
        left, right, left2, right2 = ([x or 0.0 for x in c] for c in zip(*rows, strict=True))
        real, treated = pearson(left, right), pearson(left2, right2)
        if real is not None and treated is not None:
            yield Association((one.name, other.name), "correlation", real, treated)


def _categories(pairs: Sequence[ColumnPair], group: int) -> Iterator[Association]:
    """Of texts of few kinds, each of which enough rows have."""
    few = [pair for pair in pairs if pair.family is None and _is_category(pair, group)]
    for one, other in combinations(few[:_MOST_COLUMNS], 2):
        if one.shown and other.shown:
            continue
        real = cramers_v(one.real, other.real)
        treated = cramers_v(one.treated, other.treated)
        if real is not None and treated is not None:
            yield Association((one.name, other.name), "categories", real, treated)


def _is_category(pair: ColumnPair, group: int) -> bool:
    return (
        len(set(pair.real)) in _CATEGORIES
        and len(set(pair.treated)) > 1
        and len(pair.real) >= group * len(set(pair.real))
    )


def _records(pairs: Sequence[ColumnPair], group: int) -> Records | None:
    masked = [pair for pair in pairs if pair.family is not None and not pair.shown]
    kept: list[tuple[str, list[float | None], list[float | None]]] = []
    for pair in masked:
        assert pair.family is not None
        treated = numbers(pair.family, pair.treated)
        if any(number is not None for number in treated):
            kept.append((pair.name, numbers(pair.family, pair.real), treated))
    if not kept:
        return None
    columns = [column for _, real, treated in kept for column in (real, treated)]
    rows = [row for row in zip(*columns, strict=True) if None not in row][:_MOST_RECORDS]
    if len(rows) < group:
        return None
    numeric = [[x or 0.0 for x in column] for column in zip(*rows, strict=True)]
    real, treated_columns = numeric[::2], numeric[1::2]
    before, after = scaled(real, real), scaled(treated_columns, real)
    to_real = nearest(after, before, but_own=False)
    return Records(
        columns=tuple(name for name, _, _ in kept),
        count=len(rows),
        treated=median(distance for _, distance in to_real),
        real=median(distance for _, distance in nearest(before, before, but_own=True)),
        own=sum(index == place for index, (place, _) in enumerate(to_real)) / len(rows),
    )
