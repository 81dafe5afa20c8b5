"""Arrays as lists: there and back in both formats, and what is no array."""

import time

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.wire.arrays import close_array, open_array, read_array, write_array
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"{}", []),
        (b"{a,NULL}", [b"a", None]),
        (b'{{a,"b c"},{NULL,"x\\"y"}}', [b"a", b"b c", None, b'x"y']),
        (b'[0:1][-2:-2]={{a},{"NULL"}}', [b"a", b"NULL"]),
    ],
)
def test_an_array_of_the_server_opens_and_closes(text: bytes, expected: list[bytes | None]) -> None:
    frame, found = open_array(TEXT_FORMAT, text)
    assert found == expected
    assert close_array(TEXT_FORMAT, frame, found) == text


@given(elements)
def test_other_elements_in_the_same_frame(given_elements: list[bytes | None]) -> None:
    for format in (TEXT_FORMAT, BINARY_FORMAT):
        other = [None if element else b"x" for element in given_elements]
        frame, found = open_array(format, write_array(format, TEXT, given_elements))
        assert found == given_elements
        changed = close_array(format, frame, other)
        assert changed == write_array(format, TEXT, other)


def test_a_matrix_in_binary_keeps_its_dimensions() -> None:
    header = b"".join(n.to_bytes(4, "big") for n in (2, 0, TEXT, 1, 1, 2, 0))
    matrix = header + b"\0\0\0\1a" + b"\0\0\0\1b"
    frame, found = open_array(BINARY_FORMAT, matrix)
    assert found == [b"a", b"b"]
    assert close_array(BINARY_FORMAT, frame, found) == matrix
    with_null = close_array(BINARY_FORMAT, frame, [None, b"b"])
    assert with_null[4:8] == b"\0\0\0\1"


@pytest.mark.parametrize("text", [b"", b"a", b"{", b"{a\\}", b"x={a}", b'{"a}', b"{a} "])
def test_what_the_server_would_not_write(text: bytes) -> None:
    with pytest.raises(Unsupported):
        open_array(TEXT_FORMAT, text)


@given(st.binary(max_size=60), st.integers(0, 60))
def test_cut_or_foreign_binary_is_unsupported_or_an_array(noise: bytes, cut: int) -> None:
    for value in (noise, write_array(BINARY_FORMAT, TEXT, [b"abc", None])[:cut]):
        try:
            frame, found = open_array(BINARY_FORMAT, value)
        except Unsupported:
            continue
        assert open_array(BINARY_FORMAT, close_array(BINARY_FORMAT, frame, found))[1] == found
