"""Subjects: equal keys are one subject, different whole keys never share a number."""

from hypothesis import given
from hypothesis import strategies as st

from pgproxy.treatment.keys import Keys
from pgproxy.treatment.subject import subjects

KEYS = Keys(bytes(range(32)))
DRAWN = subjects(KEYS, "customer")


def test_what_is_told_beside_the_key_does_not_change_the_subject() -> None:
    plain, told = DRAWN(b"k5"), DRAWN(b"kf\x1fDE\x1f5")
    assert (told.digest, told.number) == (plain.digest, plain.number)
    assert (told.gender, told.country) == ("f", "DE")
    assert (plain.gender, plain.country) == ("", "")


def test_personas_and_secrets_tell_of_different_people() -> None:
    others = [subjects(KEYS, "employee"), subjects(Keys(bytes(32)), "customer")]
    for other in others:
        assert other(b"k5").digest != DRAWN(b"k5").digest
        assert other(b"k5").number != DRAWN(b"k5").number
    assert subjects(KEYS, "customer")(b"k5") == DRAWN(b"k5")


@given(st.sets(st.integers(0, (1 << 64) - 1) | st.integers(0, 300), min_size=2))
def test_numbers_are_unique_and_small_keys_have_small_ones(keys: set[int]) -> None:
    found = {key: DRAWN(b"k%d" % key).number for key in keys}
    assert len(set(found.values())) == len(keys)
    for key, number in found.items():
        assert (number < 1 << 32) == (key < 1 << 32)
        assert number < 1 << 64


@given(st.binary(max_size=30))
def test_any_bytes_are_a_subject(carried: bytes) -> None:
    found = DRAWN(carried)
    assert len(found.digest) == 32
    assert 0 <= found.number < 1 << 64


def test_keys_that_are_no_whole_numbers_and_values() -> None:
    texts = [b"k05", b"k-5", b"k5.0", b"kabc", b"v5", b"k", b"k99999999999999999999"]
    numbers = [DRAWN(text).number for text in texts]
    assert len(set(numbers)) == len(texts)
    assert all(number >= 1 << 32 for number in numbers)
    assert DRAWN(b"v5").digest != DRAWN(b"k5").digest
