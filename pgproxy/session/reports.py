"""What a masked session tells about its statements: to the client in errors and notices, to the
ledger when they end.

A server text may have been shaped by masked values once a statement of the transaction touched
them: deferred checks and cursors fail later than the statement that is to blame.
"""

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.plan import REFUSED_SQLSTATE, StatementPlan
from pgproxy.session.changes import Changes
from pgproxy.session.conditions import label
from pgproxy.session.copies import CopyResult
from pgproxy.session.ledger import Ledger, Line
from pgproxy.session.replies import Expect
from pgproxy.session.responses import ServerError, notice, refused
from pgproxy.session.results import Result
from pgproxy.session.shared import Shared
from pgproxy.session.statements import Asked, Portal, Run, Statement
from pgproxy.wire.backend import encode_error, encode_notice

# Reported settings that must keep the value they were pinned to at start-up.
PINNED = {
    b"standard_conforming_strings": (b"on",),
    b"client_encoding": (b"UTF8", b"UNICODE"),
    b"is_superuser": (b"off",),
}

# What CopyFail leads to.
QUERY_CANCELED = "57014"


def check_setting(name: bytes, value: bytes) -> None:
    """Raises UpstreamViolation for a setting under which the analysis does not hold."""
    if name in PINNED and value not in PINNED[name]:
        raise UpstreamViolation(f"the server changed {name.decode()}", sqlstate="0A000")


