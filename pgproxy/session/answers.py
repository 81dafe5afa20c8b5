"""The server's half of a masked session: every message is expected, checked, treated, or the end.

The rule of this file: no byte of a row goes to the client except through ``Result.apply``, and a
message that the entry at the head of the queue does not expect ends the session.
"""

from collections import deque
from collections.abc import Callable, Mapping

from pgproxy.errors import Unavailable, UpstreamViolation
from pgproxy.policy.plan import QueryPlan, StatementPlan
from pgproxy.session.changes import words
from pgproxy.session.effects import ResolveTokens
from pgproxy.session.questions import Shared
from pgproxy.session.replies import Expect
from pgproxy.session.reports import Reports
from pgproxy.session.results import Layouts, Result, check
from pgproxy.session.statements import Asked, Portal
from pgproxy.treatment.tokens import TokenRequest
from pgproxy.wire import backend
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
        self._reports = reports
        self._layouts = Layouts(shared.context.treatments)
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
            else:
                handle = _HANDLERS.get(kind)
                if handle is None:
                    raise UpstreamViolation("the server sent a message that is not allowed here")
                handle(self, body)
            held.popleft()

    # Rows

    def _rows(self, rows: bytes, count: int) -> bool:
        """Treats a run of rows; False when tokens must be learned first."""
        result = self._result()
        treated = result.apply(rows, count)
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

    def _result(self) -> Result:
        entry = self._queue.head
        result = None
        if entry is not None and entry.expect is Expect.QUERY and not entry.failed:
            result = entry.result
        elif entry is not None and entry.expect is Expect.EXECUTE:
            result = self._portal(entry).result
        if result is None:
            raise UpstreamViolation("the server sent rows that were not announced")
        return result

    def _portal(self, entry: Asked) -> Portal:
        portal = self._names.portals.get(entry.name)
        if portal is None or not portal.described:
            raise UpstreamViolation("the server answers for a portal that is not known here")
        return portal

    # Layouts

    def _row_description(self, body: bytes) -> None:
        entry = self._expected(
            Expect.QUERY, Expect.LAYOUT, Expect.DESCRIBE_STATEMENT, Expect.DESCRIBE_PORTAL
        )
        if entry.expect is Expect.QUERY:
            if entry.result is not None:
                raise UpstreamViolation("the server announced rows twice")
            entry.result = Result(self._layouts.layout(_current(entry), body))
        elif entry.expect is Expect.LAYOUT:
            portal = self._bound(entry)
            portal.result = Result(self._layouts.layout(_only(portal.plan), body))
            portal.described = True
            self._queue.pop()
            return
        else:
            check(_only(self._described(entry)), body)
            self._queue.pop()
        self._client(message(backend.ROW_DESCRIPTION, body))

    def _no_data(self, body: bytes) -> None:
        entry = self._expected(Expect.LAYOUT, Expect.DESCRIBE_STATEMENT, Expect.DESCRIBE_PORTAL)
        plan = self._bound(entry).plan if entry.expect is Expect.LAYOUT else self._described(entry)
        if plan.statements and _only(plan).fields is not None:
            raise UpstreamViolation("the server announced no rows where some were expected")
        self._queue.pop()
        if entry.expect is Expect.LAYOUT:
            self._bound(entry).described = True
            return
        self._client(message(backend.NO_DATA, body))

    def _parameter_description(self, body: bytes) -> None:
        entry = self._expected(Expect.DESCRIBE_STATEMENT)
        if entry.half:
            raise UpstreamViolation("the server described the parameters twice")
        entry.half = True
        self._client(message(backend.PARAMETER_DESCRIPTION, body))

    def _bound(self, entry: Asked) -> Portal:
        portal = self._names.portals.get(entry.name)
        if portal is None or portal.described:
            raise UpstreamViolation("the server describes a portal that is not known here")
        return portal

    def _described(self, entry: Asked) -> QueryPlan:
        """The plan of what a Describe of the client is about."""
        if entry.expect is Expect.DESCRIBE_PORTAL:
            return self._portal(entry).plan
        statement = self._names.statements.get(entry.name)
        if statement is None or not entry.half:
            raise UpstreamViolation("the server describes a statement that is not known here")
        return statement.plan

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
        if not self._names.bound(entry):
            raise UpstreamViolation("the server bound a statement that is not known here")
        self._reports.touched(self._names.portals[entry.name].plan)
        self._confirm(backend.BIND_COMPLETE, body)

    def _close_complete(self, body: bytes) -> None:
        self._names.closed(self._expected(Expect.CLOSE))
        self._confirm(backend.CLOSE_COMPLETE, body)

    def _confirm(self, kind: int, body: bytes) -> None:
        if body:
            raise UpstreamViolation("a message of the server is malformed")
        self._queue.pop()
        self._client(message(kind))

    # Ends of statements

    def _command_complete(self, body: bytes) -> None:
        entry = self._expected(Expect.QUERY, Expect.EXECUTE)
        kind = words(backend.parse_command_complete(body))
        if entry.expect is Expect.QUERY:
            plan, result = _current(entry), entry.result
            if (plan.fields is None) != (result is None):
                raise UpstreamViolation("the server ended a statement without its rows")
            self._notices(plan)
            self._reports.completed(entry, plan, result)
            self._changed(kind, plan)
            entry.done += 1
            entry.result = None
        else:
            self._executed(entry)
            self._changed(kind, _only(self._portal(entry).plan))
            self._queue.pop()
        self._client(message(backend.COMMAND_COMPLETE, body))

    def _changed(self, kind: str, plan: StatementPlan) -> None:
        made = kind == "SELECT" and plan.fields is None
        self._reports.changes.completed(kind, made_table=made)

    def _portal_suspended(self, body: bytes) -> None:
        entry = self._expected(Expect.EXECUTE)
        self._executed(entry)
        self._confirm(backend.PORTAL_SUSPENDED, body)

    def _empty_query_response(self, body: bytes) -> None:
        entry = self._expected(Expect.QUERY, Expect.EXECUTE)
        plan = self._portal(entry).plan if entry.expect is Expect.EXECUTE else _plan(entry)
        if plan.statements or body:
            raise UpstreamViolation("the server took a statement for an empty one")
        if entry.expect is Expect.EXECUTE:
            self._queue.pop()
        self._client(message(backend.EMPTY_QUERY_RESPONSE))

    def _executed(self, entry: Asked) -> None:
        portal = self._portal(entry)
        plan = _only(portal.plan)
        if not portal.noticed:
            self._notices(plan)
            portal.noticed = True
        self._reports.completed(entry, plan, portal.result)

    def _notices(self, plan: StatementPlan) -> None:
        for text in plan.notices:
            self._reports.notice(text)

    def _ready_for_query(self, body: bytes) -> None:
        entry = self._queue.head
        if entry is None or entry.expect not in (Expect.QUERY, Expect.SYNC):
            raise UpstreamViolation("the server is ready too early")
        status = backend.parse_ready_for_query(body)
        if entry.expect is Expect.QUERY:
            if not entry.failed and entry.done != len(_plan(entry).statements):
                raise UpstreamViolation("the server left statements of a query out")
            self._names.simple_query()
        self._queue.ready(status)
        self._reports.changes.ready(status)
        if status == backend.IDLE:
            self._names.transaction_ended()
            self._reports.transaction_ended()
        self._client(message(backend.READY_FOR_QUERY, body))

    # Whatever may come at any time

    def _error_response(self, body: bytes) -> None:
        entry = self._queue.head
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
        self._names.rewind(self._queue.entries)

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


def _plan(entry: Asked) -> QueryPlan:
    if entry.statement is None:
        raise UpstreamViolation("the server answers to what was not planned")
    return entry.statement.plan


def _current(entry: Asked) -> StatementPlan:
    """The statement of a Query that runs; none when an error has ended it."""
    statements = _plan(entry).statements
    if entry.done >= len(statements):
        raise UpstreamViolation("the server answers to more statements than there are")
    statement = statements[entry.done]
    if statement.refusal is not None:
        raise UpstreamViolation("the server ran a statement that was refused")
    return statement


def _only(plan: QueryPlan) -> StatementPlan:
    """The statement of a prepared one."""
    if len(plan.statements) != 1:
        raise UpstreamViolation("the server answers to a statement that is not one")
    return plan.statements[0]


_HANDLERS: dict[int, Callable[[Answers, bytes], None]] = {
    backend.BIND_COMPLETE: Answers._bind_complete,
    backend.CLOSE_COMPLETE: Answers._close_complete,
    backend.COMMAND_COMPLETE: Answers._command_complete,
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
