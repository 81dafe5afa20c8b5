"""``pgproxy tokenize``: the tokens of values."""

import sys
from typing import Annotated

import typer

from pgproxy.commands.exchange import Exchange, Wish
from pgproxy.commands.options import ColumnType, ConfigFile, TokenDomain

EPILOG = "Example: pgproxy tokenize -c pgproxy.yaml --domain email < addresses.txt"


def tokenize(
    config: ConfigFile,
    domain: TokenDomain,
    type_name: ColumnType = "text",
    format: Annotated[
        str, typer.Option(help="Which format, where the policy has several.", metavar="F")
    ] = "",
) -> None:
    """Print the token of each value on standard input, one a line; audited.

    Values that have none yet get one, as if a masked role had seen them.  A line that can have none
    becomes an empty line, and the exit code 1.
    """
    without = Exchange(config, Wish(domain, type_name, format), back=False).run()
    if without:
        print(f"pgproxy: {without:,} values can have no such token", file=sys.stderr)
        raise typer.Exit(1)
