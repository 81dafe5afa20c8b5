"""Look-ups are keyed, sealed values open in their own place only."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.cipher import LOOKUP_BYTES, SpaceCipher
from pgproxy.vault.keys import KeyRing, new_key_file

RING = KeyRing.from_json(new_key_file(), "test")
SPACE = TokenSpace("person_email", "text")


@given(st.lists(st.binary()))
def test_every_value_comes_back(values: list[bytes]) -> None:
    cipher = SpaceCipher(RING, SPACE)
    tokens = [b"tok_%d" % number for number in range(len(values))]
    sealed = cipher.seal(tokens, values)
    opened = [cipher.open(RING.primary, t, s) for t, s in zip(tokens, sealed, strict=True)]
    assert opened == values


def test_the_lookup_is_hmac_sha256_of_kind_and_value() -> None:
    (lookup,) = SpaceCipher(RING, SPACE).lookups([b"a@b.org"])
    message = b"\0\0\0\4text" + b"a@b.org"
    reference = hmac.new(RING.lookup_key("person_email"), message, hashlib.sha256).digest()
    assert lookup == reference[:LOOKUP_BYTES]


def test_lookups_tell_nothing_across_spaces_and_keys() -> None:
    rings = (RING, KeyRing.from_json(new_key_file(), "test"))
    spaces = (SPACE, TokenSpace("person_email", "integer"), TokenSpace("phone", "text"))
    lookups = {SpaceCipher(ring, s).lookups([b"1"])[0] for ring in rings for s in spaces}
    assert len(lookups) == len(rings) * len(spaces)


def test_equal_values_are_sealed_differently_each_time() -> None:
    cipher = SpaceCipher(RING, SPACE)
    assert len(set(cipher.seal([b"t"] * 100, [b"v"] * 100))) == 100


@pytest.mark.parametrize(
    ("space", "token"),
    [
        (SPACE, b"tok_2"),
        (TokenSpace("person_email", "text/12"), b"tok_1"),
        (TokenSpace("phone", "text"), b"tok_1"),
    ],
)
def test_a_sealed_value_moved_elsewhere_does_not_open(space: TokenSpace, token: bytes) -> None:
    (sealed,) = SpaceCipher(RING, SPACE).seal([b"tok_1"], [b"value"])
    with pytest.raises(Unavailable, match="damaged or was altered"):
        SpaceCipher(RING, space).open(RING.primary, token, sealed)


@given(st.integers(min_value=0, max_value=34), st.integers(min_value=1, max_value=255))
def test_a_flipped_bit_anywhere_is_noticed(place: int, flip: int) -> None:
    cipher = SpaceCipher(RING, SPACE)
    (sealed,) = cipher.seal([b"tok_1"], [b"value"])
    altered = bytearray(sealed)
    altered[place % len(sealed)] ^= flip
    with pytest.raises(Unavailable):
        cipher.open(RING.primary, b"tok_1", bytes(altered))


@given(st.binary(max_size=40))
def test_anything_else_does_not_open_and_does_not_crash(sealed: bytes) -> None:
    with pytest.raises(Unavailable):
        SpaceCipher(RING, SPACE).open(RING.primary, b"tok_1", sealed)
