"""The conversation of a role without masks: every byte is passed on first, as it came.

Then the same bytes are read once more, for the audit trail and the metrics only.  What is misread
here, or is not understood, changes nothing of what the peers get.
"""

from collections.abc import Callable

from pgproxy.errors import ClientViolation, Unavailable, UpstreamViolation
from pgproxy.session.changes import Changes, makes_table, words
from pgproxy.session.context import Identity, SessionContext
from pgproxy.session.effects import Close
from pgproxy.session.ledger import Ledger, Line
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.session.replies import ENDS_READY, Entry, Expect, ReplyQueue
from pgproxy.session.responses import ServerError
from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import MAX_LENGTH, Framer

_STREAMED = bytes((backend.DATA_ROW, backend.COPY_DATA, backend.FUNCTION_CALL_RESPONSE))
_RUNS = (Expect.QUERY, Expect.EXECUTE, Expect.FUNCTION_CALL)


class Text:
    """A query string, and its audit form once somebody wants it."""

    __slots__ = ("_audited", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._audited: str | None = None

    def makes_table(self) -> bool:
        """Whether it may be what a SELECT tag does not tell from a SELECT."""
        return makes_table(self._raw)

    def audited(self, audit_sql: Callable[[bytes], str]) -> str:
        """Without literals."""
        if self._audited is None:
            self._audited = audit_sql(self._raw)
        return self._audited


class Passed(Entry):
    """An entry of the relay: what the audit record will need.

    Most are over before any of it is set, so that the class holds what they begin with.
    """

    name = b""
    source = b""
    text: Text | None = None
    started = 0.0
    rows = 0
    told = 0  # the rows that earlier tags of a query string were about
    kind = ""
    sqlstate = ""


class Relay(Phase):
    """Bytes first, accounts after."""

    ready = True

    def __init__(self, context: SessionContext, outbox: Outbox, identity: Identity) -> None:
        super().__init__(outbox)
        self._context = context
        self._ledger = Ledger(identity, context, outbox)
        self._queue: ReplyQueue[Passed] = ReplyQueue()
        self._statements: dict[bytes, Text] = {}
        self._portals: dict[bytes, Text] = {}
        self._asked = Framer(
            MAX_LENGTH,
            merge_rows=False,
            discard=bytes((frontend.COPY_DATA,)),
            violation=ClientViolation,
        )
        self._answered = Framer(
            MAX_LENGTH, merge_rows=False, discard=_STREAMED, violation=UpstreamViolation
        )
        self._changes = Changes(outbox)
        self._fatal_seen = False
        self._left = False
        self._unreadable = False  # what the client sends has no boundaries any more

    @property
    def client_blocked(self) -> bool:
        """Too many replies are outstanding to keep account of."""
        return len(self._queue) >= self._context.limits.pipeline

    @property
    def between_messages(self) -> bool:
        """Only known for sure when nothing is due: bodies of rows stream past unseen."""
        return self._queue.head is None and not self._answered.pending

    @property
    def idle(self) -> bool:
        """No transaction is open, nothing is half said."""
        if self._unreadable:
            return True
        return self._queue.idle and not self._asked.pending and self.between_messages

    def abandon(self) -> None:
        """What was sent and has not ended."""
        for entry in self._queue.entries:
            self._drop(entry)
        self._changes.tell()

    def client_data(self, data: bytes) -> None:
        """To the server."""
        self._outbox.upstream(data)
        if self._unreadable:
            return
        try:
            messages = self._asked.feed(data)
        except ClientViolation:
            # The server reads no further either, and ends the connection: in its way.
            self._unreadable = True
            return
        for kind, body, _ in messages:
            self._question(kind, body)

    def client_closed(self) -> None:
        """One that took its leave wants its last statement carried out."""
        if self._left:
            self._outbox.add(Close())
        else:
            super().client_closed()

    def upstream_data(self, data: bytes) -> None:
        """To the client."""
        self._outbox.client(data)
        for kind, body, count in self._answered.feed(data):
            if kind == backend.DATA_ROW:
                head = self._queue.head
                if head is not None:
                    head.rows += count
            else:
                handle = _HANDLERS.get(kind)
                if handle is not None:
                    handle(self, body)

    def upstream_closed(self) -> None:
        """The server has said why, or we say it where there is room for it."""
        expected = self._left or self._unreadable
        if not self._fatal_seen and self.between_messages and not expected:
            raise Unavailable("the server closed the connection", sqlstate="08006")
        self._outbox.add(Close("" if self._left else "the server ended the session"))

    # The client's messages

    def _question(self, kind: int, body: bytes) -> None:
        if kind == frontend.TERMINATE:
            self._left = True
        expect = _EXPECTS.get(kind)
        if expect is None or (self._queue.skipping and expect is not Expect.SYNC):
            return
        entry = Passed(expect)
        if expect in _RUNS:
            entry.started = self._context.now()
        # A malformed message is the server's to refuse; here it only has fewer names.
        if expect is Expect.QUERY:
            entry.text = Text(body[:-1])
        elif expect in (Expect.PARSE, Expect.BIND):
            parts = [*body.split(b"\0", 2), b"", b""]
            entry.name, entry.source = parts[0], parts[1]
            if expect is Expect.PARSE:
                entry.text = Text(parts[1])
                entry.source = b""
        elif expect is Expect.EXECUTE:
            entry.name = body.split(b"\0", 1)[0]
        elif expect is Expect.CLOSE:
            entry.source, entry.name = body[:1], body[1:-1]
        self._queue.push(entry)

    # The server's

    def _parse_complete(self, _: bytes) -> None:
        entry = self._take(Expect.PARSE)
        if entry and entry.text:
            self._statements[entry.name] = entry.text

    def _bind_complete(self, _: bytes) -> None:
        entry = self._take(Expect.BIND)
        if entry:
            self._portals[entry.name] = self._statements.get(entry.source) or Text(b"")

    def _close_complete(self, _: bytes) -> None:
        entry = self._take(Expect.CLOSE)
        if entry:
            names = self._statements if entry.source == frontend.STATEMENT else self._portals
            names.pop(entry.name, None)

    def _described(self, _: bytes) -> None:
        self._take(Expect.DESCRIBE_STATEMENT, Expect.DESCRIBE_PORTAL)

    def _completed(self, body: bytes) -> None:
        head, kind = self._queue.head, words(body)
        # Rows without a row: CREATE TABLE AS.  No rows may be that, too: then the text must tell.
        made = kind == "SELECT" and (head is None or head.rows == head.told)
        if made and head is not None and body == _NO_ROWS:
            text = self._portals.get(head.name) if head.expect is Expect.EXECUTE else head.text
            made = text is None or text.makes_table()
        self._changes.completed(kind, made_table=made)
        if head is not None:
            head.kind, head.told = kind, head.rows
        entry = self._take(Expect.EXECUTE)
        if entry:
            self._write(entry)

    def _copy_in(self, _: bytes) -> None:
        if self._queue.head is not None:
            self._queue.copy_in()

    def _error(self, body: bytes) -> None:
        error = ServerError(body)
        self._fatal_seen = self._fatal_seen or error.is_fatal
        entry = self._queue.head
        if entry is None or error.is_fatal:
            return
        entry.sqlstate = error.sqlstate
        for dropped in self._queue.failed():
            if dropped is entry:
                self._write(dropped)

    def _ready(self, body: bytes) -> None:
        self._changes.ready(body)
        while (entry := self._queue.head) is not None and entry.expect not in ENDS_READY:
            self._drop(entry)
            self._queue.pop()
        if entry is None:
            return
        if entry.expect is not Expect.SYNC:
            self._statements.pop(b"", None)
            self._portals.pop(b"", None)
        if entry.expect in _RUNS or entry.sqlstate:
            self._write(entry)
        self._queue.ready(body)
        if body == backend.IDLE:
            self._portals.clear()

    def _take(self, *expects: Expect) -> Passed | None:
        entry = self._queue.head
        if entry is None or entry.expect not in expects:
            return None
        self._queue.pop()
        return entry

    # Accounts

    def _drop(self, entry: Passed) -> None:
        if entry.expect in _RUNS:
            self._write(entry, complete=False)

    def _write(self, entry: Passed, *, complete: bool = True) -> None:
        text = entry.text
        if entry.expect is Expect.EXECUTE:
            text = self._portals.get(entry.name)
        elif entry.expect is Expect.BIND:
            text = self._statements.get(entry.source)
        line = Line("pass", entry.started, kind=entry.kind, rows=entry.rows, complete=complete)
        line.sql = text.audited(self._context.audit_sql) if text else ""
        line.sqlstate = entry.sqlstate
        self._ledger.write(line)


_NO_ROWS = b"SELECT 0\0"

_EXPECTS = {
    frontend.BIND: Expect.BIND,
    frontend.CLOSE: Expect.CLOSE,
    frontend.COPY_DONE: Expect.COPY_END,
    frontend.COPY_FAIL: Expect.COPY_END,
    frontend.DESCRIBE: Expect.DESCRIBE_PORTAL,
    frontend.EXECUTE: Expect.EXECUTE,
    frontend.FUNCTION_CALL: Expect.FUNCTION_CALL,
    frontend.PARSE: Expect.PARSE,
    frontend.QUERY: Expect.QUERY,
    frontend.SYNC: Expect.SYNC,
}

_HANDLERS: dict[int, Callable[[Relay, bytes], None]] = {
    backend.BIND_COMPLETE: Relay._bind_complete,
    backend.CLOSE_COMPLETE: Relay._close_complete,
    backend.COMMAND_COMPLETE: Relay._completed,
    backend.COPY_IN_RESPONSE: Relay._copy_in,
    backend.EMPTY_QUERY_RESPONSE: Relay._completed,
    backend.ERROR_RESPONSE: Relay._error,
    backend.NO_DATA: Relay._described,
    backend.PARSE_COMPLETE: Relay._parse_complete,
    backend.PORTAL_SUSPENDED: Relay._completed,
    backend.READY_FOR_QUERY: Relay._ready,
    backend.ROW_DESCRIPTION: Relay._described,
}
