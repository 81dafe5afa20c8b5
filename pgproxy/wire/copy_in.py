"""Rows in a COPY … FROM STDIN stream: cut as the server cuts them, put together again.

What a client writes is looser than what the server writes.  Lines may end in CRLF: they get LF.  A
carriage return elsewhere could end a line for the server and not here, and escapes by number could
mean another value: both are refused.  See CopyReadLineText and CopyReadAttributes of
copyfromparse.c.
"""

import re
from typing import Protocol

from pgproxy.wire.copy import BinaryRows, CsvRows, Replaced, Style, TextRows
from pgproxy.wire.known import Source

_CRLF = re.compile(rb"\r\n?")
# A backslash that is no half of two, and a digit or x.
_BY_NUMBER = re.compile(rb"(?<!\\)(?:\\\\)*\\[0-7x]")


class Malformed(Exception):
    """Rows that could be read in two ways.  Holds nothing of them."""


class RowIntake(Protocol):
    """One stream: feed it, take the rows that are complete."""

    def feed(self, data: bytes) -> None:
        """More of the stream.  Raises Malformed, UpstreamViolation."""

    def take(self, wanted: tuple[int, ...], sources: tuple[Source, ...]) -> Replaced:
        """As ``CopyRows.take``."""

    def finish(self) -> None:
        """The stream is over: the last line may lack its end.  Raises as ``feed`` does."""


class TextIntake(TextRows):
    """FORMAT text."""

    def _clean(self, rows: bytes) -> bytes:
        if b"\\" in rows and _BY_NUMBER.search(rows):
            raise Malformed
        return _lf(rows)

    def finish(self) -> None:
        """The last line may lack its end."""
        if self._tail:
            self.feed(b"\n")
        self.end()


class CsvIntake(CsvRows):
    """FORMAT csv: within quotes every byte is the value's."""

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        q, e = re.escape(style.quote), re.escape(style.escape)
        inner = rb"[^%b]|%b%b" % (q, q, q) if q == e else rb"%b[%b%b]|[^%b]" % (e, e, q, q)
        self._pieces = re.compile(rb"(?s)%b(?:%b)*+%b|\r\n?" % (q, inner, q))

    def _clean(self, rows: bytes) -> bytes:
        return self._pieces.sub(_piece, rows) if b"\r" in rows else rows

    def finish(self) -> None:
        """The last line may lack its end."""
        if self._tail:
            self.feed(b"\n")
        self.end()


class BinaryIntake(BinaryRows):
    """FORMAT binary: the trailer may be missing."""

    def finish(self) -> None:
        """Between two rows."""
        if self._tail or not self._headed:
            raise Malformed


def _lf(rows: bytes) -> bytes:
    return _CRLF.sub(_piece, rows) if b"\r" in rows else rows


def _piece(found: re.Match[bytes]) -> bytes:
    piece = found[0]
    if piece == b"\r":
        raise Malformed
    return b"\n" if piece == b"\r\n" else piece
