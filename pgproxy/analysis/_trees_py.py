"""Parse trees into protobuf, and compared: the reference that ``_trees.pyx`` must agree with.

A tree is what the JSON of pglast decodes to: one dict a message, a list for a repeated field, and
for a ``Node`` (a choice of one message) a dict with the one key that says which.
"""

from enum import IntEnum
from typing import Any

REVISION = 1

# Keys that hold offsets into the text, not meaning.
OFFSETS = frozenset(
    {
        "location",
        "arg_location",
        "name_location",
        "stmt_location",
        "stmt_len",
        "rexpr_list_start",
        "rexpr_list_end",
        "list_start",
        "list_end",
    }
)


class Kind(IntEnum):
    """How a field is written."""

    MESSAGE = 0
    MESSAGES = 1
    TEXT = 2
    NUMBER = 3
    ENUM = 4


# What a key becomes: how it is written, its tag, and what it is of: the fields of a message, the
# numbers of an enum.
Field = tuple[int, bytes, Any]
Fields = dict[str, Field]


def encode(fields: Fields, body: dict[str, Any]) -> bytes:
    """The protobuf form of a message, without its offsets; the last key is written first.

    Raises KeyError for a key or a name of an enum that the grammar does not have.
    """
    out: list[bytes] = []
    for key, value in reversed(body.items()):
        if key in OFFSETS:
            continue
        kind, tag, of = fields[key]
        if kind == Kind.MESSAGE:
            out += tag, _sized(encode(of, value))
        elif kind == Kind.MESSAGES:
            for item in value:
                out += tag, _sized(encode(of, item))
        elif kind == Kind.TEXT:
            out += tag, _sized(value.encode())
        else:
            out += tag, varint(of[value] if kind == Kind.ENUM else int(value))
    return b"".join(out)


def same(tree: Any, other: Any) -> bool:
    """Whether two trees say the same; offsets and empty lists say nothing."""
    if isinstance(tree, dict):
        if not isinstance(other, dict):
            return False
        mine, theirs = _telling(tree), _telling(other)
        return mine.keys() == theirs.keys() and all(same(mine[k], theirs[k]) for k in mine)
    if isinstance(tree, list):
        return isinstance(other, list) and len(tree) == len(other) and all(map(same, tree, other))
    return type(tree) is type(other) and bool(tree == other)


def _telling(body: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in OFFSETS and v != []}


def _sized(encoded: bytes) -> bytes:
    return varint(len(encoded)) + encoded


def varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the lowest first.

    Negative numbers are written as their 64-bit two's complement.
    """
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
