"""Audit records and counters of one session's statements."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgproxy.errors import PgproxyError, Refusal
from pgproxy.session.audit import AuditRecord, Decision
from pgproxy.session.conditions import label
from pgproxy.session.context import Identity, SessionContext
from pgproxy.session.effects import Audit
from pgproxy.session.outbox import Outbox
from pgproxy.wire.startup import StartupMessage


@dataclass(slots=True)
class Line:
    """What is known about a statement when it ends."""

    decision: Decision
    started: float
    kind: str = ""
    sql: str = ""
    reason: str = ""
    rows: int = 0
    treated: Mapping[tuple[str, str], int] = field(default_factory=dict)
    sqlstate: str = ""
    complete: bool = True


def refused_login(
    context: SessionContext, outbox: Outbox, startup: StartupMessage, error: PgproxyError
) -> None:
    """A login that the server let in and we do not."""
    reason = error.reason if isinstance(error, Refusal) else "unavailable"
    # No policy entry, no label: what the client calls itself must not become one.
    context.counters.refusals["", reason] += 1
    context.counters.errors[label(error.sqlstate)] += 1
    record = AuditRecord(
        database=startup.database,
        login=startup.user,
        role="",
        client=context.client,
        decision="login",
        reason=reason,
        sqlstate=error.sqlstate,
    )
    outbox.add(Audit(record))


class Ledger:
    """Puts lines down."""

    def __init__(self, identity: Identity, context: SessionContext, outbox: Outbox) -> None:
        self._identity = identity
        self._context = context
        self._outbox = outbox
        self.role = identity.role

    def now(self) -> float:
        """The clock of the session."""
        return self._context.now()

    def write(self, line: Line) -> None:
        """One statement is over."""
        counters = self._context.counters
        counters.statements[self.role, line.decision] += 1
        if line.reason:
            counters.refusals[self.role, line.reason] += 1
        if line.rows:
            counters.rows[self.role] += line.rows
        fields: dict[str, int] = {}
        for (class_name, treatment), values in line.treated.items():
            counters.fields_treated[class_name, treatment] += values
            fields[f"{class_name}:{treatment}"] = values
        if line.sqlstate:
            counters.errors[label(line.sqlstate)] += 1
        identity = self._identity
        record = AuditRecord(
            database=identity.database,
            login=identity.login,
            role=self.role,
            client=self._context.client,
            decision=line.decision,
            kind=line.kind,
            sql=line.sql,
            reason=line.reason,
            fields=fields,
            rows=line.rows,
            seconds=max(0.0, self._context.now() - line.started),
            sqlstate=line.sqlstate,
            complete=line.complete,
        )
        self._outbox.add(Audit(record))
