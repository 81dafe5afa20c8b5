"""The server's half of a masked session: every message is expected, checked, treated, or the end.

The rule of this file: no byte of a row goes to the client except through ``Result.apply``, and a
message that the entry at the head of the queue does not expect ends the session.
"""

from collections import deque
from collections.abc import Callable, Mapping

from pgproxy.errors import Unavailable, UpstreamViolation
from pgproxy.session.announcements import DESCRIBED, RUNNING, Announcements
from pgproxy.session.changes import words
from pgproxy.session.copies import CopyResult
from pgproxy.session.effects import ResolveTokens
from pgproxy.session.inputs import asks
from pgproxy.session.replies import Expect
from pgproxy.session.reports import Reports
from pgproxy.session.results import Result
from pgproxy.session.runs import current, planned
from pgproxy.session.shared import Shared
from pgproxy.session.statements import Asked, Run
from pgproxy.treatment.tokens import TokenRequest
from pgproxy.wire import backend
from pgproxy.wire.copy import payload
from pgproxy.wire.framing import Framer, message

# Learning and forgetting tokens in turn must end some time.
_ROUNDS = 4


class Answers:
    """Server messages in, client messages out."""

    def __init__(self, shared: Shared, reports: Reports) -> None:
        self._shared = shared
        self._client = shared.outbox.client
        self._queue = shared.queue
        self._names = shared.names
        self._runs = shared.runs
        self._announced = Announcements(shared)
        self._reports = reports
        self._framer = Framer(
            shared.context.limits.message_bytes, merge_rows=True, violation=UpstreamViolation
        )
        # Messages behind rows that wait for tokens, those rows at the head.
        self._held: deque[tuple[int, bytes, int]] = deque()
        self._awaited: tuple[TokenRequest, ...] = ()
        self._rounds = 0

    @property
    def waiting(self) -> bool:
        """Tokens are awaited."""
        return bool(self._awaited)

    def feed(self, data: bytes) -> None:
        """Bytes of the server."""
        self._held.extend(self._framer.feed(data))
        self._run()

    def tokens_ready(self, tokens: tuple[Mapping[bytes, bytes], ...]) -> None:
        """The answers to what was awaited, in its order."""
        if len(tokens) != len(self._awaited):
            raise Unavailable("the vault gave other tokens than were asked for")
        for request, known in zip(self._awaited, tokens, strict=True):
            self._shared.context.tokens.learn(request.space, known)
        self._awaited = ()
        self._run()

    def _run(self) -> None:
        held = self._held
        while held and not self._awaited:
            kind, body, count = held[0]
            if kind == backend.DATA_ROW:
                if not self._rows(body, count):
                    return
            elif kind == backend.COPY_DATA:
                if not self._copied():
                    return
            else:
                handle = _HANDLERS.get(kind)
                if handle is None:
                    raise UpstreamViolation("the server sent a message that is not allowed here")
                handle(self, body)
            held.popleft()

    # Rows

    def _rows(self, rows: bytes, count: int) -> bool:
        """Treats a run of rows; False when tokens must be learned first."""
        result = self._announced.result(self._queue.head)
        if not isinstance(result, Result):
            raise UpstreamViolation("the server sent rows that were not announced")
        return self._treated(result.apply(rows, count))

    def _copied(self) -> bool:
        """A run of CopyData; False when tokens must be learned first."""
        held, result = self._held, self._copy()
        kind, run, count = held[0]
        if count:
            result.feed(payload(run))
            # In its place, where the rows wait for tokens: no more is fed before they are out.
            held[0] = kind, b"", 0
        return self._treated(result.apply())

    def _copy(self) -> CopyResult:
        result = self._announced.result(self._queue.head)
        if not isinstance(result, CopyResult):
            raise UpstreamViolation("the server sent a copy that was not announced")
        return result

    def _treated(self, treated: bytes | tuple[TokenRequest, ...]) -> bool:
        if isinstance(treated, bytes):
            self._rounds = 0
            self._client(treated)
            return True
        self._rounds += 1
        if self._rounds > _ROUNDS:
            raise Unavailable("the vault did not give the tokens that were asked for")
        self._awaited = treated
        self._shared.context.counters.vault_lookups["asked"] += sum(
            len(request.values) for request in treated
        )
        self._shared.outbox.add(ResolveTokens(treated))
        return False

    # Announcements

    def _row_description(self, body: bytes) -> None:
        entry = self._expected(Expect.QUERY, *DESCRIBED)
        shown = self._announced.rows(entry, body)
        if entry.expect is not Expect.QUERY:
            self._queue.pop()
        if entry.expect is not Expect.LAYOUT:
            self._client(message(backend.ROW_DESCRIPTION, shown))

    def _no_data(self, body: bytes) -> None:
        entry = self._expected(*DESCRIBED)
        self._announced.no_rows(entry)
        self._queue.pop()
        if entry.expect is not Expect.LAYOUT:
            self._client(message(backend.NO_DATA, backend.parse_empty(body)))

    def _parameter_description(self, body: bytes) -> None:
        entry = self._expected(Expect.DESCRIBE_STATEMENT)
        if entry.half:
            raise UpstreamViolation("the server described the parameters twice")
        entry.half = True
        # A length that lies could have made the rows behind it a part of it.
        backend.parse_parameter_description(body)
        self._client(message(backend.PARAMETER_DESCRIPTION, body))

    def _copy_out_response(self, body: bytes) -> None:
        self._announced.copy(self._expected(*RUNNING), body)
        self._client(message(backend.COPY_OUT_RESPONSE, body))

    def _copy_in_response(self, body: bytes) -> None:
        entry = self._expected(*RUNNING)
        plan = self._announced.run_of(entry).plan
        self._shared.intake.begin(plan.copy_in, body)
        self._queue.copy_in()
        self._client(message(backend.COPY_IN_RESPONSE, body))

    def _copy_done(self, body: bytes) -> None:
        result = self._copy()
        result.end()
        self._client(message(backend.COPY_DONE, backend.parse_empty(body)))

    # Confirmations

    def _parse_complete(self, body: bytes) -> None:
        entry = self._expected(Expect.PARSE)
        statement = entry.statement
        if statement is None or len(statement.plan.statements) > 1:
            raise UpstreamViolation("the server prepared what it cannot prepare")
        if statement.only is not None and statement.only.refusal is not None:
            raise UpstreamViolation("the server prepared a statement that was refused")
        self._names.parsed(entry)
        self._confirm(backend.PARSE_COMPLETE, body)

    def _bind_complete(self, body: bytes) -> None:
        entry = self._expected(Expect.BIND)
        statement = self._names.statements.get(entry.source)
        if statement is None:
            raise UpstreamViolation("the server bound a statement that is not known here")
        self._runs.validate(statement, entry.version)
        if entry.resolved is not (statement if asks(statement.only) else None):
            # Values went to another statement than they were meant for, or tokens went unresolved.
            raise UpstreamViolation("the server bound another statement than was foreseen")
        self._reports.touched(self._names.bound(entry, statement).plan)
        self._confirm(backend.BIND_COMPLETE, body)

    def _close_complete(self, body: bytes) -> None:
        self._names.closed(self._expected(Expect.CLOSE))
        self._confirm(backend.CLOSE_COMPLETE, body)

    def _confirm(self, kind: int, body: bytes) -> None:
        backend.parse_empty(body)
        self._queue.pop()
        self._client(message(kind))

    # Ends of statements

    def _command_complete(self, body: bytes) -> None:
        entry = self._expected(*RUNNING)
        if self._shared.intake.active:
            raise UpstreamViolation("the server ended a copy before its rows were in")
        tag = backend.parse_command_complete(body)
        if entry.expect is Expect.QUERY:
            run, result = self._completed(entry)
        else:
            run, result = self._executed(entry)
            self._queue.pop()
        if run.plan.copy is not None:
            if not isinstance(result, CopyResult):
                raise UpstreamViolation("the server ended a copy that it had not begun")
            result.check_total(tag.rstrip(b"\0"))
        kind = words(tag)
        self._names.completed(entry, kind, run, tainted=self._reports.tainted)
        made = kind == "SELECT" and run.plan.fields is None
        self._reports.changes.completed(kind, made_table=made)
        self._client(message(backend.COMMAND_COMPLETE, body))

    def _completed(self, entry: Asked) -> tuple[Run, Result | CopyResult | None]:
        """A statement of a Query."""
        run, result = self._runs.query(entry), entry.result
        if (run.plan.fields is None) != (result is None):
            raise UpstreamViolation("the server ended a statement without its rows")
        plan = current(entry)
        if entry.statement is not None and entry.done == 0:
            self._reports.tell(entry.statement.notices)
        self._reports.notices(plan, run)
        self._reports.completed(entry, plan, run, result)
        entry.done += 1
        entry.run = entry.result = None
        return run, result

    def _executed(self, entry: Asked) -> tuple[Run, Result | CopyResult | None]:
        """A portal, to its end or for now."""
        portal = self._announced.portal(entry)
        if portal.plan is None:
            raise UpstreamViolation("the server ran an empty statement")
        run = self._announced.run(portal, entry)
        if not portal.noticed:
            portal.noticed = True
            self._reports.tell(portal.statement.notices if portal.statement else ())
            self._reports.tell(portal.notices)
            self._reports.notices(portal.plan, run)
        self._reports.completed(entry, portal.plan, run, portal.result)
        return run, portal.result

    def _portal_suspended(self, body: bytes) -> None:
        entry = self._expected(Expect.EXECUTE)
        self._executed(entry)
        self._confirm(backend.PORTAL_SUSPENDED, body)

    def _empty_query_response(self, body: bytes) -> None:
        entry = self._expected(Expect.QUERY, Expect.EXECUTE)
        if entry.expect is Expect.QUERY:
            empty = not planned(entry).statements
        else:
            empty = self._announced.portal(entry).plan is None
        if body or not empty:
            raise UpstreamViolation("the server took a statement for an empty one")
        if entry.expect is Expect.EXECUTE:
            self._queue.pop()
        self._client(message(backend.EMPTY_QUERY_RESPONSE))

    def _ready_for_query(self, body: bytes) -> None:
        entry = self._queue.head
        if entry is None or entry.expect not in (Expect.QUERY, Expect.SYNC):
            raise UpstreamViolation("the server is ready too early")
        status = backend.parse_ready_for_query(body)
        if entry.expect is Expect.QUERY:
            if not entry.failed and entry.done != len(planned(entry).statements):
                raise UpstreamViolation("the server left statements of a query out")
            self._names.simple_query()
        failed = entry.failed or self._queue.status == backend.FAILED_TRANSACTION
        self._queue.ready(status)
        self._reports.changes.ready(status)
        if status == backend.IDLE:
            self._names.transaction_ended(failed=failed)
            self._reports.transaction_ended()
            if not self._queue.entries:
                self._shared.foreseen.transaction_ended()
        self._client(message(backend.READY_FOR_QUERY, body))

    # Whatever may come at any time

    def _error_response(self, body: bytes) -> None:
        entry = self._queue.head
        self._shared.intake.stop()
        if self._reports.error(entry, body):
            return
        if entry is None:
            raise UpstreamViolation("the server sent an error that nobody asked for")
        if entry.expect in (Expect.QUERY, Expect.SYNC):
            if entry.failed:
                raise UpstreamViolation("the server sent two errors for one query")
            entry.failed = True
            return
        if entry.expect is Expect.PARSE:
            self._names.unparsed(entry.name)
        self._queue.failed()
        self._shared.foreseen.rewind(self._queue.entries)

    def _notice_response(self, body: bytes) -> None:
        self._reports.server_notice(self._queue.head, body)

    def _notification_response(self, body: bytes) -> None:
        pid, channel, _ = backend.parse_notification(body)
        self._client(backend.notification_response(pid, channel, b""))

    def _parameter_status(self, body: bytes) -> None:
        self._reports.setting(*backend.parse_parameter_status(body))
        self._client(message(backend.PARAMETER_STATUS, body))

    def _expected(self, *expects: Expect) -> Asked:
        entry = self._queue.head
        if entry is None or entry.expect not in expects:
            raise UpstreamViolation("the server sent an answer to something else")
        if entry.failed:
            raise UpstreamViolation("the server goes on after an error")
        return entry


_HANDLERS: dict[int, Callable[[Answers, bytes], None]] = {
    backend.BIND_COMPLETE: Answers._bind_complete,
    backend.CLOSE_COMPLETE: Answers._close_complete,
    backend.COMMAND_COMPLETE: Answers._command_complete,
    backend.COPY_DONE: Answers._copy_done,
    backend.COPY_IN_RESPONSE: Answers._copy_in_response,
    backend.COPY_OUT_RESPONSE: Answers._copy_out_response,
    backend.EMPTY_QUERY_RESPONSE: Answers._empty_query_response,
    backend.ERROR_RESPONSE: Answers._error_response,
    backend.NO_DATA: Answers._no_data,
    backend.NOTICE_RESPONSE: Answers._notice_response,
    backend.NOTIFICATION_RESPONSE: Answers._notification_response,
    backend.PARAMETER_DESCRIPTION: Answers._parameter_description,
    backend.PARAMETER_STATUS: Answers._parameter_status,
    backend.PARSE_COMPLETE: Answers._parse_complete,
    backend.PORTAL_SUSPENDED: Answers._portal_suspended,
    backend.READY_FOR_QUERY: Answers._ready_for_query,
    backend.ROW_DESCRIPTION: Answers._row_description,
}
