# cython: language_level=3
"""What is known of values, compiled: the fast twin of ``_known_py.py``.

An open hash table over one block of memory: entries lie one behind the other, the index holds their
places and some bits of their hashes.  SipHash-1-3 (Aumasson and Bernstein, 2012) under a secret of
the process keeps those who choose values from choosing their places.  Rows are looked at in groups,
so that the memory of all fields of a group is on its way before the first is needed.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_SIZE
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy, memset

from pgproxy.errors import UpstreamViolation
from pgproxy.wire._copy_py import BAD_COPY_ROW, WRONG_COPY_FIELDS
from pgproxy.wire._kernel_py import BAD_ROW, LONG_ROW, WRONG_FIELDS
from pgproxy.wire._known_py import ENTRY_BYTES

REVISION = 2

cdef enum:
    DATA_ROW = 0x44
    HEADER = 5
    MAX_FIELDS = 0xFFFF
    MAX_LENGTH = 0x3FFFFFFF
    GROUP = 64  # rows
    FIRST_SLOTS = 64
    LONG_KEY = 255
    LONG_VALUE = 254
    NULL_VALUE = 255

ctypedef const unsigned char* Bytes

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define PREFETCH(address) __builtin_prefetch(address)
    #else
    #define PREFETCH(address) ((void)0)
    #endif
    """
    void PREFETCH(const void*) noexcept

cdef extern from "Python.h":
    # As raw pointers: an object whose size still changes must not be seen by Cython.
    PyObject* new_bytes "PyBytes_FromStringAndSize" (const char*, Py_ssize_t) except NULL
    char* bytes_start "PyBytes_AS_STRING" (PyObject*)
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1
    PyObject* Py_None

include "_words.pxi"
include "_rows.pxi"

# The interpreter's own secret, by way of what it hashes.
cdef uint64_t KEY0 = <uint64_t>(hash(b"pgproxy: known values, 0") & 0xFFFFFFFFFFFFFFFF)
cdef uint64_t KEY1 = <uint64_t>(hash(b"pgproxy: known values, 1") & 0xFFFFFFFFFFFFFFFF)


cdef inline uint64_t rotated(uint64_t value, int bits) noexcept nogil:
    return (value << bits) | (value >> (64 - bits))


cdef struct Sip:
    uint64_t a, b, c, d


cdef inline void sip_round(Sip* s) noexcept nogil:
    s.a += s.b
    s.c += s.d
    s.b = rotated(s.b, 13) ^ s.a
    s.d = rotated(s.d, 16) ^ s.c
    s.a = rotated(s.a, 32)
    s.c += s.b
    s.a += s.d
    s.b = rotated(s.b, 17) ^ s.c
    s.d = rotated(s.d, 21) ^ s.a
    s.c = rotated(s.c, 32)


cdef uint64_t hashed(Bytes p, Py_ssize_t size) noexcept nogil:
    cdef Sip s
    cdef uint64_t word
    cdef Py_ssize_t at = 0
    s.a = KEY0 ^ 0x736F6D6570736575ULL
    s.b = KEY1 ^ 0x646F72616E646F6DULL
    s.c = KEY0 ^ 0x6C7967656E657261ULL
    s.d = KEY1 ^ 0x7465646279746573ULL
    while size - at >= 8:
        memcpy(&word, p + at, 8)
        s.d ^= word
        sip_round(&s)
        s.a ^= word
        at += 8
    word = 0
    memcpy(&word, p + at, size - at)
    word |= <uint64_t>(size & 0xFF) << 56
    s.d ^= word
    sip_round(&s)
    s.a ^= word
    s.c ^= 0xFF
    sip_round(&s)
    sip_round(&s)
    sip_round(&s)
    return s.a ^ s.b ^ s.c ^ s.d


cdef struct Generation:
    uint64_t* slots  # 24 bits of the hash above 40 bits of the place, plus one; 0: free
    size_t mask, count
    unsigned char* block
    size_t used, room
    Py_ssize_t size  # as the reference counts


cdef struct Value:
    Bytes start
    Py_ssize_t size  # -1: NULL


cdef inline uint64_t tag_of(uint64_t hash) noexcept nogil:
    return hash & 0xFFFFFF0000000000ULL


