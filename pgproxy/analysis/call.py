"""Function calls: only functions on the list, printed with their schema; aggregates and windows."""

from typing import TYPE_CHECKING

from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.functions import ORDERED_AGGREGATES, ORDERED_WINDOW, PURE
from pgproxy.analysis.lineage import CONSTANT, Call, Lineage, Node, Position, compute
from pgproxy.analysis.names import string_nodes, strings
from pgproxy.analysis.settings import check_setting

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

# FRAMEOPTION_ROWS and FRAMEOPTION_GROUPS of parsenodes.h.
FRAME_ROWS, FRAME_GROUPS = 0x4, 0x8


def call(walk: "Walk", node: Node, position: Position) -> Lineage:
    """The lineage of a FuncCall.  Raises Refusal for a function that is not on the list."""
    body = node["FuncCall"]
    if strings(body["funcname"])[-1] == "set_config":
        return _set_config(body)
    name = qualify(body)
    if name == "count" and _is_plain(body):
        return _count(walk, body, position)
    inner = walk.INNER[position]
    parts = [walk(argument, inner) for argument in body.get("args", ())]
    parts += [walk(item["SortBy"]["node"], inner) for item in body.get("agg_order", ())]
    if "agg_filter" in body:
        parts.append(walk(body["agg_filter"], inner))
    over = body.get("over")
    # Noted as it stands: walking the window rewrites it.
    definition = repr(over) if over else ""
    if over:
        parts.append(window(walk, over))
    if over or (name in ORDERED_AGGREGATES and "agg_order" not in body):
        by_order = not over or name in ORDERED_WINDOW or _counts_rows(over)
        location = body.get("location", -1)
        walk.context.report.calls.append(Call(name, walk.level, definition, by_order, location))
    return compute(*parts) if parts else CONSTANT


def qualify(body: Node) -> str:
    """Check a called function against the list and write its schema.  Raises Refusal."""
    *schema, name = strings(body["funcname"])
    if schema not in ([], ["pg_catalog"]) or name not in PURE:
        shown = ".".join((*schema, name))
        raise refuse(
            "function",
            f"function {shown} is not known to be pure",
            body,
            "Functions that only compute with their arguments are allowed; "
            "this one is not on pgproxy's list.",
        )
    body["funcname"] = string_nodes(("pg_catalog", name))
    return name


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
        parts.append(walk(item["SortBy"]["node"], Position.TEST))
    for end in ("startOffset", "endOffset"):
        if end in over:
            parts.append(walk(over[end], Position.TEST))
    return compute(*parts)


def _counts_rows(over: Node) -> bool:
    """ROWS and GROUPS frames count rows, in whatever order they come."""
    return bool(over.get("frameOptions", 0) & (FRAME_ROWS | FRAME_GROUPS))


def _set_config(body: Node) -> Lineage:
    """set_config of a constant name is SET in other words; asyncpg turns jit off with it."""
    if strings(body["funcname"])[:-1] not in ([], ["pg_catalog"]):
        raise not_covered("a set_config of your own", body)
    arguments = body.get("args", [])
    plain = [next(iter(argument)) for argument in arguments]
    if plain not in (["A_Const", "A_Const", "A_Const"], ["A_Const", "ParamRef", "A_Const"]):
        raise not_covered("set_config with computed arguments", body)
    name = arguments[0]["A_Const"].get("sval", {}).get("sval", "")
    check_setting(name.lower(), [arguments[1]], body)
    body["funcname"] = string_nodes(("pg_catalog", "set_config"))
    return CONSTANT


def _is_plain(body: Node) -> bool:
    return not any(key in body for key in ("agg_order", "agg_filter", "agg_within_group", "over"))


def _count(walk: "Walk", body: Node, position: Position) -> Lineage:
    """count(*), count(x), count(DISTINCT x): how many, not which."""
    arguments = body.get("args", [])
    if not arguments:
        return CONSTANT
    if position not in (Position.OUTPUT, Position.COMPUTE, Position.COUNT):
        # In HAVING or ORDER BY it decides which rows show.
        return compute(*(walk(argument, walk.INNER[position]) for argument in arguments))
    if len(arguments) != 1 or "ColumnRef" not in arguments[0]:
        return compute(*(walk(argument, Position.COMPUTE) for argument in arguments))
    how = Position.COUNT_DISTINCT if body.get("agg_distinct") else Position.COUNT
    return walk(arguments[0], how).count()
