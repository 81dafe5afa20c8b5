"""SQL/JSON and SQL/XML: nodes of the grammar that are taken apart by a table of their parts.

What a node may hold is listed here, with what each part is; anything else in it is refused.  They
all compute: none passes a value on unchanged.
"""

from typing import TYPE_CHECKING

from pgproxy.analysis.context import not_covered
from pgproxy.analysis.lineage import Call, Lineage, Node, Position, compute
from pgproxy.analysis.names import output_name, words
from pgproxy.analysis.scope import Scope
from pgproxy.analysis.types import target

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

# What a part is: an expression; a list of such; a part that is a structure itself, of that kind; a
# list of nodes that say their own kind; a type; a list of ORDER BY items.
EXPR, EXPRS, PARTS, TYPE, ORDER = "expr", "exprs", "parts", "type", "order"
_VALUE, _OUTPUT, _BEHAVIOR = "JsonValueExpr", "JsonOutput", "JsonBehavior"

# Parts that hold nothing of the statement but keywords, names and offsets.
_PLAIN = words(
    """
    location name_location name format op xmloption type indent wrapper quotes btype coerce
    absent_on_null unique unique_keys item_type column_name returning coltype for_ordinality
    is_not_null colname
    """
)

_PARTS: dict[str, dict[str, str]] = {
    "JsonValueExpr": {"raw_expr": EXPR, "formatted_expr": EXPR},
    "JsonOutput": {"typeName": TYPE},
    "JsonBehavior": {"expr": EXPR},
    "JsonArgument": {"val": _VALUE},
    "JsonKeyValue": {"key": EXPR, "value": _VALUE},
    "JsonFuncExpr": {
        "context_item": _VALUE,
        "pathspec": EXPR,
        "passing": PARTS,
        "output": _OUTPUT,
        "on_empty": _BEHAVIOR,
        "on_error": _BEHAVIOR,
    },
    "JsonObjectConstructor": {"exprs": PARTS, "output": _OUTPUT},
    "JsonArrayConstructor": {"exprs": PARTS, "output": _OUTPUT},
    "JsonArrayQueryConstructor": {"output": _OUTPUT},
    "JsonAggConstructor": {"output": _OUTPUT, "agg_filter": EXPR, "agg_order": ORDER},
    "JsonObjectAgg": {"constructor": "JsonAggConstructor", "arg": "JsonKeyValue"},
    "JsonArrayAgg": {"constructor": "JsonAggConstructor", "arg": _VALUE},
    "JsonParseExpr": {"expr": _VALUE, "output": _OUTPUT},
    "JsonScalarExpr": {"expr": EXPR, "output": _OUTPUT},
    "JsonSerializeExpr": {"expr": _VALUE, "output": _OUTPUT},
    "JsonIsPredicate": {"expr": EXPR},
    "XmlExpr": {"named_args": PARTS, "args": EXPRS},
    "XmlSerialize": {"expr": EXPR, "typeName": TYPE},
    "ResTarget": {"val": EXPR},
    "JsonTable": {
        "context_item": _VALUE,
        "pathspec": "JsonTablePathSpec",
        "passing": PARTS,
        "columns": PARTS,
        "on_error": _BEHAVIOR,
    },
    "JsonTablePathSpec": {"string": EXPR},
    "JsonTableColumn": {
        "typeName": TYPE,
        "pathspec": "JsonTablePathSpec",
        "columns": PARTS,
        "on_empty": _BEHAVIOR,
        "on_error": _BEHAVIOR,
    },
    "RangeTableFunc": {"docexpr": EXPR, "rowexpr": EXPR, "namespaces": PARTS, "columns": PARTS},
    "RangeTableFuncCol": {"typeName": TYPE, "colexpr": EXPR, "coldefexpr": EXPR},
}

# An older server takes these words for names: of columns, or of functions that somebody made.
_SINCE = {
    **dict.fromkeys(("JsonObjectConstructor", "JsonArrayConstructor", "JsonIsPredicate"), 160000),
    **dict.fromkeys(("JsonObjectAgg", "JsonArrayAgg", "JsonArrayQueryConstructor"), 160000),
    **dict.fromkeys(("JsonFuncExpr", "JsonParseExpr", "JsonScalarExpr"), 170000),
    **dict.fromkeys(("JsonSerializeExpr", "JsonTable"), 170000),
}

EXPRESSIONS = (
    "JsonFuncExpr",
    "JsonObjectConstructor",
    "JsonArrayConstructor",
    "JsonArrayQueryConstructor",
    "JsonObjectAgg",
    "JsonArrayAgg",
    "JsonParseExpr",
    "JsonScalarExpr",
    "JsonSerializeExpr",
    "JsonIsPredicate",
    "XmlExpr",
    "XmlSerialize",
)


def structure(walk: "Walk", node: Node, position: Position) -> Lineage:
    """The lineage of an expression of one of these kinds.  Raises Refusal."""
    kind, body = next(iter(node.items()))
    if "constructor" in body:
        made = body["constructor"]
        call = Call("this aggregate", walk.level, made, True, made.get("location", -1))
        walk.context.report.calls.append(call)
    inner = walk.INNER[position]
    if kind != "JsonArrayQueryConstructor":
        return take_apart(walk, kind, body, inner)
    rest = take_apart(walk, kind, body, inner, frozenset({"query"}))
    query = body["query"]["SelectStmt"]
    fields = walk.context.select(query, Scope(walk.scope, walk.scope.tables))
    found = compute(rest, *(field.lineage for field in fields))
    walk.use(inner, found, node, "a subquery")
    return found


def take_apart(
    walk: "Walk", kind: str, body: Node, inner: Position, also: frozenset[str] = frozenset()
) -> Lineage:
    """The lineage of all that such a node holds; ``also`` names parts that the caller walks."""
    if walk.context.catalog.server_version < _SINCE.get(kind, 0):
        raise not_covered("SQL/JSON that this server does not know", body)
    known = _PARTS.get(kind)
    if known is None:
        raise not_covered(kind, body)
    found: list[Lineage] = []
    for key, part in body.items():
        how = known.get(key)
        if how is not None:
            found += _part(walk, how, part, inner)
        elif key not in _PLAIN and key not in also:
            raise not_covered(f"{kind} with {key}", body)
    return compute(*found)


def _part(walk: "Walk", how: str, part: Node | list[Node], inner: Position) -> list[Lineage]:
    if isinstance(part, list):
        if how == EXPRS:
            return [walk(item, inner) for item in part]
        if how == ORDER:
            return [walk(item["SortBy"]["node"], inner) for item in part]
        return [_own_kind(walk, item, inner) for item in part]
    if how == EXPR:
        return [walk(part, inner)]
    if how == TYPE:
        target(part, walk.context)
        return []
    return [take_apart(walk, how, part, inner)]


def _own_kind(walk: "Walk", item: Node, inner: Position) -> Lineage:
    kind, body = next(iter(item.items()))
    if kind == "ResTarget":
        # XMLFOREST and XMLATTRIBUTES name an element after its column: it keeps that name.
        body.setdefault("name", output_name(body["val"]))
    return take_apart(walk, kind, body, inner)
