"""One column before and after its treatment: what survives, and how alike the two are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
import unicodedata

from pgproxy.fidelity.histograms import Bins, bins_of
from pgproxy.fidelity.measures import kolmogorov_smirnov, quantile, spearman, total_variation
from pgproxy.treatment.profiles import Family
from pgproxy.wire.values_time import days_of, moment_of

Values = Sequence[bytes | None]

# Below this many rows a measure would speak of single ones.
MINIMUM_GROUP = 20
_LARGEST = 1e150
_DECILES = [n / 10 for n in range(1, 10)]


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column as it is stored and as a role sees it, row for row, in canonical text.

    ``family``: the scale of its numbers, None for texts and the rest.  ``like``: it is drawn from
    its learned distribution.  ``coarse``: the treatment may leave a value as it is (the edge of a
    bucket, a constant that happens to be it); ``shown``: it leaves all.
    """

    name: str
    class_name: str
    treatment: str
    family: Family | None
    real: Values = field(repr=False)
    treated: Values = field(repr=False)
    like: bool = False
    coarse: bool = False
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike numbers are: distances in standard deviations of the real ones."""

    distance: float
    mean: float
    spread: float
    deciles: float
    ranks: float | None


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """What is told of one column.  ``survivors``: rows in which the real value is still there.

    ``anywhere``: the share of treated values that some real row holds.  ``forms``: the distance of
    the forms of texts.
    """

    name: str
    class_name: str
    treatment: str
    rows: int
    survivors: int
    must_change: bool
    nulls: tuple[float, float] | None = None
    unique: tuple[float, float] | None = None
    anywhere: float | None = None
    alike: Alike | None = None
    forms: float | None = None
    bins: Bins | None = None
    like: bool = False
    shown: bool = False

    @property
    def safe(self) -> bool:
        """No real value survives where it must not."""
        return not (self.must_change and self.survivors)


def compare(pair: ColumnPair, group: int = MINIMUM_GROUP) -> ColumnReport:
    """Measure a column; of fewer rows than ``group`` only what survives is told."""
    both = [
        (before, after)
        for before, after in zip(pair.real, pair.treated, strict=True)
        if before is not None
    ]
    survivors = sum(before == after for before, after in both)
    report = _Report(pair, survivors)
    if len(both) < group:
        return report.made()
    real = [before for before, _ in both]
    treated = [after for _, after in both if after is not None]
    report.more["nulls"] = _nulls(pair.real), _nulls(pair.treated)
    if len(treated) < group:
        return report.made()
    known = set(real)
    report.more["unique"] = len(known) / len(real), len(set(treated)) / len(treated)
    report.more["anywhere"] = sum(value in known for value in treated) / len(treated)
    if pair.family is None:
        report.more["forms"] = total_variation(list(map(_form, real)), list(map(_form, treated)))
        return report.made()
    before, after = together(pair, pair)
    if len(before) >= group and pstdev(before) > 0:
        report.more["alike"] = _alike(before, after)
        report.more["bins"] = bins_of(before, after, pair.family, group)
    return report.made()


class _Report:
    """A report in the making."""

    def __init__(self, pair: ColumnPair, survivors: int) -> None:
        self._pair = pair
        self._survivors = survivors
        self.more: dict[str, object] = {}

    def made(self) -> ColumnReport:
        pair = self._pair
        return ColumnReport(
            pair.name,
            pair.class_name,
            pair.treatment,
            len(pair.real),
            self._survivors,
            not (pair.coarse or pair.shown),
            like=pair.like,
            shown=pair.shown,
            **self.more,  # type: ignore[arg-type]
        )


def numbers(family: Family, column: Values) -> list[float | None]:
    """A column on its scale: numbers, days, seconds; None for NULL and what has no measure."""
    return [None if value is None else _number(family, value) for value in column]


def together(one: ColumnPair, other: ColumnPair) -> tuple[list[float], list[float]]:
    """The real numbers of one column and the treated ones of another, of rows that have both."""
    assert one.family is not None
    assert other.family is not None
    pairs = zip(numbers(one.family, one.real), numbers(other.family, other.treated), strict=True)
    whole = [(a, b) for a, b in pairs if a is not None and b is not None]
    return [a for a, _ in whole], [b for _, b in whole]


def _number(family: Family, value: bytes) -> float | None:
    try:
        if family is Family.DATE:
            return float(days_of(value))
        if family is Family.TIMESTAMP:
            return moment_of(value, zoned=value.endswith(b"+00")) / 1_000_000
        found = float(value)
    except ValueError:  # infinity
        return None
    # Squares of larger ones are beyond floats; NaN compares to nothing.
    return found if abs(found) < _LARGEST else None


def _alike(real: Sequence[float], treated: Sequence[float]) -> Alike:
    spread = pstdev(real)
    before, after = sorted(real), sorted(treated)
    return Alike(
        distance=kolmogorov_smirnov(real, treated),
        mean=abs(fmean(treated) - fmean(real)) / spread,
        spread=pstdev(treated) / spread - 1,
        deciles=fmean(abs(quantile(before, n) - quantile(after, n)) for n in _DECILES) / spread,
        ranks=spearman(real, treated),
    )


def _nulls(column: Values) -> float:
    return sum(value is None for value in column) / len(column)


def _form(value: bytes) -> tuple[int, str]:
    """The length of a text, and which kinds of characters are in it."""
    text = value.decode(errors="replace")
    return len(text), "".join(sorted({unicodedata.category(character)[0] for character in text}))
