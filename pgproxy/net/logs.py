"""The operational log: lines on stderr, in our own words.

Never a row value, never SQL.  An exception that was not raised on purpose may carry either in its
text, so only its type and place are written; ``origin`` and ``quiet_loop`` see to that.
"""

import asyncio
import logging
import sys
from typing import Any

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


def configure() -> None:
    """Log to stderr, from level INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # A handler that cannot write prints a traceback with the message's arguments otherwise.
    logging.raiseExceptions = False


def origin(error: BaseException) -> str:
    """The type of an exception and the places it came by, innermost last; never its text."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('pgproxy/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' > '.join(places) or 'no place'}"


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Have the loop report what nobody caught by type and place alone."""
    loop.set_exception_handler(_report)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.error("fault in the loop: %s", origin(error) if error else "no exception")
