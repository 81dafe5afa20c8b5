"""``pgproxy explain``: what becomes of each field of a statement, or why it is refused."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.table import Table
import typer

from pgproxy.analysis.catalog import Catalog
from pgproxy.commands.options import ConfigFile
from pgproxy.config.load import Config, load
from pgproxy.errors import ConfigError, Finding
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.plan import FieldPlan, Input, StatementPlan
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import RoleRule

EPILOG = 'Example: pgproxy explain -c pgproxy.yaml --role analyst "SELECT email FROM customers"'


def explain(
    sql: Annotated[str, typer.Argument(help="The statement.", metavar="SQL")],
    config: ConfigFile,
    role: Annotated[str, typer.Option(help="The login it would run as.", metavar="ROLE")],
    database: Annotated[
        str, typer.Option(help="The database; default: that of catalog.url.", metavar="NAME")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the plan for a statement under a role: sources, derivation, treatment, reason.

    Exits with 1 when the statement is refused.
    """
    loaded = load(config)
    catalog = asyncio.run(read_catalog(loaded.proxy.catalog_url(), database, 1))
    rule = rule_of(loaded, catalog, role, config)
    planner = CatalogPlanner(loaded.policy, rule, catalog, catalog.search_path(role))
    plans = planner.plan(sql.encode()).statements
    if as_json:
        documents = [_document(plan) for plan in plans]
        typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    else:
        for plan in plans:
            _show(plan)
    if any(plan.refusal for plan in plans):
        raise typer.Exit(1)


def rule_of(loaded: Config, catalog: Catalog, role: str, path: Path) -> RoleRule:
    """The entry of `roles` that a login of the role has.  Raises ConfigError."""
    known = catalog.roles.get(role)
    rule = loaded.policy.rule_for([role, *(known.member_of if known else ())])
    if rule is None:
        message = f"no entry of `roles` matches the role {role}: its logins are refused"
        raise ConfigError((Finding(str(path), 0, message),))
    return rule


def _document(plan: StatementPlan) -> dict[str, Any]:
    refusal = plan.refusal
    return {
        "decision": "refuse" if refusal else "allow",
        "reason": refusal.message if refusal else "",
        "hint": refusal.hint if refusal else "",
        "fields": [_field(field) for field in plan.fields or ()],
        "inputs": [_input(one) for one in plan.inputs],
        "notices": list(plan.notices),
    }


def _field(field: FieldPlan) -> dict[str, Any]:
    return {
        "name": field.name,
        "sources": list(field.sources),
        "derivation": str(field.derivation),
        "treatment": field.treatment.name,
        "class": field.class_name,
        "reason": field.reason,
    }


def _input(one: Input) -> dict[str, Any]:
    return {
        "column": one.column,
        "given": f"parameter ${one.number}" if one.number else "literal",
        "treatment": one.treatment.name,
        "domain": one.treatment.domain or one.domain,
    }


def _show(plan: StatementPlan) -> None:
    console = Console()
    if plan.refusal:
        console.print(f"[bold red]refused[/] ({plan.refusal.sqlstate}) ", end="")
        console.print(plan.refusal.message, markup=False, highlight=False)
        if plan.refusal.hint:
            console.print(f"HINT: {plan.refusal.hint}", markup=False, highlight=False)
        return
    table = Table("field", "sources", "derivation", "treatment", "reason", title="allowed")
    for field in plan.fields or ():
        shown = "green" if field.treatment.name == "show" else "yellow"
        table.add_row(
            field.name,
            "\n".join(field.sources) or "-",
            str(field.derivation),
            f"[{shown}]{field.treatment.name}[/]",
            field.reason,
        )
    console.print(table)
    for one in plan.inputs:
        given = f"parameter ${one.number}" if one.number else "a literal"
        told = f"{given} beside {one.column}: a token of it is resolved, all else matches nothing"
        console.print(f"INPUT: {told}", markup=False, highlight=False)
    for notice in plan.notices:
        console.print(f"NOTICE: {notice}", markup=False, highlight=False)
