"""``pgproxy discover``: a first policy for a database, to be looked through by somebody."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
import re
from typing import Annotated

import typer

from pgproxy.analysis.catalog import Catalog, Column, Relation
from pgproxy.commands.options import ConfigFile, DatabaseName, DataUrl
from pgproxy.config.load import load_proxy
from pgproxy.config.sensitive import BY_NAME, by_name
from pgproxy.net.introspection import read_catalog
from pgproxy.net.sampling import comments, looks, tables
from pgproxy.net.stored_data import stored_data

EPILOG = "Example: pgproxy discover -c pgproxy.yaml --sample 1000 > policy.yaml"

_SECONDS = 60
_BARE = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+){2}")
_HEAD = """\
# A draft: look through it before you use it.  What is not listed is hidden from masked roles.
version: 1

columns:
"""
_ROLES = """
roles:
  - role: {role}          # a database role whose members are to be masked
    treat:
{treat}      "*": redact
  - role: {owner}           # a role that sees what is stored
    treat: {{"*": show}}
    unclassified: show
"""


def discover(
    config: ConfigFile,
    sample: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Rows a table to look at; 0: names only.")
    ] = 0,
    url: DataUrl = "",
    database: DatabaseName = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draft a policy from names, types, comments and, with --sample, what values look like.

    Prints no value.  A column that looks like nothing stays unclassified, and so hidden.
    """
    login = load_proxy(config).catalog_url()
    found = asyncio.run(_discover(login, url or login, database, sample))
    if as_json:
        typer.echo(json.dumps([one.document() for one in found], indent=2))
    else:
        typer.echo("".join(_draft(found)), nl=False)


@dataclass(frozen=True, slots=True)
class Found:
    """One column, and why it is taken for what it is; ``class_name`` '' for nothing."""

    relation: Relation
    column: Column
    class_name: str
    why: str

    @property
    def name(self) -> str:
        """schema.table.column."""
        return f"{self.relation.schema}.{self.relation.name}.{self.column.name}"

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {"column": self.name, "class": self.class_name, "reason": self.why}


async def _discover(login: str, data: str, database: str, sample: int) -> list[Found]:
    catalog = await read_catalog(login, database, 1)
    seen: Mapping[tuple[int, int], tuple[str, float]] = {}
    async with stored_data(data if sample else login, database, _SECONDS) as connection:
        told = await comments(connection)
        if sample:
            seen = await looks(connection, catalog, sample)
    return [
        _judge(relation, column, catalog, (told, seen))
        for relation in tables(catalog)
        for column in relation.columns
    ]


def _judge(
    relation: Relation,
    column: Column,
    catalog: Catalog,
    known: tuple[Mapping[tuple[int, int], str], Mapping[tuple[int, int], tuple[str, float]]],
) -> Found:
    told, seen = known
    key = relation.oid, column.attnum
    if key in seen:
        class_name, share = seen[key]
        return Found(relation, column, class_name, f"{share:.0%} of the sampled values")
    kind = catalog.base_type(column.type_oid)
    named = by_name(column.name, kind)
    if named:
        return Found(relation, column, named, "its name")
    commented = by_name("", kind, told.get(key, ""))
    return Found(relation, column, commented, "its comment" if commented else "")


def _draft(found: list[Found]) -> Iterator[str]:
    yield _HEAD
    by_table: dict[int, list[Found]] = {}
    for one in found:
        by_table.setdefault(one.relation.oid, []).append(one)
    plain = []
    for columns in by_table.values():
        sensitive = [one for one in columns if one.class_name]
        for one in sensitive:
            yield f"  {_key(one.name)}: {one.class_name}  # by {one.why}\n"
        others = [one.column.name for one in columns if not one.class_name]
        relation = columns[0].relation
        table = f"{relation.schema}.{relation.name}"
        if sensitive and others:
            yield f"  # {table}: nobody has looked at {', '.join(others)}\n"
        elif others:
            plain.append(table)
    if plain:
        yield "\n  # Nothing here looked sensitive; take the # away where you agree.\n"
        yield from (
            f"  # {json.dumps(table + '.*', ensure_ascii=False)}: public\n" for table in plain
        )
    used = dict.fromkeys(one.class_name for one in found if one.class_name)
    treat = "".join(
        f"      {name}: {BY_NAME[name].treatment}\n" for name in BY_NAME if name in used
    )
    yield _ROLES.format(role="analyst", owner="owner", treat=treat)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
