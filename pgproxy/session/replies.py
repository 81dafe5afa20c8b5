"""The one FIFO of expected replies: an entry for each frontend message that the server answers.

protocol.md 1.3 and 1.4.  An error answers the entry at the head and everything behind it up to the
next Sync; from then on the server discards what the client sends until a Sync comes.
ReadyForQuery is never counted: it answers the Query, FunctionCall or Sync at the head.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from pgproxy.wire.backend import IDLE


class Expect(Enum):
    """Which replies an entry stands for."""

    QUERY = auto()  # per statement T? D* C, or I; Z at the end
    PARSE = auto()  # 1
    BIND = auto()  # 2
    LAYOUT = auto()  # T or n, for our own Describe behind a Bind; never seen by the client
    DESCRIBE_STATEMENT = auto()  # t, then T or n
    DESCRIBE_PORTAL = auto()  # T or n
    EXECUTE = auto()  # D*, then C, I or s
    CLOSE = auto()  # 3
    SYNC = auto()  # Z
    FUNCTION_CALL = auto()  # V, Z
    COPY_END = auto()  # nothing: CopyDone or CopyFail, a mark in the order


# These end in ReadyForQuery, after an error too.  A tuple: members of an Enum are slow to hash.
ENDS_READY = (Expect.QUERY, Expect.SYNC, Expect.FUNCTION_CALL)


@dataclass(slots=True, eq=False)
class Entry:
    """What is expected; the conversations add what they need to know when the reply comes."""

    expect: Expect


E = TypeVar("E", bound=Entry)


class ReplyQueue(Generic[E]):
    """The entries of one session, and the transaction status of the last ReadyForQuery."""

    def __init__(self) -> None:
        self.entries: deque[E] = deque()
        self.status = IDLE
        # The server discards everything until the next Sync.
        self.skipping = False
        # CopyIn: the server ignores Sync and Flush until the client ends the copy.
        self._copying = False
        # Messages went out that no Sync has closed yet: a transaction may be open.
        self._open = False

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def head(self) -> E | None:
        """The entry that the next reply answers."""
        while self.entries and self.entries[0].expect is Expect.COPY_END:
            self.entries.popleft()
        return self.entries[0] if self.entries else None

    @property
    def idle(self) -> bool:
        """No reply is due and no transaction is open: ending here costs the client nothing."""
        return self.head is None and not self._open and self.status == IDLE

    def push(self, entry: E) -> None:
        """A message goes out.  While ``skipping`` only Sync may; others get no reply."""
        expect = entry.expect
        if expect is Expect.COPY_END:
            self._copying = False
            if self.entries and self.entries[-1].expect is Expect.COPY_END:
                # One mark ends a copy; no number of them outside one may fill the queue.
                return
        elif expect is Expect.SYNC:
            if self._copying:
                return
            self.skipping = self._open = False
        else:
            # A Query commits what extended messages before it have begun.
            self._open = expect not in ENDS_READY
        self.entries.append(entry)

    def pop(self) -> None:
        """The head has got its last reply."""
        self.entries.popleft()

    def ready(self, status: bytes) -> None:
        """ReadyForQuery for the head."""
        self.entries.popleft()
        self.status = status

    def failed(self) -> list[E]:
        """ErrorResponse for the head: returns the entries that no reply will come for."""
        self._copying = False
        entries = self.entries
        if entries[0].expect in ENDS_READY:
            return []
        dropped = []
        while entries and entries[0].expect is not Expect.SYNC:
            dropped.append(entries.popleft())
        self.skipping = not entries
        return dropped

    def copy_in(self) -> None:
        """CopyInResponse: Syncs sent before the end of the copy are ignored by the server."""
        kept = []
        self._copying = True
        while self.entries and self._copying:
            entry = self.entries.popleft()
            self._copying = entry.expect is not Expect.COPY_END
            if entry.expect is not Expect.SYNC:
                kept.append(entry)
        self.entries.extendleft(reversed(kept))
