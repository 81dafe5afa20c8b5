"""What is known of values, and runs of rows replaced by it: the reference of ``_known.pyx``.

Field bytes → the bytes that replace them.  Both implementations keep to the same bounds and give
the same answers; the compiled one makes no Python object for a field that is known.
"""

from collections.abc import Mapping, Sequence

from pgproxy.wire._copy_py import Style, cut_lines, splice_lines
from pgproxy.wire._kernel_py import cut, splice

# Raised with every change of what the two implementations promise each other.
REVISION = 2

# What an entry is counted for besides its bytes: its header, and its share of the index.
ENTRY_BYTES = 24

Column = list[bytes | None]


class Known:
    """Field bytes → replacement, None for NULL; bounded by about ``limit`` bytes.

    Kept in two generations: when the newer one has half of the bytes, the older one is forgotten at
    once.  What was learned last, and what is asked for again and again, stays.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._new: dict[bytes, bytes | None] = {}
        self._old: dict[bytes, bytes | None] = {}
        self._size = self._old_size = 0

    @property
    def size(self) -> int:
        """Bytes, of both generations."""
        return self._size + self._old_size

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    def rotate(self) -> None:
        """Forget the older generation; the newer one takes its place."""
        self._old, self._old_size = self._new, self._size
        self._new, self._size = {}, 0

    def trim(self) -> None:
        """Forget everything where that is much more than the bound: huge values were among it."""
        if self.size > 4 * self._half:
            self.rotate()
            self.rotate()

    def learn(self, pairs: Mapping[bytes, bytes | None]) -> None:
        """Remember replacements; all of them are known until much else has been learned."""
        if self._size > self._half:
            self.rotate()
        for value, replacement in pairs.items():
            self._keep(value, replacement)

    def look_up(self, column: Sequence[bytes | None]) -> tuple[Column, list[bytes]]:
        """Replacements of a column, NULL for NULL; and, distinct, the values that are not known."""
        found: Column = []
        missing: dict[bytes, None] = {}
        for value in column:
            if value is None:
                found.append(None)
            elif value in self._new:
                found.append(self._new[value])
            elif value in self._old:
                found.append(self._old[value])
                if self._size <= self._half:
                    self._keep(value, self._old[value])
            else:
                missing[value] = None
        return found, list(missing)

    def _keep(self, value: bytes, replacement: bytes | None) -> None:
        if value not in self._new:
            self._new[value] = replacement
            self._size += ENTRY_BYTES + len(value) + len(replacement or b"")


Source = Known | bytes | None
Missing = list[list[bytes]]


def replace(
    rows: bytes, fields: int, wanted: tuple[int, ...], sources: tuple[Source, ...]
) -> tuple[bytes | None, list[int], Missing]:
    """A run of DataRows with the wanted fields replaced, each from its source.

    A source is what is known of values, a constant, or None: all becomes NULL.  With the new run
    come the numbers of values in the wanted fields; NULLs do not count but where all becomes NULL.
    Where something is not known there is no new run, but the missing values of each field, each
    once.  Raises UpstreamViolation for rows that are none.
    """
    if len(wanted) != len(sources):
        raise ValueError("one source for each wanted field")
    replaced, counts, missing = _replaced(cut(rows, fields, wanted), sources)
    new = None if any(missing) else splice(rows, fields, wanted, replaced)
    return new, counts, missing


def replace_lines(
    lines: bytes,
    fields: int,
    wanted: tuple[int, ...],
    sources: tuple[Source, ...],
    styles: tuple[Style, Style],
) -> tuple[int, bytes | None, list[int], Missing]:
    """The same for lines of COPY, read in one style and written in the other.

    They become CopyData messages; first comes their number.
    """
    reads, writes = styles
    if len(wanted) != len(sources):
        raise ValueError("one source for each wanted field")
    rows, columns = cut_lines(lines, fields, wanted, reads)
    replaced, counts, missing = _replaced(columns, sources)
    new = None if any(missing) else splice_lines(lines, fields, wanted, replaced, writes)
    return rows, new, counts, missing


def _replaced(
    columns: list[Column], sources: tuple[Source, ...]
) -> tuple[list[Column], list[int], Missing]:
    replaced: list[Column] = []
    missing: Missing = []
    counts: list[int] = []
    for column, source in zip(columns, sources, strict=True):
        lacking: list[bytes] = []
        counts.append(len(column) - column.count(None))
        if source is None:
            counts[-1] = len(column)
            column = [None] * len(column)
        elif isinstance(source, bytes):
            column = [None if value is None else source for value in column]
        else:
            column, lacking = source.look_up(column)
        replaced.append(column)
        missing.append(lacking)
    return replaced, counts, missing
