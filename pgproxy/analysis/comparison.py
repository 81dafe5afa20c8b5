"""Operators: which are comparisons of two columns for equality, and which are anything else."""

from typing import TYPE_CHECKING

from pgproxy.analysis.column import column
from pgproxy.analysis.context import not_covered
from pgproxy.analysis.documents import part
from pgproxy.analysis.givens import given
from pgproxy.analysis.lineage import Given, Lineage, Node, Position, Use, compute
from pgproxy.analysis.names import strings

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

OPERATOR_KINDS = frozenset(
    {
        "AEXPR_OP",
        "AEXPR_OP_ANY",
        "AEXPR_OP_ALL",
        "AEXPR_DISTINCT",
        "AEXPR_NOT_DISTINCT",
        "AEXPR_NULLIF",
        "AEXPR_IN",
        "AEXPR_LIKE",
        "AEXPR_ILIKE",
        "AEXPR_SIMILAR",
        "AEXPR_BETWEEN",
        "AEXPR_NOT_BETWEEN",
        "AEXPR_BETWEEN_SYM",
        "AEXPR_NOT_BETWEEN_SYM",
    }
)

EQUALITIES = {"AEXPR_OP": ("=", "<>"), "AEXPR_DISTINCT": ("=",), "AEXPR_NOT_DISTINCT": ("=",)}

# What the grammar's keywords stand for: the operators the server looks up for them.
KEYWORDS = {
    "BETWEEN": (">=", "<="),
    "NOT BETWEEN": ("<", ">"),
    "BETWEEN SYMMETRIC": (">=", "<="),
    "NOT BETWEEN SYMMETRIC": ("<", ">"),
}


def compare(walk: "Walk", node: Node, position: Position) -> Lineage:
    """The lineage of an operator expression.  Raises Refusal."""
    found = part(walk, node)
    if found is not None:
        lineage, reference = found
        walk.use(position, lineage, node, ".".join(strings(reference["ColumnRef"]["fields"])))
        return lineage
    body = node["A_Expr"]
    kind = body["kind"]
    if kind not in OPERATOR_KINDS:
        raise not_covered(kind, body)
    name = _qualify(walk, body)
    left, right = body.get("lexpr"), body.get("rexpr")
    if position is Position.TEST and left and right:
        pairs = _pairs(left, right) if name == "=" else []
        if pairs:
            return compute(*(_test(walk, node, ("AEXPR_OP", name), *pair) for pair in pairs))
        return _test(walk, node, (kind, name), left, right)
    inner = walk.INNER[position]
    return compute(*(walk(operand, inner) for operand in (left, right) if operand))


def _pairs(left: Node, right: Node) -> list[tuple[Node, Node]]:
    """The parts of ``(a, b) = (c, d)`` side by side; [] where it is not of that form."""
    one, other = (side.get("RowExpr", {}).get("args", []) for side in (left, right))
    return list(zip(one, other, strict=True)) if len(one) == len(other) else []


def _test(walk: "Walk", node: Node, operator: tuple[str, str], left: Node, right: Node) -> Lineage:
    """A comparison that decides: an equality where the guard could allow one."""
    kind, name = operator
    if "ColumnRef" in left and "ColumnRef" in right:
        if name in EQUALITIES.get(kind, ()):
            one, other = column(walk, left, None), column(walk, right, None)
            walk.use_equal(left, one, other, ".".join(strings(left["ColumnRef"]["fields"])))
            return compute(one, other)
    elif "ColumnRef" in left:
        constants = given(walk, kind, name, right)
        if constants:
            return _equal_to(walk, node, left, right, constants)
    elif "ColumnRef" in right and operator in (("AEXPR_OP", name), ("AEXPR_OP_ANY", "=")):
        constants = given(walk, "AEXPR_OP", name, left)
        if constants:
            return _equal_to(walk, node, right, left, constants)
    return compute(walk(left, Position.TEST), walk(right, Position.TEST))


def _equal_to(
    walk: "Walk", node: Node, reference: Node, side: Node, constants: tuple[Given, ...]
) -> Lineage:
    """A column beside constants."""
    own = column(walk, reference, None)
    other = walk(side, Position.TEST)
    body = reference["ColumnRef"]
    name, where = ".".join(strings(body["fields"])), body.get("location", -1)
    use = Use(Position.EQUAL, own, node, name, where, other, constants, level=walk.level)
    walk.context.use(use)
    return compute(own, other)


def _qualify(walk: "Walk", body: Node) -> str:
    names = strings(body["name"])
    if len(names) > 1 and names[:-1] != ["pg_catalog"]:
        raise not_covered("an operator outside pg_catalog", body)
    name = names[-1]
    if body["kind"] in ("AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_OP_ALL"):
        walk.context.operator(name, body, "name")
    else:
        # The other kinds cannot be written with a schema: there the keyword is the syntax.
        walk.context.unqualified.update(KEYWORDS.get(name, (name,)))
    return name
