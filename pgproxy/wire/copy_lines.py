"""Rows in the lines of a COPY stream, text or csv: a field that is not replaced keeps its bytes.

The encoding is taken to embed ASCII.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
import re

from pgproxy.errors import UpstreamViolation
from pgproxy.wire.copy import CUT_OFF, LONG, MALFORMED, WRONG_FIELDS, Column, CopyRows
from pgproxy.wire.framing import MAX_LENGTH

_LETTERS = {b"\b": b"b", b"\f": b"f", b"\n": b"n", b"\r": b"r", b"\t": b"t", b"\v": b"v"}
_SPECIAL = {letter: char for char, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Style:
    """How the fields of a row stand in text or csv; ``force_quote`` is per field."""

    fields: int
    delimiter: bytes
    null: bytes
    header: bool = False
    quote: bytes = b'"'
    escape: bytes = b'"'
    force_quote: Sequence[bool] = ()


class _Lines(CopyRows):
    """What text and csv have in common: a row is a line, or several."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._tail = bytearray()
        self._heading = style.header
        self._headed: list[bytes] = []
        self._rows: list[list[bytes]] = []

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        end = data.rfind(b"\n")
        if end < 0:
            self._hold(data)
            return
        whole = bytes(self._tail) + data[:end] if self._tail else data[:end]
        self._tail.clear()
        self._hold(data[end + 1 :])
        texts = self._texts(whole)
        if self._heading and texts:
            self._heading = False
            self._headed.append(texts.pop(0))
        rows = self._split(texts)
        fields = self._style.fields
        if fields == 0 and not any(texts):
            rows = [[] for _ in texts]
        if any(len(row) != fields for row in rows):
            raise UpstreamViolation(WRONG_FIELDS)
        self._rows += rows

    @property
    def count(self) -> int:
        """The rows that are complete and not taken."""
        return len(self._rows)

    def columns(self, wanted: tuple[int, ...]) -> list[Column]:
        """These fields of those rows; None is NULL."""
        return [self._read([row[index] for row in self._rows]) for index in wanted]

    def take(self, wanted: tuple[int, ...], columns: list[Column]) -> bytes:
        """The rows as CopyData messages, the wanted fields replaced."""
        rows = self._rows
        for index, column in zip(wanted, columns, strict=True):
            written = self._written(index, column)
            for row, value in zip(rows, written, strict=True):
                row[index] = value
        delimiter = self._style.delimiter
        out = [_line(text) for text in self._headed]
        out += [_line(delimiter.join(row)) for row in rows]
        self._rows, self._headed = [], []
        return b"".join(out)

    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""
        if self._tail or self._heading:
            raise UpstreamViolation(CUT_OFF)

    def _hold(self, data: bytes) -> None:
        self._tail += data
        if len(self._tail) > MAX_LENGTH:
            raise UpstreamViolation(LONG)

    @abstractmethod
    def _texts(self, whole: bytes) -> list[bytes]:
        """The rows in whole lines."""

    @abstractmethod
    def _split(self, texts: list[bytes]) -> list[list[bytes]]:
        """The fields of rows, as they stand."""

    @abstractmethod
    def _read(self, raw: list[bytes]) -> Column:
        """The values of fields as they stand."""

    @abstractmethod
    def _written(self, index: int, values: Column) -> list[bytes]:
        """The other way."""


def _line(text: bytes) -> bytes:
    length = len(text) + 5
    if length > MAX_LENGTH:
        raise UpstreamViolation(LONG)
    return b"d" + length.to_bytes(4, "big") + text + b"\n"


class TextRows(_Lines):
    """FORMAT text: what is special in a value stands behind a backslash, so that a line is a row.

    Where a value can be written as the NULL marker is, a field that looks like it is no NULL here:
    else who chooses the marker could find out where a masked column has that value.
    """

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        delimiter = re.escape(style.delimiter)
        self._writes = re.compile(rb"[\\\x08\x0c\n\r\t\x0b%b]" % delimiter)
        # A control character of _LETTERS never stands for itself; others do, behind a backslash.
        self._plain = style.delimiter in _LETTERS
        self._field = re.compile(rb"(?s)(?:[^\\%b]|\\.)*+" % delimiter)
        clear = self._write(_unescaped(style.null)) != style.null
        self._null = style.null if clear else None

    def _texts(self, whole: bytes) -> list[bytes]:
        return whole.split(b"\n")

    def _split(self, texts: list[bytes]) -> list[list[bytes]]:
        delimiter = self._style.delimiter
        if self._plain:
            return [text.split(delimiter) for text in texts]
        hidden = b"\\" + delimiter
        return [
            _fields(text, self._field, delimiter) if hidden in text else text.split(delimiter)
            for text in texts
        ]

    def _read(self, raw: list[bytes]) -> Column:
        null = self._null
        return [
            None if value == null else _unescaped(value) if b"\\" in value else value
            for value in raw
        ]

    def _written(self, index: int, values: Column) -> list[bytes]:
        null, write = self._style.null, self._write
        return [null if value is None else write(value) for value in values]

    def _write(self, value: bytes) -> bytes:
        return self._writes.sub(_escape, value)