cdef inline size_t place_of(uint64_t slot) noexcept nogil:
    return <size_t>((slot & 0xFFFFFFFFFFULL) - 1)


cdef Bytes entry(Bytes at, Py_ssize_t* key_size, Value* value) noexcept nogil:
    """The key of the entry at ``at``, and its value."""
    cdef Py_ssize_t size = at[0]
    cdef int kind = at[1]
    at += 2
    if size == LONG_KEY:
        size = load32(at)
        at += 4
    value.size = -1 if kind == NULL_VALUE else kind
    if kind == LONG_VALUE:
        value.size = load32(at)
        at += 4
    key_size[0] = size
    value.start = at + size
    return at


cdef bint probe(
    Generation* of, Bytes key, Py_ssize_t size, uint64_t hash, Value* found
) noexcept nogil:
    """Whether a generation has the value, and what is known of it."""
    cdef size_t at = hash & of.mask
    cdef Py_ssize_t known_size
    cdef Bytes known
    if of.count == 0:
        return False
    while of.slots[at]:
        if tag_of(of.slots[at]) == tag_of(hash):
            known = entry(of.block + place_of(of.slots[at]), &known_size, found)
            if known_size == size and memcmp(known, key, size) == 0:
                return True
        at = (at + 1) & of.mask
    return False


cdef void place(Generation* of, uint64_t hash, size_t where) noexcept nogil:
    """Points the index at an entry."""
    cdef size_t at = hash & of.mask
    while of.slots[at]:
        at = (at + 1) & of.mask
    of.slots[at] = tag_of(hash) | (<uint64_t>where + 1)


cdef void forget(Generation* of) noexcept:
    PyMem_RawFree(of.slots)
    PyMem_RawFree(of.block)
    memset(of, 0, sizeof(Generation))


