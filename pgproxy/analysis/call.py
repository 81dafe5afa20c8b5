"""Function calls: only functions on the list, printed with their schema; aggregates and windows."""

from typing import TYPE_CHECKING

from pgproxy.analysis import routine
from pgproxy.analysis.catalog_rows import guarded_call
from pgproxy.analysis.column import attribute_of_row
from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.functions import (
    INFORMATION_SCHEMA,
    OF_BOUNDS,
    ORDERED_AGGREGATES,
    ORDERED_WINDOW,
    PURE,
    ROWS,
)
from pgproxy.analysis.lineage import CONSTANT, Call, Lineage, Node, Position, compute
from pgproxy.analysis.names import string_nodes, strings
from pgproxy.analysis.settings import check_setting
from pgproxy.errors import Refusal

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

_OF_AGGREGATES = ("agg_order", "agg_filter", "agg_distinct", "agg_star", "over")
# FRAMEOPTION_ROWS and FRAMEOPTION_GROUPS of parsenodes.h.
FRAME_ROWS, FRAME_GROUPS = 0x4, 0x8


def call(walk: "Walk", node: Node, position: Position) -> Lineage:
    """The lineage of a FuncCall.  Raises Refusal for a function that is not on the list."""
    body = node["FuncCall"]
    if strings(body["funcname"])[-1] == "set_config":
        return _set_config(walk, body)
    plain = _attribute_of_result(walk, body) if is_built_in(body) else _attribute(walk, body)
    if plain is not None:
        node.clear()
        node.update(plain)
        return walk(node, position)
    if not is_built_in(body):
        return _other(walk, node, position)
    routine.check_shadows(walk, body)
    name = qualify(body)
    if name == "count":
        return _count(walk, body, position)
    # How many rows a function gives shows, even where its values do not.
    inner = Position.TEST if name in ROWS else walk.INNER[position]
    given = _arguments(walk, body, inner)
    over = body.get("over")
    if over or (name in ORDERED_AGGREGATES and "agg_distinct" not in body):
        by_order = not over or name in ORDERED_WINDOW or _counts_rows(over)
        _note_call(walk, body, name, by_order)
    if over:
        given = compute(given, window(walk, over))
    if name in OF_BOUNDS:
        guarded_call(node, walk.context)
    return given._replace(constant=True, row=_outputs(walk, name, body))


def _arguments(walk: "Walk", body: Node, inner: Position) -> Lineage:
    parts = [walk(argument, inner) for argument in body.get("args", ())]
    for item in body.get("agg_order", ()):
        parts.append(walk(item["SortBy"]["node"], inner))
        walk.use(Position.PRESORT, parts[-1], {})
    if "agg_filter" in body:
        parts.append(walk(body["agg_filter"], inner))
    return compute(*parts)


def _note_call(walk: "Walk", body: Node, name: str, by_order: bool) -> None:
    location = body.get("location", -1)
    walk.context.report.calls.append(Call(name, walk.level, body, by_order, location))


def _outputs(walk: "Walk", name: str, body: Node) -> tuple[tuple[str, int], ...]:
    """Names and types of the columns of a built-in function that returns a row."""
    shapes = {
        function.outputs
        for function in walk.context.catalog.functions.get((schema_of(body), name), ())
        if len(function.outputs) > 1
    }
    return shapes.pop() if len(shapes) == 1 else ()


def schema_of(body: Node) -> str:
    """The schema of a called function, once it is qualified."""
    return strings(body["funcname"])[0]


def _other(walk: "Walk", node: Node, position: Position) -> Lineage:
    """A call of a function outside pg_catalog."""
    body = node["FuncCall"]
    function = routine.find(walk, body)
    if function is None:
        raise _not_on_the_list(body)
    given = _arguments(walk, body, Position.TEST if function.returns_set else walk.INNER[position])
    if function.kind in "aw" or "over" in body:
        _note_call(walk, body, function.name, True)
        if "over" in body:
            given = compute(given, window(walk, body["over"]))
    found = routine.value(walk, function, given)
    walk.use(position if position is Position.OUTPUT else walk.INNER[position], found, node)
    return found if position is Position.OUTPUT else compute(found)


def _attribute(walk: "Walk", body: Node) -> Node | None:
    """``email(c)`` as the plain column reference ``c.email`` (manual 8.16.5); else None."""
    arguments, names = body.get("args", []), strings(body["funcname"])
    if not _could_be_projection(body) or routine.takes_row(walk, names[0]):
        return None
    if "ColumnRef" not in arguments[0]:
        return _attribute_of_result(walk, body)
    return attribute_of_row(walk, arguments[0], names[0])


def _attribute_of_result(walk: "Walk", body: Node) -> Node | None:
    """``name(f(x))`` as ``(f(x)).name``, where f gives a row with such an attribute; else None.

    No function of pg_catalog by the name of an attribute takes a composite type.
    """
    argument = body.get("args", [{}])[0]
    if "FuncCall" not in argument or not _could_be_projection(body):
        return None
    (name,) = strings(body["funcname"])
    inner = argument["FuncCall"]
    function = None if is_built_in(inner) else routine.find(walk, inner)
    if function is None or name not in routine.attribute_names(walk, function):
        return None
    return {"A_Indirection": {"arg": argument, "indirection": string_nodes((name,))}}


