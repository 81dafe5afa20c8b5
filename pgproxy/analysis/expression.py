"""Expressions: the lineage of each, and a note of what is done with every column in it.

Walks one expression, makes its names unambiguous on the way (columns by table, functions and
operators by schema) and returns its lineage.  What it has no rule for is refused.  Walking the same
tree again changes nothing: recursive queries are walked until their lineage stands still.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from pgproxy.analysis.call import call
from pgproxy.analysis.column import attribute, column
from pgproxy.analysis.comparison import compare
from pgproxy.analysis.context import Context, not_covered
from pgproxy.analysis.documents import part
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, Position, Use, compute
from pgproxy.analysis.names import strings
from pgproxy.analysis.scope import Scope
from pgproxy.analysis.structures import EXPRESSIONS, structure
from pgproxy.analysis.sublink import sublink
from pgproxy.analysis.types import array_of, attributes, element, target


class Walk:
    """Walks the expressions of one scope; ``level`` is the SelectStmt it belongs to."""

    # What an operand's position is inside an operator or function at this position.
    INNER: ClassVar[Mapping[Position, Position]] = {
        Position.OUTPUT: Position.COMPUTE,
        Position.COUNT: Position.COMPUTE,
        Position.COMPUTE: Position.COMPUTE,
        Position.ORDER: Position.ORDER,
        Position.NULL_TEST: Position.TEST,
        Position.EQUAL: Position.TEST,
        Position.GROUP: Position.TEST,
        Position.PARTITION: Position.TEST,
        Position.COUNT_DISTINCT: Position.TEST,
        Position.TEST: Position.TEST,
        Position.SORT: Position.SORT,
        Position.WRITE: Position.WRITE,
    }

    def __init__(self, scope: Scope, context: Context, level: Node) -> None:
        self.scope = scope
        self.context = context
        self.level = level
        self.windows: dict[str, Lineage] = {}

    def __call__(self, node: Node, position: Position) -> Lineage:
        """The lineage of an expression at a position.  Raises Refusal."""
        if "ColumnRef" in node:
            return column(self, node, position)
        kind, body = next(iter(node.items()), ("nothing", {}))
        rule = _RULES.get(kind)
        if rule is None:
            raise not_covered(kind, body)
        return rule(self, node, position)

    def use(self, position: Position, lineage: Lineage, node: Node, name: str = "") -> None:
        """Note what this level does with a value."""
        self.context.use(Use(position, lineage, node, name, locate(node), level=self.level))

    def use_equal(self, node: Node, left: Lineage, right: Lineage, name: str = "") -> None:
        """Note that this level compares two values for equality."""
        use = Use(Position.EQUAL, left, node, name, locate(node), other=right, level=self.level)
        self.context.use(use)

    def all(self, nodes: list[Node], position: Position) -> Lineage:
        """The lineage of a function of these expressions, each at that position."""
        return compute(*(self(node, position) for node in nodes if node))


def locate(node: Node) -> int:
    """Where an expression stands in the text; -1 when that is not known."""
    body = next(iter(node.values()), None)
    return body.get("location", -1) if isinstance(body, dict) else -1


def _constant(_walk: Walk, _node: Node, _position: Position) -> Lineage:
    return CONSTANT


def _list(walk: Walk, node: Node, position: Position) -> Lineage:
    body = node["List"]
    return walk.all(body.get("items", []), walk.INNER[position])


def _cast(walk: Walk, node: Node, position: Position) -> Lineage:
    body = node["TypeCast"]
    found = target(body["typeName"], walk.context)
    if "typmods" not in body["typeName"] and "arrayBounds" not in body["typeName"]:
        # A cast of a column to the type it has is no cast: the server drops it too.
        inner = body["arg"]
        if "ColumnRef" in inner and column(walk, inner, None).type_oid == found.oid:
            return column(walk, inner, position)
    computed = compute(walk(body["arg"], walk.INNER[position]))
    _write_truth(node)
    of_array = "arrayBounds" in body["typeName"]
    return computed._replace(type_oid=array_of(walk, found.oid) if of_array else found.oid)


def _array(walk: Walk, node: Node, position: Position) -> Lineage:
    inner = walk.INNER[position]
    elements = node["A_ArrayExpr"].get("elements", ())
    parts = [walk(one, inner) for one in elements]
    pairs = zip(elements, parts, strict=True)
    kinds = {part.type_oid for one, part in pairs if "isnull" not in one.get("A_Const", {})}
    kind = kinds.pop() if len(kinds) == 1 else 0
    return compute(*parts)._replace(type_oid=array_of(walk, kind))


def _write_truth(node: Node) -> None:
    """The printer writes ``'t'::bool`` as ``true``: have the tree say so too."""
    body = node["TypeCast"]
    names = strings(body["typeName"]["names"])
    if names != ["pg_catalog", "bool"] or not body["typeName"].keys() <= _BARE:
        return
    word = body["arg"].get("A_Const", {}).get("sval", {}).get("sval")
    if word in ("t", "f"):
        node.clear()
        node["A_Const"] = {"boolval": {"boolval": True} if word == "t" else {}}


# The keys of a type without modifiers or dimensions.
_BARE = frozenset({"names", "typemod", "location"})


def _boolean(walk: Walk, node: Node, position: Position) -> Lineage:
    body = node["BoolExpr"]
    # AND, OR and NOT of conditions are conditions; in a select list they compute.
    inner = position if position is Position.TEST else walk.INNER[position]
    return walk.all(body["args"], inner)


def _null_test(walk: Walk, node: Node, position: Position) -> Lineage:
    inner = node["NullTest"]["arg"]
    if "ColumnRef" not in inner and part(walk, inner) is None:
        return compute(walk(inner, walk.INNER[position]))
    if position in (Position.OUTPUT, Position.COMPUTE, Position.COUNT):
        return walk(inner, Position.COUNT).tallied()
    return walk(inner, Position.NULL_TEST if position is Position.TEST else position).tallied()


def _case(walk: Walk, node: Node, position: Position) -> Lineage:
    body = node["CaseExpr"]
    inner = walk.INNER[position]
    tests = []
    if "arg" in body:
        walk.context.unqualified.add("=")
        tests.append(walk(body["arg"], inner))
    arms: list[Lineage] = []
    for when in body["args"]:
        arm = when["CaseWhen"]
        tests.append(walk(arm["expr"], inner))
        arms.append(walk(arm["result"], _arm(position)))
    if "defresult" in body:
        arms.append(walk(body["defresult"], _arm(position)))
    return _one_of(arms).tested(compute(*tests))


def _coalesce(walk: Walk, node: Node, position: Position) -> Lineage:
    return _one_of([walk(arm, _arm(position)) for arm in node["CoalesceExpr"]["args"]])


def _arm(position: Position) -> Position:
    """An arm passes a value on in a select list; elsewhere choosing one is a function of it."""
    return position if position is Position.OUTPUT else Walk.INNER[position]


def _one_of(arms: list[Lineage]) -> Lineage:
    result = arms[0]
    for arm in arms[1:]:
        result = result.either(arm)
    # The type is known only for a plain column.
    return result._replace(type_oid=0)


def _arguments(key: str) -> Callable[[Walk, Node, Position], Lineage]:
    def rule(walk: Walk, node: Node, position: Position) -> Lineage:
        (body,) = node.values()
        return walk.all(body.get(key, []), walk.INNER[position])

    return rule


def _argument(walk: Walk, node: Node, position: Position) -> Lineage:
    (body,) = node.values()
    return compute(walk(body["arg"], walk.INNER[position]))


def _grouping(walk: Walk, node: Node, _position: Position) -> Lineage:
    # grouping(…) says which grouping set a row belongs to: nothing of the values.
    return _one_of([walk(part, Position.COUNT) for part in node["GroupingFunc"]["args"]]).tallied()


def _indirection(walk: Walk, node: Node, position: Position) -> Lineage:
    body = node["A_Indirection"]
    steps = body["indirection"]
    if "String" in steps[0] and "ColumnRef" in body["arg"]:
        # (c).email of a row of FROM is that row's column; written so, it is no call of a function.
        plain = attribute(walk, body["arg"], steps[0])
        if plain is not None:
            if len(steps) == 1:
                node.clear()
                node.update(plain)
                return walk(node, position)
            body["arg"], body["indirection"] = plain, steps[1:]
    inner = walk.INNER[position]
    value = walk(body["arg"], inner)
    for step in body["indirection"]:
        value = _step(walk, step, value, inner, body)
    return value


def _step(walk: Walk, step: Node, value: Lineage, inner: Position, body: Node) -> Lineage:
    """``.name``, ``[1]`` or ``[1:2]`` of a value."""
    if "A_Indices" in step:
        ends = [step["A_Indices"].get("lidx"), step["A_Indices"].get("uidx")]
        parts = [walk(end, inner) for end in ends if end]
        kind = value.type_oid if "is_slice" in step["A_Indices"] else element(walk, value)
        return compute(value, *parts)._replace(type_oid=kind)
    known = attributes(walk, value) if "String" in step else {}
    name = step.get("String", {}).get("sval", "*")
    if name not in known:
        # PostgreSQL takes (x).f for f(x) where x is no composite: any function at all.
        raise not_covered(f"(…).{name} of what is not known to be a row with that column", body)
    return compute(value)._replace(type_oid=known[name])


_RULES: dict[str, Callable[[Walk, Node, Position], Lineage]] = {
    "A_Const": _constant,
    "ParamRef": _constant,
    "SQLValueFunction": _constant,
    "SetToDefault": _constant,
    "MergeSupportFunc": _constant,
    "List": _list,
    "TypeCast": _cast,
    "A_Expr": compare,
    "BoolExpr": _boolean,
    "NullTest": _null_test,
    "BooleanTest": _argument,
    "CollateClause": _argument,
    "NamedArgExpr": _argument,
    "CaseExpr": _case,
    "CoalesceExpr": _coalesce,
    "MinMaxExpr": _arguments("args"),
    "RowExpr": _arguments("args"),
    "A_ArrayExpr": _array,
    "GroupingFunc": _grouping,
    "A_Indirection": _indirection,
    "SubLink": sublink,
    "FuncCall": call,
    **dict.fromkeys(EXPRESSIONS, structure),
}
