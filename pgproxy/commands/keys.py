"""``pgproxy keys``: the key file of the vault."""

from enum import StrEnum
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
) -> None:
    """Print a fresh key file.

    Whoever has it can turn tokens back into values: keep it readable by the proxy alone, and keep
    a copy apart from the vault, for without it no token can be resolved again.
    """
    if action is Action.NEW:
        typer.echo(new_key_file().rstrip("\n"))
