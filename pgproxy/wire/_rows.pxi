# Included by the compiled modules of this room, each of which imports what it names: the reading of
# big-endian words and of DataRows, with every length checked before it is used.

cdef inline uint32_t load32(Bytes p) noexcept nogil:
    return (<uint32_t>p[0] << 24) | (<uint32_t>p[1] << 16) | (<uint32_t>p[2] << 8) | p[3]


cdef inline void store32(unsigned char* p, uint32_t value) noexcept nogil:
    p[0] = value >> 24
    p[1] = (value >> 16) & 0xFF
    p[2] = (value >> 8) & 0xFF
    p[3] = value & 0xFF


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
