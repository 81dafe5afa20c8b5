"""Parse trees of PostgreSQL's grammar: text → dicts → text, and whether two trees say the same.

pglast parses to JSON and prints from protobuf; what is missing between the two is an encoder.
``grammar.json`` holds the field numbers it needs.  ``pglast.parse_sql`` is never used: a deep
statement kills the process in it, while the JSON form answers with an error.
"""

from functools import lru_cache
from importlib.resources import files
import re
from typing import Any

import msgspec
from pglast import parser

from pgproxy.errors import Refusal

Tree = dict[str, Any]

# One statement of a megabyte takes half a second to parse: it would stall every other client.
MAX_SQL_BYTES = 256 * 1024

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
# In JSON an unescaped quote before and after a word, and a colon, can only be a key.  An offset is
# the last key of its node or is followed by another one.
_OFFSET = r'"(?:{})":-?\d+'.format("|".join(sorted(OFFSETS)))
_NOISE = re.compile(f",{_OFFSET}|{_OFFSET},?".encode())


def parse(sql: str) -> list[Tree]:
    """The statements of a query string, as ``RawStmt`` dicts; offsets are UTF-8 bytes.

    Raises Refusal: 42601 for what the grammar does not accept, 54001 for what is too deep or long.
    """
    if len(sql) > MAX_SQL_BYTES:
        raise Refusal(
            "too_complex",
            f"statement is longer than {MAX_SQL_BYTES} bytes",
            hint="Send large lists of values as parameters.",
            sqlstate="54001",
        )
    try:
        text = parser.parse_sql_json(sql)
        tree: Tree = msgspec.json.decode(text)
    except parser.ParseError as error:
        raise _syntax_error(error, sql) from None
    except (RecursionError, msgspec.DecodeError):
        raise Refusal(
            "too_complex", "statement is nested too deeply to be analysed", sqlstate="54001"
        ) from None
    return list(tree.get("stmts", ()))


def deparse(statements: list[Tree]) -> str:
    """The SQL text of statements, as the grammar's own printer writes it.

    The trees are left without their offsets into the text they came from.
    """
    try:
        encoded = _encode(_schema()["ParseResult"], {"version": 180000, "stmts": statements})
        text: str = parser.deparse_protobuf(encoded)
    except (parser.DeparseError, KeyError, RecursionError):
        raise Refusal("unprintable", "statement cannot be printed from its parse tree") from None
    return text


def says(text: str, statements: list[Tree]) -> bool:
    """Whether a text that ``deparse`` gave for these trees parses to the same trees again."""
    try:
        again = msgspec.json.decode(_NOISE.sub(b"", parser.parse_sql_json(text).encode()))
    except (parser.ParseError, msgspec.DecodeError, RecursionError):
        return False
    return bool(again.get("stmts") == statements)


def normalize(sql: str) -> str:
    """The text with its constants replaced by ``$n``; comments stay.  Raises Refusal."""
    try:
        text: str = parser.normalize(sql)
    except parser.ParseError as error:
        raise _syntax_error(error, sql) from None
    return text


def _syntax_error(error: Exception, sql: str) -> Refusal:
    message, *rest = error.args
    offset = rest[0] if rest and isinstance(rest[0], int) else -1
    if any(words in str(message) for words in ("stack depth", "memory exhausted")):
        return Refusal("too_complex", "statement is nested too deeply", sqlstate="54001")
    position = offset + 1 if 0 <= offset <= len(sql) else 0
    return Refusal("syntax", str(message), sqlstate="42601", position=position)


# What a key becomes: how it is written, its tag, what it is of (fields of a message, numbers of an
# enum).
_Field = tuple[str, bytes, Any]


@lru_cache(maxsize=1)
def _schema() -> dict[str, dict[str, _Field]]:
    text = files("pgproxy.analysis").joinpath("grammar.json").read_text(encoding="utf-8")
    raw = msgspec.json.decode(text)
    schema: dict[str, dict[str, _Field]] = {message: {} for message in raw["messages"]}
    for message, fields in raw["messages"].items():
        for key, (number, kind, *target) in fields.items():
            # The protobuf tag: field number and wire type (2: length-delimited, 0: a varint).
            wire_type = 2 if kind.rstrip("*") in ("message", "text") else 0
            known = raw["enums"] if kind == "enum" else schema
            of = known[target[0]] if target else None
            if target == ["Node"]:
                kind = kind.replace("message", "node")
            schema[message][key] = kind, _varint(number << 3 | wire_type), of
    return schema


def _encode(fields: dict[str, _Field], body: Tree) -> bytes:
    """The protobuf form of a message; offsets and empty lists are taken out of it on the way."""
    out: list[bytes] = []
    noise: list[str] = []
    for key, value in body.items():
        if key in OFFSETS:
            noise.append(key)
            continue
        kind, tag, of = fields[key]
        if kind == "message":
            encoded = _encode(of, value)
            size = len(encoded)
            out += (tag, _SMALL[size] if size < 128 else _varint(size), encoded)
        elif kind == "node":
            out += (tag, _node(of, value))
        elif kind == "node*":
            for item in value:
                # Half of a tree is parts of names.
                name = item.get("String")
                out += (tag, _node(of, item) if name is None else _name(name.get("sval", "")))
            if not value:
                # It prints as nothing and comes back as nothing.
                noise.append(key)
        elif kind == "text":
            encoded = value.encode()
            out += (tag, _varint(len(encoded)), encoded)
        elif kind == "enum":
            out += (tag, _varint(of[value]))
        elif kind in ("int", "bool"):
            out += (tag, _varint(int(value)))
        elif kind == "message*":
            for item in value:
                encoded = _encode(of, item)
                out += (tag, _varint(len(encoded)), encoded)
        else:
            raise KeyError(kind)
    for key in noise:
        del body[key]
    return b"".join(out)


def _node(fields: dict[str, _Field], node: Tree) -> bytes:
    """A Node with its length before it; it holds one message, of the kind that its key says."""
    if len(node) != 1:
        encoded = _encode(fields, node)
    else:
        ((key, body),) = node.items()
        _, tag, of = fields[key]
        inner = _encode(of, body)
        size = len(inner)
        encoded = tag + (_SMALL[size] if size < 128 else _varint(size)) + inner
    size = len(encoded)
    return (_SMALL[size] if size < 128 else _varint(size)) + encoded


@lru_cache(maxsize=4096)
def _name(name: str) -> bytes:
    return _node(_schema()["Node"], {"String": {"sval": name} if name else {}})


_SMALL = tuple(bytes((number,)) for number in range(128))


def _varint(number: int) -> bytes:
    if 0 <= number < 128:
        return _SMALL[number]
    # Negative numbers are written as their 64-bit two's complement.
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
