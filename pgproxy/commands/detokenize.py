"""``pgproxy detokenize``: the values of tokens."""

import sys

import typer

from pgproxy.commands.exchange import Exchange, Wish
from pgproxy.commands.options import ColumnType, ConfigFile, TokenDomain

EPILOG = "Example: pgproxy detokenize -c pgproxy.yaml --domain email < tokens.txt"


def detokenize(
    config: ConfigFile,
    domain: TokenDomain,
    type_name: ColumnType = "text",
) -> None:
    """Print the value behind each token on standard input, one a line; audited.

    No faster than limits.detokenize_per_second.  A line that is no token of the domain becomes an
    empty line, and the exit code 1.
    """
    without = Exchange(config, Wish(domain, type_name), back=True).run()
    if without:
        print(f"pgproxy: {without:,} lines are no tokens of the domain", file=sys.stderr)
        raise typer.Exit(1)
