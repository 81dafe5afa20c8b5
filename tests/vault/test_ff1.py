"""FF1 against NIST's sample vectors, and as a permutation."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.vault.ff1 import FF1

KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94")
SHORT = bytes.fromhex("39383736353433323130")
LONG = bytes.fromhex("3737373770717273373737")
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
TEN = "0123456789"
NINETEEN = "0123456789abcdefghi"

# NIST, FF1 samples 1 to 9: bytes of the key, tweak, plain text, cipher text.
SAMPLES = [
    (16, b"", TEN, "2433477484"),
    (16, SHORT, TEN, "6124200773"),
    (16, LONG, NINETEEN, "a9tv40mll9kdu509eum"),
    (24, b"", TEN, "2830668132"),
    (24, SHORT, TEN, "2496655549"),
    (24, LONG, NINETEEN, "xbj3kv35jrawxv32ysr"),
    (32, b"", TEN, "6657667009"),
    (32, SHORT, TEN, "1001623463"),
    (32, LONG, NINETEEN, "xs8a0azh2avyalyzuwd"),
]
KEYS = {
    16: KEY[:16],
    24: bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F"),
    32: KEY,
}


@pytest.mark.parametrize(("bits", "tweak", "plain", "expected"), SAMPLES)
def test_nist_sample(bits: int, tweak: bytes, plain: str, expected: str) -> None:
    cipher = FF1(KEYS[bits], 10 if plain == TEN else 36, tweak)
    numerals = [LETTERS.index(letter) for letter in plain]
    found = cipher.encrypt([numerals, numerals])
    assert ["".join(LETTERS[n] for n in one) for one in found] == [expected, expected]
    assert cipher.decrypt(found) == [numerals, numerals]


@given(st.integers(2, 300), st.integers(20, 60), st.binary(max_size=40), st.data())
def test_there_and_back(radix: int, size: int, tweak: bytes, data: st.DataObject) -> None:
    cipher = FF1(KEY, radix, tweak)
    strings = data.draw(
        st.lists(
            st.lists(st.integers(0, radix - 1), min_size=size, max_size=size),
            min_size=1,
            max_size=4,
        )
    )
    hidden = cipher.encrypt(strings)
    assert cipher.decrypt(hidden) == strings
    # One by one is the same as together.
    assert [cipher.encrypt([string])[0] for string in strings] == hidden


def test_it_is_a_permutation_of_a_million() -> None:
    cipher = FF1(KEY, 10, b"x")
    strings = [[int(digit) for digit in f"{number:06}"] for number in range(0, 1_000_000, 50)]
    found = {tuple(one) for one in cipher.encrypt(strings)}
    assert len(found) == len(strings)


@pytest.mark.parametrize(
    "strings", [[[1] * 5], [[1] * 8, [1] * 9], [[10] * 8], [[-1] * 8], [[0] * 5000]]
)
def test_what_it_does_not_take(strings: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"FF1|radix"):
        FF1(KEY, 10).encrypt(strings)


def test_a_radix_that_is_none() -> None:
    with pytest.raises(ValueError, match="radix"):
        FF1(KEY, 1)
