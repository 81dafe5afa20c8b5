"""``pgproxy keys``: the key file of the vault."""

from enum import StrEnum
import os
from pathlib import Path
import sys
from typing import Annotated

import typer

from pgproxy.session.service import new_verifier
from pgproxy.vault.keys import new_key_file

EPILOG = "Example: (umask 077 && pgproxy keys new > vault.key)"


class Action(StrEnum):
    """What can be done with keys."""

    NEW = "new"
    VERIFIER = "verifier"


def keys(
    action: Annotated[
        Action,
        typer.Argument(
            help="`new`: print a fresh key file (JSON); `verifier`: what `auth.users` keeps of a "
            "password, which is asked for, or read from standard input.",
            metavar="new|verifier",
        ),
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
    """Print a fresh key file, or what is stored of a password.

    Whoever has the key file can turn tokens back into values: keep it readable by the proxy alone,
    and keep a copy apart from the vault, for without it no token can be resolved again.
    """
    if action is Action.VERIFIER:
        password = _password()
        if not password:
            raise typer.BadParameter("an empty password is none: PostgreSQL lets nobody in by it")
        typer.echo(new_verifier(password, os.urandom(16)))
    elif action is Action.NEW:
        text = new_key_file()
        if config is not None:
            text = _wrapped(text, config)
        typer.echo(text.rstrip("\n"))


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _wrapped(text: str, config: Path) -> str:
    # Late: a plain key needs none of it.
    from pgproxy.config.load import load
    from pgproxy.net.vaults import key_service
    from pgproxy.vault.envelope import wrap_key_file

    service = key_service(load(config, with_pools=False).proxy.vault.keys)
    return text if service is None else wrap_key_file(text, service)
