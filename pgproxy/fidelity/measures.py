"""The formulas: distances of distributions, association of columns, distances of records."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence
import math
from statistics import fmean, pstdev

Numbers = Sequence[float]


def kolmogorov_smirnov(one: Numbers, other: Numbers) -> float:
    """The largest distance of the two cumulated distributions: 0 (alike) to 1."""
    left, right = sorted(one), sorted(other)
    return max(
        abs(bisect_right(left, at) / len(left) - bisect_right(right, at) / len(right))
        for at in {*left, *right}
    )


def total_variation(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Half the sum of the differences of the shares: 0 (alike) to 1 (nothing in common)."""
    left, right = Counter(one), Counter(other)
    return sum(abs(left[k] / len(one) - right[k] / len(other)) for k in {*left, *right}) / 2


def pearson(one: Numbers, other: Numbers) -> float | None:
    """Linear correlation, -1 to 1; None where one of the two does not vary."""
    x, y = fmean(one), fmean(other)
    spread = math.sqrt(sum((a - x) ** 2 for a in one) * sum((b - y) ** 2 for b in other))
    if not spread > 0 or not math.isfinite(spread):
        return None
    return sum((a - x) * (b - y) for a, b in zip(one, other, strict=True)) / spread


def ranks(numbers: Numbers) -> list[float]:
    """The place of each number in their order; equal ones share the mean of their places."""
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    found = [0.0] * len(numbers)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and numbers[order[end]] == numbers[order[at]]:
            end += 1
        for index in order[at:end]:
            found[index] = (at + end - 1) / 2
        at = end
    return found


def spearman(one: Numbers, other: Numbers) -> float | None:
    """Correlation of the ranks."""
    return pearson(ranks(one), ranks(other))


def cramers_v(one: Sequence[Hashable], other: Sequence[Hashable]) -> float | None:
    """Association of two categories, 0 to 1; None where one of the two does not vary."""
    rows, columns, cells = Counter(one), Counter(other), Counter(zip(one, other, strict=True))
    least = min(len(rows), len(columns)) - 1
    if least < 1:
        return None
    # chi² / n, from the filled cells alone
    squared = sum(n * n / (rows[a] * columns[b]) for (a, b), n in cells.items()) - 1
    return math.sqrt(max(squared, 0.0) / least)


def quantile(ordered: Numbers, share: float) -> float:
    """Of numbers in their order, straight between two of them."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def scaled(columns: Sequence[Numbers], by: Sequence[Numbers]) -> list[tuple[float, ...]]:
    """Columns as records, each divided by the spread of its column in ``by``."""
    spreads = [pstdev(column) or 1.0 for column in by]
    return list(
        zip(*([x / s for x in column] for column, s in zip(columns, spreads, strict=True)),
            strict=True)
    )  # fmt: skip


def nearest(
    records: Sequence[tuple[float, ...]], among: Sequence[tuple[float, ...]], *, but_own: bool
) -> list[tuple[int, float]]:
    """For each record the nearest of ``among``, and how far; ``but_own``: not that of its index."""
    found: list[tuple[int, float]] = []
    for index, record in enumerate(records):
        best, where = math.inf, -1
        for place, other in enumerate(among):
            if but_own and place == index:
                continue
            distance = math.dist(record, other)
            if distance < best:
                best, where = distance, place
        found.append((where, best))
    return found
