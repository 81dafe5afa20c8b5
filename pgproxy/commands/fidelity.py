"""``pgproxy fidelity``: real columns beside what a role sees of them, as a table and a report."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
import typer

from pgproxy.commands.explain import rule_of
from pgproxy.commands.options import ConfigFile, DatabaseName, DataUrl, Seconds
from pgproxy.config.load import Config, load
from pgproxy.errors import ConfigError, Finding
from pgproxy.fidelity.page import page
from pgproxy.fidelity.picture import picture
from pgproxy.fidelity.report import Report, words
from pgproxy.fidelity.tables import compare_table
from pgproxy.net.introspection import read_catalog
from pgproxy.net.stored_data import stored_data
from pgproxy.net.treated_data import Reader, chosen
from pgproxy.net.vaults import load_ring
from pgproxy.policy.classes import Masks
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.treatment.keys import Keys

EPILOG = "Example: pgproxy fidelity -c pgproxy.yaml --role analyst --out report.html"

_HEADINGS = ("survive", "distance", "mean, sd", "ranks", "unique")


def fidelity(  # noqa: PLR0913
    config: ConfigFile,
    role: Annotated[str, typer.Option(help="The login to see with.", metavar="ROLE")],
    url: DataUrl = "",
    database: DatabaseName = "",
    table: Annotated[
        list[str] | None,
        typer.Option(help="Only this one; may be repeated.", metavar="SCHEMA.TABLE"),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=100, max=10_000_000, help="The most rows of a table.")
    ] = 20_000,
    out: Annotated[
        Path | None, typer.Option(help="The report to write, as HTML.", metavar="FILE")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Its summary, as a picture.", metavar="FILE")
    ] = None,
    seconds: Seconds = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare stored columns with what a role sees of them: distributions, correlations, survivors.

    Reads the rows as they are, and treats them as the proxy would; tokens are drawn for the report
    and forgotten.  Exits with 1 when a real value survives where it must not.
    """
    loaded = load(config)
    login = url or loaded.proxy.catalog_url()
    asked = _Asked(config, role, database, tuple(table or ()), sample)
    report = asyncio.run(asked.report(loaded, login, seconds))
    if out is not None:
        _write(out, page(report))
    if svg is not None:
        _write(svg, picture(report))
    if as_json:
        typer.echo(json.dumps(report.document(), indent=2))
    else:
        _show(report)
    if report.survivors:
        raise typer.Exit(1)


class _Asked:
    """What is to be compared."""

    def __init__(
        self, path: Path, role: str, database: str, tables: tuple[str, ...], sample: int
    ) -> None:
        self._path = path
        self._role = role
        self._database = database
        self._tables = tables
        self._sample = sample

    async def report(self, loaded: Config, url: str, seconds: int) -> Report:
        """Reads, treats and measures.  Raises ConfigError, Refusal, Unavailable."""
        catalog = await read_catalog(url, self._database, 1)
        rule = rule_of(loaded, catalog, self._role, self._path)
        planner = CatalogPlanner(loaded.policy, rule, catalog, catalog.search_path(self._role))
        keys = Keys(load_ring(loaded.proxy.vault.keys).treatment_secret(), loaded.profiles)
        relations = chosen(self._tables, catalog, Masks(loaded.policy, rule, catalog))
        if not relations:
            message = f"the role {self._role} sees every column of this database as it is"
            raise ConfigError((Finding(str(self._path), 0, message),))
        tables = []
        async with stored_data(url, self._database, seconds) as connection:
            reader = Reader(connection, catalog, planner, keys)
            for relation in relations:
                pairs = await reader.pairs(relation, self._sample)
                tables.append(compare_table(f"{relation.schema}.{relation.name}", pairs))
        return Report(self._role, catalog.database, tuple(tables))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise ConfigError((Finding(str(path), 0, message),)) from None


def _show(report: Report) -> None:
    console = Console()
    for table in report.tables:
        console.print(Text(f"{table.name}, {table.rows:,} rows", "bold"))
        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for heading in ("column", "treatment"):
            shown.add_column(heading, no_wrap=True)
        for heading in _HEADINGS:
            shown.add_column(heading, justify="right", no_wrap=True)
        for column in table.columns:
            if not column.shown:
                survive, *others = words(column)
                look = "green" if column.safe else "bold red"
                named = Text(column.name), Text(column.treatment)
                # The page has the rest.
                shown.add_row(*named, Text(survive, look), *others[:4])
        console.print(shown)
    for headline, figure, good in report.headlines():
        colour = {True: "green", False: "bold red", None: ""}[good]
        console.print(Text.assemble(f"{headline}: ", (figure, colour)))
