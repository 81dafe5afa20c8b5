"""The order of rows: where a level compares masked values, it is taken away.

PostgreSQL groups and joins by sorting or hashing the stored values.  The order in which such a
level gives its rows is then that of the values, or of an unkeyed hash of them: row numbers, LIMIT
or a plain look at the result would tell it, and order is secret.
"""

from collections.abc import Callable

from pgproxy.analysis.lineage import NOTHING, Call, Node, Position, Report, Source, Use
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Masks
from pgproxy.policy.rules import Filters

_ALIAS = "rows in no order"

FiltersOf = Callable[[list[Source]], Filters]


_CONDITIONS = frozenset(
    {
        Position.TEST,
        Position.NULL_TEST,
        Position.EQUAL,
        Position.GROUP,
        Position.PARTITION,
        Position.COUNT_DISTINCT,
        Position.ORDER,
    }
)


def scans_in_order(report: Report, masks: Masks, filters: FiltersOf) -> list[Use]:
    """The scans that an index with masked columns may serve: their rows can come in its order.

    An index is read for a condition or an order over one of its columns.  That of a single masked
    column is only read where just that is tested, and then equal values come together at most, or
    all that are not NULL.  (Reading a whole index in place of its table is switched off for masked
    sessions.)
    """
    tested: set[Source] = set()
    for use in report.uses:
        left_out = use.position is Position.ORDER and masks.masked(use.lineage.sources)
        if use.position in _CONDITIONS and not left_out:
            tested |= use.lineage.sources
            tested |= use.other.sources if use.other else NOTHING
    found: list[Use] = []
    for use in report.uses:
        if use.position is Position.SCAN:
            together = use.lineage.copied
            masked = masks.masked(together)
            lies_so = any(source.attnum == 0 for source in together)
            if masked and (lies_so or tested & together) and filters(masked) != Filters.VALUES:
                found.append(use)
    return found


def check_calls(uses: list[Use], report: Report) -> None:
    """Refuse calls that see the order of a level that compares masked values.

    ``uses`` are those comparisons.  Raises Refusal.
    """
    for use in uses:
        if any(use.level is query for query in report.recursive):
            raise Refusal(
                "masked_order",
                "a recursive query compares masked values: in which order it finds rows is masked",
            )
        if use.level and use.level.get("distinctClause") not in (None, [], [{}]):
            raise Refusal(
                "masked_order",
                "DISTINCT ON keeps the first row of several, and their order is masked here",
                hint="Use GROUP BY, or compare the masked values in a query around this one.",
            )
        calls = [call for call in report.calls if call.level is use.level]
        telling = [call for call in calls if call.by_order and _tells(call, use, calls)]
        if telling:
            raise Refusal(
                "masked_order",
                f"{telling[0].name} depends on the order of rows that are compared by masked "
                "values: that order is masked too",
                hint="Give the function an ORDER BY of its own over columns that are shown, or "
                "compute it in a query around this one.",
                position=telling[0].location + 1,
            )


def _tells(call: Call, use: Use, calls: list[Call]) -> bool:
    if use.output:
        # DISTINCT and UNION come after everything else of their level.
        return False
    if use.position in (Position.EQUAL, Position.VIEW, Position.SCAN):
        return True
    if use.position is Position.GROUP:
        # Within a group all values are equal: aggregates see no order of theirs.
        return bool(call.window)
    # PARTITION BY: one window sorts for itself; a second one sees what the first has sorted.
    return bool(call.window) and len({other.window for other in calls if other.window}) > 1


def shuffle(level: Node) -> None:
    """Have a level give its rows in random order, where its ORDER BY leaves it open."""
    if "lockingClause" in level:
        raise Refusal(
            "masked_order",
            "FOR UPDATE of rows that are compared by masked values: their order is masked",
        )
    if level.get("op", "SETOP_NONE") != "SETOP_NONE" or level.get("distinctClause"):
        _wrap(level)
    random: Node = {
        "FuncCall": {
            "funcname": [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "random"}}],
            "funcformat": "COERCE_EXPLICIT_CALL",
        }
    }
    level.setdefault("sortClause", []).append(
        {
            "SortBy": {
                "node": random,
                "sortby_dir": "SORTBY_DEFAULT",
                "sortby_nulls": "SORTBY_NULLS_DEFAULT",
            }
        }
    )


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