@cython.final
cdef class Known:
    """Field bytes → replacement; see the reference."""

    cdef Generation new, old
    cdef Py_ssize_t half

    def __cinit__(self, limit):
        self.half = limit // 2

    def __dealloc__(self):
        forget(&self.new)
        forget(&self.old)

    @property
    def size(self):
        return self.new.size + self.old.size

    def __len__(self):
        return self.new.count + self.old.count

    def rotate(self):
        forget(&self.old)
        self.old = self.new
        memset(&self.new, 0, sizeof(Generation))

    def trim(self):
        if self.new.size + self.old.size > 4 * self.half:
            forget(&self.new)
            forget(&self.old)

    def learn(self, pairs not None):
        cdef Bytes text
        cdef Py_ssize_t size
        cdef bytes value, replacement
        if self.new.size > self.half:
            self.rotate()
        for value, replacement in pairs.items():
            text, size = NULL, -1
            if replacement is not None:
                text, size = <Bytes>PyBytes_AS_STRING(replacement), PyBytes_GET_SIZE(replacement)
            if value is None:
                raise TypeError("a value is bytes")
            self.keep(<Bytes>PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value), text, size)

    def look_up(self, column not None):
        cdef list values = column if type(column) is list else list(column), found = []
        cdef dict missing = {}
        cdef uint64_t[GROUP] hashes
        cdef Py_ssize_t at = 0, size = PyList_GET_SIZE(values), end
        while at < size:
            end = min(at + GROUP, size)
            self.fetch(values, at, end, hashes)
            self.take(values, at, end, hashes, found, missing)
            at = end
        return found, list(missing)

    cdef int fetch(self, list values, Py_ssize_t at, Py_ssize_t end, uint64_t* hashes) except -1:
        """The hashes of some values, whose entries are on their way then."""
        cdef Py_ssize_t i
        cdef bytes value
        for i in range(at, end):
            value = values[i]
            if value is not None:
                hashes[i - at] = hashed(<Bytes>PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))
                self.fetch_slot(hashes[i - at])
        for i in range(at, end):
            if <PyObject*>values[i] != Py_None:
                self.fetch_entry(hashes[i - at])
        return 0

    cdef int take(
        self, list values, Py_ssize_t at, Py_ssize_t end, uint64_t* hashes, list found, dict missing
    ) except -1:
        """What is known of those values."""
        cdef Py_ssize_t i
        cdef Value known
        cdef bytes value
        for i in range(at, end):
            value = values[i]
            if value is None:
                found.append(None)
            elif not self.find(
                <Bytes>PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value), hashes[i - at], &known
            ):
                missing[value] = None
            elif known.size < 0:
                found.append(None)
            else:
                found.append(PyBytes_FromStringAndSize(<const char*>known.start, known.size))
        return 0

    cdef bint find(self, Bytes key, Py_ssize_t size, uint64_t hash, Value* found) except -1:
        """Whether a value is known; what is known of it lies there until the next call."""
        if probe(&self.new, key, size, hash, found):
            return True
        if self.old.count == 0 or not probe(&self.old, key, size, hash, found):
            return False
        if self.new.size <= self.half:
            # The older generation stays where it is while the newer one grows.
            self.insert(key, size, found.start, found.size, hash)
        return True

    cdef int keep(self, Bytes key, Py_ssize_t size, Bytes value, Py_ssize_t value_size) except -1:
        cdef uint64_t hash = hashed(key, size)
        cdef Value known
        if not probe(&self.new, key, size, hash, &known):
            self.insert(key, size, value, value_size, hash)
        return 0

    cdef int insert(
        self, Bytes key, Py_ssize_t size, Bytes value, Py_ssize_t value_size, uint64_t hash
    ) except -1:
        """A new entry of the newer generation."""
        cdef Generation* of = &self.new
        cdef size_t length = 10 + size + max(value_size, 0), at
        cdef unsigned char* out
        if size > MAX_LENGTH or value_size > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        if 4 * (of.count + 1) > 3 * (of.mask + 1) or of.slots == NULL:
            self.widen(of)
        if of.used + length > of.room:
            at = of.used + length + (of.used >> 1) + 256
            out = <unsigned char*>PyMem_RawRealloc(of.block, at)
            if out == NULL:
                raise MemoryError
            of.block, of.room = out, at
        place(of, hash, of.used)
        out = of.block + of.used
        out[0] = size if size < LONG_KEY else LONG_KEY
        out[1] = NULL_VALUE if value_size < 0 else min(value_size, LONG_VALUE)
        out += 2
        if size >= LONG_KEY:
            store32(out, <uint32_t>size)
            out += 4
        if value_size >= LONG_VALUE:
            store32(out, <uint32_t>value_size)
            out += 4
        memcpy(out, key, size)
        out += size
        if value_size > 0:
            memcpy(out, value, value_size)
            out += value_size
        of.used = out - of.block
        of.count += 1
        of.size += <Py_ssize_t>ENTRY_BYTES + size + max(value_size, 0)
        return 0

    cdef int widen(self, Generation* of) except -1:
        """Twice as many slots."""
        cdef size_t count = 2 * (of.mask + 1) if of.slots != NULL else FIRST_SLOTS, at = 0
        cdef uint64_t* slots = <uint64_t*>PyMem_RawCalloc(count, sizeof(uint64_t))
        cdef Value value
        cdef Py_ssize_t size
        cdef Bytes key
        if slots == NULL:
            raise MemoryError
        PyMem_RawFree(of.slots)
        of.slots, of.mask = slots, count - 1
        while at < of.used:
            key = entry(of.block + at, &size, &value)
            place(of, hashed(key, size), at)
            at = value.start + max(value.size, 0) - of.block
        return 0

    cdef inline void fetch_slot(self, uint64_t hash) noexcept:
        if self.new.count:
            PREFETCH(self.new.slots + (hash & self.new.mask))

    cdef inline void fetch_entry(self, uint64_t hash) noexcept:
        cdef uint64_t slot
        if self.new.count:
            slot = self.new.slots[hash & self.new.mask]
            if slot:
                PREFETCH(self.new.block + place_of(slot))


cdef struct Field:
    Bytes start
    Py_ssize_t size  # -1: NULL
    Bytes at, end  # what is written anew
    int32_t slot
    uint64_t hash


