"""Parse trees of PostgreSQL's grammar: text → dicts → text, and whether two trees say the same.

pglast parses to JSON and prints from protobuf; what is missing between the two is an encoder.
``grammar.json`` holds the field numbers it needs.  ``pglast.parse_sql`` is never used: a deep
statement kills the process in it, while the JSON form answers with an error.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from pglast import parser

from pgproxy.analysis._trees_py import Fields, Kind, varint
from pgproxy.analysis.trees import encode, same
from pgproxy.errors import Refusal

Tree = dict[str, Any]

# One statement of a megabyte takes half a second to parse: it would stall every other client.
MAX_SQL_BYTES = 256 * 1024


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
    """The SQL text of statements, as the grammar's own printer writes it.  Raises Refusal."""
    try:
        encoded = encode(schema()["ParseResult"], {"version": 180000, "stmts": statements})
        text: str = parser.deparse_protobuf(encoded)
    except (parser.DeparseError, KeyError, RecursionError):
        raise Refusal("unprintable", "statement cannot be printed from its parse tree") from None
    return text


def says(text: str, statements: list[Tree]) -> bool:
    """Whether a text that ``deparse`` gave for these trees parses to the same trees again."""
    try:
        again = msgspec.json.decode(parser.parse_sql_json(text))
        return same(again.get("stmts"), statements)
    except (parser.ParseError, msgspec.DecodeError, RecursionError):
        return False


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


_KINDS = {
    "message": Kind.MESSAGE,
    "message*": Kind.MESSAGES,
    "text": Kind.TEXT,
    "int": Kind.NUMBER,
    "bool": Kind.NUMBER,
    "enum": Kind.ENUM,
}


@lru_cache(maxsize=1)
def schema() -> dict[str, Fields]:
    """For each message of the grammar how its fields are written, from ``grammar.json``."""
    text = files("pgproxy.analysis").joinpath("grammar.json").read_text(encoding="utf-8")
    raw = msgspec.json.decode(text)
    schema: dict[str, Fields] = {message: {} for message in raw["messages"]}
    for message, fields in raw["messages"].items():
        for key, (number, name, *target) in fields.items():
            kind = _KINDS.get(name)
            if kind is None:
                # Fields of a planned query only; a statement that has one is not printed.
                continue
            # The protobuf tag: field number and wire type (2: length-delimited, 0: a varint).
            wire_type = 2 if kind in (Kind.MESSAGE, Kind.MESSAGES, Kind.TEXT) else 0
            known = raw["enums"] if kind == Kind.ENUM else schema
            of = known[target[0]] if target else None
            schema[message][key] = int(kind), varint(number << 3 | wire_type), of
    return schema
