# cython: language_level=3
"""The wire kernel, compiled: the fast twin of ``_kernel_py.py``, function for function.

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
from libc.string cimport memcpy, memset

from pgproxy.errors import UpstreamViolation
from pgproxy.wire._kernel_py import BAD_LENGTH, BAD_ROW, LONG_ROW, WRONG_COLUMN, WRONG_FIELDS

REVISION = 1

cdef enum:
    DATA_ROW = 0x44
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


cdef inline uint32_t load32(Bytes p) noexcept:
    return (<uint32_t>p[0] << 24) | (<uint32_t>p[1] << 16) | (<uint32_t>p[2] << 8) | p[3]


cdef inline void store32(unsigned char* p, uint32_t value) noexcept:
    p[0] = value >> 24
    p[1] = (value >> 16) & 0xFF
    p[2] = (value >> 8) & 0xFF
    p[3] = value & 0xFF


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
            elif kind == DATA_ROW and self.merge_rows:
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


@cython.final
cdef class Splicer:
    """New rows, written into one bytes object that grows as it must."""

    cdef bytes slots
    cdef list columns
    cdef Py_ssize_t fields, row
    cdef PyObject* held
    cdef unsigned char* start
    cdef Py_ssize_t used, room

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


cdef bytes slots_of(fields, tuple wanted):
    """For each field of a row an int32: its place in ``wanted``, or -1."""
    if not 0 <= fields <= MAX_FIELDS:
        raise ValueError("a row has 0 to 65535 fields")
    cdef Py_ssize_t count = fields
    cdef bytes held = PyBytes_FromStringAndSize(NULL, count * sizeof(int32_t))
    cdef int32_t* slots = <int32_t*>PyBytes_AS_STRING(held)
    cdef int32_t slot = 0
    memset(slots, 0xFF, count * sizeof(int32_t))
    for index in wanted:
        if not 0 <= index < fields or slots[<Py_ssize_t>index] >= 0:
            raise ValueError("the wanted fields are distinct indexes into the row")
        slots[<Py_ssize_t>index] = slot
        slot += 1
    return held


cdef inline Py_ssize_t row_end(Bytes p, Py_ssize_t at, Py_ssize_t size, int fields) except -1:
    """Where the row at ``at`` ends; its field count is there and right."""
    cdef uint32_t length
    if size - at < HEADER + 2 or p[at] != DATA_ROW:
        raise UpstreamViolation(BAD_ROW)
    length = load32(p + at + 1)
    if length < 6 or <Py_ssize_t>length > size - at - 1:
        raise UpstreamViolation(BAD_ROW)
    if ((p[at + HEADER] << 8) | p[at + HEADER + 1]) != fields:
        raise UpstreamViolation(WRONG_FIELDS)
    return at + 1 + <Py_ssize_t>length


cdef inline Py_ssize_t field_length(Bytes p, Py_ssize_t at, Py_ssize_t end) except -2:
    """The length of the field whose length word stands at ``at``, -1 for NULL."""
    cdef uint32_t length
    if end - at < 4:
        raise UpstreamViolation(BAD_ROW)
    length = load32(p + at)
    if length == 0xFFFFFFFFU:
        return -1
    if <Py_ssize_t>length > end - at - 4:
        raise UpstreamViolation(BAD_ROW)
    return length
