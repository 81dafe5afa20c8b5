"""``pgproxy serve``: the proxy."""

import logging
from typing import Annotated

import typer

from pgproxy.commands.options import ConfigFile
from pgproxy.config.load import load
from pgproxy.net import logs, loops
from pgproxy.net.serve import serve as run_proxy
from pgproxy.net.workers import Crew, Place
from pgproxy.wire.kernel import IMPLEMENTATION

EPILOG = "Example: pgproxy serve -c pgproxy.yaml"

log = logging.getLogger("pgproxy")


def serve(
    config: ConfigFile,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 1,
) -> None:
    """Run the proxy until it is told to stop.

    SIGHUP reads the policy again, SIGTERM drains, SIGINT stops at once.
    """
    loaded = load(config)
    logs.configure()
    for warning in loaded.warnings:
        log.warning("%s", warning)
    if IMPLEMENTATION == "compiled":
        log.info("the compiled kernel carries the rows")
    else:
        log.warning("SLOW BUILD: the Python kernel carries the rows; see the README for the other")
    loops.raise_descriptor_limit(loaded.proxy.limits.clients)
    place: Place | int | None = Crew.bind(loaded.proxy, workers).work() if workers > 1 else None
    if isinstance(place, int):
        raise typer.Exit(place)
    loops.run(run_proxy(loaded, config, place))
