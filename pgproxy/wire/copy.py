"""Rows in a COPY … TO STDOUT stream: cut out of it, and put together as the server would.

CopyData cuts the stream anywhere; what goes out again is one message a row, as the server does it
(the binary header goes with the first row).  A field that is not replaced keeps its bytes.  The
formats are those of the manual's page on COPY; the encoding is taken to embed ASCII.
"""

from abc import ABC, abstractmethod

from pgproxy.errors import UpstreamViolation
from pgproxy.wire import backend
from pgproxy.wire.framing import HEADER, MAX_LENGTH, message
from pgproxy.wire.rows import cut, splice

Column = list[bytes | None]

MALFORMED = "a row of COPY is malformed"
WRONG_FIELDS = "a row of COPY does not have the number of fields that was announced"
LONG = "a row of COPY became too long"
CUT_OFF = "COPY ended within a row"

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_BINARY_HEADER = len(_SIGNATURE) + 8
_TRAILER = b"\xff\xff"
_NULL_LENGTH = 0xFFFFFFFF


class CopyRows(ABC):
    """One stream: feed it, look at the columns of the rows that are complete, then take them."""

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """More of the stream."""

    @property
    @abstractmethod
    def count(self) -> int:
        """The rows that are complete and not taken."""

    @abstractmethod
    def columns(self, wanted: tuple[int, ...]) -> list[Column]:
        """These fields of those rows; None is NULL."""

    @abstractmethod
    def take(self, wanted: tuple[int, ...], columns: list[Column]) -> bytes:
        """The rows as CopyData messages, the wanted fields replaced."""

    @abstractmethod
    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""


class BinaryRows(CopyRows):
    """FORMAT binary: a row is what follows the header of a DataRow."""

    def __init__(self, fields: int) -> None:
        self._fields = fields
        self._tail = bytearray()
        self._need = 1  # bytes before it is worth another look
        self._header = b""
        self._headed = False
        self._rows: list[bytes] = []
        self._joined = b""
        self._trailer = False  # it has come and is not taken
        self._ended = False

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        self._tail += data
        if len(self._tail) < self._need:
            return
        data, at = bytes(self._tail), 0
        self._need = 1
        if not self._headed:
            at = self._enter(data)
        while self._headed and at < len(data):
            if self._ended:
                raise UpstreamViolation(MALFORMED)
            end = self._row(data, at)
            if end == at:
                break
            at = end
        del self._tail[:at]
        self._need = max(self._need - at, 1)

    def _enter(self, data: bytes) -> int:
        """Past the header, if all of it is here."""
        if len(data) < _BINARY_HEADER:
            self._need = _BINARY_HEADER
            return 0
        extension = int.from_bytes(data[_BINARY_HEADER - 4 : _BINARY_HEADER], "big")
        flags = data[len(_SIGNATURE) : _BINARY_HEADER - 4]
        if not data.startswith(_SIGNATURE) or any(flags) or extension > MAX_LENGTH:
            raise UpstreamViolation(MALFORMED)
        end = _BINARY_HEADER + extension
        if len(data) < end:
            self._need = end
            return 0
        self._headed, self._header = True, data[:end]
        return end

    def _row(self, data: bytes, at: int) -> int:
        """Past the row at ``at``, or ``at`` where it is not complete."""
        size, end = len(data), at + 2
        if size < end:
            return at
        count = data[at:end]
        if count == _TRAILER:
            self._ended = self._trailer = True
            return end
        if int.from_bytes(count, "big") != self._fields:
            raise UpstreamViolation(WRONG_FIELDS)
        for _ in range(self._fields):
            length = int.from_bytes(data[end : end + 4], "big")
            end += 4
            if length != _NULL_LENGTH and end <= size:
                end += length
            if end - at + 4 > MAX_LENGTH:
                raise UpstreamViolation(MALFORMED)
            if end > size:
                self._need = end
                return at
        self._rows.append(data[at:end])
        return end

    @property
    def count(self) -> int:
        """The rows that are complete and not taken."""
        return len(self._rows)

    def columns(self, wanted: tuple[int, ...]) -> list[Column]:
        """These fields of those rows; None is NULL."""
        return cut(self._run(), self._fields, wanted)

    def take(self, wanted: tuple[int, ...], columns: list[Column]) -> bytes:
        """The rows as CopyData messages, the wanted fields replaced."""
        rows = list(self._rows)
        if wanted and rows:
            rows = _bodies(splice(self._run(), self._fields, wanted, columns))
        self._rows, self._joined = [], b""
        if self._header and (rows or self._trailer):
            # Where there are no rows, the trailer goes with the header.
            first = rows[0] if rows else _TRAILER
            self._trailer = self._trailer and bool(rows)
            rows = [self._header + first, *rows[1:]]
            self._header = b""
        if self._trailer:
            rows.append(_TRAILER)
            self._trailer = False
        return b"".join([message(backend.COPY_DATA, row) for row in rows])

    def end(self) -> None:
        """Raises UpstreamViolation when the stream cannot end here."""
        if self._tail or not self._ended:
            raise UpstreamViolation(CUT_OFF)

    def _run(self) -> bytes:
        if not self._joined:
            self._joined = b"".join([message(backend.DATA_ROW, row) for row in self._rows])
        return self._joined


def _bodies(run: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(run):
        end = at + 1 + int.from_bytes(run[at + 1 : at + HEADER], "big")
        found.append(run[at + HEADER : end])
        at = end
    return found
