"""COPY streams, cut anywhere: the rows are the same, and so is every byte that nobody replaced."""

import itertools
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.wire.copy import BinaryRows, CopyRows, CsvRows, Style, TextRows, tells_null
from pgproxy.wire.known import Known, Source
from tests.wire.copies import HEADER, binary, message, streams

TAB = Style(2, b"\t", b"\\N")
COMMA = Style(2, b",", b"")


def known(pairs: dict[bytes, bytes | None]) -> Known:
    """A source that knows these."""
    found = Known(1 << 20)
    found.learn(pairs)
    return found


def taken(cutter: CopyRows, wanted: tuple[int, ...], sources: tuple[Source, ...]) -> bytes:
    """The complete rows, of which all is known."""
    out, _, missing = cutter.take(wanted, sources)
    assert out is not None, missing
    return out


def pieces(draw: st.DataObject, data: bytes) -> list[bytes]:
    """The stream in pieces, empty ones among them."""
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    edges = sorted({0, len(data), *cuts})
    return [data[a:b] for a, b in itertools.pairwise(edges)] + [b""]


@settings(max_examples=400)
@given(st.data())
def test_any_cut_gives_the_same_rows(data: st.DataObject) -> None:
    cutter, rows, sent, new, expected, wanted = data.draw(streams())
    sources = tuple(known(new[index]) for index in wanted)
    out = b""
    for piece in pieces(data, b"".join(sent)):
        cutter.feed(piece)
        out += taken(cutter, wanted, sources)
    cutter.end()
    assert cutter.count == len(rows)
    assert out == b"".join(map(message, expected))


@given(st.data())
def test_what_nobody_replaces_stays_as_it_is(data: st.DataObject) -> None:
    cutter, rows, sent, _, _, wanted = data.draw(streams())
    same = known({value: value for row in rows for value in row if value is not None})
    out = b""
    for piece in pieces(data, b"".join(sent)):
        cutter.feed(piece)
        out += taken(cutter, wanted, (same,) * len(wanted))
    assert out == b"".join(map(message, sent))


@given(st.data())
def test_what_is_not_known_is_told_and_the_rows_stay(data: st.DataObject) -> None:
    cutter, rows, sent, new, expected, wanted = data.draw(streams())
    cutter.feed(b"".join(sent))
    sources = tuple(Known(1 << 20) for _ in wanted)
    told, counts, missing = cutter.take(wanted, sources)
    columns = [[row[index] for row in rows if row[index] is not None] for index in wanted]
    assert counts == [len(column) for column in columns]
    assert missing == [list(dict.fromkeys(column)) for column in columns]
    if told is None:
        for index, source in zip(wanted, sources, strict=True):
            source.learn(new[index])
        told = taken(cutter, wanted, sources)
    assert told == b"".join(map(message, expected))


@given(st.data())
def test_a_stream_that_breaks_off_is_noticed(data: st.DataObject) -> None:
    cutter, rows, sent, *_ = data.draw(streams())
    whole = b"".join(sent)
    if not whole:
        return
    cutter.feed(whole[: data.draw(st.integers(0, len(whole) - 1))])
    taken(cutter, (), ())
    if cutter.count == len(rows) and not isinstance(cutter, BinaryRows):
        return  # at the end of a row
    complete = isinstance(cutter, BinaryRows)
    try:
        cutter.end()
    except UpstreamViolation:
        return
    assert not complete


def fed(cutter: CopyRows, data: bytes) -> None:
    cutter.feed(data)
    cutter.take((), ())
    cutter.end()


