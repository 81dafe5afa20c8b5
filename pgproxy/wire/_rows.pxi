# Included by ``_known.pyx``, which imports what it names: rows, DataRows as well as lines of COPY, taken
# apart with every length checked before it is used, and a buffer that grows for the new ones.

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


cdef struct Style:
    int delimiter
    int quote
    int escape
    Bytes null
    Py_ssize_t null_size  # -1: nothing is NULL
    Bytes forced
    Py_ssize_t forced_size


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


cdef Py_ssize_t field_value(
    Bytes p, Py_ssize_t size, Style* style, unsigned char* room, Bytes* start
) noexcept:
    """The size of a field's value, -1 for NULL.

    It starts within the field, or at ``room``, which has the size of the field.
    """
    cdef Py_ssize_t at = 0, used = 0
    cdef int escape = 0x5C
    start[0] = p
    if size == style.null_size and memcmp(p, style.null, size) == 0:
        return -1
    if style.quote >= 0:
        if size == 0 or p[0] != style.quote:
            return size
        p += 1
        size -= 2
        start[0], escape = p, style.escape
    if size == 0 or memchr(p, escape, size) == NULL:
        return size
    while at < size:
        if p[at] == escape and at + 1 < size and (
            style.quote < 0 or p[at + 1] == style.quote or p[at + 1] == escape
        ):
            at += 1
            room[used] = special(p[at]) if style.quote < 0 else p[at]
        else:
            room[used] = p[at]
        used += 1
        at += 1
    start[0] = room
    return used


cdef class Writer:
    """New rows, written into one bytes object that grows as it must."""

    cdef Py_ssize_t fields
    cdef PyObject* held
    cdef unsigned char* start
    cdef Py_ssize_t used, room
    cdef Style how  # of COPY lines
    cdef unsigned char letters[256]  # of text: what stands behind the backslash, or 0

    cdef int open(self, Py_ssize_t room) except -1:
        self.held = new_bytes(NULL, room)
        self.start = <unsigned char*>bytes_start(self.held)
        self.room = room
        return 0

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

    cdef int prepare(self, tuple style) except -1:
        """For ``write_field``."""
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

    cdef int write_field(self, Bytes p, Py_ssize_t size, Py_ssize_t index) except -1:
        """One field of a COPY line; -1: NULL."""
        cdef Py_ssize_t at
        cdef unsigned char letter
        cdef unsigned char* out
        if size < 0:
            if self.how.null_size > 0:
                self.put(self.how.null, self.how.null_size)
            return 0
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
