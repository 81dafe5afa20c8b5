"""``pgproxy keys``: the key file of the vault."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pgproxy.vault.keys import new_key_file

EPILOG = "Example: (umask 077 && pgproxy keys new > vault.key)"


class Action(StrEnum):
    """What can be done with keys."""

    NEW = "new"


def keys(
    action: Annotated[
        Action, typer.Argument(help="`new`: print a fresh key file (JSON).", metavar="new")
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="With it, the secrets are wrapped by the key service that this file names.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Print a fresh key file.

    Whoever has it can turn tokens back into values: keep it readable by the proxy alone, and keep
    a copy apart from the vault, for without it no token can be resolved again.
    """
    if action is Action.NEW:
        text = new_key_file()
        if config is not None:
            text = _wrapped(text, config)
        typer.echo(text.rstrip("\n"))


def _wrapped(text: str, config: Path) -> str:
    # Late: a plain key needs none of it.
    from pgproxy.config.load import load
    from pgproxy.net.vaults import key_service
    from pgproxy.vault.envelope import wrap_key_file

    service = key_service(load(config).proxy.vault.keys)
    return text if service is None else wrap_key_file(text, service)
