"""The admin port's page for people: how the proxy does, in one look."""

from collections.abc import Mapping
from html import escape
import time

from pgproxy.net.admin import MakePage, Page
from pgproxy.net.build import Build
from pgproxy.net.readiness import OK, Readiness
from pgproxy.net.server import Server

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


def front_page(server: Server, readiness: Readiness, build: Build) -> MakePage:
    """Made anew for each request; the browser asks again every five seconds."""
    started = time.monotonic()

    async def make() -> Page:
        counters = server.services.counters
        hours, seconds = divmod(int(time.monotonic() - started), 3600)
        running = f"{build.kernel} kernel, {build.loop}, Python {build.python}"
        body = [
            f"<h1>pgproxy {escape(build.version)}</h1>",
            f"<small>{escape(running)}, up {hours} h {seconds // 60} min</small>",
            _parts(await readiness.look()),
            _table("Sessions", {("now",): counters.sessions, ("ever",): counters.sessions_total}),
            _table("Statements", counters.statements),
            _table("Refusals", counters.refusals),
            _table("Fields treated", counters.fields_treated),
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


def _table(title: str, counts: Mapping[tuple[str], int] | Mapping[tuple[str, str], int]) -> str:
    if not counts:
        return f"<h2>{title}</h2><small>none yet</small>"
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(part)}' for part in key)}<td>{count:,}"
        for key, count in sorted(counts.items())
    )
    return f"<h2>{title}</h2><table>{rows}</table>"
