"""Permutations: every number once, another one under another key."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.treatment.permutation import permutation

KEY = bytes(range(32))


@pytest.mark.parametrize("bits", [2, 6, 16])
def test_every_number_comes_once(bits: int) -> None:
    permuted = permutation(KEY, bits)
    assert sorted(map(permuted, range(1 << bits))) == list(range(1 << bits))


@given(st.sets(st.integers(0, (1 << 64) - 1), min_size=2, max_size=50))
def test_different_numbers_stay_different(numbers: set[int]) -> None:
    for bits in (32, 64):
        small = {number % (1 << bits) for number in numbers}
        found = {permutation(KEY, bits)(number) for number in small}
        assert len(found) == len(small)
        assert all(0 <= number < 1 << bits for number in found)


def test_it_is_keyed_and_scatters_neighbours() -> None:
    one, other = permutation(KEY, 32), permutation(KEY[::-1], 32)
    assert one(5) == permutation(KEY, 32)(5)
    assert one(5) != other(5)
    first = [one(number) for number in range(1000)]
    bits = sum((a ^ b).bit_count() for a, b in itertools.pairwise(first)) / 999
    assert 15 < bits < 17


@pytest.mark.parametrize("bits", [0, 3, 66])
def test_widths_that_are_none(bits: int) -> None:
    with pytest.raises(ValueError, match="even number of bits"):
        permutation(KEY, bits)