class Reports:
    """The words of one masked session."""

    def __init__(self, shared: Shared, ledger: Ledger, login: bytes) -> None:
        self._shared = shared
        self._client = shared.outbox.client
        self._names = shared.names
        self._ledger = ledger
        self._login = login
        self.tainted = False  # masked columns took part in this transaction
        self.changes = Changes(shared.outbox)
        self.fatal_seen = False

    def touched(self, *plans: StatementPlan | None) -> None:
        """Statements of these plans run in the current transaction."""
        if not self.tainted:
            self.tainted = any(plan and self._shared.runs.masked(plan) for plan in plans)

    def transaction_ended(self) -> None:
        """What was touched is behind us."""
        self.tainted = False

    def setting(self, name: bytes, value: bytes) -> None:
        """ParameterStatus: only while the pins hold, and the login is the same."""
        check_setting(name, value)
        if name == b"session_authorization" and value != self._login:
            raise UpstreamViolation("the server changed the session's user", sqlstate="0A000")

    def notices(self, plan: StatementPlan, run: Run) -> None:
        """Ours: those of the statement, and of what it runs; of a portal they are told once."""
        if run.plan is plan and not plan.notices:
            return
        behind = run.portal
        texts = plan.notices
        if run.plan is not plan and not (behind and behind.noticed):
            texts += run.plan.notices
        if behind is not None:
            behind.noticed = True
        self.tell(texts)

    def tell(self, notices: tuple[str, ...]) -> None:
        """Notices of ours."""
        for text in notices:
            self._client(notice(text))

    def server_notice(self, entry: Asked | None, body: bytes) -> None:
        """NoticeResponse: told only where nothing masked can have shaped it."""
        if entry is not None and not self._withheld(entry):
            shown = ServerError(body).shown(position=self._verbatim(entry))
            self._client(encode_notice(shown))

    def error(self, entry: Asked | None, body: bytes) -> bool:
        """ErrorResponse; True when it ends the session."""
        error = ServerError(body)
        if error.is_fatal:
            self.fatal_seen = True
            self._shared.context.counters.errors[label(error.sqlstate)] += 1
            shown = entry is not None and not self._withheld(entry)
            self._client(encode_error(error.shown(position=False) if shown else error.withheld()))
            return True
        if entry is not None:
            refusal = _refused(entry)
            if refusal is not None and error.sqlstate == REFUSED_SQLSTATE:
                assert refusal.refusal is not None
                self._client(refused(refusal.refusal))
            elif entry.given_up is not None and error.sqlstate == QUERY_CANCELED:
                self._client(refused(entry.given_up))
            elif self._withheld(entry):
                self._client(encode_error(error.withheld()))
            else:
                shown_fields = error.shown(position=self._verbatim(entry))
                self._client(encode_error(shown_fields))
            self._failed(entry, error.sqlstate)
        return False

    def completed(
        self, entry: Asked, plan: StatementPlan, run: Run, result: Result | CopyResult | None
    ) -> None:
        """A statement has ended well, or its portal is suspended."""
        self.tainted = self.tainted or run.touches
        line = Line("allow", entry.started, kind=plan.kind, sql=plan.audit_sql)
        if result is not None:
            line.rows, line.treated = result.take_counts()
        self._ledger.write(line)
        entry.started = self._ledger.now()

    def abandoned(self) -> None:
        """The session ends: what was sent and has not ended is put down all the same."""
        self.changes.tell()
        for entry in self._shared.queue.entries:
            if entry.expect in (Expect.QUERY, Expect.EXECUTE) and not entry.failed:
                self._failed(entry, "", complete=False)

    def _failed(self, entry: Asked, sqlstate: str, *, complete: bool = True) -> None:
        whole = self._plans(entry)
        plan = _running(entry, whole)
        self.touched(*(whole or ()))
        if plan is None:
            if sqlstate:
                self._shared.context.counters.errors[label(sqlstate)] += 1
            return
        line = Line("allow", entry.started, kind=plan.kind, sql=plan.audit_sql)
        line.sqlstate, line.complete = sqlstate, complete
        if plan.refusal is not None:
            line.decision, line.reason = "refuse", plan.refusal.reason
            line.sqlstate = plan.refusal.sqlstate if sqlstate == REFUSED_SQLSTATE else sqlstate
            if entry.statement is not None and entry.statement.text:
                line.sql = self._shared.context.audit_sql(entry.statement.text)
        if entry.given_up is not None:
            line.decision, line.reason = "refuse", entry.given_up.reason
            line.sqlstate = entry.given_up.sqlstate
        result = self._result(entry)
        if result is not None:
            line.rows, line.treated = result.take_counts()
        self._ledger.write(line)

    def _result(self, entry: Asked) -> Result | CopyResult | None:
        if entry.expect is Expect.EXECUTE:
            portal = self._names.portals.get(entry.name)
            return portal.result if portal else None
        return entry.result

    def _plans(self, entry: Asked) -> tuple[StatementPlan, ...] | None:
        """What an entry is about, as far as the server has confirmed the names."""
        if entry.statement is not None:
            return entry.statement.plan.statements
        named: Statement | Portal | None = None
        if entry.expect is Expect.BIND:
            named = self._names.statements.get(entry.source)
        elif entry.expect is Expect.DESCRIBE_STATEMENT:
            named = self._names.statements.get(entry.name)
        elif entry.expect in (Expect.LAYOUT, Expect.DESCRIBE_PORTAL, Expect.EXECUTE):
            named = self._names.portals.get(entry.name)
        if named is None:
            return None
        plan = named.plan if isinstance(named, Portal) else named.only
        return (plan,) if plan else ()

    def _withheld(self, entry: Asked) -> bool:
        if self.tainted:
            return True
        if entry.expect in (Expect.SYNC, Expect.CLOSE):
            return False
        plans = self._plans(entry)
        return plans is None or any(map(self._shared.runs.masked, plans))

    def _verbatim(self, entry: Asked) -> bool:
        """Whether the server has the client's own text: else positions mean nothing to it."""
        statement = entry.statement
        return statement is not None and statement.text == statement.plan.sql


def _refused(entry: Asked) -> StatementPlan | None:
    """The refused statement that the server has come to; no other may have its error replaced."""
    if entry.statement is None or entry.failed:
        return None
    statements = entry.statement.plan.statements
    if entry.expect is Expect.PARSE and len(statements) != 1:
        return None
    at = entry.done if entry.expect is Expect.QUERY else 0
    if at >= len(statements) or statements[at].refusal is None:
        return None
    return statements[at]


def _running(entry: Asked, plans: tuple[StatementPlan, ...] | None) -> StatementPlan | None:
    if not plans or entry.expect in (Expect.CLOSE, Expect.SYNC):
        return None
    at = entry.done if entry.expect is Expect.QUERY else 0
    return plans[at] if at < len(plans) else None