def _could_be_projection(body: Node) -> bool:
    """Whether a call may be an attribute in the form of a function (ParseFuncOrColumn)."""
    plain = not any(key in body for key in _OF_AGGREGATES)
    return plain and len(body.get("args", ())) == 1 and len(body["funcname"]) == 1


def is_built_in(body: Node) -> bool:
    """Whether a call means a function of pg_catalog or information_schema on the list."""
    *schema, name = strings(body["funcname"])
    if schema == ["information_schema"]:
        return name in INFORMATION_SCHEMA
    return schema in ([], ["pg_catalog"]) and name in PURE


def qualify(body: Node) -> str:
    """Check a called function against the list and write its schema.  Raises Refusal."""
    *schema, name = strings(body["funcname"])
    if not is_built_in(body):
        raise _not_on_the_list(body)
    body["funcname"] = string_nodes((*(schema or ["pg_catalog"]), name))
    return name


def _not_on_the_list(body: Node) -> Refusal:
    return refuse(
        "function",
        f"function {'.'.join(strings(body['funcname']))} is not known to be pure",
        body,
        "Functions that only compute with their arguments are allowed; this one is not on "
        "pgproxy's list.  One of your own can be vouched for in the policy, under "
        "trusted_functions.",
    )


def window(walk: "Walk", over: Node) -> Lineage:
    """The lineage of a window: its ORDER BY decides values, its frame ends too."""
    for item in over.get("partitionClause", ()):
        walk(item, Position.PARTITION)
    parts = [
        walk.windows[over[key]] for key in ("name", "refname") if over.get(key) in walk.windows
    ]
    for item in over.get("orderClause", ()):
        if "useOp" in item["SortBy"]:
            raise not_covered("ORDER BY … USING", over)
        parts.append(walk(item["SortBy"]["node"], Position.SORT))
    for end in ("startOffset", "endOffset"):
        if end in over:
            parts.append(walk(over[end], Position.TEST))
    return compute(*parts)


def _counts_rows(over: Node) -> bool:
    """ROWS and GROUPS frames count rows, in whatever order they come."""
    return bool(over.get("frameOptions", 0) & (FRAME_ROWS | FRAME_GROUPS))


def _set_config(walk: "Walk", body: Node) -> Lineage:
    """set_config of a constant name is SET in other words; asyncpg turns jit off with it."""
    if strings(body["funcname"])[:-1] not in ([], ["pg_catalog"]):
        raise not_covered("a set_config of your own", body)
    arguments = body.get("args", [])
    plain = [next(iter(argument)) for argument in arguments]
    if plain == ["ColumnRef", "A_Const", "A_Const"]:
        walk(arguments[0], Position.TEST)
        name = _setting_in_where(walk, arguments[0]["ColumnRef"])
    elif plain in (["A_Const", "A_Const", "A_Const"], ["A_Const", "ParamRef", "A_Const"]):
        name = arguments[0]["A_Const"].get("sval", {}).get("sval", "")
    else:
        raise not_covered("set_config with computed arguments", body)
    check_setting(name.lower(), [arguments[1]], body)
    body["funcname"] = string_nodes(("pg_catalog", "set_config"))
    return CONSTANT


def _setting_in_where(walk: "Walk", reference: Node) -> str:
    """The one name that ``FROM pg_settings WHERE name = '…'`` lets through; pg_dump writes so."""
    source, where = walk.level.get("fromClause", []), walk.level.get("whereClause", {})
    table = source[0].get("RangeVar", {}) if len(source) == 1 else {}
    compared = where.get("A_Expr", {})
    column = compared.get("lexpr", {}).get("ColumnRef", {}).get("fields", ())
    name = compared.get("rexpr", {}).get("A_Const", {}).get("sval", {}).get("sval", "")
    # All of it is written out by now: with its schema, with our alias.
    own = [table.get("alias", {}).get("aliasname", ""), "name"]
    if (
        (table.get("schemaname"), table.get("relname")) != ("pg_catalog", "pg_settings")
        or compared.get("kind") != "AEXPR_OP"
        or strings(compared.get("name", ())) != ["pg_catalog", "="]
        or strings(column) != own
        or strings(reference["fields"]) != own
    ):
        raise not_covered("set_config with computed arguments")
    found: str = name
    return found


def _count(walk: "Walk", body: Node, position: Position) -> Lineage:
    """count(*), count(x), count(DISTINCT x): how many, not which.

    Also in HAVING or ORDER BY: which values are NULL and which are equal is no secret.
    """
    arguments = body.get("args", [])
    inner = walk.INNER[position]
    if len(arguments) == 1 and "ColumnRef" in arguments[0]:
        how = Position.COUNT_DISTINCT if body.get("agg_distinct") else Position.COUNT
        parts = [walk(arguments[0], how).tallied()]
    else:
        parts = [walk(argument, inner) for argument in arguments]
    parts += [walk(item["SortBy"]["node"], inner) for item in body.get("agg_order", ())]
    if "agg_filter" in body:
        parts.append(walk(body["agg_filter"], inner))
    if "over" in body:
        _note_call(walk, body, "count", _counts_rows(body["over"]))
        parts.append(window(walk, body["over"]))
    return compute(*parts) if parts else CONSTANT
