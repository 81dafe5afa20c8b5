"""The order of rows: where a level compares masked values, it is taken away.

PostgreSQL groups and joins by sorting or hashing the stored values.  The order in which such a
level gives its rows is then that of the values, or of an unkeyed hash of them: row numbers, LIMIT
or a plain look at the result would tell it, and order is secret.
"""

from collections.abc import Callable
from copy import deepcopy

from pgproxy.analysis.lineage import (
    NOTHING,
    Call,
    Node,
    Position,
    Report,
    Source,
    Use,
    columns_of,
)
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Masks
from pgproxy.policy.rules import Filters

_ALIAS = "rows in no order"

FiltersOf = Callable[[list[Source]], Filters]


# What an index serves by any of its columns, and what only by the first.
_FILTERS = (Position.TEST, Position.NULL_TEST, Position.EQUAL)
# Where masked values are carried through the sorts of a level, compared or not.
CARRIED = (Position.OUTPUT, Position.COUNT, Position.NULL_TEST)
_ALL_ROWS = (Position.EQUAL, Position.VIEW, Position.SCAN, *CARRIED)
_SORTS = (
    Position.GROUP,
    Position.PARTITION,
    Position.COUNT_DISTINCT,
    Position.ORDER,
    Position.SORT,
    Position.PRESORT,
)

# Window functions that number or look up rows, whatever rows are peers of each other.
_FRAMELESS = frozenset({"row_number", "ntile", "lag", "lead"})
# FRAMEOPTION_ROWS and FRAMEOPTION_START_UNBOUNDED_PRECEDING of parsenodes.h.
_ROWS, _FROM_START = 0x4, 0x20


def scans_in_order(report: Report, masks: Masks, filters: FiltersOf) -> list[Use]:
    """The scans that an index with masked columns may serve: their rows can come in its order.

    An index is read for a condition on one of its columns, or for an order by the first.  That of a
    single masked column is only read where just that is tested, and then equal values come together
    at most, or all that are not NULL.  (Reading a whole index in place of its table is switched off
    for masked sessions.)
    """
    tested: set[Source] = set()
    sorted_by: set[Source] = set()
    for use in report.uses:
        found = tested if use.position in _FILTERS else sorted_by
        left_out = use.position is Position.ORDER and masks.masked(use.lineage.sources)
        if use.position in _FILTERS or (use.position in _SORTS and not left_out):
            found |= columns_of(use.lineage.sources)
            found |= columns_of(use.other.sources) if use.other else NOTHING
    return [
        use
        for use in report.uses
        if use.position is Position.SCAN
        and (tells_plan(use) or tested & use.lineage.copied or sorted_by & use.lineage.origins)
        and (masked := masks.masked(use.lineage.copied))
        and filters(masked) != Filters.VALUES
    ]


def tells_plan(use: Use) -> bool:
    """Whether a comparison shows in the plan of a statement: all but an index that only may."""
    in_order = any(source.attnum == 0 for source in use.lineage.origins)
    return use.position is not Position.SCAN or in_order


def settle_calls(uses: list[Use], report: Report) -> None:
    """Have calls that see the order of a level which compares masked values see a random one.

    ``uses`` are those comparisons, and what a level carries through its sorts.  Raises Refusal
    where that would change what a call means.
    """
    settled: set[int] = set()
    for use in uses:
        recursive = any(use.level is query for query in report.recursive)
        if recursive and use.position not in CARRIED:
            raise Refusal(
                "masked_order",
                "a recursive query compares masked values: in which order it finds rows is masked",
            )
        calls = [call for call in report.calls if call.level is use.level]
        for call in calls:
            if call.by_order and id(call.body) not in settled and _tells(call, use, calls):
                if use.fixed or not _scramble(call, calls):
                    raise _refusal(call)
                settled.add(id(call.body))


def _refusal(call: Call) -> Refusal:
    return Refusal(
        "masked_order",
        f"{call.name} depends on the order of rows that are compared by masked values: that order "
        "is masked too",
        hint="Give the function an ORDER BY of its own over columns that are shown, or compute it "
        "in a query around this one.",
        position=call.location + 1,
    )


