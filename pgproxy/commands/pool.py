"""``pgproxy pool``: values that a language model makes ahead of time, and what there is of them."""

from datetime import UTC, datetime
from enum import StrEnum
import json
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
import typer

from pgproxy.commands.options import ConfigFile
from pgproxy.config.load import Config, load
from pgproxy.config.models import Models
from pgproxy.config.pools import edition_before
from pgproxy.errors import ConfigError, Finding
from pgproxy.net.pool_build import Build, Pace
from pgproxy.net.pool_files import PartFile
from pgproxy.net.pool_status import PoolStatus, pool_status
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.recipes import Wanted, next_edition

EPILOG = "Example: pgproxy pool build job_title -c pgproxy.yaml"


class Action(StrEnum):
    """What can be done with pools."""

    BUILD = "build"
    LIST = "list"


def pool(  # noqa: PLR0913
    action: Annotated[
        Action,
        typer.Argument(
            help="build: ask the model for the values of the pool NAME, and go on where the last "
            "build stopped. list: the pools of the policy, and what there is of each.",
            metavar="build|list",
        ),
    ],
    config: ConfigFile,
    name: Annotated[
        str, typer.Argument(help="The pool to build, as the policy names it.", metavar="NAME")
    ] = "",
    count: Annotated[
        int, typer.Option(min=0, help="So many values instead of the policy's.", metavar="N")
    ] = 0,
    renew: Annotated[
        bool, typer.Option("--renew", help="Build the next edition: other values for all.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make synthetic values with any model behind an endpoint of the chat completions form.

    The model is told what the policy says of the pool, and some of the values it has made; never
    anything from a database.  The values of an edition never change.
    """
    loaded = load(config, with_pools=False)
    if action is Action.BUILD:
        rule = _rule(loaded, name)
        _build(rule, _models(loaded, config), _wanted(rule, loaded, count, renew), as_json)
    elif name or count or renew:
        raise _usage("NAME, --count and --renew go with build")
    else:
        _show([pool_status(rule) for rule in loaded.policy.pools], as_json)


def _rule(loaded: Config, name: str) -> PoolRule:
    rules = {rule.name: rule for rule in loaded.policy.pools}
    if name not in rules:
        known = f"expected {', '.join(rules)}" if rules else "the policy has no `pools`"
        raise _usage(f"build needs the NAME of a pool; {known}")
    return rules[name]


def _models(loaded: Config, config: Path) -> Models:
    models = loaded.proxy.models
    if models is None:
        message = "models: missing; expected {url: https://…/v1, model: NAME, key: ${MODEL_KEY}}"
        raise ConfigError((Finding(str(config), 0, message),))
    return models


def _wanted(rule: PoolRule, loaded: Config, count: int, renew: bool) -> Wanted:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    model = loaded.proxy.models.model if loaded.proxy.models else ""
    return Wanted(count or rule.count, renew, model, now)


def _build(rule: PoolRule, models: Models, wanted: Wanted, as_json: bool) -> None:
    """The cost is told whatever happens."""
    console = Console(stderr=True)
    with PartFile(rule) as part:
        before = edition_before(rule, wanted.renew)
        header = next_edition(rule, wanted, before, part.edition)
        if header is None:
            _tell(rule, pool_status(rule), None, as_json)
            return
        build = Build(rule, models, part, Pace())
        try:
            with _progress(console) as progress:
                task = progress.add_task(rule.name, total=wanted.count, waits="")
                build.run(
                    header,
                    wanted.count,
                    lambda made, waits: progress.update(task, completed=made, waits=waits),
                )
        except KeyboardInterrupt:
            kept = len(build.harvest.values)
            typer.echo(f"stopped: {kept} values are kept, the same command goes on", err=True)
            raise typer.Exit(1) from None
        finally:
            price = models.price_per_million
            prices = (price.input, price.output) if price else None
            typer.echo(build.tally.line(prices), err=True)
    _tell(rule, pool_status(rule), build, as_json)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[waits]}", markup=False),
        console=console,
    )


def _tell(rule: PoolRule, status: PoolStatus, build: Build | None, as_json: bool) -> None:
    if as_json:
        document: dict[str, Any] = _document(status)
        if build is not None:
            tally = build.tally
            document |= {"requests": tally.requests, "failed_requests": tally.failures}
            document |= {"input_tokens": tally.input, "output_tokens": tally.output}
            document |= {"repeated": build.harvest.repeated, "refused": build.harvest.refused}
        typer.echo(json.dumps(document, indent=2))
        return
    state = "is whole" if build is not None else "was whole already"
    typer.echo(f"edition {status.edition} of {rule.name} {state}: {status.values} values")
    typer.echo("hint: a running proxy takes it up on SIGHUP", err=True)


def _show(found: list[PoolStatus], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_document(one) for one in found], indent=2))
        return
    table = Table("pool", "edition", "values", "state", "model", "file")
    for one in found:
        edition = str(one.edition) if one.edition else "-"
        cells = (one.name, edition, f"{one.values:,}", one.state, one.model, one.path)
        table.add_row(*map(Text, cells))
    Console().print(table)


def _document(status: PoolStatus) -> dict[str, Any]:
    return {
        "pool": status.name,
        "file": status.path,
        "state": status.state,
        "edition": status.edition,
        "values": status.values,
        "model": status.model,
        "created": status.created,
    }


def _usage(message: str) -> ConfigError:
    return ConfigError((Finding("pgproxy pool", 0, message),))