@cython.final
cdef class Replacement(Writer):
    """One run of rows: what it is replaced by, or what must be known first."""

    cdef Py_ssize_t wanted, rows
    cdef bytes slots
    cdef tuple sources
    cdef list missing
    cdef Field* found
    cdef Py_ssize_t* counts
    cdef PyObject** known  # of each source that is no constant; borrowed
    cdef Py_ssize_t* places  # of each wanted field, its index in the row
    cdef bint complete, lines
    cdef Style reads
    cdef bytes values  # room for what stands in the lines of a group otherwise than it is

    def __cinit__(self, fields, tuple wanted, tuple sources, Py_ssize_t room):
        cdef Py_ssize_t slot
        if len(wanted) != len(sources):
            raise ValueError("one source for each wanted field")
        self.slots = slots_of(fields, wanted)
        self.fields, self.wanted = fields, len(wanted)
        self.sources = sources
        self.missing = [{} for _ in wanted]
        self.complete = True
        self.found = <Field*>PyMem_RawMalloc(GROUP * (self.wanted + 1) * sizeof(Field))
        self.counts = <Py_ssize_t*>PyMem_RawCalloc(self.wanted + 1, sizeof(Py_ssize_t))
        self.known = <PyObject**>PyMem_RawCalloc(self.wanted + 1, sizeof(PyObject*))
        self.places = <Py_ssize_t*>PyMem_RawCalloc(self.wanted + 1, sizeof(Py_ssize_t))
        if self.found == NULL or self.counts == NULL or self.known == NULL or self.places == NULL:
            raise MemoryError
        for slot in range(self.wanted):
            self.places[slot] = wanted[slot]
            if isinstance(sources[slot], Known):
                self.known[slot] = <PyObject*>sources[slot]
            elif sources[slot] is not None and not isinstance(sources[slot], bytes):
                raise TypeError("a source is what is known, bytes or None")
        self.open(room)

    def __dealloc__(self):
        PyMem_RawFree(self.found)
        PyMem_RawFree(self.counts)
        PyMem_RawFree(self.known)
        PyMem_RawFree(self.places)

    cdef int read_lines(self, tuple reads, tuple writes, Py_ssize_t size) except -1:
        """It is lines of COPY, read in one style and written in another."""
        self.lines = True
        read_style(reads, &self.reads)
        self.prepare(writes)
        self.values = PyBytes_FromStringAndSize(NULL, size)
        return 0

    cdef int replace(self, Bytes p, Py_ssize_t size) except -1:
        cdef Py_ssize_t at = 0
        while at < size:
            at = self.group(p, at, size)
        return 0

    cdef Py_ssize_t group(self, Bytes p, Py_ssize_t at, Py_ssize_t size) except -1:
        """The next rows from ``at`` on, replaced; where they end."""
        cdef Py_ssize_t rows = 0, row, here = at, first
        cdef Py_ssize_t[GROUP + 1] starts
        cdef Field* found
        while rows < GROUP and here < size:
            starts[rows] = here
            found = self.found + rows * self.wanted
            if self.lines:
                here = self.find_in_line(p, here, size, found)
            else:
                here = self.find_in_row(p, here, size, found)
            rows += 1
        starts[rows] = here
        for first in range(rows * self.wanted):
            if self.found[first].size >= 0 and self.known[self.found[first].slot] != NULL:
                (<Known>self.known[self.found[first].slot]).fetch_entry(self.found[first].hash)
        for row in range(rows):
            self.write(p + starts[row], p + starts[row + 1], self.found + row * self.wanted)
        self.rows += rows
        return here

    cdef Py_ssize_t find_in_row(
        self, Bytes p, Py_ssize_t at, Py_ssize_t size, Field* found
    ) except -1:
        """Notes the wanted fields of the row at ``at``; where it ends."""
        cdef const int32_t* slots = <const int32_t*>PyBytes_AS_STRING(self.slots)
        cdef Py_ssize_t end = row_end(p, at, size, <int>self.fields), length, i
        at += HEADER + 2
        for i in range(self.fields):
            length = field_length(p, at, end)
            if slots[i] >= 0:
                found.start, found.size, found.slot = p + at + 4, length, slots[i]
                found.at = p + at
                found.end = found.start + max(length, 0)
                self.expect(found)
                found += 1
            at += 4 + max(length, 0)
        if at != end:
            raise UpstreamViolation(BAD_ROW)
        return end

    cdef Py_ssize_t find_in_line(
        self, Bytes p, Py_ssize_t at, Py_ssize_t size, Field* found
    ) except -1:
        """Notes the wanted fields of the COPY row at ``at``; past its line end."""
        cdef const int32_t* slots = <const int32_t*>PyBytes_AS_STRING(self.slots)
        # As far into the room as the field into the lines: no two values share a byte.
        cdef unsigned char* room = <unsigned char*>PyBytes_AS_STRING(self.values)
        cdef Py_ssize_t end, i
        if self.fields == 0 and p[at] != 0x0A:
            raise UpstreamViolation(WRONG_COPY_FIELDS)
        at += self.fields == 0
        for i in range(self.fields):
            end = leave_field(p, at, size, &self.reads, i == self.fields - 1)
            if slots[i] >= 0:
                found.at, found.end, found.slot = p + at, p + end, slots[i]
                found.size = field_value(p + at, end - at, &self.reads, room + at, &found.start)
                self.expect(found)
                found += 1
            at = end + 1
        return at

    cdef inline void expect(self, Field* found) noexcept:
        if found.size >= 0 and self.known[found.slot] != NULL:
            found.hash = hashed(found.start, found.size)
            (<Known>self.known[found.slot]).fetch_slot(found.hash)

    cdef int write(self, Bytes copied, Bytes end, Field* found) except -1:
        """One row, its fields found."""
        cdef Py_ssize_t first = self.used, i
        cdef Value value
        if self.lines:
            self.put(b"d\0\0\0\0", HEADER)
        for i in range(self.wanted):
            if not self.value_of(found + i, &value):
                self.complete = False
            if not self.complete:
                continue
            if self.used - first + (found[i].at - copied) + max(value.size, 0) > MAX_LENGTH:
                raise UpstreamViolation(LONG_ROW)
            self.put(copied, found[i].at - copied)
            self.write_value(&value, found[i].slot)
            copied = found[i].end
        if not self.complete:
            self.used = first
            return 0
        if self.used - first - 1 + (end - copied) > MAX_LENGTH:
            raise UpstreamViolation(LONG_ROW)
        self.put(copied, end - copied)
        store32(self.start + first + 1, <uint32_t>(self.used - first - 1))
        return 0

    cdef int write_value(self, Value* value, Py_ssize_t slot) except -1:
        cdef unsigned char word[4]
        if self.lines:
            return self.write_field(value.start, value.size, self.places[slot])
        store32(word, 0xFFFFFFFFU if value.size < 0 else <uint32_t>value.size)
        self.put(word, 4)
        if value.size > 0:
            self.put(value.start, value.size)
        return 0

    cdef bint value_of(self, Field* found, Value* value) except -1:
        """What replaces a field; whether it is known.  Counts it."""
        cdef Py_ssize_t slot = found.slot
        value.start, value.size = NULL, -1
        if self.known[slot] == NULL and self.sources[slot] is None:
            self.counts[slot] += 1
            return True
        if found.size < 0:
            return True
        self.counts[slot] += 1
        if self.known[slot] == NULL:
            value.start = <Bytes>PyBytes_AS_STRING(<bytes>self.sources[slot])
            value.size = PyBytes_GET_SIZE(<bytes>self.sources[slot])
            return True
        if (<Known>self.known[slot]).find(found.start, found.size, found.hash, value):
            return True
        (<dict>self.missing[slot])[found.start[:found.size]] = None
        return False

    cdef tuple finish(self):
        cdef list counts = [self.counts[slot] for slot in range(self.wanted)]
        cdef list missing = [list(values) for values in self.missing]
        if not self.complete:
            return None, counts, missing
        self.resize(self.used)
        return <bytes>self.held, counts, missing


def replace(bytes rows not None, fields, tuple wanted not None, tuple sources not None):
    """A run of DataRows with the wanted fields replaced, each from its source; see the reference."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(rows)
    cdef Replacement out = Replacement(fields, wanted, sources, size + (size >> 3) + 64)
    out.replace(<Bytes>PyBytes_AS_STRING(rows), size)
    return out.finish()


def replace_lines(
    bytes lines not None,
    fields,
    tuple wanted not None,
    tuple sources not None,
    tuple styles not None,
):
    """The same for lines of COPY; see the reference."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(lines)
    cdef Replacement out = Replacement(fields, wanted, sources, size + (size >> 3) + 64)
    reads, writes = styles
    out.read_lines(reads, writes, size)
    out.replace(<Bytes>PyBytes_AS_STRING(lines), size)
    return out.rows, *out.finish()
