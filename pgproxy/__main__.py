"""The command line: finds the commands, turns our errors into exit codes.

Imports nothing but the standard library before ``_bootstrap`` has run, so that a fresh checkout can
make its own environment first; then only the file of the command that was asked for.  Exit codes:
0, 1 for a finding or a refusal, 2 for bad usage or bad configuration.
"""

from collections.abc import Sequence
from importlib import import_module, metadata
from importlib.util import find_spec
import sys
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    import typer

# In the order of a first day.  The file ``commands/<name>.py`` has the function ``<name>``, and the
# last line of its help as ``EPILOG``.
COMMANDS = (
    "demo",
    "serve",
    "check",
    "discover",
    "explain",
    "learn",
    "fidelity",
    "keys",
    "vault",
    "pool",
    "tokenize",
    "detokenize",
)

_LIBRARIES = ("typer", "rich", "yaml", "pydantic", "pglast", "asyncpg", "cryptography", "msgspec")


def main() -> None:
    """Run the command line and exit."""
    arguments = sys.argv[1:]
    _bootstrap(arguments)
    from pgproxy.errors import ConfigError, PgproxyError

    try:
        build(arguments)(arguments, prog_name="pgproxy")
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except PgproxyError as error:
        print(f"pgproxy: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        sys.exit(1)


def build(arguments: Sequence[str]) -> "typer.Typer":
    """The application with the command that ``arguments`` name, or with all of them."""
    import typer

    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        # A traceback with local variables could show a password or a value.
        pretty_exceptions_enable=False,
        epilog="Example: pgproxy demo",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def version(wanted: bool) -> None:
        if wanted:
            typer.echo(describe())
            raise typer.Exit

    @app.callback()
    def pgproxy(
        _: Annotated[
            bool,
            typer.Option("--version", callback=version, is_eager=True, help="Print the version."),
        ] = False,
    ) -> None:
        """A PostgreSQL proxy that masks sensitive columns, per role."""

    for name in _wanted(arguments):
        module = import_module(f"pgproxy.commands.{name}")
        app.command(name, epilog=getattr(module, "EPILOG", None))(getattr(module, name))
    return app


def describe() -> str:
    """The version, and which kernel carries the bytes."""
    from pgproxy.wire.kernel import IMPLEMENTATION

    try:
        version = metadata.version("pgproxy")
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    return f"pgproxy {version}, {IMPLEMENTATION} kernel"


def _wanted(arguments: Sequence[str]) -> list[str]:
    """The one command that was named; for help, and to suggest the right one, all there are."""
    if "--version" in arguments[:1]:
        return []
    there = [name for name in COMMANDS if find_spec(f"pgproxy.commands.{name}")]
    named = next((word for word in arguments if not word.startswith("-")), "")
    return [named] if named in there else there


def _bootstrap(arguments: Sequence[str]) -> None:
    """In a checkout without its dependencies: make the environment and start again in it.

    The demo needs more than the rest, and ``ensure`` looks closer; the other commands start faster
    without it, and do not ask for a PostgreSQL.
    """
    there = sys.version_info >= (3, 11) and all(find_spec(name) for name in _LIBRARIES)
    if there and "demo" not in arguments[:1]:
        return
    from pgproxy.bootstrap import ensure

    ensure("demo")


if __name__ == "__main__":
    main()
