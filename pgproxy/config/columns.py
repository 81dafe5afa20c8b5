"""The left and right side of ``columns``: patterns and class names, checked as texts.

A pattern that can match nothing would leave a column unclassified, so each slip is told.
"""

import re

from pgproxy.config.fields import mismatch, wrong
from pgproxy.policy.rules import ANY, ARROW, PUBLIC, UNCLASSIFIED

# So that a step by an index of SQL is not taken for a key.
_INDEX = re.compile(r"[+-]?[0-9]+")
_EXPECTED = 'schema.table.column, such as public.customers.email or "*.*.ssn"'
_CLASS = re.compile(r"[\w-][\w.-]*")


def pattern(value: object) -> str:
    """A column pattern: three parts, ``*`` ``?`` and ``{a,b}`` within a part; keys behind it."""
    if not isinstance(value, str) or not value:
        raise mismatch(value, _EXPECTED)
    column, *keys = value.split(ARROW)
    _column(column)
    for key in keys:
        _key(key)
    return value


def _key(key: str) -> None:
    if key.startswith(">"):
        raise wrong("`->>` is SQL's; write `->` before each key")
    if not key:
        raise wrong("a key is empty; expected schema.table.column->key->key")
    if key != key.strip():
        raise wrong("a space stands beside a `->`; leave it out")
    if key[0] in "'\"" and key[-1] == key[0]:
        raise wrong("a key stands in quotes; write keys as the document has them")
    if ANY in key and key != ANY:
        raise wrong("`*` stands for a whole key, or any element of an array")
    if _INDEX.fullmatch(key):
        raise wrong(
            "a key is a number; arrays are looked through, so leave an index out, and write `*` "
            "for a key that is a number"
        )


def _column(value: str) -> None:
    depth, dots = 0, 0
    for char in value:
        depth += {"{": 1, "}": -1}.get(char, 0)
        dots += char == "." and not depth
        if depth not in (0, 1) or (depth and char == "."):
            break
    if depth:
        raise wrong("braces do not match, or hold a dot or more braces; expected {a,b} in one part")
    if dots != 2:
        raise wrong(f"has {_parts(dots + 1)}; expected {_EXPECTED}")
    _pieces(value)


def _parts(count: int) -> str:
    return "one part" if count == 1 else f"{count} parts"


def _pieces(value: str) -> None:
    if '"' in value:
        raise wrong('holds a `"`; write names as the catalog stores them, without double quotes')
    for piece in re.split(r"[.{},]" if "{" in value else r"\.", value):
        if piece != piece.strip():
            raise wrong("a space stands beside a dot, comma or brace; leave it out")
    if re.search(r"^\.|\.\.|\.$|\{\}|\{,|,,|,\}", value):
        raise wrong(f"a part is empty; expected {_EXPECTED}")


def class_name(value: object) -> str:
    """The name of a class: a word of your choice."""
    if not isinstance(value, str) or not _CLASS.fullmatch(value):
        if value == "*":
            raise wrong("`*` stands for all classes under `treat` only; expected one class")
        raise mismatch(value, "a class: one word of your choice, such as email")
    return str(value)


def own_class(value: object) -> str:
    """The name of a class that the policy defines: not one of the two built-in ones."""
    name = class_name(value)
    if name == PUBLIC:
        raise wrong("`public` is built in: shown to everyone; expected a class of your own")
    if name == UNCLASSIFIED:
        raise wrong("`unclassified` is built in; a role has `unclassified: hide` or `show` for it")
    return name


def treated_class(value: object) -> str:
    """What may stand on the left under ``treat``: a class of the policy, or ``*``."""
    return "*" if value == "*" else own_class(value)
