"""EXPLAIN: what of a plan the client asks to see, and what widths of values get into one.

The width of a node is the average width of what passes through it, by the server's statistics.  An
expression that is cut out of the statement has none, but for two cases: a subquery in LATERAL is
charged for what it names of its neighbours before constants are folded, and what a view reads for
itself cannot be cut.
"""

from pgproxy.analysis.context import not_covered
from pgproxy.analysis.lineage import Lineage, Node, Position, Report, Use
from pgproxy.analysis.names import words

_OPTIONS = words(
    "analyze verbose costs settings generic_plan buffers serialize wal timing summary memory format"
)
# These come out differently by what the planner has looked up.
_OF_PLANNING = words("buffers memory")
# What defGetBoolean takes for false.
_OFF = words("off false 0")
_NO_OP = "SETOP_NONE"
# They read nothing that is not among the other uses.
_TOLD_ALREADY = (Position.SCAN, Position.VIEW)


def explain_options(body: Node) -> frozenset[str]:
    """The options of an EXPLAIN of a query, in whatever form they stand.

    ``costs`` is among them unless it is off, which takes the widths away.  Raises Refusal.
    """
    elements = [node["DefElem"] for node in body.get("options", ())]
    options = frozenset(element["defname"] for element in elements)
    for name in options - _OPTIONS:
        raise not_covered(f"EXPLAIN with {name}", body)
    if "SelectStmt" not in body["query"]:
        raise not_covered("EXPLAIN of anything but a SELECT", body)
    costs = [element for element in elements if element["defname"] == "costs"]
    off = bool(costs) and all(map(_is_off, costs)) and not options & _OF_PLANNING
    return options - {"costs"} if off else options | {"costs"}


def _is_off(element: Node) -> bool:
    argument = element.get("arg", {})
    if "Integer" in argument:
        return not argument["Integer"].get("ival", 0)
    return "String" in argument and argument["String"]["sval"].lower() in _OFF


def width_of(report: Report, top: Node | None) -> list[Lineage]:
    """What adds to the width of plans though a statement around it does not ask for it.

    ``top`` is the SelectStmt of a view; None for a function's body.  What is a bare column in the
    select list of a view goes when nobody asks for it (remove_unused_subquery_outputs of
    allpaths.c), provided that the view is one level and no more.
    """
    plain = top is not None and "withClause" not in top and top.get("op", _NO_OP) == _NO_OP

    def goes(use: Use) -> bool:
        bare = plain and use.position is Position.OUTPUT and "ColumnRef" in use.node
        return use.position in _TOLD_ALREADY or (bare and use.level is top)

    return [*(use.lineage for use in report.uses if not goes(use)), *report.wide]
