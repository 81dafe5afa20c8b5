"""Signals while things are started and stopped: nothing may fall between two instructions.

``held`` keeps a signal back over a few lines that belong together; ``as_interrupt`` makes SIGTERM
and SIGHUP unwind the stack as Ctrl-C does.  Both work in the main thread only and are no-ops
elsewhere, for Python delivers signals to the main thread alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
import signal
import threading
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Handler = Callable[[int, FrameType | None], None]


class Interrupted(KeyboardInterrupt):
    """A signal asked us to stop; ``signum`` says which."""

    def __init__(self, signum: int) -> None:
        super().__init__()
        self.signum = signum


def _interrupt(signum: int, _frame: FrameType | None) -> None:
    raise Interrupted(signum)


@contextmanager
def _handling(handler: _Handler) -> Iterator[bool]:
    """Install ``handler`` for the stopping signals; yields whether that was possible."""
    if threading.current_thread() is not threading.main_thread():
        yield False
        return
    # None: installed from outside Python, and so not ours to put back
    before = {s: h for s in STOPPING if (h := signal.getsignal(s)) is not None}
    try:
        for signum in before:
            signal.signal(signum, handler)
        yield True
    finally:
        for signum, old in before.items():
            signal.signal(signum, old)


@contextmanager
def held() -> Iterator[None]:
    """Hold stopping signals back; what came meanwhile is delivered at the end."""
    came: list[int] = []
    try:
        with _handling(lambda signum, _frame: came.append(signum)):
            yield
    finally:
        if came:
            os.kill(os.getpid(), came[0])


@contextmanager
def as_interrupt() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP raise ``Interrupted`` inside."""
    with _handling(_interrupt):
        yield
