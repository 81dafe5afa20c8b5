"""``pgproxy detokenize``: the values of tokens."""

from pathlib import Path
import sys
from typing import Annotated

import typer

from pgproxy.commands.exchange import Exchange, Wish

EPILOG = "Example: pgproxy detokenize -c pgproxy.yaml --domain email < tokens.txt"


def detokenize(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")
    ],
    domain: Annotated[str, typer.Option(help="The name space of the tokens.", metavar="D")],
    type_name: Annotated[
        str, typer.Option("--type", help="The column's type, such as date.", metavar="T")
    ] = "text",
) -> None:
    """Print the value behind each token on standard input, one a line; audited.

    No faster than limits.detokenize_per_second.  A line that is no token of the domain becomes an
    empty line, and the exit code 1.
    """
    without = Exchange(config, Wish(domain, type_name), back=True).run()
    if without:
        print(f"pgproxy: {without:,} lines are no tokens of the domain", file=sys.stderr)
        raise typer.Exit(1)
