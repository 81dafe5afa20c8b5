"""The audit trail: one JSON object a line, appended, never rewritten.

A record is written before the answer it speaks of leaves: from then on it outlives this process,
and the machine from the fsync that follows within a second.  A trail that cannot be
written is never a silent one: it is ``BEHIND``, and the server stops reading its clients; after
``patience`` seconds it is ``LOST``, and the server ends sessions and takes no new ones until
writing works again.  No record is dropped meanwhile.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
import logging
import time

import msgspec

from pgproxy.net.audit_file import STDOUT, AuditFile
from pgproxy.session.audit import AuditRecord

PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.25
SYNC_SECONDS = 1.0

# A full pipe is tried again this soon while its reader reads: what it holds is read in no time.
PIPE_SECONDS = 0.005

# A pipe whose reader is slow may lag by this much before clients feel it, and until it lags by half
# of it; one whose reader takes nothing at all for ``patience`` seconds is lost.
BACKLOG = 1 << 20

# What fails when nothing fails but the reader's pace.
_LAG = "reader"

log = logging.getLogger(__name__)


class State(Enum):
    """How the trail does."""

    WRITING = "written"
    BEHIND = "behind"
    LOST = "not written"


class AuditTrail:
    """Appends records to one file, or to standard output."""

    def __init__(self, path: str, patience: float = PATIENCE_SECONDS) -> None:
        self._path = path
        self._patience = patience
        self._file = AuditFile(path)
        self._pending = bytearray()
        self._encode = msgspec.json.Encoder().encode
        self._loop = asyncio.get_running_loop()
        self._retrying: asyncio.Handle | None = None
        self._syncing: asyncio.Handle | None = None
        self._failing: dict[str, float] = {}  # what fails → since when
        self.state = State.WRITING
        self.changed: Callable[[State], None] = lambda state: None
        self.failures = 0

    def put(self, record: AuditRecord) -> None:
        """Put down one record, for the next ``flush``."""
        now = datetime.now(UTC).isoformat(timespec="microseconds").encode()
        self._pending += b'{"time":"%b",%b\n' % (now, self._encoded(record)[1:])

    def flush(self) -> None:
        """Write what was put down; where that fails, it is tried again and again."""
        if self._retrying is None:
            self._flush()

    def reopen(self) -> None:
        """Go on in a new file of the same name: the old one has been moved away.

        Raises ConfigError, and goes on in the old one, where that cannot be opened.
        """
        if self._path != STDOUT:
            fresh = AuditFile(self._path)
            self._write()
            old, self._file = self._file, fresh
            self._attempt("fsync", old.close)

    def close(self) -> None:
        """Write what is pending, make it durable, let go."""
        for handle in (self._retrying, self._syncing):
            if handle is not None:
                handle.cancel()
        self._write()
        if self._pending:
            log.error("audit: the last %d bytes could not be written", len(self._pending))
        self._attempt("fsync", self._file.close)

    def _encoded(self, record: AuditRecord) -> bytes:
        try:
            return self._encode(record)
        except UnicodeEncodeError:
            # A name with bytes that are not UTF-8: written with them escaped.
            return self._encode({n: _printable(getattr(record, n)) for n in record.__slots__})

    def _flush(self) -> None:
        self._retrying = None
        moved = self._write()
        if self._pending:
            wait = PIPE_SECONDS if moved and not self._file.durable else RETRY_SECONDS
            self._retrying = self._loop.call_later(wait, self._flush)
        self._judge(moved)

    def _write(self) -> bool:
        """Whether anything was taken."""
        done = 0

        def write() -> None:
            nonlocal done
            done = self._file.write(self._pending)

        if self._pending and self._attempt("write", write):
            del self._pending[:done]
            if self._file.durable and self._syncing is None:
                self._syncing = self._loop.call_later(SYNC_SECONDS, self._sync)
        return done > 0

    def _sync(self) -> None:
        future: asyncio.Future[None]
        try:
            future = self._loop.run_in_executor(None, self._file.syncer())
        except OSError as error:
            future = self._loop.create_future()
            future.set_exception(error)
        future.add_done_callback(self._synced)

    def _synced(self, done: "asyncio.Future[None]") -> None:
        self._syncing = None
        if done.cancelled():
            return
        if not self._attempt("fsync", done.result):
            self._syncing = self._loop.call_later(SYNC_SECONDS, self._sync)
        self._judge()

    def _attempt(self, what: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except OSError as error:
            self.failures += 1
            if what not in self._failing:
                self._failing[what] = time.monotonic()
                log.error("audit: %s failed: %s", what, error.strerror)
            return False
        self._failing.pop(what, None)
        return True

    def _judge(self, moved: bool = False) -> None:
        now = time.monotonic()
        behind = len(self._pending) > (BACKLOG if self.state is State.WRITING else BACKLOG // 2)
        if moved or not behind:
            self._failing.pop(_LAG, None)
        if behind:
            self._failing.setdefault(_LAG, now)
        since = min(self._failing.values(), default=None)
        state = State.WRITING
        if since is not None:
            state = State.LOST if now - since >= self._patience else State.BEHIND
        if state is not self.state:
            self.state = state
            level = logging.INFO if state is State.WRITING else logging.ERROR
            log.log(level, "audit: the trail is %s", state.value)
            # Not from within: a session may be in the middle of what it does.
            self._loop.call_soon(self.changed, state)


def _printable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
