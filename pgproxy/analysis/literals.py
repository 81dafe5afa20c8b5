"""Literals of a statement: cut out of its text, and watched while the statement is analysed.

Two texts that differ in their literals only parse to trees that differ in those constants only: up
to a literal the scanner has read the same, reads it as one token of the same kind, and goes on from
the same state (manual, 4.1).  What an analysis found without looking at a constant therefore holds
for every other constant of its kind.
"""

from collections.abc import Iterable, Iterator
import re
from typing import Any, NamedTuple

from pgproxy.analysis.lineage import Node

# More than a template is worth.
_MOST_BYTES = 16_384
_MOST_LITERALS = 64

# A plain string, or a number without a sign, where nothing beside it makes it something else
# (E'', U&'', B'', names, parameters, exponents).  What stands before is looked at behind the first
# character, by which the search then jumps from place to place.
_LITERAL = re.compile(
    rb"(['0-9](?:"
    rb"(?<=')(?<![\w&$\x80-\xff]')(?:[^'\\\0]|'')*+'(?!')"
    rb"|(?<=[0-9])(?<![\w.$\x80-\xff][0-9])[0-9]*+(?:\.[0-9]++)?(?![\w.\x80-\xff])"
    rb"))"
)
# An int4 that is written as PostgreSQL prints it; anything with a point is numeric.
_INTEGER = re.compile(rb"[1-9][0-9]{0,8}")
_KINDS = frozenset({"sval", "ival", "fval"})


class Shape(NamedTuple):
    """A statement taken apart: what stands around its literals, with their kinds, and they."""

    key: tuple[bytes, ...]
    literals: tuple[bytes, ...]


def shape_of(sql: bytes) -> Shape | None:
    """The shape of a statement; None where it has no literals, or unusual ones."""
    if len(sql) > _MOST_BYTES or not _is_text(sql):
        return None
    parts = _LITERAL.split(sql)
    literals = tuple(parts[1::2])
    if not 0 < len(literals) <= _MOST_LITERALS:
        return None
    kinds = b"".join(map(_kind, literals))
    return None if b"?" in kinds else Shape((kinds, *parts[::2]), literals)


def _is_text(sql: bytes) -> bool:
    if sql.isascii():
        return True
    try:
        sql.decode()
    except UnicodeDecodeError:
        return False
    return True


def _kind(literal: bytes) -> bytes:
    if literal[:1] == b"'":
        return b"'"
    if b"." in literal:
        return b"."
    if literal == b"0":
        # Its sign is lost.
        return b"0"
    return b"i" if _INTEGER.fullmatch(literal) else b"?"


class Literal(dict[str, Any]):
    """The body of an A_Const that knows whether anybody has looked at its value.

    Which kind of constant it is, and where it stands, may be asked: that is the same for all.
    """

    __slots__ = ("looked_at",)

    def __init__(self, body: Node) -> None:
        super().__init__(body)
        self.looked_at = False

    def __getitem__(self, key: str) -> Any:
        self.looked_at |= key != "location"
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As of any dict."""
        self.looked_at |= key != "location" and key in self
        return super().get(key, default)

    def items(self) -> Any:
        """As of any dict."""
        self.looked_at = True
        return super().items()

    def values(self) -> Any:
        """As of any dict."""
        self.looked_at = True
        return super().values()

    def copy(self) -> dict[str, Any]:
        """As of any dict."""
        self.looked_at = True
        return super().copy()

    def __eq__(self, other: object) -> bool:
        self.looked_at = True
        return super().__eq__(other)

    def __repr__(self) -> str:
        self.looked_at = True
        return super().__repr__()

    def __deepcopy__(self, memo: object) -> "Literal":
        # Nobody changes a constant in place; watched are the copies too.
        return self

    __hash__ = None


class Watch:
    """The literals of one statement while it is analysed; ``looked_at``: some were."""

    def __init__(self, literals: list[Literal]) -> None:
        self._numbers = {id(literal): number for number, literal in enumerate(literals)}
        self._literals = literals
        self._places: list[tuple[Node, int]] = []
        self.looked_at = False

    def __len__(self) -> int:
        return len(self._literals)

    def release(self, tree: Node) -> None:
        """The analysis is over: what is watched becomes plain constants again."""
        self.looked_at = any(literal.looked_at for literal in self._literals)
        for node in list(_constants(tree)):
            number = self._numbers.get(id(node["A_Const"]))
            if number is not None:
                node["A_Const"] = dict.copy(node["A_Const"])
                self._places.append((node, number))

    def mark(self, first: int) -> None:
        """Changes the tree: the literals become constants that are found again when printed.

        They are the numbers from ``first`` on, ``first.5`` where they are numeric, or the text
        ``pgproxy first``; with the sign that they had.
        """
        for node, number in self._places:
            body = node["A_Const"]
            (kind,) = body.keys() & _KINDS
            old = body[kind].get(kind, "")
            minus = str(old).startswith("-") and kind != "sval"
            new = f"{'-' if minus else ''}{first + number}"
            texts = {"sval": f"pgproxy {new}", "fval": f"{new}.5"}
            body[kind] = {kind: texts.get(kind) or int(new)}


def watch(tree: Node, shape: Shape) -> Watch | None:
    """Has the literals of a shape watched in the tree of its text.

    None where they are not all constants of that tree, each on its own.
    """
    constants = list(_constants(tree))
    nodes = {node["A_Const"].get("location", 0): node for node in constants}
    if len(nodes) < len(constants):
        # The grammar writes some constants into two places.
        return None
    at, found = 0, []
    for text, literal in zip(shape.key[1:], shape.literals, strict=False):
        at += len(text)
        # The grammar takes the sign into a number (doNegate of gram.y), which then starts with it.
        bare = text.rstrip(b" \t\n")
        sign = "-" if at not in nodes and bare.endswith(b"-") else ""
        node = nodes.get(at - len(text) + len(bare) - 1 if sign else at, {})
        if not _says(node.get("A_Const", {}), sign, literal.decode()):
            return None
        found.append(node)
        at += len(literal)
    if len({id(node) for node in found}) < len(found):
        return None
    for node in found:
        node["A_Const"] = Literal(node["A_Const"])
    return Watch([node["A_Const"] for node in found])


def _constants(tree: object) -> Iterator[Node]:
    if isinstance(tree, dict):
        if "A_Const" in tree:
            yield tree
            return
        inner: Iterable[object] = tree.values()
    else:
        inner = tree if isinstance(tree, list) else ()
    for value in inner:
        yield from _constants(value)


def _says(body: Node, sign: str, literal: str) -> bool:
    if "sval" in body:
        return not sign and body["sval"].get("sval", "") == literal[1:-1].replace("''", "'")
    if "ival" in body:
        return str(body["ival"].get("ival", 0)) == sign + literal
    return "fval" in body and body["fval"]["fval"] == sign + literal
