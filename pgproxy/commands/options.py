"""Options that several commands have; no command itself."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")
]
TokenDomain = Annotated[str, typer.Option(help="The name space of the tokens.", metavar="D")]
ColumnType = Annotated[
    str, typer.Option("--type", help="The column's type, such as numeric(10,2).", metavar="T")
]
DataUrl = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="PGPROXY_DATA_URL",
        show_envvar=True,
        help="A login that may read the data; default: catalog.url.",
        metavar="URL",
    ),
]
DatabaseName = Annotated[
    str,
    typer.Option("--database", help="The database; default: that of the URL.", metavar="NAME"),
]
Seconds = Annotated[int, typer.Option(min=1, max=86_400, help="The most for a table.")]
