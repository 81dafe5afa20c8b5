"""The client's messages while it copies rows in: CopyData, CopyDone, CopyFail."""

from collections.abc import Callable, Mapping

from pgproxy.errors import ClientViolation, Refusal
from pgproxy.session.effects import ResolveValues
from pgproxy.session.intake import Rows
from pgproxy.session.replies import Expect
from pgproxy.session.resolving import UNREACHABLE
from pgproxy.session.shared import Shared
from pgproxy.session.statements import Asked
from pgproxy.wire import frontend
from pgproxy.wire.framing import message

_GIVEN_UP = frontend.CopyFail(b"refused by pgproxy").encode()


class Copying:
    """Sends them on, tokens resolved; ``push`` takes the mark at the end of a copy."""

    def __init__(self, shared: Shared, push: Callable[[Asked], None]) -> None:
        self._queue = shared.queue
        self._outbox = shared.outbox
        self._intake = shared.intake
        self._push = push
        # The rows that have taken the message which waits.  The server may end their copy by then:
        # those of the next one have not.
        self._fed: Rows | None = None
        self.asking = False  # what tokens of its rows stand for

    def forward(self, kind: int, body: bytes, *, more: bool) -> bool:
        """False when values must be known first; ``more``: another CopyData follows at once.

        Raises ClientViolation for a message that has no place in a copy.
        """
        try:
            if kind == frontend.COPY_DATA:
                return self._data(body, more=more)
            if kind == frontend.COPY_DONE:
                return self._done()
        except Refusal as refusal:
            self._give_up(refusal)
            return True
        if kind == frontend.COPY_FAIL:
            self._end(message(kind, body))
        elif kind in (frontend.SYNC, frontend.FLUSH):
            # The server ignores them until the copy has ended (manual 54.2.6).
            self._outbox.upstream(message(kind, body))
        else:
            raise ClientViolation("unexpected message type during COPY")
        return True

    def learn(self, found: tuple[Mapping[bytes, bytes | None], ...] | None) -> None:
        """What the tokens stand for; None: the vault does not say."""
        self.asking = False
        rows = self._intake.rows
        if rows is None:
            # The server has ended the copy meanwhile.
            return
        if found is None:
            self._give_up(UNREACHABLE)
        else:
            rows.learn(found)

    def _data(self, body: bytes, *, more: bool) -> bool:
        rows = self._intake.rows
        if rows is None:
            self._outbox.upstream(message(frontend.COPY_DATA, body))
            return True
        if self._fed is not rows:
            rows.feed(body)
            self._fed = None if more else rows
        return more or self._taken()

    def _done(self) -> bool:
        rows = self._intake.rows
        if rows is not None:
            if self._fed is not rows:
                rows.end()
                self._fed = rows
            if not self._taken():
                return False
        self._end(message(frontend.COPY_DONE))
        return True

    def _taken(self) -> bool:
        rows = self._intake.rows
        assert rows is not None
        taken = rows.take()
        if isinstance(taken, bytes):
            self._outbox.upstream(taken)
            self._fed = None
            return True
        self.asking = True
        self._outbox.add(ResolveValues(taken))
        return False

    def _give_up(self, refusal: Refusal) -> None:
        """The server raises the error; its text will be ours."""
        entry = self._queue.head
        if entry is not None:
            entry.given_up = refusal
        self._end(_GIVEN_UP)

    def _end(self, last: bytes) -> None:
        self._fed = None
        entry = self._queue.head
        self._intake.end(only=entry is not None and entry.expect is Expect.EXECUTE)
        self._push(Asked(Expect.COPY_END))
        self._outbox.upstream(last)
