"""The event loop, uvloop where it is installed, else asyncio's own; room for its descriptors."""

import asyncio
from collections.abc import Coroutine
import logging
import resource
from typing import TypeVar

from pgproxy.net.server import SPARE

T = TypeVar("T")

log = logging.getLogger(__name__)


def run(work: Coroutine[object, object, T]) -> T:
    """Run to the end, as ``asyncio.run`` does."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(work)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def raise_descriptor_limit(clients: int) -> None:
    """Two descriptors a client; warns where the system does not give that many."""
    needed = 2 * clients + SPARE + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= needed:
        wanted = max(soft, needed)
    else:
        wanted = hard
        log.warning("the system allows %d open files; limits.clients asks for %d", hard, needed)
    if soft not in (wanted, resource.RLIM_INFINITY):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
