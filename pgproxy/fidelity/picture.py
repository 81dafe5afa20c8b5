"""The summary as one SVG file, for a README: figures on top, distributions below."""

from html import escape

from pgproxy.fidelity.charts import association, distributions, legend, style, text
from pgproxy.fidelity.columns import ColumnReport
from pgproxy.fidelity.report import Report
from pgproxy.fidelity.tables import Association, TableReport

WIDTH = 880
_GAP = 16
_TILE = 68
_CARD = 158
_ACROSS = 3
_LINES = 6
_LINE = 24


def picture(report: Report) -> str:
    """A whole SVG document."""
    tiles = report.headlines()
    charts = _charts(report)
    shown = charts[: 2 * _ACROSS]
    rows = -(-len(shown) // _ACROSS)
    lines = strongest(report)[:_LINES]
    top = 58
    below = top + _TILE + _GAP + rows * (_CARD + _GAP)
    height = below + (len(lines) * _LINE + 46 if lines else 0)
    parts = [
        text(_GAP, 34, f"{report.database} as {report.role} sees it", size=20),
        legend(WIDTH - _GAP - 214, 32),
        _tiles(tiles, top),
        *(
            _card(table, column, _place(n, top + _TILE + _GAP))
            for n, (table, column) in enumerate(shown)
        ),
        _associations(lines, below) if lines else "",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(label(report))}"><style>{style()}</style>'
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="10"/>{"".join(parts)}</svg>\n'
    )


def label(report: Report) -> str:
    """The picture in words."""
    return "; ".join(f"{name}: {figure}" for name, figure, _ in report.headlines())


def strongest(report: Report) -> list[tuple[TableReport, Association]]:
    """The associations that tell most, the strongest first."""
    found = [
        (table, one)
        for table in report.tables
        for one in table.associations
        if abs(one.real) >= 0.1
    ]
    return sorted(found, key=lambda pair: -abs(pair[1].real))


def _charts(report: Report) -> list[tuple[TableReport, ColumnReport]]:
    """Columns with a distribution to show, those that are imitated first."""
    found = [
        (table, column)
        for table in report.tables
        for column in table.columns
        if column.bins is not None and not column.shown
    ]
    return sorted(found, key=lambda pair: not pair[1].like)


def _place(n: int, top: float) -> tuple[float, float, float]:
    """Left, top and width of the n-th card."""
    width = (WIDTH - _GAP * (_ACROSS + 1)) / _ACROSS
    return _GAP + n % _ACROSS * (width + _GAP), top + n // _ACROSS * (_CARD + _GAP), width


def _tiles(tiles: list[tuple[str, str, bool | None]], top: float) -> str:
    width = (WIDTH - _GAP * (len(tiles) + 1)) / len(tiles)
    drawn = []
    for n, (name, figure, good) in enumerate(tiles):
        look = {True: "good", False: "bad", None: ""}[good]
        drawn.append(
            f'<g transform="translate({_GAP + n * (width + _GAP):.1f},{top})">'
            f'<rect class="card" width="{width:.1f}" height="{_TILE}" rx="8"/>'
            f"{text(12, 32, figure, look, 18)}{text(12, 53, name, 'soft', 10.5)}</g>"
        )
    return "".join(drawn)


def _card(table: TableReport, column: ColumnReport, place: tuple[float, float, float]) -> str:
    left, top, width = place
    assert column.bins is not None
    alike = column.alike
    told = f"KS {alike.distance:.3f}" if alike else ""
    return (
        f'<g transform="translate({left:.1f},{top:.1f})">'
        f'<rect class="card" width="{width:.1f}" height="{_CARD}" rx="8"/>'
        f"{text(12, 22, f'{table.name}.{column.name}'.partition('.')[2], size=12.5)}"
        f"{text(12, 38, column.treatment, 'soft', 11)}"
        f"{text(width - 12, 38, told, 'soft end', 11)}"
        f'<g transform="translate(12,46)">{distributions(column.bins, width - 24, _CARD - 54)}</g>'
        "</g>"
    )


def _associations(lines: list[tuple[TableReport, Association]], top: float) -> str:
    drawn = [text(_GAP, top + 18, "Correlations, -1 to 1", "soft")]
    for n, (table, one) in enumerate(lines):
        y = top + 30 + n * _LINE
        name = f"{table.name.partition('.')[2]}: {one.columns[0]}, {one.columns[1]}"
        told = f"{one.real:.3f} → {one.treated:.3f}"
        drawn.append(
            f"{text(_GAP, y + 13, name)}"
            f'<g transform="translate(330,{y:.1f})">{association(one, 420)}</g>'
            f"{text(WIDTH - _GAP, y + 13, told, 'end')}"
        )
    return "".join(drawn)
