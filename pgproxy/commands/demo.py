"""``pgproxy demo``: a PostgreSQL, a sample shop and the proxy; one query, two readers.

Everything runs in a ``Stage``, which ends with the command however that ends.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
import io
import shlex
import shutil
import sys
import time
from typing import Annotated

from rich import box
from rich.console import Console, Group
from rich.measure import Measurement
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
import typer

from pgproxy.demo import shop, tour
from pgproxy.demo.postgres import Cluster, port_is_free
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.reader import Answer, ask
from pgproxy.demo.signals import Interrupted, as_interrupt
from pgproxy.demo.stage import Stage
from pgproxy.errors import Unavailable

EPILOG = "Example: pgproxy demo --once"
PORT = 6432
WIDTH = 120  # of output that goes to no terminal
_CELL = 32  # the most of a value that is shown
_ERROR = 50  # the least width of an error beside a table
_STYLES = {
    tour.SAME: "",
    "token": "bold cyan",
    "synthetic": "green",
    "noise": "magenta",
    "partial": "yellow",
    "hash": "blue",
    "redact": "red",
    "hidden": "dim red",
}


@dataclass(frozen=True, slots=True)
class Running:
    """What the demo has started."""

    cluster: Cluster
    proxy: Proxy


def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The proxy's port.  [default: 6432, or a free one]", metavar="N"
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the tables and stop.")] = False,
) -> None:
    """Start a PostgreSQL with a sample shop and the proxy before it, and show what it does.

    Prints the same queries as owner and as analyst, side by side, and the psql lines to try.
    Runs until Ctrl-C; nothing is left behind.
    """
    console = _console()
    wish = Wish(shop.policy(), _port(port), insist=port is not None)
    console.print("[bold]pgproxy demo[/bold] [dim]starting …[/dim]")
    began = time.monotonic()
    waiting = False
    try:
        with as_interrupt(), Stage("pgproxy-demo") as stage, Cluster(stage) as cluster:
            shop.load(cluster)
            with Proxy(cluster, wish, stage) as proxy:
                running = Running(cluster, proxy)
                console.print(_started(running, time.monotonic() - began))
                console.print()
                _show(console, running, once)
                if not once:
                    waiting = True
                    console.print("\n[dim]Running until Ctrl-C.[/dim]")
                    _wait(running)
    except Interrupted as signal:
        # asked to stop when there was nothing left to do but run: that is a good end
        if not waiting:
            raise typer.Exit(128 + signal.signum) from None
        console.print("Stopped; nothing is left behind.")


def _console() -> Console:
    # a terminal that lacks a letter shows a question mark, rather than end the demo
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _port(wanted: int | None) -> int:
    """The port that was asked for, or the usual one where it is free, or 0 for any."""
    if wanted is None:
        return PORT if port_is_free(PORT) else 0
    if not port_is_free(wanted):
        raise Unavailable(f"port {wanted} is in use", hint="name another with --port")
    return wanted


def _started(running: Running, seconds: float) -> Text:
    cluster, proxy = running.cluster, running.proxy
    return Text(
        f"PostgreSQL {cluster.version} on 127.0.0.1:{cluster.port}, the sample shop, a vault, "
        f"and pgproxy on 127.0.0.1:{proxy.port}: {seconds:.1f} s",
        style="dim",
    )


def _show(console: Console, running: Running, once: bool) -> None:
    """The tour: all questions by both, through the proxy, then what it counted."""
    statements = [question.sql for question in tour.QUESTIONS]
    owner = ask(running.proxy.dsn(shop.OWNER), statements)
    analyst = ask(running.proxy.dsn(shop.ANALYST), statements)
    for question, own, masked in zip(tour.QUESTIONS, owner, analyst, strict=True):
        console.print(Text(question.title, style="bold"))
        console.print(Syntax(question.sql, "sql", theme="ansi_dark", background_color="default"))
        console.print(_side_by_side(console, own, masked))
        console.print()
    console.print(_metrics(running.proxy))
    console.print()
    # without a frame, and in one line however long: to be copied
    console.print(
        "Try it, while the demo runs (without --once)" if once else "Try it", style="bold"
    )
    psql = "psql" if shutil.which("psql") else shlex.quote(str(running.cluster.psql))
    for login in (shop.ANALYST, shop.OWNER):
        console.print(Text(f"  {psql} {running.proxy.dsn(login)}"), soft_wrap=True)


def _side_by_side(console: Console, own: Answer, masked: Answer) -> Table | Group:
    left = Panel(_table(own, own), title=shop.OWNER.user, title_align="left", expand=False)
    right = Panel(
        _table(masked, own),
        title=f"{shop.ANALYST.user}, through the policy",
        title_align="left",
        border_style="cyan",
        expand=False,
    )
    roomy = console.options.update(width=1000)
    space = console.width - Measurement.get(console, roomy, left).maximum - 1
    needed = Measurement.get(console, roomy, right).maximum
    # values are shown whole, so a narrow terminal gets them one below the other; errors wrap
    if needed > space and (not masked.sqlstate or space < _ERROR):
        return Group(left, right)
    right.width = min(needed, space)
    both = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    both.add_row(left, right)
    return both


def _table(answer: Answer, own: Answer) -> Table | Text:
    if answer.sqlstate:
        return _error(answer)
    kinds = [
        [tour.treatment(was, now) for was, now in zip(before, after, strict=True)]
        for before, after in zip(own.rows, answer.rows, strict=False)
    ]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for n, name in enumerate(answer.names):
        kind = _usual([row[n] for row in kinds])
        head = Text.assemble(name, "\n", (kind, _STYLES[kind]))
        number = all(isinstance(row[n], int) for row in answer.rows)
        table.add_column(head, no_wrap=True, max_width=_CELL, justify="right" if number else "left")
    for row, kind_row in zip(answer.rows, kinds, strict=True):
        table.add_row(*map(_cell, row, kind_row))
    return table


def _usual(kinds: Sequence[str]) -> str:
    """What mostly became of a column."""
    treated = Counter(kind for kind in kinds if kind != tour.SAME)
    return treated.most_common(1)[0][0] if treated else tour.SAME


def _cell(value: object, kind: str) -> Text:
    if value is None:
        return Text("NULL", style=_STYLES[kind] or "dim")
    return Text(str(value), style=_STYLES[kind])


def _error(answer: Answer) -> Text:
    text = Text.assemble(("ERROR", "bold red"), f" {answer.sqlstate}: {answer.message}")
    if answer.hint:
        text.append("\nHINT", style="bold yellow")
        text.append(f": {answer.hint}")
    return text


def _metrics(proxy: Proxy) -> Text:
    seen = tour.figures(proxy.admin_url)
    return Text.assemble(
        ("Metrics  ", "bold"),
        f"{seen.statements} statements, {seen.refused} refused · {seen.rows} rows · "
        f"{seen.fields} values treated, {seen.tokens} of them tokens · ",
        (proxy.admin_url, "underline"),
    )


def _wait(running: Running) -> None:
    """Until a signal; or an error, should something end by itself."""
    while running.cluster.running and running.proxy.running:
        time.sleep(0.2)
    name = "the proxy" if running.cluster.running else "PostgreSQL"
    raise Unavailable(f"{name} has ended by itself")
