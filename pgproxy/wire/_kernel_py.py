"""The wire kernel in plain Python: the reference that ``_kernel.pyx`` must agree with.

Knows offsets and lengths, nothing else.  Every read is preceded by a written length check, here as
in the compiled twin, where a missing one would read past the buffer.  Each function has its twin of
the same name there; ``tests/wire/test_kernel_pair.py`` holds the two together.

Error texts are fixed: a length or an offset in them would be shaped by row values.
"""

from pgproxy.errors import ClientViolation, UpstreamViolation

# Both halves carry it; a compiled half of another revision counts as not built.
REVISION = 3

DATA_ROW = 0x44
COPY_DATA = 0x64
HEADER = 5
MAX_FIELDS = 0xFFFF
MAX_INT32 = 0x7FFFFFFF
# The server builds no message above this (MaxAllocSize), and a length that wraps would let the
# rest of a value be read as messages.
MAX_LENGTH = 0x3FFFFFFF

NULL = b"\xff\xff\xff\xff"

BAD_LENGTH = "a message has a length that is not valid or above the limit"
BAD_ROW = "a data row is malformed"
WRONG_FIELDS = "a data row does not have the number of fields that was announced"
WRONG_COLUMN = "a column does not have one value for each row"
LONG_ROW = "a data row became too long"

Item = tuple[int, bytes, int]
Column = list[bytes | None]


class Framer:
    """Cuts a byte stream into messages, wherever the reads were cut.

    An ordinary message becomes ``(type, body, 1)``.  With ``merge_rows`` the consecutive DataRows
    of one feed become ``(DATA_ROW, their bytes with headers, rows)``, and so does CopyData.
    Types in ``discard`` stream past and become ``(type, b"", messages)`` once their last byte went
    by; as nothing of them is held, ``limit`` does not apply to them.  After an error every later
    feed fails too.
    """

    __slots__ = (
        "_discard", "_failed", "_limit", "_merge_rows", "_need", "_skip", "_skipped", "_tail",
        "_violation",
    )  # fmt: skip

    def __init__(
        self,
        limit: int,
        *,
        merge_rows: bool,
        discard: bytes = b"",
        violation: type[ClientViolation] | type[UpstreamViolation] = UpstreamViolation,
    ) -> None:
        """``limit`` bounds the length word; ``violation`` is what a peer that breaks it raises."""
        self._limit = max(0, min(limit, MAX_INT32))
        self._merge_rows = merge_rows
        self._discard = discard
        self._violation = violation
        self._failed = False
        # The first bytes of one message that is not complete, and how long it must get before it
        # is worth another look: small pieces only ever append.
        self._tail = bytearray()
        self._need = HEADER
        # The type of a discarded message that is not complete, or -1, and its bytes to come.
        self._skipped = -1
        self._skip = 0

    @property
    def pending(self) -> int:
        """Bytes held back until the rest of their message arrives."""
        return len(self._tail)

    def feed(self, data: bytes) -> list[Item]:
        """What became complete with these bytes."""
        if self._failed:
            raise self._violation(BAD_LENGTH)
        items: list[Item] = []
        at = 0
        if self._skipped >= 0:
            at = min(self._skip, len(data))
            self._skip -= at
            if self._skip == 0:
                at = self._pass_run(data, at, items)
        elif self._tail:
            if len(self._tail) + len(data) < self._need:
                self._tail += data
                return items
            data = bytes(self._tail) + data
            self._tail.clear()
        self._scan(data, at, items)
        return items

    def _scan(self, data: bytes, at: int, items: list[Item]) -> None:
        size = len(data)
        need = HEADER
        while size - at >= HEADER:
            kind = data[at]
            length = int.from_bytes(data[at + 1 : at + HEADER], "big")
            end = at + 1 + self._checked(kind, length)
            if kind in self._discard:
                self._skipped = kind
                if end > size:
                    self._skip = end - size
                    return
                end = self._pass_run(data, end, items)
            elif end > size:
                need = end - at
                break
            elif kind in (DATA_ROW, COPY_DATA) and self._merge_rows:
                end, rows = self._run(data, at, kind)
                items.append((kind, data[at:end], rows))
            else:
                items.append((kind, data[at + HEADER : end], 1))
            at = end
        if at < size:
            self._tail += data[at:]
            self._need = need

    def _run(self, data: bytes, at: int, kind: int) -> tuple[int, int]:
        """The end of the complete messages of one type from ``at`` on, and their number.

        Stops before a length that is not valid: the scan raises for it.
        """
        limit = MAX_INT32 if kind in self._discard else self._limit
        count = 0
        while len(data) - at >= HEADER and data[at] == kind:
            length = int.from_bytes(data[at + 1 : at + HEADER], "big")
            if length < 4 or length > limit or length > len(data) - at - 1:
                break
            at += 1 + length
            count += 1
        return at, count

    def _pass_run(self, data: bytes, at: int, items: list[Item]) -> int:
        """Reports the discarded message that ended before ``at``, and those that follow."""
        end, more = self._run(data, at, self._skipped)
        items.append((self._skipped, b"", 1 + more))
        self._skipped = -1
        return end

    def _checked(self, kind: int, length: int) -> int:
        limit = MAX_INT32 if kind in self._discard else self._limit
        if length < 4 or length > limit:
            self._failed = True
            self._tail.clear()
            raise self._violation(BAD_LENGTH)
        return length


