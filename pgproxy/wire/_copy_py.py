"""The kernel's part for COPY in plain Python: the reference that ``_kernel.pyx`` must agree with.

Lines are whole rows of text or csv, the last one's line end included.  A style is ``(delimiter,
null, quote, escape, forced)``: bytes as numbers, ``quote`` -1 for text; ``null`` may be None where
nothing is to be read as NULL; ``forced`` has a byte a field, not 0 where csv always quotes it.
"""

from collections.abc import Iterator
import re

from pgproxy.errors import UpstreamViolation
from pgproxy.wire._kernel_py import (
    COPY_DATA,
    DATA_ROW,
    HEADER,
    LONG_ROW,
    MAX_FIELDS,
    MAX_LENGTH,
    WRONG_COLUMN,
    Column,
    _slots,
)

BAD_COPY_ROW = "a row of COPY is malformed"
WRONG_COPY_FIELDS = "a row of COPY does not have the number of fields that was announced"

Style = tuple[int, bytes | None, int, int, bytes]

_LETTERS = {b"\b": b"b", b"\f": b"f", b"\n": b"n", b"\r": b"r", b"\t": b"t", b"\v": b"v"}
_SPECIAL = {letter: char for char, letter in _LETTERS.items()}
_ESCAPED = re.compile(rb"(?s)\\(.)")
_ALONE = b"\\."  # it would end the data of an older server's COPY FROM
_OUTSIDE, _INSIDE, _ESCAPING = range(3)


def rows_end(data: bytes, state: int, quote: int, escape: int) -> tuple[int, int]:
    """Past the last line end of csv that ends a row, 0 if none does; and the state at the end.

    The state is 0 outside quotes, 1 within, 2 within and behind the escape character.
    """
    end = 0
    for at, char in enumerate(data):
        if state == _OUTSIDE:
            if char == quote:
                state = _INSIDE
            elif char == 0x0A:
                end = at + 1
        elif state == _ESCAPING and char in (quote, escape):
            state = _INSIDE
        elif char == quote:
            state = _OUTSIDE
        else:
            state = _ESCAPING if char == escape and escape != quote else _INSIDE
    return end, state


def cut_lines(
    lines: bytes, fields: int, wanted: tuple[int, ...], style: Style
) -> tuple[int, list[Column]]:
    """The number of rows, and the values of the wanted fields."""
    slots = _slots(fields, wanted)
    columns: list[Column] = [[] for _ in wanted]
    rows = 0
    for row in _rows(lines, fields, style):
        rows += 1
        for slot, field in zip(slots, row, strict=True):
            if slot is not None:
                columns[slot].append(_read(field, style))
    return rows, columns


def splice_lines(
    lines: bytes, fields: int, wanted: tuple[int, ...], columns: list[Column], style: Style
) -> bytes:
    """The rows as CopyData messages, one each, with the wanted fields replaced."""
    slots = _slots(fields, wanted)
    if len(columns) != len(wanted):
        raise ValueError("one column for each wanted field")
    if not all(isinstance(column, list) for column in columns):
        raise TypeError("a column is a list")
    delimiter = bytes([style[0]])
    out: list[bytes] = []
    rows = 0
    for row in _rows(lines, fields, style):
        for index, slot in enumerate(slots):
            if slot is None:
                continue
            if rows >= len(columns[slot]):
                raise UpstreamViolation(WRONG_COLUMN)
            row[index] = _written(columns[slot][rows], fields, index, style)
        text = delimiter.join(row)
        if len(text) + 5 > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        out.append(b"d" + (len(text) + 5).to_bytes(4, "big") + text + b"\n")
        rows += 1
    if any(len(column) != rows for column in columns):
        raise UpstreamViolation(WRONG_COLUMN)
    return b"".join(out)


def _rows(lines: bytes, fields: int, style: Style) -> Iterator[list[bytes]]:
    """The fields of each row as they stand."""
    delimiter, _, quote, escape, _ = style
    field = _field(delimiter, quote, escape)
    at = 0
    while at < len(lines):
        row: list[bytes] = []
        for index in range(fields):
            match = field.match(lines, at)
            at = match.end() if match else at
            if match is None or at >= len(lines) or lines[at] not in (delimiter, 0x0A):
                raise UpstreamViolation(BAD_COPY_ROW)
            if (lines[at] == 0x0A) != (index == fields - 1):
                raise UpstreamViolation(WRONG_COPY_FIELDS)
            row.append(match[0])
            at += 1
        if not fields:
            if lines[at] != 0x0A:
                raise UpstreamViolation(WRONG_COPY_FIELDS)
            at += 1
        yield row