@pytest.mark.parametrize(
    ("cutter", "data"),
    [
        (TextRows(TAB), b"1\n"),
        (TextRows(TAB), b"1\t2\t3\n"),
        (TextRows(TAB), b"\n"),
        (TextRows(TAB), b"1\t2"),
        (TextRows(Style(0, b"\t", b"\\N")), b"1\n"),
        (TextRows(Style(2, b"|", b"\\N")), b"1\\|2\n"),
        (TextRows(Style(2, b"|", b"\\N")), b"1\\|2|\\\n"),
        (TextRows(Style(2, b"\t", b"\\N", header=True)), b""),
        (CsvRows(COMMA), b'"a",b,c\n'),
        (CsvRows(COMMA), b'"a"x,b\n'),
        (CsvRows(COMMA), b'a"x",b\n'),
        (CsvRows(COMMA), b'"a,b\n'),
        (CsvRows(COMMA), b'"a,b\n"\n'),
        (CsvRows(COMMA), b'1,"a\nb'),
        (BinaryRows(2), b""),
        (BinaryRows(2), HEADER),
        (BinaryRows(2), HEADER[:-1]),
        (BinaryRows(2), b"X" + HEADER + b"\xff\xff"),
        (BinaryRows(2), HEADER[:12] + b"\1" + HEADER[13:] + b"\xff\xff"),
        (BinaryRows(2), HEADER + b"\0\1\0\0\0\0\xff\xff"),
        (BinaryRows(1), HEADER + b"\0\1\xff\xff\xff\xfe\xff\xff"),
        (BinaryRows(1), HEADER + b"\0\1\x7f\xff\xff\xff"),
        (BinaryRows(1), HEADER + b"\xff\xff\0"),
        (BinaryRows(1), HEADER + b"\xff\xff\xff\xff"),
    ],
)
def test_rows_that_do_not_add_up_are_stopped(cutter: CopyRows, data: bytes) -> None:
    with pytest.raises(UpstreamViolation):
        fed(cutter, data)


@given(st.binary(max_size=60), st.integers(0, 3), st.booleans())
def test_anything_else_is_a_violation_and_no_fault(data: bytes, fields: int, header: bool) -> None:
    style: dict[str, Any] = {"header": header}
    for cutter in (
        TextRows(Style(fields, b"|", b"\\N", **style)),
        CsvRows(Style(fields, b",", b"", **style)),
        CsvRows(Style(fields, b",", b"", escape=b"\\", **style)),
        BinaryRows(fields),
    ):
        for stream in (data, HEADER + data):
            try:
                fed(cutter, stream)
            except UpstreamViolation:
                continue


def test_an_extension_of_the_binary_header_is_kept() -> None:
    header = HEADER[:-1] + b"\3abc"
    first, *rest = binary([[b"1"], [None]])
    cutter = BinaryRows(1)
    cutter.feed(header + first[len(HEADER) :] + b"".join(rest))
    assert taken(cutter, (), ()) == b"".join(map(message, [header + first[19:], *rest]))


def test_a_null_marker_that_a_value_can_look_like_is_no_null() -> None:
    for delimiter, null, tells in (
        (b"\t", b"\\N", True),
        (b"\t", b"", False),
        (b"\t", b"ada@example.org", False),
        (b",", b"\\t", False),
        (b"\t", b"\\\\", False),
        (b"\t", b"\\", True),
        (b"|", b"\\,", True),
    ):
        assert tells_null(Style(1, delimiter, null)) is tells
    cutter = TextRows(Style(1, b"\t", b"ada"))
    cutter.feed(b"ada\nbob\n")
    source = known({b"ada": b"x", b"bob": None})
    assert taken(cutter, (0,), (source,)) == message(b"x\n") + message(b"ada\n")


def test_a_long_row_in_small_pieces_costs_no_more_than_its_bytes() -> None:
    for cutter, start, end in (
        (TextRows(TAB), b"1\t", b"\n"),
        (CsvRows(COMMA), b'1,"', b'"\n'),
        (BinaryRows(2), HEADER + b"\0\2\0\0\0\0" + (40_000_000).to_bytes(4, "big"), b"\xff\xff"),
    ):
        cutter.feed(start)
        for _ in range(2000):
            cutter.feed(b"x" * 20_000)
        cutter.feed(end)
        taken(cutter, (), ())
        assert cutter.count == 1
        cutter.end()


def test_a_heading_full_of_line_ends_takes_no_time_by_the_square() -> None:
    # The names of the columns are the client's to choose: it once held a worker up for seconds.
    heading = b'"' + b"\n" * 200_000 + b'"\n'
    cutter = CsvRows(Style(1, b",", b"", header=True))
    began = time.process_time()
    cutter.feed(heading + b"raw\n")
    assert time.process_time() - began < 3
    taken, _, _ = cutter.take((0,), (b"***",))
    assert taken == message(heading) + message(b"***\n")
