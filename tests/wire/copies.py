"""COPY streams to test with, written as the server's own source says (copyto.c)."""

from hypothesis import strategies as st

from pgproxy.wire.copy import BinaryRows, CopyRows, CsvRows, Style, TextRows, tells_null
from tests.wire.streams import Row

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_LETTERS = dict(zip(b"\b\f\n\r\t\v", b"bfnrtv", strict=True))

Pairs = dict[bytes, bytes | None]

# Every character that means something to some style, and a few that do not.
texts = st.text("a\"\\'|,;~.N\t\n\r\b\x01é", max_size=8).map(str.encode)
fields_of = st.none() | texts


def text_field(value: bytes | None, style: Style) -> bytes:
    """CopyAttributeOutText."""
    if value is None:
        return style.null
    out = bytearray()
    for char in value:
        if char in _LETTERS:
            out += b"\\" + bytes([_LETTERS[char]])
        elif char in b"\\" + style.delimiter:
            out += b"\\" + bytes([char])
        else:
            out.append(char)
    return bytes(out)


def csv_field(value: bytes | None, style: Style, index: int) -> bytes:
    """CopyAttributeOutCSV."""
    if value is None:
        return style.null
    quoted = bool(style.force_quote) and style.force_quote[index]
    quoted = quoted or value == style.null or (style.fields == 1 and value == b"\\.")
    quoted = quoted or any(char in style.delimiter + style.quote + b"\n\r" for char in value)
    if not quoted:
        return value
    special = style.quote + style.escape
    inner = b"".join(
        style.escape + bytes([char]) if char in special else bytes([char]) for char in value
    )
    return style.quote + inner + style.quote


def message(body: bytes) -> bytes:
    """CopyData."""
    return b"d" + (len(body) + 4).to_bytes(4, "big") + body


def lines(rows: list[Row], style: Style, *, csv: bool, heading: bytes = b"") -> list[bytes]:
    """The bodies of the CopyData messages."""
    found = [heading + b"\n"] if style.header else []
    for row in rows:
        written = [
            csv_field(value, style, index) if csv else text_field(value, style)
            for index, value in enumerate(row)
        ]
        found.append(style.delimiter.join(written) + b"\n")
    return found


def binary(rows: list[Row]) -> list[bytes]:
    """The same of FORMAT binary."""
    found = []
    for row in rows:
        body = len(row).to_bytes(2, "big")
        for value in row:
            length = b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big")
            body += length + (value or b"")
        found.append(body)
    if not found:
        return [HEADER + b"\xff\xff"]
    return [HEADER + found[0], *found[1:], b"\xff\xff"]


@st.composite
def text_styles(draw: st.DrawFn, fields: int) -> Style:
    """Styles whose NULL no value looks like."""
    delimiter = draw(st.sampled_from([b"\t", b"|", b",", b";", b"\x01", b"\b", b"N", b"'"]))
    nulls = [b"\\N", b"\\x", b"\\a\\b"]
    null = draw(st.sampled_from([n for n in nulls if delimiter not in n]))
    assert tells_null(Style(1, delimiter, null))
    return Style(fields, delimiter, null, header=draw(st.booleans()))


@st.composite
def csv_styles(draw: st.DrawFn, fields: int) -> Style:
    """Any style that the server takes."""
    delimiter = draw(st.sampled_from([b",", b"\t", b"|", b";", b"~"]))
    quote = draw(st.sampled_from([b'"', b"'", b"a", b"\\"]))
    escape = draw(st.sampled_from([quote, quote, b"\\", b"'", b"."]))
    null = draw(st.sampled_from([b"", b"N", b"..", b"\\N", b" "]).filter(lambda n: quote not in n))
    forced = draw(st.just(()) | st.tuples(*[st.booleans()] * fields))
    header = draw(st.booleans())
    return Style(fields, delimiter, null, header, quote, escape, forced)


@st.composite
def streams(
    draw: st.DrawFn,
) -> tuple[CopyRows, list[Row], list[bytes], list[Pairs], list[bytes], tuple[int, ...]]:
    """A cutter; rows and their messages; what becomes of each field's values; the messages then.

    Last come the fields that this is wanted for.
    """
    fields = draw(st.integers(0, 4))
    row = st.lists(fields_of, min_size=fields, max_size=fields)
    rows = draw(st.lists(row, max_size=5))
    wanted = tuple(i for i in range(fields) if draw(st.booleans()))
    new: list[Pairs] = [
        {value: draw(fields_of) for old in rows if (value := old[index]) is not None}
        for index in range(fields)
    ]
    changed: list[Row] = [
        [
            new[index][value] if index in wanted and value is not None else value
            for index, value in enumerate(old)
        ]
        for old in rows
    ]
    kind = draw(st.sampled_from(["text", "csv", "binary"]))
    if kind == "binary":
        return BinaryRows(fields), rows, binary(rows), new, binary(changed), wanted
    csv = kind == "csv"
    style = draw(csv_styles(fields) if csv else text_styles(fields))
    heading = draw(texts)
    heading = csv_field(heading, style, 0) if csv else text_field(heading, style)
    cutter: CopyRows = CsvRows(style) if csv else TextRows(style)
    old, then = (lines(each, style, csv=csv, heading=heading) for each in (rows, changed))
    return cutter, rows, old, new, then, wanted
