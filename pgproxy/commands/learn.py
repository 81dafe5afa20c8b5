"""``pgproxy learn``: the distributions that `synthetic: {like: distribution}` draws from."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.table import Table
from rich.text import Text
import typer

from pgproxy.commands.options import ConfigFile, DatabaseName, DataUrl, Seconds
from pgproxy.config.load import Config, load
from pgproxy.config.profiles import write_profiles
from pgproxy.errors import ConfigError, Finding
from pgproxy.net.introspection import read_catalog
from pgproxy.net.learning import MINIMUM_GROUP, Untaught, imitated
from pgproxy.net.learning import learn as learn_all
from pgproxy.net.stored_data import stored_data
from pgproxy.treatment.profiles import Profile

EPILOG = "Example: pgproxy learn -c pgproxy.yaml --url postgresql://owner@127.0.0.1/shop"


def learn(  # noqa: PLR0913
    config: ConfigFile,
    url: DataUrl = "",
    database: DatabaseName = "",
    minimum_group: Annotated[
        int, typer.Option(min=5, max=1_000_000, help="The fewest values that a mean is of.")
    ] = MINIMUM_GROUP,
    seconds: Seconds = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn the distributions of the columns that the policy treats with `like: distribution`.

    Writes the file that `profiles` in pgproxy.yaml names: means of groups of values, never a value.
    What it holds of domains that are in other databases stays.  Running proxies read it on SIGHUP.
    Exits with 1 when a column cannot be learned, and then is NULL.
    """
    loaded = load(config, with_pools=False)
    path = loaded.proxy.profiles
    if path is None:
        message = "profiles: missing; expected the path of the file to write, such as profiles.json"
        raise ConfigError((Finding(str(config), 0, message),))
    login = url or loaded.proxy.catalog_url()
    profiles, untaught = asyncio.run(_learn(loaded, login, (database, minimum_group, seconds)))
    if not profiles and not untaught:
        message = "no role sees a column of this database with `synthetic: {like: distribution}`"
        raise ConfigError((Finding(str(loaded.proxy.policy), 0, message),))
    write_profiles(path, [*_elsewhere(loaded, profiles, untaught), *profiles])
    if as_json:
        typer.echo(json.dumps(_document(path, profiles, untaught), indent=2))
    else:
        _show(path, profiles, untaught)
    if untaught:
        raise typer.Exit(1)


def _elsewhere(loaded: Config, profiles: list[Profile], untaught: list[Untaught]) -> list[Profile]:
    """What was learned before of domains that this database has no column of."""
    here = {one.domain for one in profiles} | {one.domain for one in untaught}
    return [profile for profile in loaded.profiles.values() if profile.domain not in here]


async def _learn(
    loaded: Config, url: str, limits: tuple[str, int, int]
) -> tuple[list[Profile], list[Untaught]]:
    database, minimum_group, seconds = limits
    columns = imitated(loaded.policy, await read_catalog(url, database, 1))
    async with stored_data(url, database, seconds) as connection:
        return await learn_all(connection, columns, minimum_group)


def _document(path: Path, profiles: list[Profile], untaught: list[Untaught]) -> dict[str, object]:
    return {
        "file": str(path),
        "profiles": [
            {
                "domain": one.domain,
                "family": str(one.family),
                "columns": list(one.columns),
                "points": len(one.points),
            }
            for one in profiles
        ],
        "refused": [
            {"domain": one.domain, "columns": list(one.columns), "reason": one.reason}
            for one in untaught
        ],
    }


def _show(path: Path, profiles: list[Profile], untaught: list[Untaught]) -> None:
    table = Table("domain", "columns", "learned")
    for one in profiles:
        learned = f"{len(one.points)} points of a {one.family}"
        table.add_row(Text(one.domain), Text("\n".join(one.columns)), Text(learned, "green"))
    for refused in untaught:
        columns = Text("\n".join(refused.columns))
        table.add_row(Text(refused.domain), columns, Text(f"nothing: {refused.reason}", "red"))
    console = Console()
    console.print(table)
    console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)