def _field(delimiter: int, quote: int, escape: int) -> re.Pattern[bytes]:
    d = re.escape(bytes([delimiter]))
    if quote < 0:
        return re.compile(rb"(?s)(?:[^\\\n%b]|\\[^\n])*+" % d)
    q, e = re.escape(bytes([quote])), re.escape(bytes([escape]))
    if quote == escape:
        quoted = rb"%b(?:[^%b]|%b%b)*+%b" % (q, q, q, q, q)
    else:
        quoted = rb"%b(?:%b[%b%b]|[^%b])*+%b" % (q, e, q, e, q, q)
    return re.compile(rb"(?s)%b|(?!%b)[^%b\n%b]*+" % (quoted, q, q, d))


def _read(raw: bytes, style: Style) -> bytes | None:
    _, null, quote, escape, _ = style
    if raw == null:
        return None
    if quote < 0:
        return _ESCAPED.sub(lambda found: _SPECIAL.get(found[1], found[1]), raw)
    if not raw or raw[0] != quote:
        return raw
    pair = re.compile(rb"(?s)%b([%b%b])" % _escaped(escape, quote, escape))
    return pair.sub(rb"\1", raw[1:-1])


def _written(value: bytes | None, fields: int, index: int, style: Style) -> bytes:
    delimiter, null, quote, escape, forced = style
    if value is None:
        return null or b""
    if not isinstance(value, bytes):
        raise TypeError("a field value is bytes or None")
    if quote < 0:
        special = re.compile(rb"[\\\x08\x0c\n\r\t\x0b%b]" % _escaped(delimiter)[0])
        return special.sub(lambda found: b"\\" + _LETTERS.get(found[0], found[0]), value)
    plain = re.compile(rb"[^%b%b\n\r]*" % _escaped(quote, delimiter))
    alone = fields == 1 and value == _ALONE
    always = index < len(forced) and forced[index] != 0
    if plain.fullmatch(value) and value != null and not alone and not always:
        return value
    escapes = re.compile(rb"[%b%b]" % _escaped(quote, escape))
    inner = escapes.sub(lambda found: bytes([escape]) + found[0], value)
    return bytes([quote]) + inner + bytes([quote])


def _escaped(*chars: int) -> tuple[bytes, ...]:
    return tuple(re.escape(bytes([char])) for char in chars)


def binary_rows(data: bytes, at: int, fields: int) -> tuple[bytes, int, int]:
    """The complete rows of FORMAT binary from ``at`` on as a run of DataRows, and their number.

    They end at the offset that comes third: before the trailer, or a row that is not complete.
    """
    if not 0 <= fields <= MAX_FIELDS:
        raise ValueError("a row has 0 to 65535 fields")
    if not 0 <= at <= len(data):
        raise ValueError("the rows start within the data")
    out: list[bytes] = []
    while (end := _binary_end(data, at, fields)) > at:
        out.append(b"D" + (end - at + 4).to_bytes(4, "big") + data[at:end])
        at = end
    return b"".join(out), len(out), at


def _binary_end(data: bytes, at: int, fields: int) -> int:
    end = at + 2
    count = data[at:end]
    if len(count) < 2 or count == b"\xff\xff":
        return at
    if int.from_bytes(count, "big") != fields:
        raise UpstreamViolation(WRONG_COPY_FIELDS)
    for _ in range(fields):
        length = int.from_bytes(data[end : end + 4], "big")
        if len(data) - end < 4:
            return at
        end += 4 if length == 0xFFFFFFFF else 4 + length
        if end - at + 4 > MAX_LENGTH:
            raise UpstreamViolation(BAD_COPY_ROW)
        if end > len(data):
            return at
    return end


def payload(run: bytes) -> bytes:
    """What a run of CopyData messages carries."""
    out: list[bytes] = []
    at = 0
    while at < len(run):
        length = int.from_bytes(run[at + 1 : at + HEADER], "big")
        if len(run) - at < HEADER or run[at] != COPY_DATA or not 4 <= length < len(run) - at:
            raise UpstreamViolation(BAD_COPY_ROW)
        out.append(run[at + HEADER : at + 1 + length])
        at += 1 + length
    return b"".join(out)


def copies(run: bytes) -> bytes:
    """A run of DataRows as CopyData messages: their headers differ in one byte."""
    out = bytearray(run)
    at = 0
    while at < len(out):
        length = int.from_bytes(out[at + 1 : at + HEADER], "big")
        if len(out) - at < HEADER or out[at] != DATA_ROW or length < 4:
            raise UpstreamViolation(BAD_COPY_ROW)
        out[at] = COPY_DATA
        at += 1 + length
    if at != len(out):
        raise UpstreamViolation(BAD_COPY_ROW)
    return bytes(out)
