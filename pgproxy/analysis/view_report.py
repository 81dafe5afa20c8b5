"""What the analysis of a view, or of a function in SQL, tells those that read it."""

from pgproxy.analysis.context import ViewReport
from pgproxy.analysis.lineage import Lineage, OutputField, Position, Report, Source, columns_of

_TESTS = (Position.TEST, Position.NULL_TEST, Position.PRESORT)
_PASSING = (Position.OUTPUT, Position.COMPUTE, Position.SCAN, Position.PRESORT)


def view_report(fields: list[OutputField], report: Report, wide: list[Lineage]) -> ViewReport:
    """What a query that reads the view has to know of it."""
    by_order = (
        Position.GROUP,
        Position.PARTITION,
        Position.EQUAL,
        Position.ORDER,
        Position.SORT,
        Position.VIEW,
    )
    compared: list[Lineage] = []
    tested: set[Source] = set()
    scanned = [use.lineage for use in report.uses if use.position is Position.SCAN]
    for use in report.uses:
        sides = [use.lineage, use.other] if use.other else [use.lineage]
        if use.position in by_order and not use.given:
            compared += sides
        if use.position in (*by_order, *_TESTS):
            tested.update(*(columns_of(side.sources) for side in sides))
    # What the view itself asks for may be found by way of an index already, or lie in order.
    compared += [s for s in scanned if s.copied & tested or any(not o.attnum for o in s.origins)]
    inside = [use.lineage for use in report.uses if use.position not in _PASSING]
    columns = [field.lineage for field in fields]
    return ViewReport(columns, compared, scanned, [*inside, *report.inside], wide)
