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