def _tells(call: Call, use: Use, calls: list[Call]) -> bool:
    if use.output:
        # DISTINCT and UNION come after everything else of their level.
        return False
    if use.position in _ALL_ROWS:
        return True
    if use.position is Position.GROUP:
        # Within a group all values are equal: aggregates see no order of theirs.
        return call.over is not None
    # PARTITION BY: one window sorts for itself; a second one sees what the first has sorted.
    windows = {repr(other.over) for other in calls if other.over}
    return call.over is not None and len(windows) > 1


def _scramble(call: Call, calls: list[Call]) -> bool:
    """Let chance decide between rows that tie; False where ties mean more than that."""
    over = call.over
    if over is None:
        if not call.body.get("agg_within_group"):
            call.body.setdefault("agg_order", []).append(_by_chance())
        return True
    sharing = [other for other in calls if other.over is over]
    if "refname" in over or not all(_ties_are_free(other.name, over) for other in sharing):
        return False
    if _CHANCE not in over.get("orderClause", []):
        over.setdefault("orderClause", []).append(_by_chance())
    return True


def _ties_are_free(name: str, over: Node) -> bool:
    """Whether which of two equal rows comes first is all that another key would decide."""
    frame = over.get("frameOptions", 0)
    if frame & _ROWS or name in _FRAMELESS:
        return True
    return name == "first_value" and bool(frame & _FROM_START)


def _by_chance() -> Node:
    return deepcopy(_CHANCE)


_CHANCE: Node = {
    "SortBy": {
        "node": {
            "FuncCall": {
                "funcname": [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "random"}}],
                "funcformat": "COERCE_EXPLICIT_CALL",
            }
        },
        "sortby_dir": "SORTBY_DEFAULT",
        "sortby_nulls": "SORTBY_NULLS_DEFAULT",
    }
}


def shuffle(level: Node) -> None:
    """Have a level give its rows in random order, where its ORDER BY leaves it open."""
    if "lockingClause" in level:
        raise Refusal(
            "masked_order",
            "FOR UPDATE of rows that are compared by masked values: their order is masked",
        )
    distinct = level.get("distinctClause")
    if level.get("op", "SETOP_NONE") != "SETOP_NONE" or distinct == [{}]:
        _wrap(level)
    elif distinct and "sortClause" not in level:
        # DISTINCT ON keeps the first row of each, by the order that begins with the same keys.
        keys = [{"SortBy": {**_CHANCE["SortBy"], "node": deepcopy(key)}} for key in distinct]
        level["sortClause"] = keys
    level.setdefault("sortClause", []).append(_by_chance())


# What stays at the outer level: ORDER BY names its items by position, so they mean the same there.
_OUTER = ("sortClause", "limitOffset", "limitCount", "limitOption", "withClause")


def _wrap(level: Node) -> None:
    """``level`` becomes SELECT … FROM (level) with the same fields, in place."""
    names = [target["ResTarget"]["name"] for target in _first(level)["targetList"]]
    outer = {key: level.pop(key) for key in _OUTER if key in level}
    inner = {"limitOption": "LIMIT_OPTION_DEFAULT", **level}
    columns = [f"f{number}" for number in range(1, len(names) + 1)]
    level.clear()
    level.update(
        outer,
        op="SETOP_NONE",
        targetList=[_target(name, column) for name, column in zip(names, columns, strict=True)],
        fromClause=[
            {
                "RangeSubselect": {
                    "subquery": {"SelectStmt": inner},
                    "alias": {"aliasname": _ALIAS, "colnames": _strings(*columns)},
                }
            }
        ],
    )


def _target(name: str, column: str) -> Node:
    value = {"ColumnRef": {"fields": _strings(_ALIAS, column)}}
    return {"ResTarget": {"name": name, "val": value}}


def _first(level: Node) -> Node:
    """The leftmost query of a set operation, which names its fields."""
    while "larg" in level:
        level = level["larg"]
    if "targetList" not in level:
        raise Refusal("masked_order", "VALUES compared with masked values is not covered")
    return level


def _strings(*names: str) -> list[Node]:
    return [{"String": {"sval": name}} for name in names]
