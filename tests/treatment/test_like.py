"""synthetic, like a distribution: ranks, means and correlations stay; the value does not."""

from decimal import Decimal
import random
import statistics

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import SHOWS_EQUALITY, Like, Treatment
from pgproxy.treatment.fields import FieldType, Keys
from pgproxy.treatment.like import alike
from pgproxy.treatment.profiles import Family, Profile, points_of
from pgproxy.wire import values
from tests.treatment.vault import Column, applied

SECRET = bytes(range(32))
INTEGER = FieldType(values.INT4, -1, 0)
MONEY = FieldType(values.NUMERIC, 4 + (10 << 16 | 2), 0)


def profile_of(numbers: list[float], family: Family = Family.NUMBER, step: float = 0) -> Profile:
    """As `pgproxy learn` would, without moving the means."""
    ordered, size = sorted(numbers), max(len(numbers) // 100, 1)
    groups = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    return Profile("d", family, tuple(map(statistics.fmean, groups)), step)


def run(
    profile: Profile,
    field: FieldType,
    *column: bytes,
    domain: str = "d",
    ranks: str = "0.05",
) -> Column:
    keys = Keys(SECRET, {("d", profile.family): profile})
    result = applied(alike(Like(Decimal(ranks)), domain, field, keys), list(column))
    assert isinstance(result, list)
    return result


def skewed(count: int, seed: int) -> list[int]:
    rng = random.Random(seed)
    return [round(20_000 * rng.lognormvariate(0, 0.5)) for _ in range(count)]


def ranks_of(numbers: list[int]) -> list[int]:
    places = {number: place for place, number in enumerate(sorted(numbers))}
    return [places[number] for number in numbers]


def as_integers(column: Column) -> list[int]:
    assert None not in column
    return [int(value) for value in column if value is not None]


def test_the_distribution_and_the_ranks_stay_within_the_stated_error() -> None:
    numbers = skewed(4000, 1)
    drawn = as_integers(run(profile_of(list(numbers)), INTEGER, *(b"%d" % n for n in numbers)))
    spread = statistics.stdev(numbers)
    assert abs(statistics.fmean(drawn) - statistics.fmean(numbers)) < 0.05 * spread
    assert abs(statistics.stdev(drawn) / spread - 1) < 0.1
    assert statistics.correlation(ranks_of(numbers), ranks_of(drawn)) > 0.98
    assert not [pair for pair in zip(numbers, drawn, strict=True) if pair[0] == pair[1]]


def test_a_correlation_between_two_columns_stays() -> None:
    rng = random.Random(3)
    ages = [rng.randint(18, 90) * 100 + rng.randint(0, 99) for _ in range(4000)]
    incomes = [age * 3 + rng.randint(0, 12_000) for age in ages]
    drawn = [
        as_integers(run(profile_of(list(column)), INTEGER, *(b"%d" % n for n in column)))
        for column in (ages, incomes)
    ]
    truth = statistics.correlation(ages, incomes)
    assert 0.5 < truth < 0.9
    assert abs(statistics.correlation(*drawn) - truth) < 0.05


def test_the_same_value_gives_the_same_value_in_every_type() -> None:
    profile = profile_of([float(n) for n in range(0, 10_000, 7)], step=1)
    (whole,) = run(profile, INTEGER, b"4321")
    assert run(profile, INTEGER, b"4321") == [whole]
    assert run(profile, FieldType(values.INT8, -1, 0), b"4321") == [whole]
    assert run(profile, MONEY, b"4321.00") == [whole + b".00" if whole else None]
    binary = run(profile, FieldType(values.INT4, -1, 1), (4321).to_bytes(4))
    assert binary == [int(whole or b"0").to_bytes(4)]


def test_roles_that_see_different_ranks_cannot_subtract_the_draw_out() -> None:
    profile = profile_of([float(n) for n in range(10_000)])
    near, far = (int(run(profile, INTEGER, b"5000", ranks=r)[0] or b"0") for r in ("0.05", "0.1"))
    assert far - 5000 != pytest.approx(2 * (near - 5000), abs=20)


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_a_value_stays_near_its_rank_and_never_itself(number: int) -> None:
    profile = profile_of([float(n) for n in range(1000)])
    (found,) = as_integers(run(profile, INTEGER, b"%d" % number))
    assert found != number
    expected = min(max(number, 0), 999)
    assert abs(found - expected) <= 55
    assert -10 <= found <= 1010


def test_types_keep_their_precision() -> None:
    profile = profile_of([n / 100 for n in range(0, 100_000, 13)])
    for found in run(profile, MONEY, b"12.34", b"999.00", b"5.00", b"0.00"):
        assert found is not None
        assert len(found.partition(b".")[2]) == 2
    tenths = FieldType(values.NUMERIC, 4 + (5 << 16 | 1), 0)
    assert [len((v or b"").partition(b".")[2]) for v in run(profile, tenths, b"12.3")] == [1]
    (plain,) = run(profile, FieldType(values.FLOAT8, -1, 0), b"500")
    assert plain is not None
    assert 440 < float(plain) < 560


def test_dates_and_timestamps_keep_their_step() -> None:
    days = profile_of([float(day) for day in range(0, 7000, 3)], Family.DATE, step=7)
    (found,) = run(days, FieldType(values.DATE, -1, 0), b"2010-05-05")
    assert found is not None
    assert found != b"2010-05-05"
    assert b"2008" < found[:4] < b"2012"
    hours = profile_of([3600.0 * hour for hour in range(5000)], Family.TIMESTAMP, step=3600)
    (moment,) = run(hours, FieldType(values.TIMESTAMPTZ, -1, 0), b"2000-03-01 10:00:00+00")
    assert moment is not None
    assert moment.endswith(b":00:00+00")


def test_what_cannot_be_drawn_is_null() -> None:
    profile = profile_of([float(n) for n in range(1000)])
    nothing = alike(Like(), "other", INTEGER, Keys(SECRET, {("d", Family.NUMBER): profile}))
    assert nothing.null_only
    assert alike(Like(), "d", INTEGER, Keys(SECRET)).null_only
    keys = Keys(SECRET, {("d", Family.NUMBER): profile})
    for oid in (values.TEXT, values.DATE, values.JSON, values.BOOL):
        assert alike(Like(), "d", FieldType(oid, -1, 0), keys).null_only
    double = FieldType(values.FLOAT8, -1, 0)
    assert run(profile, double, b"NaN", b"Infinity", b"-Infinity") == [None, None, None]


def test_equality_is_not_promised() -> None:
    treatment: Treatment = Like()
    assert not isinstance(treatment, SHOWS_EQUALITY)


def test_no_negative_numbers_where_there_were_none() -> None:
    profile = Profile("d", Family.NUMBER, (1.0, 50.0, 60.0, 70.0, 80.0))
    assert profile.quantile(0.0) == 0.0
    falling = Profile("d", Family.NUMBER, (-80.0, -70.0, -60.0, -50.0, -1.0))
    assert falling.quantile(1.0) == 0.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40), st.floats(0, 1))
