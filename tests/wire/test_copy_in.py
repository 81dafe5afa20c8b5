"""Rows on their way in: cut as the server cuts them, or refused."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.wire.copy import Style
from pgproxy.wire.copy_in import BinaryIntake, CsvIntake, Malformed, RowIntake, TextIntake
from pgproxy.wire.kernel import payload
from pgproxy.wire.known import Known

TEXT = Style(2, b"\t", b"\\N")
CSV = Style(2, b",", b"")
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def through(stream: RowIntake, *pieces: bytes) -> bytes:
    """What comes out where the second field is a token of itself in capitals."""
    known = Known(1 << 20)
    out = b""
    for piece in pieces:
        stream.feed(piece)
    stream.finish()
    for _ in range(3):
        rows, _, missing = stream.take((1,), (known,))
        if rows is not None:
            return out + rows
        known.learn({value: value.upper() for value in missing[0]})
    raise AssertionError("it does not end")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"1\ta\n2\tb\n", b"1\tA\n2\tB\n"),
        (b"1\ta\r\n2\tb\r\n", b"1\tA\n2\tB\n"),
        (b"1\ta\n2\tb", b"1\tA\n2\tB\n"),
        (b"1\\\t\\n\ta\n", b"1\\\t\\n\tA\n"),
        (b"\\\\x41\t\\N\n", b"\\\\x41\t\\N\n"),
        (b"", b""),
    ],
)
def test_text(given: bytes, expected: bytes) -> None:
    assert payload(through(TextIntake(TEXT), given)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"1,a\n2,b\n", b"1,A\n2,B\n"),
        (b"1,a\r\n2,b\r\n", b"1,A\n2,B\n"),
        (b'"x\r\ny",a\r\n', b'"x\r\ny",A\n'),
        (b'"x""\r",a\n', b'"x""\r",A\n'),
        (b'1,"a\n"\n', b'1,"A\n"\n'),
        (b'1,""\n2,\n', b'1,""\n2,\n'),
        (b"1,a", b"1,A\n"),
    ],
)
def test_csv(given: bytes, expected: bytes) -> None:
    assert payload(through(CsvIntake(CSV), given)) == expected


@pytest.mark.parametrize(
    ("stream", "given"),
    [
        (TextIntake(TEXT), b"1\rx\ta\n"),
        (TextIntake(TEXT), b"1\ta\r2\tb\r"),
        (TextIntake(TEXT), b"\\061\ta\n"),
        (TextIntake(TEXT), b"1\t\\x41\n"),
        (TextIntake(TEXT), b"1\t\\\\\\x41\n"),
        (TextIntake(TEXT), b"1\n"),
        (TextIntake(TEXT), b"1\ta\tb\n"),
        (TextIntake(TEXT), b"1\ta\\\nb\n"),
        (CsvIntake(CSV), b"1\rx,a\n"),
        (CsvIntake(CSV), b'1,"a'),
        (CsvIntake(CSV), b'1,a"b"\n'),
        (CsvIntake(CSV), b'1,"a"b\n'),
        (CsvIntake(CSV), b"1,a,b\n"),
        (BinaryIntake(2), b"1\ta\n"),
        (BinaryIntake(2), SIGNATURE + b"\0\2\0\0"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(stream: RowIntake, given: bytes) -> None:
    with pytest.raises((Malformed, UpstreamViolation)):
        through(stream, given)


def test_header_is_left_as_it_is_but_for_its_line_end() -> None:
    style = Style(2, b",", b"", header=True)
    assert payload(through(CsvIntake(style), b'"a\nb",c\r\n1,x\r\n')) == b'"a\nb",c\n1,X\n'
    with pytest.raises(Malformed):
        through(CsvIntake(style), b"a\rb,c\n1,x\n")


def test_binary_with_and_without_trailer() -> None:
    row = b"\0\2\0\0\0\1x\0\0\0\1a"
    for trailer in (b"", b"\xff\xff"):
        out = through(BinaryIntake(2), SIGNATURE + row + trailer)
        assert payload(out).startswith(SIGNATURE + b"\0\2\0\0\0\1x\0\0\0\1A")


@given(
    rows=st.lists(st.tuples(st.text("aé ,x\"'"), st.text("abcö"))),
    crlf=st.booleans(),
    cut=st.integers(0, 60),
)
def test_csv_cut_anywhere_comes_out_the_same(
    rows: list[tuple[str, str]], crlf: bool, cut: int
) -> None:
    end = "\r\n" if crlf else "\n"
    quoted = [[f'"{field.replace(chr(34), chr(34) * 2)}"' for field in row] for row in rows]
    text = "".join(",".join(row) + end for row in quoted).encode()
    whole = through(CsvIntake(CSV), text)
    assert payload(through(CsvIntake(CSV), text[:cut], text[cut:])) == payload(whole)
    assert payload(whole).count(b"\n") == len(rows)
