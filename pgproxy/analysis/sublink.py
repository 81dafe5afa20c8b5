"""Subqueries in expressions: EXISTS, IN, ANY, ALL, scalar and array ones."""

from typing import TYPE_CHECKING

from pgproxy.analysis.column import column
from pgproxy.analysis.context import not_covered
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, OutputField, Position, compute
from pgproxy.analysis.names import strings
from pgproxy.analysis.scope import Scope

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

_KINDS = frozenset(
    {"EXISTS_SUBLINK", "ANY_SUBLINK", "ALL_SUBLINK", "EXPR_SUBLINK", "ARRAY_SUBLINK"}
)


def sublink(walk: "Walk", node: Node, position: Position) -> Lineage:
    """The lineage of a SubLink.  Raises Refusal."""
    body = node["SubLink"]
    kind = body["subLinkType"]
    if kind not in _KINDS:
        raise not_covered(kind, body)
    query = body["subselect"].get("SelectStmt")
    if query is None:
        raise not_covered("a subquery that is no SELECT", body)
    fields = walk.context.select(query, Scope(walk.scope, walk.scope.tables))
    if kind == "EXISTS_SUBLINK":
        return CONSTANT
    if kind in ("ANY_SUBLINK", "ALL_SUBLINK"):
        return _member(walk, node, fields, position)
    inner = compute(*(field.lineage for field in fields))
    if len(fields) == 1:
        inner = fields[0].lineage
        if kind == "EXPR_SUBLINK" and position is Position.OUTPUT:
            # Its own select list has noted the value as an output already.
            return inner
    walk.use(walk.INNER[position], inner, node, "a subquery")
    one_value = kind == "EXPR_SUBLINK" and len(fields) == 1
    shape = (inner.type_oid, inner.row) if one_value else (0, ())
    return compute(inner)._replace(type_oid=shape[0], row=shape[1])


def _member(walk: "Walk", node: Node, fields: list[OutputField], position: Position) -> Lineage:
    """``x IN (SELECT y …)``, ``(a, b) = ANY (…)``, ``x > ALL (…)``."""
    body = node["SubLink"]
    test, operator = body["testexpr"], strings(body.get("operName", ()))
    if not operator:
        walk.context.unqualified.add("=")
    elif operator[:-1] not in ([], ["pg_catalog"]):
        raise not_covered("an operator outside pg_catalog", body)
    else:
        walk.context.operator(operator[-1], body, "operName")
    equality = not operator or operator[-1] in ("=", "<>")
    tests = test["RowExpr"].get("args", []) if "RowExpr" in test else [test]
    if (
        position is Position.TEST
        and equality
        and len(tests) == len(fields)
        and all("ColumnRef" in part for part in tests)
    ):
        parts = []
        for part, field in zip(tests, fields, strict=True):
            left = column(walk, part, None)
            walk.use_equal(part, left, field.lineage)
            parts += [left, field.lineage]
        return compute(*parts)
    inner = compute(*(field.lineage for field in fields))
    walk.use(walk.INNER[position], inner, node, "a subquery")
    return compute(walk(test, walk.INNER[position]), inner)
