# cython: language_level=3
"""Parse trees into protobuf, and compared, compiled: the fast twin of ``_trees_py.py``.

A message is written from its end to its start, so that its length is known when it is to be
written; no part of it is ever copied twice.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from pgproxy.analysis._trees_py import OFFSETS, Kind

REVISION = 1

cdef extern from *:
    """
    /* What Py_EnterRecursiveCall gives for an error is 1 or -1, by version. */
    static int go_deeper(void) { return Py_EnterRecursiveCall(" in a parse tree") ? -1 : 0; }
    """
    int go_deeper() except -1

cdef extern from "Python.h":
    void Py_LeaveRecursiveCall()
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL

cdef enum:
    MESSAGE = 0
    MESSAGES = 1
    TEXT = 2
    NUMBER = 3
    ENUM = 4
    FIRST = 4096
    VARINT = 10

if [MESSAGE, MESSAGES, TEXT, NUMBER, ENUM] != list(Kind):
    raise ImportError("the kinds of fields are numbered in another way")

cdef frozenset offsets = OFFSETS


@cython.final
cdef class Writer:
    """A buffer that is filled from its end."""

    cdef char* start
    cdef Py_ssize_t size, free

    def __cinit__(self):
        self.start = <char*>PyMem_Malloc(FIRST)
        if self.start == NULL:
            raise MemoryError
        self.size = self.free = FIRST

    def __dealloc__(self):
        PyMem_Free(self.start)

    cdef int need(self, Py_ssize_t length) except -1:
        """Room for so many bytes before what is there."""
        cdef Py_ssize_t used, size
        cdef char* start
        if length <= self.free:
            return 0
        used = self.size - self.free
        size = 2 * (used + length)
        start = <char*>PyMem_Malloc(size)
        if start == NULL:
            raise MemoryError
        memcpy(start + size - used, self.start + self.free, used)
        PyMem_Free(self.start)
        self.start = start
        self.free = size - used
        self.size = size
        return 0

    cdef int put(self, const char* text, Py_ssize_t length) except -1:
        self.need(length)
        self.free -= length
        memcpy(self.start + self.free, text, length)
        return 0

    cdef int put_bytes(self, bytes text) except -1:
        return self.put(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))

    cdef int put_number(self, uint64_t number) except -1:
        cdef char out[VARINT]
        cdef int length = 0
        while number > 127:
            out[length] = <char>(number & 127 | 128)
            number >>= 7
            length += 1
        out[length] = <char>number
        return self.put(out, length + 1)

    cdef int message(self, dict fields, dict body) except -1:
        go_deeper()
        try:
            # From the end: the first key is written last.
            for key, value in body.items():
                if key not in offsets:
                    self.field(fields, key, value)
        finally:
            Py_LeaveRecursiveCall()
        return 0

    cdef int field(self, dict fields, object key, object value) except -1:
        cdef PyObject* found = PyDict_GetItem(fields, key)
        cdef tuple entry
        cdef list items
        cdef Py_ssize_t n
        cdef int kind
        if found == NULL:
            raise KeyError(key)
        entry = <tuple>found
        kind = entry[0]
        if kind == MESSAGES:
            items = <list?>value
            for n in range(PyList_GET_SIZE(items) - 1, -1, -1):
                self.sized(entry, <object>PyList_GET_ITEM(items, n))
        elif kind == MESSAGE:
            self.sized(entry, value)
        elif kind == TEXT:
            self.text(value)
            self.put_bytes(<bytes>entry[1])
        else:
            if kind == ENUM:
                value = (<dict>entry[2])[value]
            self.put_number(<uint64_t><int64_t>value)
            self.put_bytes(<bytes>entry[1])
        return 0

    cdef int sized(self, tuple entry, object body) except -1:
        cdef Py_ssize_t end = self.size - self.free
        self.message(<dict>entry[2], <dict?>body)
        self.put_number(self.size - self.free - end)
        return self.put_bytes(<bytes>entry[1])

    cdef int text(self, object value) except -1:
        cdef Py_ssize_t length = 0
        cdef const char* text = PyUnicode_AsUTF8AndSize(value, &length)
        self.put(text, length)
        return self.put_number(length)


def encode(dict fields not None, dict body not None):
    """The protobuf form of a message, without its offsets; see the reference."""
    cdef Writer writer = Writer()
    writer.message(fields, body)
    return PyBytes_FromStringAndSize(writer.start + writer.free, writer.size - writer.free)


def same(tree, other):
    """Whether two trees say the same; offsets and empty lists say nothing."""
    return alike(tree, other)


cdef bint says_nothing(object key, object value) except -1:
    return key in offsets or (type(value) is list and PyList_GET_SIZE(<list>value) == 0)


cdef bint alike(object tree, object other) except -1:
    if type(tree) is not type(other):
        return False
    if type(tree) is dict:
        go_deeper()
        try:
            return alike_messages(<dict>tree, <dict>other)
        finally:
            Py_LeaveRecursiveCall()
    if type(tree) is list:
        return alike_lists(<list>tree, <list>other)
    return tree == other


cdef bint alike_messages(dict tree, dict other) except -1:
    cdef Py_ssize_t telling = 0
    cdef PyObject* found
    for key, value in tree.items():
        if says_nothing(key, value):
            continue
        found = PyDict_GetItem(other, key)
        if found == NULL or not alike(value, <object>found):
            return False
        telling += 1
    for key, value in other.items():
        if not says_nothing(key, value):
            telling -= 1
    return telling == 0


cdef bint alike_lists(list tree, list other) except -1:
    cdef Py_ssize_t n
    if PyList_GET_SIZE(tree) != PyList_GET_SIZE(other):
        return False
    for n in range(PyList_GET_SIZE(tree)):
        if not alike(<object>PyList_GET_ITEM(tree, n), <object>PyList_GET_ITEM(other, n)):
            return False
    return True
