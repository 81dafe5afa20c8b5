"""Drawn tokens have the form of their kind, are spread evenly, and never loop for long."""

from collections import Counter
import re

import pytest

from pgproxy.errors import Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.formats import LIKE, PLAIN, luhn
from pgproxy.vault.tokens import capacity, draw, draw_free, full, listable


def drawn(kind: str, count: int) -> list[bytes]:
    """Tokens of a kind that looks at no value."""
    return draw(kind, [b""] * count)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("text", rb"tok_[0-9A-Za-z]{22}"),
        ("text/8", rb"[0-9A-Za-z]{8}"),
        ("text/25", rb"[0-9A-Za-z]{25}"),
        ("integer", rb"[1-9][0-9]{0,9}"),
        ("smallint", rb"[1-9][0-9]{0,4}"),
        ("uuid", rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("date", rb"[1-9][0-9]{3}-[01][0-9]-[0-3][0-9]"),
        ("timestamp", rb"[1-9][0-9]{3}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"),
        ("timestamptz", rb"[1-9][0-9-]{9} [0-9:]{8}\+00"),
        ("inet", rb"fd[0-9a-f]{2}(?::[1-9a-f][0-9a-f]{0,3}){7}"),
        ("bytea", rb"\\x[0-9a-f]{32}"),
        ("email/28", rb"[0-9a-z]{16}@example\.com"),
        ("email/20", rb"[0-9a-z]{8}@example\.com"),
        ("phone/15", rb"\+999[0-9]{11}"),
        ("number/10.0", rb"[1-9][0-9]{9}"),
        ("number/5.2", rb"[1-9][0-9]{4}\.[0-9][1-9]"),
        ("number/0.4", rb"0\.[0-9]{3}[1-9]"),
    ],
)
def test_tokens_have_the_form_of_their_kind(kind: str, form: bytes) -> None:
    for count in (0, 1, 7, 3000):
        tokens = drawn(kind, count)
        assert len(tokens) == count
        assert all(re.fullmatch(form, token) for token in tokens)


@pytest.mark.parametrize(("kind", "largest"), [("integer", 2**31 - 1), ("smallint", 2**15 - 1)])
def test_numbers_stay_in_range_and_reach_all_of_it(kind: str, largest: int) -> None:
    numbers = [int(token) for token in drawn(kind, 20_000)]
    assert 1 <= min(numbers) < largest // 100
    assert largest - largest // 100 < max(numbers) <= largest


def test_no_letter_is_favoured() -> None:
    # A plain modulo 62 would give eight letters a quarter more than the others.
    counts = Counter(b"".join(drawn("text/10", 62_000)))
    assert len(counts) == 62
    assert max(counts.values()) < 10_700
    assert min(counts.values()) > 9_300


def test_two_draws_have_nothing_in_common() -> None:
    assert not set(drawn("text", 1000)) & set(drawn("text", 1000))


@pytest.mark.parametrize(
    "kind",
    [
        *("", "words", "text/7", "text/", "text/x", "text/08", "text/-9", "text/8.8", "uuid/36"),
        *("number/5", "number/3.0", "number/11.0", "email/19", "email/29", "phone/16", "shape/4"),
    ],
)
def test_unknown_and_unsafe_kinds_are_refused(kind: str) -> None:
    with pytest.raises(Unavailable, match="no tokens of kind"):
        draw(kind, ())


def test_what_is_free_is_drawn_and_nothing_else() -> None:
    every = {b"%d" % number for number in range(1, 2**15)}
    free = {b"1", b"77", b"32767"}
    assert listable("smallint")
    assert set(draw_free("smallint", [b"a"] * 3, every - free) or ()) == free
    assert set(draw_free("smallint", [b"a"] * 2, every - free) or ()) < free
    assert draw_free("smallint", [b"a"] * 4, every - free) is None


def test_large_spaces_are_not_listed() -> None:
    assert not listable("integer")
    assert not listable("text/8")
    assert not listable("text")


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("length", b"Ada", rb"[0-9A-Za-z]{3}"),
        ("length", "Łódź 1".encode(), rb"[0-9A-Za-z]{6}"),
        ("digits", b"12-34", rb"[0-9]{5}"),
        ("shape", b"AB-12 cd.", rb"[A-Z]{2}-[0-9]{2} [a-z]{2}\."),
        ("shape", "Żółw €5".encode(), rb"[A-Z][a-z]{3} \xe2\x82\xac[0-9]"),
        ("card", b"4111 1111 1111 1234", rb"0[0-9]{3} [0-9]{4} [0-9]{4} 1234"),
        ("card", b"370000000000002", rb"0[0-9]{10}0002"),
    ],
)
def test_tokens_with_the_form_of_their_value(kind: str, value: bytes, form: bytes) -> None:
    tokens = draw(kind, [value] * 300)
    assert all(re.fullmatch(form, token) for token in tokens)
    assert len(set(tokens)) > 250
    if kind == "card":
        assert all(luhn([int(c) for c in token.decode() if c != " "]) for token in tokens)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("shape", b"7"), ("digits", b"7"), ("length", b"7"), ("smallint", b"7")),
        *(("number/4.0", b"1234"), ("date", b"2000-01-01")),
    ],
)
def test_a_token_is_never_its_value(kind: str, value: bytes) -> None:
    assert value not in draw(kind, [value] * 20_000)


def test_numbers_of_luhn() -> None:
    # ISO/IEC 7812-1, Annex B, and one digit off.
    assert luhn([int(c) for c in "49927398716"])
    assert not luhn([int(c) for c in "49927398717"])


def test_a_listed_token_is_never_its_value() -> None:
    free = {b"1", b"2"}
    taken = {b"%d" % number for number in range(1, 2**15)} - free
    for _ in range(50):
        assert draw_free("smallint", [b"1", b"2"], taken) == [b"2", b"1"]
    assert draw_free("smallint", [b"1"], taken | {b"2"}) is None


@pytest.mark.parametrize("value", ["½", "Ⅷ", "क्षि", "e\u0301", "👩‍⚕️", "²"])
def test_a_shape_keeps_nothing_of_a_value_but_punctuation(value: str) -> None:
    (token,) = draw("shape", [f"({value})".encode()])
    assert re.fullmatch(rb"\([0-9a-z]+\)", token)
    assert len(token) == len(value) + 2


@pytest.mark.parametrize("kind", ["text", "text/9", "email/24", "phone/13", *LIKE, *PLAIN])
def test_nothing_is_drawn_for_nothing(kind: str) -> None:
    assert draw(kind, ()) == []


@pytest.mark.parametrize(
    ("kind", "room"),
    [("smallint", 32767), ("integer", 2**31 - 1), ("number/4.0", 9000), ("number/0.4", 9000),
     ("number/3.1", 8100), ("date", 3287182), ("text", 0), ("digits", 0), ("email/28", 0)],
)  # fmt: skip
def test_how_many_tokens_a_kind_has(kind: str, room: int) -> None:
    assert capacity(kind) == room
    if 0 < room < 10_000:
        drawn = {token for _ in range(3) for token in draw(kind, [b"x"] * 60_000)}
        assert len(drawn) == room


def test_what_is_said_of_a_full_space_names_its_form_and_no_value() -> None:
    told = full(TokenSpace("pin", "digits"), [b"1234", b"98765"])
    assert told == (
        "the token space of kind 'digits' in domain 'pin' is full, or nearly so, for values of "
        "4, 5 characters"
    )
    assert full(TokenSpace("n", "smallint"), [b"7"]).endswith("in domain 'n' is full")