def cut(rows: bytes, fields: int, wanted: tuple[int, ...]) -> list[Column]:
    """The wanted fields of a run of DataRows: one list for each, down all rows."""
    slots = _slots(fields, wanted)
    columns: list[Column] = [[] for _ in wanted]
    at = 0
    while at < len(rows):
        at, end = _enter_row(rows, at, fields)
        for slot in slots:
            start, at = _enter_field(rows, at, end)
            if slot is not None:
                columns[slot].append(None if start < 0 else rows[start:at])
        if at != end:
            raise UpstreamViolation(BAD_ROW)
    return columns


def splice(rows: bytes, fields: int, wanted: tuple[int, ...], columns: list[Column]) -> bytes:
    """The run of DataRows with the wanted fields replaced; None becomes NULL."""
    slots = _slots(fields, wanted)
    if len(columns) != len(wanted):
        raise ValueError("one column for each wanted field")
    if not all(isinstance(column, list) for column in columns):
        raise TypeError("a column is a list")
    out: list[bytes] = []
    at = 0
    row = 0
    while at < len(rows):
        at, end = _enter_row(rows, at, fields)
        out += _splice_row(rows[at:end], slots, columns, row)
        at = end
        row += 1
    if any(len(column) != row for column in columns):
        raise UpstreamViolation(WRONG_COLUMN)
    return b"".join(out)


def _splice_row(
    values: bytes, slots: list[int | None], columns: list[Column], row: int
) -> list[bytes]:
    """The pieces of one new row; ``values`` is the old one after its field count."""
    pieces = [b"D", b"", len(slots).to_bytes(2, "big")]
    length = 6
    copied = at = 0
    for slot in slots:
        head = at
        _, at = _enter_field(values, at, len(values))
        if slot is None:
            continue
        if row >= len(columns[slot]):
            raise UpstreamViolation(WRONG_COLUMN)
        value = columns[slot][row]
        if value is not None and not isinstance(value, bytes):
            raise TypeError("a field value is bytes or None")
        length += head - copied + 4 + len(value or b"")
        if length > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        pieces.append(values[copied:head])
        pieces.append(NULL if value is None else len(value).to_bytes(4, "big") + value)
        copied = at
    if at != len(values):
        raise UpstreamViolation(BAD_ROW)
    length += at - copied
    if length > MAX_LENGTH:
        raise UpstreamViolation(LONG_ROW)
    pieces[1] = length.to_bytes(4, "big")
    pieces.append(values[copied:])
    return pieces


def _slots(fields: int, wanted: tuple[int, ...]) -> list[int | None]:
    """For each field of a row: its place in ``wanted``, or None."""
    if not 0 <= fields <= MAX_FIELDS:
        raise ValueError("a row has 0 to 65535 fields")
    slots: list[int | None] = [None] * fields
    for slot, index in enumerate(wanted):
        if not 0 <= index < fields or slots[index] is not None:
            raise ValueError("the wanted fields are distinct indexes into the row")
        slots[index] = slot
    return slots


def _enter_row(rows: bytes, at: int, fields: int) -> tuple[int, int]:
    """Where the first field of the row at ``at`` starts, and where the row ends."""
    if len(rows) - at < HEADER + 2 or rows[at] != DATA_ROW:
        raise UpstreamViolation(BAD_ROW)
    length = int.from_bytes(rows[at + 1 : at + HEADER], "big")
    if length < 6 or length > len(rows) - at - 1:
        raise UpstreamViolation(BAD_ROW)
    if int.from_bytes(rows[at + HEADER : at + HEADER + 2], "big") != fields:
        raise UpstreamViolation(WRONG_FIELDS)
    return at + HEADER + 2, at + 1 + length


def _enter_field(rows: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the field's value starts (-1: NULL), and where the next field starts."""
    if end - at < 4:
        raise UpstreamViolation(BAD_ROW)
    length = int.from_bytes(rows[at : at + 4], "big")
    at += 4
    if length == 0xFFFFFFFF:
        return -1, at
    if length > end - at:
        raise UpstreamViolation(BAD_ROW)
    return at, at + length