def tells_null(delimiter: bytes, null: bytes) -> bool:
    """Whether no value of FORMAT text can look like this NULL marker."""
    return TextRows(Style(1, delimiter, null))._null is not None


def _escape(found: re.Match[bytes]) -> bytes:
    char = found[0]
    return b"\\" + _LETTERS.get(char, char)


def _unescaped(value: bytes) -> bytes:
    return re.sub(rb"(?s)\\(.)", lambda found: _SPECIAL.get(found[1], found[1]), value)


class CsvRows(_Lines):
    """FORMAT csv: a quoted field may hold anything, its line ends too."""

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        quote, escape = re.escape(style.quote), re.escape(style.escape)
        delimiter = re.escape(style.delimiter)
        plain = rb"[^%b%b]*+" % (quote, escape)
        quoted = rb"%b%b(?:%b[%b%b]%b)*+%b" % (quote, plain, escape, quote, escape, plain, quote)
        self._field = re.compile(rb"(?s)(?:%b|[^%b%b]*+)" % (quoted, quote, delimiter))
        self._pair = re.compile(rb"(?s)%b([%b%b])" % (escape, quote, escape))
        self._needs_quotes = re.compile(rb"[%b%b\n\r]" % (quote, delimiter))
        self._needs_escape = re.compile(rb"[%b%b]" % (quote, escape))
        self._doubled = style.quote == style.escape
        # The lines of a row whose quotes are still open, and whether they are.
        self._begun: list[bytes] = []
        self._held = 0
        self._open = False

    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""
        super().end()
        if self._open:
            raise UpstreamViolation(CUT_OFF)

    def _texts(self, whole: bytes) -> list[bytes]:
        lines = whole.split(b"\n")
        quote = self._style.quote
        if not self._open and quote not in whole:
            return lines
        texts: list[bytes] = []
        for line in lines:
            self._open = self._left_open(line)
            self._begun.append(line)
            if not self._open:
                texts.append(b"\n".join(self._begun) if len(self._begun) > 1 else line)
                self._begun.clear()
                self._held = 0
                continue
            self._held += len(line) + 1
            if self._held > MAX_LENGTH:
                raise UpstreamViolation(LONG)
        return texts

    def _left_open(self, line: bytes) -> bool:
        """Whether quotes are open at the end of a line, as they were at its start or not."""
        quote, opened = self._style.quote, self._open
        if self._doubled:
            return opened ^ bool(line.count(quote) & 1)
        at = 0
        while True:
            if opened:
                found = self._needs_escape.search(line, at)
                if found is None:
                    return True
                escaped = self._pair.match(line, found.start())
                opened = escaped is not None or found[0] != quote
                at = escaped.end() if escaped else found.end()
            else:
                at = line.find(quote, at) + 1
                if at == 0:
                    return False
                opened = True

    def _split(self, texts: list[bytes]) -> list[list[bytes]]:
        quote, delimiter = self._style.quote, self._style.delimiter
        return [
            _fields(text, self._field, delimiter) if quote in text else text.split(delimiter)
            for text in texts
        ]

    def _read(self, raw: list[bytes]) -> Column:
        null, quote = self._style.null, self._style.quote
        return [
            None
            if value == null
            else self._pair.sub(rb"\1", value[1:-1])
            if value[:1] == quote
            else value
            for value in raw
        ]

    def _written(self, index: int, values: Column) -> list[bytes]:
        forced = self._style.force_quote
        always = bool(forced) and forced[index]
        null = self._style.null
        return [null if value is None else self._write(value, always) for value in values]

    def _write(self, value: bytes, always: bool) -> bytes:
        style = self._style
        # A lone \. would end the data of an older server's COPY FROM.
        alone = style.fields == 1 and value == b"\\."
        if not (always or alone or value == style.null or self._needs_quotes.search(value)):
            return value
        inner = self._needs_escape.sub(lambda found: style.escape + found[0], value)
        return style.quote + inner + style.quote


def _fields(text: bytes, field: re.Pattern[bytes], delimiter: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while True:
        match = field.match(text, at)
        if match is None:
            raise UpstreamViolation(MALFORMED)
        found.append(match[0])
        at = match.end()
        if at == len(text):
            return found
        if text[at : at + 1] != delimiter:
            raise UpstreamViolation(MALFORMED)
        at += 1
