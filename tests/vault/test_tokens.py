"""Drawn tokens have the form of their kind, are spread evenly, and never loop for long."""

from collections import Counter
import re

import pytest

from pgproxy.errors import Unavailable
from pgproxy.vault.tokens import draw, draw_free, listable


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("text", rb"tok_[0-9A-Za-z]{22}"),
        ("text/8", rb"[0-9A-Za-z]{8}"),
        ("text/25", rb"[0-9A-Za-z]{25}"),
        ("integer", rb"[1-9][0-9]{0,9}"),
        ("smallint", rb"[1-9][0-9]{0,4}"),
    ],
)
def test_tokens_have_the_form_of_their_kind(kind: str, form: bytes) -> None:
    for count in (0, 1, 7, 3000):
        tokens = draw(kind, count)
        assert len(tokens) == count
        assert all(re.fullmatch(form, token) for token in tokens)


@pytest.mark.parametrize(("kind", "largest"), [("integer", 2**31 - 1), ("smallint", 2**15 - 1)])
def test_numbers_stay_in_range_and_reach_all_of_it(kind: str, largest: int) -> None:
    numbers = [int(token) for token in draw(kind, 20_000)]
    assert 1 <= min(numbers) < largest // 100
    assert largest - largest // 100 < max(numbers) <= largest


def test_no_letter_is_favoured() -> None:
    # A plain modulo 62 would give eight letters a quarter more than the others.
    counts = Counter(b"".join(draw("text/10", 62_000)))
    assert len(counts) == 62
    assert max(counts.values()) < 10_700
    assert min(counts.values()) > 9_300


def test_two_draws_have_nothing_in_common() -> None:
    assert not set(draw("text", 1000)) & set(draw("text", 1000))


@pytest.mark.parametrize("kind", ["", "uuid", "text/7", "text/", "text/x", "text/08", "text/-9"])
def test_unknown_and_unsafe_kinds_are_refused(kind: str) -> None:
    with pytest.raises(Unavailable, match="no tokens of kind"):
        draw(kind, 0)


def test_what_is_free_is_drawn_and_nothing_else() -> None:
    every = {b"%d" % number for number in range(1, 2**15)}
    free = {b"1", b"77", b"32767"}
    assert listable("smallint")
    assert set(draw_free("smallint", 3, every - free) or ()) == free
    assert set(draw_free("smallint", 2, every - free) or ()) < free
    assert draw_free("smallint", 4, every - free) is None


def test_large_spaces_are_not_listed() -> None:
    assert not listable("integer")
    assert not listable("text/8")
    assert not listable("text")
