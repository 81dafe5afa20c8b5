"""The report as one HTML file: no script, nothing from the network, light and dark."""

from html import escape

from pgproxy.fidelity.charts import association, distributions, legend, style
from pgproxy.fidelity.columns import MINIMUM_GROUP, ColumnReport
from pgproxy.fidelity.report import Report, words
from pgproxy.fidelity.tables import (
    STATED_CORRELATION,
    STATED_DISTANCE,
    STATED_MEAN,
    STATED_RANKS,
    Records,
    TableReport,
    within,
)

_COLOURS = """body{color:ink;background:paper}p{color:soft}span.soft{color:soft}th{color:soft}
td{border-color:line}th{border-color:line}.tile{background:card;border-color:line}
figure{background:card;border-color:line}.good{color:good}.bad{color:bad}"""
_STYLE = """
body { margin: 0 auto; max-width: 1040px; padding: 24px 20px 60px; line-height: 1.45;
  font: 15px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 26px; margin: 8px 0 2px; }
h2 { font-size: 19px; margin: 40px 0 4px; }
p { max-width: 74ch; margin: 6px 0 14px; }
.tiles, .charts { display: grid; gap: 14px; margin: 16px 0;
  grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); }
.charts { grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); }
.tile, figure { border: 1px solid; border-radius: 8px; padding: 12px 14px; margin: 0; }
.tile b { display: block; font-size: 21px; font-weight: 600; }
figcaption { display: flex; justify-content: space-between; gap: 8px; margin-bottom: 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: right; padding: 6px 10px; border: 0 solid; border-bottom-width: 1px;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
th { font-weight: 500; }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
svg { display: block; max-width: 100%; }
"""

_HEADINGS = ("survive", "distance", "error of mean, sd", "ranks", "unique", "elsewhere", "NULL")

_READING = f"""
<h2>How to read it</h2>
<p><b>survive</b>: rows in which the stored value is still in its place; must be 0 but for buckets
and constants.  <b>distance</b>: Kolmogorov-Smirnov for numbers and dates; for texts the total
variation of their forms (length and kinds of characters), large where a token takes the place of a
name.  <b>error of mean</b>: in standard deviations of the stored column.  <b>ranks</b>: Spearman's
correlation with the stored values.  <b>unique</b>: distinct values a row, stored → seen.
<b>elsewhere</b>: seen values that some stored row happens to hold.  <b>nearest record</b>: in
standard deviations, over the masked numbers of a row.</p>
<p>A column drawn from its learned distribution keeps to: distance {STATED_DISTANCE}, error of the
mean {STATED_MEAN} standard deviations, ranks {STATED_RANKS}, a correlation within
{STATED_CORRELATION}, where a few hundred rows or more are compared and values seldom repeat.
Nothing here speaks of fewer than {MINIMUM_GROUP} rows, and no value of a row is in it.</p>
"""


def page(report: Report) -> str:
    """A whole HTML document."""
    tiles = "".join(
        f'<div class="tile"><b class="{ {True: "good", False: "bad", None: ""}[good] }">'
        f'{escape(figure)}</b><span class="soft">{escape(name)}</span></div>'
        for name, figure, good in report.headlines()
    )
    title = f"{report.database} as {report.role} sees it"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style(_COLOURS)}</style></head><body>"
        f'<p class="soft">pgproxy fidelity</p><h1>{escape(title)}</h1>'
        f"<p>{report.masked} masked columns in {len(report.tables)} tables.</p>"
        f'<div class="tiles">{tiles}</div><svg width="300" height="24">{legend(0, 16)}</svg>'
        f"{''.join(map(_table, report.tables))}{_READING}</body></html>\n"
    )


def _table(table: TableReport) -> str:
    columns = [column for column in table.columns if not column.shown]
    charts = "".join(map(_chart, columns))
    return (
        f"<h2>{escape(table.name)}</h2>"
        f"<p>{table.rows:,} rows; {len(table.columns) - len(columns)} columns are shown as they "
        "are.</p>"
        f'<div class="wide"><table><tr><th>column</th><th>treatment</th>'
        f"{''.join(f'<th>{heading}</th>' for heading in _HEADINGS)}</tr>"
        f"{''.join(map(_row, columns))}</table></div>"
        + (f'<div class="charts">{charts}</div>' if charts else "")
        + _associations(table)
        + (_records(table.records) if table.records else "")
    )


def _row(column: ColumnReport) -> str:
    survive, *others = words(column)
    look = "good" if column.safe else "bad"
    stated = {True: " ✓", False: " (beyond the stated error)", None: ""}[within(column)]
    cells = "".join(f"<td>{escape(word)}</td>" for word in others)
    return (
        f"<tr><td>{escape(column.name)}</td><td>{escape(column.treatment)}{stated}</td>"
        f'<td class="{look}">{survive}</td>{cells}</tr>'
    )


def _chart(column: ColumnReport) -> str:
    if column.bins is None:
        return ""
    return (
        f"<figure><figcaption><span>{escape(column.name)}</span>"
        f'<span class="soft">{escape(column.treatment)}</span></figcaption>'
        f'<svg viewBox="0 0 280 120" width="100%">{distributions(column.bins, 280, 120)}</svg>'
        "</figure>"
    )


def _associations(table: TableReport) -> str:
    if not table.associations:
        return ""
    rows = "".join(
        f"<tr><td>{escape(one.columns[0])}, {escape(one.columns[1])}</td>"
        f'<td><svg width="240" height="18">{association(one, 240)}</svg></td>'
        f"<td>{one.real:.3f} → {one.treated:.3f}</td><td>{one.change:.3f}</td></tr>"
        for one in table.associations
    )
    return (
        '<div class="wide"><table><tr><th>together</th><th>-1 … 1</th><th>stored → seen</th>'
        f"<th>change</th></tr>{rows}</table></div>"
    )


def _records(records: Records) -> str:
    names = ", ".join(map(escape, records.columns))
    return (
        f"<p>Nearest stored record by {names}, of {records.count} rows: {records.treated:.3f} from "
        f"a record as it is seen, {records.real:.3f} from another stored one; for "
        f"{records.own:.0%} of the records seen it is their own.</p>"
    )