def test_a_rank_leads_to_a_number_of_that_rank(points: list[float], rank: float) -> None:
    profile = Profile("d", Family.NUMBER, tuple(sorted(points)))
    number = profile.quantile(rank)
    assert 0 <= profile.rank(number) <= 1
    assert profile.quantile(profile.rank(number)) == pytest.approx(number, abs=1e-3)


def test_points_that_fall_are_no_profile() -> None:
    for points in ((1.0, 2.0), (5.0, 4.0, 3.0, 2.0, 1.0)):
        with pytest.raises(ValueError):
            Profile("d", Family.NUMBER, points)
    assert "points" not in repr(profile_of([1.0, 2.0, 3.0, 4.0, 5.0]))


@given(
    st.lists(st.integers(0, 100_000), min_size=5, max_size=60, unique=True),
    st.sampled_from([1.0, 5.0, 0.01]),
    st.randoms(),
)
def test_a_point_is_no_multiple_of_what_the_values_are(
    means: list[int], step: float, rng: random.Random
) -> None:
    ordered = sorted(mean * step for mean in means)
    points = points_of(ordered, [rng.uniform(-1, 1) for _ in means], step)
    spread = ordered[-1] - ordered[0]
    assert list(points) == sorted(points)
    for point, mean in zip(points, ordered, strict=True):
        assert 0.4 < point / step % 1 < 0.6
        assert abs(point - mean) <= 0.11 * spread + 2 * step
