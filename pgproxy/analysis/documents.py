"""Parts of JSON documents: ``profile -> 'contact' ->> 'email'`` as a lineage of its own.

Of jsonb only: on their way to a part the operators of json read all that stands before it, and
fail by what they find there.  Constant keys only: which part a parameter names, nobody knows.
"""

import re
from typing import TYPE_CHECKING

from pgproxy.analysis.column import column
from pgproxy.analysis.lineage import Lineage, Node, Step
from pgproxy.analysis.names import strings
from pgproxy.analysis.types import target

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

_JSONB, _TEXT, _TEXTS = 3802, 25, 1009
_BY_KEY = {"->": False, "->>": True}
_BY_PATH = {"#>": False, "#>>": True}
# More than anybody writes; recursive queries could go on for ever.
_DEEPEST = 32
# An array of plain words: what has quotes, blanks or NULL in it is not looked into.
_WORDS = re.compile(r'\{([^\s{}",\\]+(?:,[^\s{}",\\]+)*)\}')
# What the server takes for the number of an element where it meets an array (strtol).
_NUMBER = re.compile(r"[+-]?[0-9]+")


def part(walk: "Walk", node: Node) -> tuple[Lineage, Node] | None:
    """The lineage of a part of a column's document, with the reference to the column.

    None where it is no such part, or one that the policy does not tell from others.
    """
    body = node.get("A_Expr", {})
    if body.get("kind") != "AEXPR_OP" or "lexpr" not in body:
        return None
    operator = strings(body["name"])[-1]
    if operator not in _BY_KEY and operator not in _BY_PATH:
        return None
    outer = _document(walk, body["lexpr"])
    if outer is None or not walk.context.is_own(operator):
        return None
    lineage, reference = outer
    if walk.context.parts(lineage.copied, (_ANY_STEP,)) is None:
        # Nobody asks: its constants are not looked at, so that the plan holds for any others.
        return None
    steps = _steps(walk, operator, body["rexpr"])
    found = walk.context.parts(lineage.copied, steps) if steps else None
    if found is None:
        return None
    kind = _TEXT if steps[-1].text else _JSONB
    lineage = Lineage(found, counted=lineage.counted, type_oid=kind)
    walk.context.operator(operator, body, "name")
    walk.context.see_type(lineage.type_oid)
    return lineage, reference


def _document(walk: "Walk", node: Node) -> tuple[Lineage, Node] | None:
    """A jsonb column, or a part of one that is jsonb too."""
    found = (column(walk, node, None), node) if "ColumnRef" in node else part(walk, node)
    if found is None:
        return None
    lineage = found[0]
    plain = lineage.copied and not lineage.computed and not lineage.constant
    is_document = walk.context.catalog.base_type(lineage.type_oid) == _JSONB
    return found if plain and is_document and _depth(lineage) < _DEEPEST else None


def _depth(lineage: Lineage) -> int:
    return max(len(source.path) for source in lineage.copied)


def _steps(walk: "Walk", operator: str, node: Node) -> tuple[Step, ...]:
    """The steps that the right side of the operator means; () where it is not known."""
    text = _BY_KEY.get(operator, False)
    if operator in _BY_KEY:
        constant, kind = _constant(walk, node)
        if "ival" in constant and not kind:
            return (Step("", False, True, text),)
        if "sval" in constant and kind in (0, _TEXT):
            return (Step(constant["sval"].get("sval", ""), True, False, text),)
        return ()
    words = _words(walk, node)
    last = len(words) - 1
    return tuple(
        Step(word, True, bool(_NUMBER.fullmatch(word)), _BY_PATH[operator] and n == last)
        for n, word in enumerate(words)
    )


def _words(walk: "Walk", node: Node) -> list[str]:
    constant, kind = _constant(walk, node)
    if "sval" in constant and kind in (0, _TEXTS):
        found = _WORDS.fullmatch(constant["sval"].get("sval", ""))
        words = found[1].split(",") if found else []
        return [] if any(word.lower() == "null" for word in words) else words
    return []


def _constant(walk: "Walk", node: Node) -> tuple[Node, int]:
    """A literal, and the type that it is cast to; 0 for none."""
    if "TypeCast" not in node:
        return node.get("A_Const", {}), 0
    cast = node["TypeCast"]
    type_name, inner = cast["typeName"], cast["arg"].get("A_Const", {})
    if "typmods" in type_name or len(type_name.get("arrayBounds", ())) > 1:
        return {}, 0
    kind = target(type_name, walk.context).oid
    if "arrayBounds" in type_name:
        kind = _TEXTS if kind == _TEXT else -1
    return inner, kind


_ANY_STEP = Step("", True, False)
