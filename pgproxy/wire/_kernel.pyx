# cython: language_level=3
"""The wire kernel, compiled: the fast twin of ``_kernel_py.py`` and ``_copy_py.py``.

Every read is preceded by a written length check: nothing here would stop one past the buffer.  An
untouched field costs no Python object; what is copied is copied by memcpy, once.  All offsets are
Py_ssize_t and all length words unsigned, so that -1 is never a small number.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE, PyByteArray_Resize
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memchr, memcmp, memcpy, memset

from pgproxy.errors import UpstreamViolation
from pgproxy.wire._copy_py import BAD_COPY_ROW, WRONG_COPY_FIELDS
from pgproxy.wire._kernel_py import BAD_LENGTH, BAD_ROW, LONG_ROW, WRONG_COLUMN, WRONG_FIELDS

REVISION = 2

cdef enum:
    DATA_ROW = 0x44
    COPY_DATA = 0x64
    HEADER = 5
    MAX_FIELDS = 0xFFFF
    MAX_INT32 = 0x7FFFFFFF
    MAX_LENGTH = 0x3FFFFFFF

ctypedef const unsigned char* Bytes

cdef extern from "Python.h":
    # As raw pointers: an object whose size still changes must not be seen by Cython.
    PyObject* new_bytes "PyBytes_FromStringAndSize" (const char*, Py_ssize_t) except NULL
    char* bytes_start "PyBytes_AS_STRING" (PyObject*)
    Py_ssize_t bytes_size "PyBytes_GET_SIZE" (PyObject*)
    bint is_bytes "PyBytes_Check" (PyObject*)
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1
    PyObject* Py_None

include "_rows.pxi"


@cython.final
cdef class Framer:
    """Cuts a byte stream into messages; see the reference."""

    cdef Py_ssize_t need, skip
    cdef uint32_t limit
    cdef bint merge_rows, failed
    cdef int skipped
    cdef unsigned char dropped[256]
    cdef bytearray tail
    cdef object violation

    def __cinit__(
        self, limit, *, bint merge_rows, bytes discard not None=b"", violation=UpstreamViolation
    ):
        cdef unsigned char kind
        self.limit = max(0, min(limit, MAX_INT32))
        self.merge_rows = merge_rows
        for kind in discard:
            self.dropped[kind] = 1
        self.violation = violation
        self.tail = bytearray()
        self.need = HEADER
        self.skipped = -1

    @property
    def pending(self):
        return PyByteArray_GET_SIZE(self.tail)

    def feed(self, bytes data not None):
        cdef Py_ssize_t at = 0
        cdef list items = []
        if self.failed:
            raise self.violation(BAD_LENGTH)
        if self.skipped >= 0:
            at = min(self.skip, PyBytes_GET_SIZE(data))
            self.skip -= at
            if self.skip == 0:
                at = self.pass_run(data, at, items)
        elif PyByteArray_GET_SIZE(self.tail):
            if PyByteArray_GET_SIZE(self.tail) + PyBytes_GET_SIZE(data) < self.need:
                self.hold(data, 0)
                return items
            data = self.joined(data)
        self.scan(data, at, items)
        return items

    cdef int scan(self, bytes data, Py_ssize_t at, list items) except -1:
        cdef Bytes p = <Bytes>PyBytes_AS_STRING(data)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data), need = HEADER, end, rows
        cdef int kind
        while size - at >= HEADER:
            kind = p[at]
            end = at + 1 + self.checked(kind, load32(p + at + 1))
            if self.dropped[kind]:
                self.skipped = kind
                if end > size:
                    self.skip = end - size
                    return 0
                end = self.pass_run(data, end, items)
            elif end > size:
                need = end - at
                break
            elif (kind == DATA_ROW or kind == COPY_DATA) and self.merge_rows:
                rows = 0
                end = self.run(data, at, kind, &rows)
                items.append((kind, data if end - at == size else p[at:end], rows))
            else:
                items.append((kind, p[at + HEADER:end], 1))
            at = end
        if at < size:
            self.hold(data, at)
            self.need = need

    cdef Py_ssize_t run(self, bytes data, Py_ssize_t at, int kind, Py_ssize_t* count) noexcept:
        """The end of the complete messages of one type from ``at`` on; adds their number."""
        cdef Bytes p = <Bytes>PyBytes_AS_STRING(data)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        cdef uint32_t length, limit = self.limit_of(kind)
        while size - at >= HEADER and p[at] == kind:
            length = load32(p + at + 1)
            if length < 4 or length > limit or <Py_ssize_t>length > size - at - 1:
                break
            at += 1 + length
            count[0] += 1
        return at

    cdef Py_ssize_t pass_run(self, bytes data, Py_ssize_t at, list items) except -1:
        """Reports the discarded message that ended before ``at``, and those that follow."""
        cdef Py_ssize_t count = 1
        cdef Py_ssize_t end = self.run(data, at, self.skipped, &count)
        items.append((self.skipped, b"", count))
        self.skipped = -1
        return end

    cdef Py_ssize_t checked(self, int kind, uint32_t length) except -1:
        if length < 4 or length > self.limit_of(kind):
            self.failed = True
            PyByteArray_Resize(self.tail, 0)
            raise self.violation(BAD_LENGTH)
        return length

    cdef inline uint32_t limit_of(self, int kind) noexcept:
        return MAX_INT32 if self.dropped[kind] else self.limit

    cdef int hold(self, bytes data, Py_ssize_t at) except -1:
        """Appends the data from ``at`` on to the tail."""
        cdef Py_ssize_t held = PyByteArray_GET_SIZE(self.tail), more = PyBytes_GET_SIZE(data) - at
        PyByteArray_Resize(self.tail, held + more)
        memcpy(PyByteArray_AS_STRING(self.tail) + held, PyBytes_AS_STRING(data) + at, more)

    cdef bytes joined(self, bytes data):
        """The tail, which is emptied, and the data as one object."""
        cdef Py_ssize_t held = PyByteArray_GET_SIZE(self.tail), more = PyBytes_GET_SIZE(data)
        cdef bytes whole = PyBytes_FromStringAndSize(NULL, held + more)
        memcpy(PyBytes_AS_STRING(whole), PyByteArray_AS_STRING(self.tail), held)
        memcpy(PyBytes_AS_STRING(whole) + held, PyBytes_AS_STRING(data), more)
        PyByteArray_Resize(self.tail, 0)
        return whole


cdef struct Style:
    int delimiter
    int quote
    int escape
    Bytes null
    Py_ssize_t null_size  # -1: nothing is NULL
    Bytes forced
    Py_ssize_t forced_size


@cython.final
cdef class Splicer:
    """New rows, written into one bytes object that grows as it must."""

    cdef bytes slots
    cdef list columns
    cdef Py_ssize_t fields, row
    cdef PyObject* held
    cdef unsigned char* start
    cdef Py_ssize_t used, room
    cdef Style how  # of COPY lines
    cdef unsigned char letters[256]  # of text: what stands behind the backslash, or 0

    def __cinit__(self, bytes slots, Py_ssize_t fields, list columns, Py_ssize_t room):
        self.slots = slots
        self.fields = fields
        self.columns = columns
        self.held = new_bytes(NULL, room)
        self.start = <unsigned char*>bytes_start(self.held)
        self.room = room

    def __dealloc__(self):
        Py_XDECREF(self.held)

    cdef int resize(self, Py_ssize_t room) except -1:
        self.room = 0  # on failure the object is gone
        _PyBytes_Resize(&self.held, room)
        self.start = <unsigned char*>bytes_start(self.held)
        self.room = room

    cdef inline int put(self, Bytes p, Py_ssize_t size) except -1:
        if size > self.room - self.used:
            self.resize(self.used + size + (self.used >> 1) + 64)
        memcpy(self.start + self.used, p, size)
        self.used += size

    cdef int add(self, Bytes p, Py_ssize_t at, Py_ssize_t end) except -1:
        """One new row from the old one, whose field count stands at ``at``."""
        cdef const int32_t* slots = <const int32_t*>PyBytes_AS_STRING(self.slots)
        cdef Py_ssize_t first = self.used, copied = at, head, length, i
        cdef PyObject* value
        cdef unsigned char word[4]
        self.put(b"D\0\0\0\0", HEADER)
        at += 2
        for i in range(self.fields):
            head = at
            length = field_length(p, at, end)
            at += 4 + max(length, 0)
            if slots[i] < 0:
                continue
            value = self.value(slots[i])
            length = 0 if value == Py_None else bytes_size(value)
            if self.used - first - 1 + head - copied + 4 + length > MAX_LENGTH:
                raise UpstreamViolation(LONG_ROW)
            self.put(p + copied, head - copied)
            store32(word, 0xFFFFFFFFU if value == Py_None else <uint32_t>length)
            self.put(word, 4)
            if length:
                self.put(<Bytes>bytes_start(value), length)
            copied = at
        if at != end:
            raise UpstreamViolation(BAD_ROW)
        if self.used - first - 1 + end - copied > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        self.put(p + copied, end - copied)
        store32(self.start + first + 1, <uint32_t>(self.used - first - 1))
        self.row += 1

    cdef PyObject* value(self, Py_ssize_t slot) except NULL:
        """The new value for this row, borrowed from its column."""
        cdef PyObject* column = PyList_GET_ITEM(self.columns, slot)
        if self.row >= PyList_GET_SIZE(<list>column):
            raise UpstreamViolation(WRONG_COLUMN)
        cdef PyObject* value = PyList_GET_ITEM(<list>column, self.row)
        if value != Py_None and not is_bytes(value):
            raise TypeError("a field value is bytes or None")
        return value

    cdef bytes finish(self):
        for column in self.columns:
            if PyList_GET_SIZE(<list>column) != self.row:
                raise UpstreamViolation(WRONG_COLUMN)
        self.resize(self.used)
        return <bytes>self.held

    # COPY lines

    cdef int prepare(self, tuple style) except -1:
        """For ``add_line``."""
        read_style(style, &self.how)
        memset(self.letters, 0, 256)
        if self.how.quote < 0:
            for char, letter in zip(b"\b\f\n\r\t\v\\", b"bfnrtv\\"):
                self.letters[<int>char] = <int>letter
            if not self.letters[self.how.delimiter]:
                self.letters[self.how.delimiter] = self.how.delimiter

    cdef inline int reserve(self, Py_ssize_t size) except -1:
        if size > self.room - self.used:
            self.resize(self.used + size + (self.used >> 1) + 64)

    cdef Py_ssize_t add_line(self, Bytes p, Py_ssize_t at, Py_ssize_t size) except -1:
        """One new row from the old one at ``at``; past its line end."""
        cdef const int32_t* slots = <const int32_t*>PyBytes_AS_STRING(self.slots)
        cdef Py_ssize_t first = self.used, copied = at, end, i
        cdef PyObject* value
        self.put(b"d\0\0\0\0", HEADER)
        if self.fields == 0 and p[at] != 0x0A:
            raise UpstreamViolation(WRONG_COPY_FIELDS)
        at += self.fields == 0
        for i in range(self.fields):
            end = leave_field(p, at, size, &self.how, i == self.fields - 1)
            if slots[i] >= 0:
                value = self.value(slots[i])
                self.put(p + copied, at - copied)
                self.write(value, i)
                copied = end
            at = end + 1
        self.put(p + copied, at - copied)
        if self.used - first - 1 > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        store32(self.start + first + 1, <uint32_t>(self.used - first - 1))
        self.row += 1
        return at

    cdef int write(self, PyObject* value, Py_ssize_t index) except -1:
        cdef Bytes p
        cdef Py_ssize_t size, at
        cdef unsigned char letter
        cdef unsigned char* out
        if value == Py_None:
            if self.how.null_size > 0:
                self.put(self.how.null, self.how.null_size)
            return 0
        p, size = <Bytes>bytes_start(value), bytes_size(value)
        if size > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        if self.how.quote >= 0 and not self.quoted(p, size, index):
            self.put(p, size)
            return 0
        self.reserve(2 * size + 2)
        out = self.start + self.used
        if self.how.quote >= 0:
            out[0] = self.how.quote
            out += 1
        for at in range(size):
            if self.how.quote >= 0:
                if p[at] == self.how.quote or p[at] == self.how.escape:
                    out[0] = self.how.escape
                    out += 1
                out[0] = p[at]
            else:
                letter = self.letters[p[at]]
                if letter:
                    out[0] = 0x5C
                    out += 1
                out[0] = letter if letter else p[at]
            out += 1
        if self.how.quote >= 0:
            out[0] = self.how.quote
            out += 1
        self.used = out - self.start

    cdef bint quoted(self, Bytes p, Py_ssize_t size, Py_ssize_t index) noexcept:
        """Whether csv writes the value in quotes."""
        cdef Py_ssize_t at
        if index < self.how.forced_size and self.how.forced[index]:
            return True
        if size == self.how.null_size and memcmp(p, self.how.null, size) == 0:
            return True
        if self.fields == 1 and size == 2 and p[0] == 0x5C and p[1] == 0x2E:
            return True
        for at in range(size):
            if p[at] == self.how.quote or p[at] == self.how.delimiter or p[at] == 0x0A or (
                p[at] == 0x0D
            ):
                return True
        return False


def cut(bytes rows not None, fields, tuple wanted not None):
    """The wanted fields of a run of DataRows: one list for each, down all rows."""
    cdef bytes held = slots_of(fields, wanted)
    cdef const int32_t* slots = <const int32_t*>PyBytes_AS_STRING(held)
    cdef int count = fields, i
    cdef Py_ssize_t size = PyBytes_GET_SIZE(rows), at = 0, end, length
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(rows)
    cdef list columns = [[] for _ in wanted]
    while at < size:
        end = row_end(p, at, size, count)
        at += HEADER + 2
        for i in range(count):
            length = field_length(p, at, end)
            at += 4
            if slots[i] >= 0:
                (<list>PyList_GET_ITEM(columns, slots[i])).append(
                    None if length < 0 else p[at:at + length]
                )
            at += max(length, 0)
        if at != end:
            raise UpstreamViolation(BAD_ROW)
    return columns


def splice(bytes rows not None, fields, tuple wanted not None, list columns not None):
    """The run of DataRows with the wanted fields replaced; None becomes NULL."""
    cdef bytes slots = slots_of(fields, wanted)
    cdef int count = fields
    cdef Py_ssize_t size = PyBytes_GET_SIZE(rows), at = 0, end
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(rows)
    if PyList_GET_SIZE(columns) != len(wanted):
        raise ValueError("one column for each wanted field")
    for column in columns:
        if not isinstance(column, list):
            raise TypeError("a column is a list")
    cdef Splicer out = Splicer(slots, count, columns, size + (size >> 3) + 64)
    while at < size:
        end = row_end(p, at, size, count)
        out.add(p, at + HEADER, end)
        at = end
    return out.finish()


# COPY: the twin of ``_copy_py.py``

cdef enum:
    OUTSIDE = 0
    INSIDE = 1
    ESCAPING = 2

cdef int read_style(tuple style, Style* found) except -1:
    """The style, whose bytes are borrowed from the tuple."""
    delimiter, null, quote, escape, forced = style
    if not (0 <= delimiter <= 255 and -1 <= quote <= 255 and 0 <= escape <= 255):
        raise ValueError("the characters of a style are bytes")
    found.delimiter, found.quote, found.escape = delimiter, quote, escape
    found.null_size = -1 if null is None else PyBytes_GET_SIZE(<bytes?>null)
    found.null = NULL if null is None else <Bytes>PyBytes_AS_STRING(<bytes>null)
    found.forced = <Bytes>PyBytes_AS_STRING(<bytes?>forced)
    found.forced_size = PyBytes_GET_SIZE(forced)
    return 0


def rows_end(bytes data not None, int state, int quote, int escape):
    """Past the last line end of csv that ends a row, and the state at the end; see the reference."""
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data), at, end = 0
    cdef int char
    for at in range(size):
        char = p[at]
        if state == OUTSIDE:
            if char == quote:
                state = INSIDE
            elif char == 0x0A:
                end = at + 1
        elif state == ESCAPING and (char == quote or char == escape):
            state = INSIDE
        elif char == quote:
            state = OUTSIDE
        else:
            state = ESCAPING if char == escape and escape != quote else INSIDE
    return end, state


cdef Py_ssize_t line_field(Bytes p, Py_ssize_t at, Py_ssize_t size, Style* style) except -1:
    """Where the field at ``at`` ends: at a delimiter or a line end."""
    cdef int char
    cdef bint closed = False
    if style.quote >= 0 and at < size and p[at] == style.quote:
        at += 1
        while at < size and not closed:
            char = p[at]
            if char == style.escape and at + 1 < size and (
                p[at + 1] == style.quote or p[at + 1] == style.escape
            ):
                at += 2
                continue
            closed = char == style.quote
            at += 1
        if not closed or at >= size or (p[at] != style.delimiter and p[at] != 0x0A):
            raise UpstreamViolation(BAD_COPY_ROW)
        return at
    while at < size:
        char = p[at]
        if char == style.delimiter or char == 0x0A:
            return at
        if style.quote < 0:
            if char == 0x5C:
                at += 1
                if at >= size or p[at] == 0x0A:
                    raise UpstreamViolation(BAD_COPY_ROW)
        elif char == style.quote:
            raise UpstreamViolation(BAD_COPY_ROW)
        at += 1
    raise UpstreamViolation(BAD_COPY_ROW)


cdef inline Py_ssize_t leave_field(
    Bytes p, Py_ssize_t at, Py_ssize_t size, Style* style, bint last
) except -1:
    """As ``line_field``, and the row must go on, or end, there."""
    at = line_field(p, at, size, style)
    if (p[at] == 0x0A) != last:
        raise UpstreamViolation(WRONG_COPY_FIELDS)
    return at


cdef inline int special(int letter) noexcept:
    """The character that text writes as a backslash and this letter."""
    if letter == c"b":
        return 8
    if letter == c"f":
        return 12
    if letter == c"n":
        return 10
    if letter == c"r":
        return 13
    if letter == c"t":
        return 9
    return 11 if letter == c"v" else letter


cdef object line_value(Bytes p, Py_ssize_t size, Style* style):
    """The value of a field as it stands."""
    cdef bytes value
    cdef unsigned char* out
    cdef Py_ssize_t at = 0, used = 0
    cdef int escape = 0x5C
    if size == style.null_size and memcmp(p, style.null, size) == 0:
        return None
    if style.quote >= 0:
        if size == 0 or p[0] != style.quote:
            return PyBytes_FromStringAndSize(<const char*>p, size)
        p += 1
        size -= 2
        escape = style.escape
    if size == 0 or memchr(p, escape, size) == NULL:
        return PyBytes_FromStringAndSize(<const char*>p, size)
    value = PyBytes_FromStringAndSize(NULL, size)
    out = <unsigned char*>PyBytes_AS_STRING(value)
    while at < size:
        if p[at] == escape and at + 1 < size and (
            style.quote < 0 or p[at + 1] == style.quote or p[at + 1] == escape
        ):
            at += 1
            out[used] = special(p[at]) if style.quote < 0 else p[at]
        else:
            out[used] = p[at]
        used += 1
        at += 1
    return value[:used]


def cut_lines(bytes lines not None, fields, tuple wanted not None, tuple style not None):
    """The number of rows, and the values of the wanted fields."""
    cdef bytes held = slots_of(fields, wanted)
    cdef const int32_t* slots = <const int32_t*>PyBytes_AS_STRING(held)
    cdef Style how
    cdef int count = fields, i
    cdef Py_ssize_t size = PyBytes_GET_SIZE(lines), at = 0, end, rows = 0
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(lines)
    cdef list columns = [[] for _ in wanted]
    read_style(style, &how)
    while at < size:
        if count == 0 and p[at] != 0x0A:
            raise UpstreamViolation(WRONG_COPY_FIELDS)
        at += count == 0
        for i in range(count):
            end = leave_field(p, at, size, &how, i == count - 1)
            if slots[i] >= 0:
                (<list>PyList_GET_ITEM(columns, slots[i])).append(
                    line_value(p + at, end - at, &how)
                )
            at = end + 1
        rows += 1
    return rows, columns


def splice_lines(
    bytes lines not None, fields, tuple wanted not None, list columns not None, tuple style not None
):
    """The rows as CopyData messages, one each, with the wanted fields replaced."""
    cdef bytes slots = slots_of(fields, wanted)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(lines), at = 0
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(lines)
    if PyList_GET_SIZE(columns) != len(wanted):
        raise ValueError("one column for each wanted field")
    for column in columns:
        if not isinstance(column, list):
            raise TypeError("a column is a list")
    cdef Splicer out = Splicer(slots, fields, columns, size + (size >> 3) + 64)
    out.prepare(style)
    while at < size:
        at = out.add_line(p, at, size)
    return out.finish()


cdef Py_ssize_t binary_end(Bytes p, Py_ssize_t at, Py_ssize_t size, int fields) except -1:
    """Where the row at ``at`` ends; ``at`` itself where it is not complete, or the trailer."""
    cdef Py_ssize_t end = at + 2
    cdef uint32_t length
    cdef int count
    if size < end:
        return at
    count = (p[at] << 8) | p[at + 1]
    if count == 0xFFFF:
        return at
    if count != fields:
        raise UpstreamViolation(WRONG_COPY_FIELDS)
    for _ in range(fields):
        if size - end < 4:
            return at
        length = load32(p + end)
        end += 4 if length == 0xFFFFFFFFU else 4 + <Py_ssize_t>length
        if end - at + 4 > MAX_LENGTH:
            raise UpstreamViolation(BAD_COPY_ROW)
        if end > size:
            return at
    return end


def binary_rows(bytes data not None, Py_ssize_t at, fields):
    """The complete rows from ``at`` on as a run of DataRows, their number, and where they end."""
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data), stop = at, end, rows = 0
    cdef unsigned char* out
    cdef bytes run
    if not 0 <= fields <= MAX_FIELDS:
        raise ValueError("a row has 0 to 65535 fields")
    if not 0 <= at <= size:
        raise ValueError("the rows start within the data")
    cdef int count = fields
    while True:
        end = binary_end(p, stop, size, count)
        if end == stop:
            break
        rows += 1
        stop = end
    run = PyBytes_FromStringAndSize(NULL, stop - at + HEADER * rows)
    out = <unsigned char*>PyBytes_AS_STRING(run)
    while at < stop:
        end = binary_end(p, at, size, count)
        out[0] = DATA_ROW
        store32(out + 1, <uint32_t>(end - at + 4))
        memcpy(out + HEADER, p + at, end - at)
        out += HEADER + end - at
        at = end
    return run, rows, stop


def copies(bytes run not None):
    """A run of DataRows as CopyData messages: their headers differ in one byte."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(run), at = 0
    cdef bytes out = PyBytes_FromStringAndSize(NULL, size)
    cdef unsigned char* p = <unsigned char*>PyBytes_AS_STRING(out)
    cdef uint32_t length
    memcpy(p, PyBytes_AS_STRING(run), size)
    while at < size:
        if size - at < HEADER or p[at] != DATA_ROW:
            raise UpstreamViolation(BAD_COPY_ROW)
        length = load32(p + at + 1)
        if length < 4 or <Py_ssize_t>length > size - at - 1:
            raise UpstreamViolation(BAD_COPY_ROW)
        p[at] = COPY_DATA
        at += 1 + <Py_ssize_t>length
    return out


def payload(bytes run not None):
    """What a run of CopyData messages carries."""
    cdef Bytes p = <Bytes>PyBytes_AS_STRING(run)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(run), at = 0, rows = 0
    cdef unsigned char* to
    cdef uint32_t length
    cdef bytes out
    while at < size:
        if size - at < HEADER or p[at] != COPY_DATA:
            raise UpstreamViolation(BAD_COPY_ROW)
        length = load32(p + at + 1)
        if length < 4 or <Py_ssize_t>length > size - at - 1:
            raise UpstreamViolation(BAD_COPY_ROW)
        at += 1 + <Py_ssize_t>length
        rows += 1
    out = PyBytes_FromStringAndSize(NULL, size - HEADER * rows)
    to = <unsigned char*>PyBytes_AS_STRING(out)
    at = 0
    while at < size:
        length = load32(p + at + 1) - 4
        memcpy(to, p + at + HEADER, length)
        to += length
        at += HEADER + <Py_ssize_t>length
    return out
