"""The admin port's page for people: how the proxy does, in one look."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
import time

from prometheus_client.metrics_core import Metric

from pgproxy.net.admin import MakePage, Page
from pgproxy.net.build import Build
from pgproxy.net.readiness import OK, Readiness

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;
color:#1c2733;background:#fbfcfd}
h1{font-size:1.4rem}h2{font-size:1rem;margin:1.6rem 0 .4rem}small{color:#5b6b7a}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #dfe6ec}
td:last-child,th:last-child{text-align:right;font-variant-numeric:tabular-nums}
.good{color:#0a7a3d}.bad{color:#b3261e;font-weight:600}
@media(prefers-color-scheme:dark){body{color:#dbe3ea;background:#12181e}td,th{border-color:#2b3742}}
"""


ReadFamilies = Callable[[], Awaitable[Sequence[Metric]]]


def front_page(families: ReadFamilies, readiness: Readiness, build: Build) -> MakePage:
    """Made anew for each request; the browser asks again every five seconds."""
    started = time.monotonic()

    async def make() -> Page:
        counts = _counts(await families())
        now, ever = counts["pgproxy_sessions"][()], counts["pgproxy_sessions_total"][()]
        hours, seconds = divmod(int(time.monotonic() - started), 3600)
        running = f"{build.kernel} kernel, {build.loop}, Python {build.python}"
        body = [
            f"<h1>pgproxy {escape(build.version)}</h1>",
            f"<small>{escape(running)}, up {hours} h {seconds // 60} min</small>",
            _parts(await readiness.look()),
            _table("Sessions", {("now",): now, ("ever",): ever}),
            _table("Statements", counts["pgproxy_statements_total"]),
            _table("Refusals", counts["pgproxy_refusals_total"]),
            _table("Fields treated", counts["pgproxy_fields_treated_total"]),
            '<p><a href="/metrics">metrics</a> · <a href="/readyz">readiness</a></p>',
        ]
        head = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>pgproxy</title>'
            f'<meta http-equiv="refresh" content="5"><style>{_STYLE}</style>'
        )
        return Page((head + "".join(body)).encode(), "text/html; charset=utf-8")

    return make


def _parts(found: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><td>{escape(part)}<td class="{"good" if state == OK else "bad"}">{escape(state)}'
        for part, state in found.items()
    )
    return f"<h2>Parts</h2><table>{rows}</table>"


_Counts = Mapping[tuple[str, ...], float]


def _counts(families: Sequence[Metric]) -> Mapping[str, _Counts]:
    """Name of a sample → its labels' values → its value."""
    found: defaultdict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    for sample in (sample for family in families for sample in family.samples):
        found[sample.name][tuple(sample.labels.values())] = sample.value
    return found


def _table(title: str, counts: _Counts) -> str:
    if not counts:
        return f"<h2>{title}</h2><small>none yet</small>"
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(part)}' for part in key)}<td>{count:,.0f}"
        for key, count in sorted(counts.items())
    )
    return f"<h2>{title}</h2><table>{rows}</table>"
