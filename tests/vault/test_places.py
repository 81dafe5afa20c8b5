"""Places and tokens are in bijection, and a token does not show the place it has."""

from collections import Counter
import re

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.places import NOWHERE, places_of
from pgproxy.vault.tokens import draw

RING = KeyRing.from_json(new_key_file(), "test")
TEXT = TokenSpace("person_email", "text")
FORM = re.compile(rb"tok_[0-9A-Za-z]{22}")


@given(st.lists(st.from_regex(FORM, fullmatch=True)))
def test_every_token_has_one_place_and_comes_back_from_it(tokens: list[bytes]) -> None:
    places = places_of(RING, TEXT)
    found = places.places(tokens)
    assert places.tokens(found) == tokens
    assert len(set(found)) == len(set(tokens))


def test_a_batch_lies_together_and_its_tokens_do_not_show_it() -> None:
    places = places_of(RING, TEXT)
    drawn = places.draw([b""] * 20_000)
    assert len({place[:4] for place in drawn}) == 1
    tokens = places.tokens(drawn)
    assert all(FORM.fullmatch(token) for token in tokens)
    assert len(set(tokens)) == len(tokens)
    for at in range(4, 8):
        counts = Counter(token[at] for token in tokens)
        assert len(counts) == 62
        assert max(counts.values()) < 440
        assert min(counts.values()) > 215
    assert len({token[4:8] for token in tokens}) > 19_900


def test_batches_lie_apart() -> None:
    places = places_of(RING, TEXT)
    assert len({places.draw([b""] * 1)[0][:4] for _ in range(100)}) > 95


def test_a_key_file_and_a_domain_have_their_own_places() -> None:
    other = KeyRing.from_json(new_key_file(), "test")
    tokens = draw("text", [b""] * 10)
    homes = [
        tuple(places_of(RING, TEXT).places(tokens)),
        tuple(places_of(other, TEXT).places(tokens)),
        tuple(places_of(RING, TokenSpace("phone", "text")).places(tokens)),
    ]
    assert len(set(homes)) == 3


@given(st.binary(max_size=30))
def test_what_is_no_token_has_no_place(odd: bytes) -> None:
    expected = [NOWHERE] if not FORM.fullmatch(odd) else places_of(RING, TEXT).places([odd])
    assert places_of(RING, TEXT).places([odd]) == expected


def test_a_place_is_no_token() -> None:
    places = places_of(RING, TEXT)
    drawn = places.draw([b""] * 3)
    assert places.places(drawn) == [NOWHERE] * 3
    (token,) = draw("text", [b""] * 1)
    mixed = [token + b"\n", token, drawn[0], token]
    assert [place == NOWHERE for place in places.places(mixed)] == [True, False, True, False]


@pytest.mark.parametrize("kind", ["text/8", "integer", "smallint", "uuid", "email/24"])
def test_short_tokens_are_their_own_place(kind: str) -> None:
    places = places_of(RING, TokenSpace("ssn", kind))
    drawn = places.draw([b""] * 10)
    assert places.tokens(drawn) == places.places(drawn) == drawn


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Unavailable, match="no tokens of kind 'words'"):
        places_of(RING, TokenSpace("ssn", "words"))
