"""Arrays as lists: there and back in both formats, and what is no array."""

import time

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.wire.arrays import read_array, write_array
from pgproxy.wire.values import BINARY_FORMAT, TEXT, TEXT_FORMAT, Unsupported

elements = st.lists(st.none() | st.text(max_size=12).map(str.encode), max_size=6)


@given(elements)
def test_text_there_and_back(given_elements: list[bytes | None]) -> None:
    assert read_array(TEXT_FORMAT, write_array(TEXT_FORMAT, TEXT, given_elements)) == (
        0,
        given_elements,
    )


@given(elements)
def test_binary_there_and_back(given_elements: list[bytes | None]) -> None:
    written = write_array(BINARY_FORMAT, TEXT, given_elements)
    assert read_array(BINARY_FORMAT, written) == (TEXT, given_elements)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"{}", []),
        (b" { } ", []),
        (b"{a}", [b"a"]),
        (b"{ a , b c }", [b"a", b"b c"]),
        (b'{"",NULL,null,"NULL"}', [b"", None, None, b"NULL"]),
        (rb'{"a\"b","c\\d", "{e,f}" }', [b'a"b', rb"c\d", b"{e,f}"]),
    ],
)
def test_text_as_the_manual_has_it(text: bytes, expected: list[bytes | None]) -> None:
    assert read_array(TEXT_FORMAT, text) == (0, expected)


@pytest.mark.parametrize(
    "text",
    [b"", b"a", b"{", b"}", b"{a", b"{a,}", b"{,a}", b"{{a}}", b'{"a}', b'{"a"b}', b"{a}b",
     b"[2:3]={a,b}", rb"{a\ }", b"{a,,b}", b"{" + b" " * 100_000 + b"{"],
)  # fmt: skip
def test_text_that_is_none(text: bytes) -> None:
    with pytest.raises(Unsupported):
        read_array(TEXT_FORMAT, text)


def test_white_space_takes_no_time_by_the_square() -> None:
    # 16 kB of it in a parameter once held a worker up for seconds.
    began = time.process_time()
    with pytest.raises(Unsupported):
        read_array(TEXT_FORMAT, b"{" + b" " * 1_000_000 + b"{}")
    assert time.process_time() - began < 5


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for form in (TEXT_FORMAT, BINARY_FORMAT, 7):
        try:
            read_array(form, data)
        except Unsupported:
            continue


@pytest.mark.parametrize("cut", range(1, 30))
def test_binary_cut_short_is_none(cut: int) -> None:
    whole = write_array(BINARY_FORMAT, TEXT, [b"ab", None, b"c"])
    with pytest.raises(Unsupported):
        read_array(BINARY_FORMAT, whole[:-cut] if cut < len(whole) else whole + b"x")


def test_two_dimensions_are_none() -> None:
    two = b"\0\0\0\2" + b"\0\0\0\0" + b"\0\0\0\x19" + b"\0\0\0\1\0\0\0\1" * 2 + b"\0\0\0\1a"
    with pytest.raises(Unsupported):
        read_array(BINARY_FORMAT, two)
