"""Rows in a COPY … TO STDOUT stream: cut out of it, and put together as the server would.

CopyData cuts the stream anywhere; what goes out again is one message a row, as the server does it
(the binary header goes with the first row).  A field that is not replaced keeps its bytes.  The
formats are those of the manual's page on COPY; the encoding is taken to embed ASCII.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from pgproxy.errors import UpstreamViolation
from pgproxy.wire import backend
from pgproxy.wire._copy_py import cut_lines, splice_lines
from pgproxy.wire.framing import HEADER, MAX_LENGTH, message
from pgproxy.wire.kernel import binary_rows, copies, payload, rows_end
from pgproxy.wire.known import Missing, Source, replace, replace_lines

# CopyData messages, the number of values in each wanted field, and what must be known first.
Replaced = tuple[bytes | None, list[int], Missing]

__all__ = ["BinaryRows", "CopyRows", "CsvRows", "Style", "TextRows", "payload", "tells_null"]

_MALFORMED = "COPY is malformed"
_LONG = "a row of COPY became too long"
_CUT_OFF = "COPY ended within a row"
_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_BINARY_HEADER = len(_SIGNATURE) + 8
_TRAILER = b"\xff\xff"
_NULL_LENGTH = 0xFFFFFFFF


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


class CopyRows(ABC):
    """One stream: feed it, take the rows that are complete.  ``count``: all that were taken."""

    count = 0

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """More of the stream."""

    @abstractmethod
    def take(self, wanted: tuple[int, ...], sources: tuple[Source, ...]) -> Replaced:
        """The complete rows, the wanted fields replaced as ``wire.known.replace`` does it.

        Where something must be known first they stay, to be taken again.
        """

    @abstractmethod
    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""


class _Lines(CopyRows):
    """What text and csv have in common: a row is a line, or several."""

    def __init__(self, style: Style, quote: int, null: bytes | None) -> None:
        self._fields = style.fields
        forced = bytes(style.force_quote)
        self._styles = (
            (style.delimiter[0], null, quote, style.escape[0], forced),
            (style.delimiter[0], style.null, quote, style.escape[0], forced),
        )
        self._tail = bytearray()
        self._expects_heading = style.header
        self._heading = b""
        self._rows = b""

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        end = self._end(data)
        if end:
            rows = bytes(self._tail) + data[:end] if self._tail else data[:end]
            self._tail.clear()
            rows = self._clean(rows)
            if self._expects_heading:
                self._expects_heading = False
                heading = self._first(rows)
                self._heading, rows = rows[:heading], rows[heading:]
            self._rows += rows
        self._tail += data[end:]
        if len(self._tail) > MAX_LENGTH:
            raise UpstreamViolation(_LONG)

    def take(self, wanted: tuple[int, ...], sources: tuple[Source, ...]) -> Replaced:
        """The complete rows, the wanted fields replaced."""
        rows, out, counts, missing = replace_lines(
            self._rows, self._fields, wanted, sources, self._styles
        )
        if out is not None:
            if self._heading:
                out = message(backend.COPY_DATA, self._heading) + out
            self._rows = self._heading = b""
            self.count += rows
        return out, counts, missing

    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""
        if self._tail or self._expects_heading:
            raise UpstreamViolation(_CUT_OFF)

    def _clean(self, rows: bytes) -> bytes:
        """Whole rows as the server would write them: these are."""
        return rows

    @abstractmethod
    def _end(self, data: bytes) -> int:
        """Where the last row ends that is complete with these data."""

    @abstractmethod
    def _first(self, rows: bytes) -> int:
        """Where the first row ends."""


class TextRows(_Lines):
    """FORMAT text: what is special in a value stands behind a backslash, so that a line is a row.

    Where a value can be written as the NULL marker is, a field that looks like it is no NULL here:
    else who chooses the marker could find out where a masked column has that value.
    """

    def __init__(self, style: Style) -> None:
        super().__init__(style, -1, style.null if tells_null(style) else None)

    def _end(self, data: bytes) -> int:
        return data.rfind(b"\n") + 1

    def _first(self, rows: bytes) -> int:
        return rows.find(b"\n") + 1


def tells_null(style: Style) -> bool:
    """Whether no value of FORMAT text can look like the NULL marker."""
    like = style.delimiter[0], None, -1, 0, b""
    try:
        _, columns = cut_lines(style.null + b"\n", 1, (0,), like)
    except UpstreamViolation:
        return True
    return splice_lines(b"\n", 1, (0,), columns, like)[HEADER:-1] != style.null


class CsvRows(_Lines):
    """FORMAT csv: a quoted field may hold anything, its line ends too."""

    def __init__(self, style: Style) -> None:
        super().__init__(style, style.quote[0], style.null)
        self._quotes = style.quote[0], style.escape[0]
        self._state = 0

    def _end(self, data: bytes) -> int:
        end, self._state = rows_end(data, self._state, *self._quotes)
        return end

    def _first(self, rows: bytes) -> int:
        # Line by line, each looked at once: the names of the columns are the client's to choose,
        # and they may be nothing but line ends.
        at = end = state = 0
        while not end:
            line, at = at, rows.index(b"\n", at) + 1
            end, state = rows_end(rows[line:at], state, *self._quotes)
        return at


class BinaryRows(CopyRows):
    """FORMAT binary: a row is what follows the header of a DataRow."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self._tail = bytearray()
        self._need = 1  # bytes before it is worth another look
        self._header = b""
        self._headed = False
        self._rows = b""  # as DataRows
        self._complete = 0
        self._trailer = False  # it has come and is not taken
        self._ended = False

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        self._tail += data
        if len(self._tail) > MAX_LENGTH:
            raise UpstreamViolation(_LONG)
        if len(self._tail) < self._need:
            return
        data, at = bytes(self._tail), 0
        if not self._headed:
            at = self._enter(data)
        if self._headed:
            at = self._leave(data, at)
        del self._tail[:at]

    def _enter(self, data: bytes) -> int:
        """Past the header, if all of it is here."""
        self._need = _BINARY_HEADER
        if len(data) < self._need:
            return 0
        flags = data[len(_SIGNATURE) : _BINARY_HEADER - 4]
        extension = int.from_bytes(data[_BINARY_HEADER - 4 : _BINARY_HEADER], "big")
        if not data.startswith(_SIGNATURE) or any(flags) or extension > MAX_LENGTH:
            raise UpstreamViolation(_MALFORMED)
        self._need += extension
        if len(data) < self._need:
            return 0
        self._headed, self._header = True, data[: self._need]
        return self._need

    def _leave(self, data: bytes, at: int) -> int:
        """Past the rows that are complete, and the trailer behind them."""
        rows, count, at = binary_rows(data, at, self._fields)
        self._rows += rows
        self._complete += count
        if data[at : at + 2] == _TRAILER:
            self._ended = self._trailer = True
            at += 2
        if self._ended and at < len(data):
            raise UpstreamViolation(_MALFORMED)
        self._need = self._least(data, at) - at
        return at

    def _least(self, data: bytes, at: int) -> int:
        """Up to where the row at ``at`` goes, as far as can be told."""
        end = at + 2
        if len(data) < end:
            return end
        for _ in range(self._fields):
            if len(data) < end + 4:
                return end + 4
            length = int.from_bytes(data[end : end + 4], "big")
            end += 4 if length == _NULL_LENGTH else 4 + length
        return end

    def take(self, wanted: tuple[int, ...], sources: tuple[Source, ...]) -> Replaced:
        """The complete rows, the wanted fields replaced."""
        rows, counts, missing = replace(self._rows, self._fields, wanted, sources)
        if rows is None:
            return None, counts, missing
        self.count += self._complete
        self._rows, self._complete = b"", 0
        return self._framed(copies(rows)), counts, missing

    def _framed(self, out: bytes) -> bytes:
        """The messages of some rows; with the header or the trailer where it is due."""
        if self._header and (out or self._trailer):
            end = 1 + int.from_bytes(out[1:HEADER], "big")
            first = out[HEADER:end] if out else _TRAILER
            self._trailer = self._trailer and bool(out)
            out = message(backend.COPY_DATA, self._header + first) + out[end:]
            self._header = b""
        if self._trailer:
            self._trailer = False
            out += message(backend.COPY_DATA, _TRAILER)
        return out

    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""
        if self._tail or not self._ended:
            raise UpstreamViolation(_CUT_OFF)
