"""One writer at a time, over all processes that share a vault file.

SQLite locks for itself, yet up to 3.51.2 (fixed 2026-03-13; Debian 12 ships 3.40) it has a race in
which a commit that restarts the WAL, while another connection checkpoints, is silently lost
(sqlite.org/wal.html, "The WAL-Reset Bug").  A lost commit would be a token handed out that stands
for nothing, so each write, and the checkpoint that a commit may run, happens under this lock.
It is a file of its own: closing any descriptor of the database would drop SQLite's own locks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import time

from pgproxy.errors import Unavailable

_POLL_SECONDS = 0.001


class WriteLock:
    """An advisory lock on ``<vault>-lock``, waited for at most ``patience`` seconds."""

    def __init__(self, vault: Path, patience: float) -> None:
        self._patience = patience
        path = vault.with_name(vault.name + "-lock")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; ``Unavailable`` when others keep it for too long."""
        self._acquire()
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the descriptor back, and the lock with it."""
        os.close(self._descriptor)

    def _acquire(self) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Unavailable("the vault is busy: another process keeps writing") from None
                time.sleep(_POLL_SECONDS)
            else:
                return
