"""``pgproxy check``: what is wrong with the two files, and what each role gets to see."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
import json
from typing import Annotated, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
import typer

from pgproxy.commands.options import ConfigFile, DatabaseName
from pgproxy.config.live import compare
from pgproxy.config.load import Config, load
from pgproxy.errors import ConfigError, Finding
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.rules import PUBLIC, UNCLASSIFIED, Policy, RoleRule
from pgproxy.treatment.keys import Keys

EPILOG = "Example: pgproxy check -c pgproxy.yaml --offline"

_OTHERS = "*"


def check(
    config: ConfigFile,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail, for CI.")] = False,
    database: DatabaseName = "",
    offline: Annotated[bool, typer.Option("--offline", help="Look at the files only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check pgproxy.yaml and the policy it names, and hold the policy against the database.

    Every mistake is told at once.  Exits with 2 when there is one, and with 1 when --strict is
    given and there is a warning.
    """
    try:
        loaded = load(config)
        if not offline:
            loaded = _with_live(loaded, database)
    except ConfigError as error:
        if as_json:
            _print_json(error.findings, (), {})
            raise typer.Exit(2) from None
        raise
    treatments = _treatments(loaded.policy)
    if as_json:
        _print_json((), loaded.warnings, treatments)
    else:
        _print_text(loaded, treatments)
    if strict and loaded.warnings:
        raise typer.Exit(1)


def _with_live(loaded: Config, database: str) -> Config:
    """With the warnings that the catalog gives rise to.  Raises Unavailable."""
    catalog = asyncio.run(read_catalog(loaded.proxy.catalog_url(), database, 1))
    keys = Keys(bytes(32), loaded.profiles)
    found = compare(loaded.policy, catalog, str(loaded.proxy.policy), keys)
    return replace(loaded, warnings=(*loaded.warnings, *found))


def _print_json(
    findings: Sequence[Finding], warnings: Sequence[Finding], treatments: dict[str, dict[str, str]]
) -> None:
    document = {
        "findings": [_finding(finding) for finding in findings],
        "warnings": [_finding(warning) for warning in warnings],
        "treatments": treatments,
    }
    typer.echo(json.dumps(document, indent=2))


def _finding(finding: Finding) -> dict[str, Any]:
    return {"path": finding.path, "line": finding.line, "message": finding.message}


def _print_text(loaded: Config, treatments: dict[str, dict[str, str]]) -> None:
    for warning in loaded.warnings:
        where = f"{warning.path}:{warning.line}" if warning.line else warning.path
        typer.echo(f"{where}: warning: {warning.message}", err=True)
    roles = list(treatments)
    table = Table("class")
    for role in roles:
        table.add_column(Text(role))
    for name in next(iter(treatments.values())):
        shown = "every other class" if name == _OTHERS else name
        table.add_row(Text(shown), *(_cell(treatments[role][name]) for role in roles))
    Console().print(table)
    counted = f"{len(loaded.policy.columns)} column patterns, {len(roles)} role entries"
    typer.echo(f"no mistakes: {counted}")


def _cell(treatment: str) -> Text:
    return Text(treatment, "green" if treatment == "show" else "yellow")


def _treatments(policy: Policy) -> dict[str, dict[str, str]]:
    """Per role entry: the treatment of each class, in the order of ``columns``."""
    used = dict.fromkeys(column.class_name for column in policy.columns)
    classes = [name for name in used if name not in (PUBLIC, UNCLASSIFIED)]
    return {", ".join(rule.names): _row(rule, classes) for rule in policy.roles}


def _row(rule: RoleRule, classes: Sequence[str]) -> dict[str, str]:
    row = {name: rule.treatment(name).name for name in classes}
    row[_OTHERS] = rule.otherwise.name
    row[UNCLASSIFIED] = rule.treatment(UNCLASSIFIED).name
    return row
