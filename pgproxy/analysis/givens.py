"""Constants: the literals and parameters that a column is compared with, or set to."""

from typing import TYPE_CHECKING

from pgproxy.analysis.lineage import Given, Node
from pgproxy.analysis.types import target

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

# By kind of expression and operator: what stands beside the column.
_ONE = frozenset({("AEXPR_OP", "="), ("AEXPR_OP", "<>")})
_LITERAL = frozenset({("AEXPR_DISTINCT", "="), ("AEXPR_NOT_DISTINCT", "=")})
_LIST = frozenset({("AEXPR_IN", "="), ("AEXPR_IN", "<>")})
_ARRAY = frozenset({("AEXPR_OP_ANY", "="), ("AEXPR_OP_ALL", "<>")})
_VALUES = frozenset({"sval", "ival", "fval"})


def given(walk: "Walk", kind: str, name: str, side: Node) -> tuple[Given, ...]:
    """The constants that ``side`` of a comparison comes down to; () for anything else.

    ``col = 'x'``, ``col IN ('x', $1)``, ``col = ANY ($1)``, ``col = ANY (ARRAY['x'])``.
    """
    operator = kind, name
    if operator in _ONE:
        return _all(walk, [side])
    if operator in _LITERAL:
        # The comparison with a parameter that is NULL is another one.
        found = _all(walk, [side])
        return () if any(one.number for one in found) else found
    if operator in _LIST:
        return _all(walk, side.get("List", {}).get("items", []))
    if operator in _ARRAY:
        elements = listed(side)
        if elements is not None:
            return _all(walk, elements)
        return tuple(one._replace(many=True) for one in _all(walk, [side]))
    return ()


def constants(walk: "Walk", node: Node) -> tuple[Given, ...]:
    """A literal or a parameter, as it stands or cast, or those that ARRAY lists; else ()."""
    array = listed(node)
    return _all(walk, [node] if array is None else array)


def listed(node: Node) -> list[Node] | None:
    """The elements of ARRAY[…], as it stands or cast."""
    inner = node.get("TypeCast", {}).get("arg", node)
    return inner["A_ArrayExpr"].get("elements", []) if "A_ArrayExpr" in inner else None


def _all(walk: "Walk", nodes: list[Node]) -> tuple[Given, ...]:
    found = [_one(walk, node) for node in nodes]
    return tuple(one for one in found if one) if all(found) else ()


def _one(walk: "Walk", node: Node) -> Given | None:
    type_oid = 0
    while "TypeCast" in node:
        body = node["TypeCast"]
        found = target(body["typeName"], walk.context).oid
        # It may be cut short by a cast, or by the first of two.
        if "typmods" in body["typeName"] or type_oid not in (0, found):
            return None
        type_oid, node = found, body["arg"]
    if "ParamRef" in node:
        number = node["ParamRef"].get("number", 0)
        return Given(node, number, type_oid) if number else None
    given = _VALUES & node.get("A_Const", {}).keys()
    return Given(node, type_oid=type_oid) if given else None
