# cython: language_level=3
"""The wire kernel, compiled: the fast twin of most of ``_kernel_py.py`` and ``_copy_py.py``.

What replaces fields is in ``_known.pyx``.

Every read is preceded by a written length check: nothing here would stop one past the buffer.  An
untouched field costs no Python object; what is copied is copied by memcpy, once.  All offsets are
Py_ssize_t and all length words unsigned, so that -1 is never a small number.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE, PyByteArray_Resize
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from pgproxy.errors import UpstreamViolation
from pgproxy.wire._copy_py import BAD_COPY_ROW, WRONG_COPY_FIELDS
from pgproxy.wire._kernel_py import BAD_LENGTH

REVISION = 3

cdef enum:
    DATA_ROW = 0x44
    COPY_DATA = 0x64
    HEADER = 5
    MAX_FIELDS = 0xFFFF
    MAX_INT32 = 0x7FFFFFFF
    MAX_LENGTH = 0x3FFFFFFF

ctypedef const unsigned char* Bytes

include "_words.pxi"


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


# COPY: the twin of ``_copy_py.py``

cdef enum:
    OUTSIDE = 0
    INSIDE = 1
    ESCAPING = 2

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
