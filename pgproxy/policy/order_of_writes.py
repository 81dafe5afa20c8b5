"""The order in which rows are written: it stays in the table, and RETURNING shows it at once.

There is no ORDER BY to take it away with, so that a write is refused where masked values decide it.
"""

from collections import Counter

from pgproxy.analysis.lineage import Node, Position, Report, Source, Use
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Masks


def is_write(level: Node) -> bool:
    """Whether a level is an INSERT, UPDATE, DELETE or MERGE."""
    return "relation" in level


def check_order(level: Node, compared: list[Use], report: Report, masks: Masks) -> None:
    """Raises Refusal where rows that a level writes come in an order that is masked.

    ``compared``: what sorts or hashes rows of the statement by masked values.  An index on a column
    that has to be one token gives rows of one value, in no order of values.
    """
    pinned = _pinned(report)
    own = [use for use in compared if use.level is level]
    if all(
        use.position is Position.SCAN and pinned.issuperset(masks.masked(use.lineage.copied))
        for use in own
    ):
        return
    if _deletes(level) and "returningClause" not in level:
        return
    raise Refusal(
        "masked_order",
        "statement writes rows in the order in which masked columns find them: that order is "
        "masked too",
        hint="Find the rows by columns that are shown, or by one token at a time.",
    )


def _pinned(report: Report) -> set[Source]:
    """Columns that are compared with one constant, at one place."""
    places: Counter[Source] = Counter()
    single: set[Source] = set()
    for use in report.uses:
        if use.position is Position.EQUAL:
            sides = [use.lineage.sources, *([use.other.sources] if use.other else ())]
            places.update(source for side in sides for source in side)
            plain = use.node.get("A_Expr", {}).get("kind") == "AEXPR_OP"
            if (
                plain
                and len(use.given) == 1
                and not use.given[0].many
                and len(use.lineage.copied) == 1
            ):
                single |= use.lineage.copied
    return {source for source in single if places[source] == 1}


def _deletes(level: Node) -> bool:
    return level.keys() <= {"relation", "usingClause", "whereClause", "withClause"}
