"""The formulas, held against what is known of them."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.fidelity.measures import (
    cramers_v,
    kolmogorov_smirnov,
    nearest,
    pearson,
    quantile,
    ranks,
    scaled,
    spearman,
    total_variation,
)

NUMBERS = st.lists(st.integers(-1000, 1000).map(float), min_size=3, max_size=40)


def test_known_answers() -> None:
    assert kolmogorov_smirnov([1, 2, 3, 4], [1, 2, 3, 4]) == 0
    assert kolmogorov_smirnov([1, 2], [3, 4]) == 1
    assert kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5
    assert total_variation("aab", "abb") == pytest.approx(1 / 3)
    assert pearson([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert pearson([1, 2, 3], [5, 5, 5]) is None
    assert ranks([30, 10, 20, 10]) == [3, 0.5, 2, 0.5]
    assert spearman([1, 2, 3, 4], [1, 8, 27, 1000]) == pytest.approx(1)
    assert cramers_v("aabb", "xxyy") == pytest.approx(1)
    assert cramers_v("aabb", "xyxy") == pytest.approx(0)
    assert cramers_v("aaaa", "xyxy") is None
    assert quantile([0, 10, 20], 0.25) == 5
    assert scaled([[2, 4]], [[-1, 1]]) == [(2,), (4,)]


@given(NUMBERS, NUMBERS)
def test_a_distance_of_distributions_is_one(one: list[float], other: list[float]) -> None:
    distance = kolmogorov_smirnov(one, other)
    assert 0 <= distance <= 1
    assert distance == kolmogorov_smirnov(other, one)
    assert (distance == 0) == (
        all(one.count(n) * len(other) == other.count(n) * len(one) for n in {*one, *other})
    )


@given(NUMBERS)
def test_order_and_scale_do_not_change_a_correlation(numbers: list[float]) -> None:
    rng = random.Random(len(numbers))
    other = [n + rng.uniform(0, 500) for n in numbers]
    found = pearson(numbers, other)
    if found is not None:
        assert -1 - 1e-9 <= found <= 1 + 1e-9
        assert pearson([3 * n - 7 for n in numbers], other) == pytest.approx(found)
        assert pearson([-n for n in numbers], other) == pytest.approx(-found)


def test_the_nearest_record_is_another_one_where_its_own_does_not_count() -> None:
    records = [(0.0, 0.0), (3.0, 4.0), (0.5, 0.0)]
    assert nearest(records, records, but_own=False) == [(0, 0), (1, 0), (2, 0)]
    found = nearest(records, records, but_own=True)
    assert [place for place, _ in found] == [2, 2, 0]
    assert [distance for _, distance in found] == [0.5, math.dist((3, 4), (0.5, 0)), 0.5]
