"""The client's half of a masked session: its messages, planned, on their way to the server.

No SQL text of the client is ever forwarded: what goes upstream is the plan's.  Order is the
client's; Sync, Flush and Close are never invented, dropped or moved.
"""

from collections import deque
from dataclasses import dataclass

from pgproxy.errors import ClientViolation, Refusal
from pgproxy.policy.plan import REFUSED_STATEMENT, QueryPlan, StatementPlan
from pgproxy.session.context import SessionContext
from pgproxy.session.effects import Close, RefreshCatalog
from pgproxy.session.outbox import Outbox
from pgproxy.session.planning import Planning
from pgproxy.session.replies import Expect, ReplyQueue
from pgproxy.session.statements import Asked, Names, Statement
from pgproxy.wire import frontend
from pgproxy.wire.framing import Framer, message

_COPY = frozenset({frontend.COPY_DATA, frontend.COPY_DONE, frontend.COPY_FAIL})
# Named, so that it does not cost the client its unnamed statement; it fails and leaves nothing.
_STAND_IN = b"pgproxy: refused"
_CHANGED = Refusal(
    "changed",
    "the tables of this prepared statement have changed: prepare it again",
    sqlstate="0A000",
)
_UNSURE = Refusal(
    "catalog",
    "the catalog of the database cannot be read in time: try again",
    sqlstate="58000",
)
# Looks at the catalog that one message waits for, while others keep changing it.
_ROUNDS = 20
_FUNCTION_CALL = Refusal(
    "function_call",
    "FunctionCall is refused for a role with masked columns",
    hint="Call the function in a SELECT.",
)


@dataclass(slots=True)
class Shared:
    """What the two halves of a masked session have in common."""

    context: SessionContext
    outbox: Outbox
    queue: ReplyQueue[Asked]
    names: Names


class Questions:
    """Client messages in, server messages and entries out."""

    def __init__(self, shared: Shared, planning: Planning) -> None:
        self._shared = shared
        self._outbox = shared.outbox
        self._queue = shared.queue
        self._names = shared.names
        self.planning = planning
        self._framer = Framer(
            shared.context.limits.message_bytes, merge_rows=False, violation=ClientViolation
        )
        # Messages that wait for a newer catalog, in order; the first has asked for it.
        self._held: deque[tuple[int, bytes]] = deque()
        self._rounds = 0
        self._refreshed = False
        self.waiting = False

    @property
    def blocked(self) -> bool:
        """A catalog is awaited, or too many replies are outstanding."""
        return self.waiting or len(self._queue) >= self._shared.context.limits.pipeline

    @property
    def idle(self) -> bool:
        """Nothing of the client is kept here."""
        return not self._held and not self._framer.pending

    def feed(self, data: bytes) -> None:
        """Bytes of the client."""
        self._held.extend((kind, body) for kind, body, _ in self._framer.feed(data))
        self._run()

    def refreshed(self, *, failed: bool = False) -> None:
        """The catalog that was awaited is there, or is not to be had: go on with what there is."""
        if self.waiting:
            self.waiting = False
            self._refreshed = True
            self._rounds = _ROUNDS if failed else self._rounds + 1
            self._run()

    def _run(self) -> None:
        held = self._held
        while held and not self.waiting and not self._outbox.closed:
            kind, body = held[0]
            if self._forward(kind, body):
                held.popleft()
                self._refreshed = False
                self._rounds = 0

    def _forward(self, kind: int, body: bytes) -> bool:
        """Sends a message on; False when a newer catalog is needed first."""
        if self._queue.skipping and kind not in (frontend.SYNC, frontend.TERMINATE):
            # The server would discard it unread and unanswered.
            return True
        parsed = frontend.parse(kind, body)
        match parsed:
            case frontend.Query():
                return self._query(parsed)
            case frontend.Parse():
                return self._parse(parsed)
            case frontend.Bind():
                return self._bind(parsed, body)
            case frontend.Describe():
                expect = (
                    Expect.DESCRIBE_STATEMENT
                    if parsed.kind == frontend.STATEMENT
                    else Expect.DESCRIBE_PORTAL
                )
                self._push(Asked(expect, name=parsed.name))
            case frontend.Execute():
                self._push(Asked(Expect.EXECUTE, name=parsed.portal))
            case frontend.Close():
                self._push(Asked(Expect.CLOSE, name=parsed.name, kind=parsed.kind))
            case frontend.Sync():
                self._push(Asked(Expect.SYNC))
            case frontend.FunctionCall():
                self._function_call()
                return True
            case frontend.Flush():
                pass
            case frontend.Terminate():
                self._outbox.add(Close())
            case _ if kind in _COPY:
                # No copy is ever open here, and outside one the server ignores them in silence.
                return True
            case _:
                raise ClientViolation("unexpected message type")
        self._outbox.upstream(message(kind, body))
        return True

    def _push(self, entry: Asked) -> None:
        entry.started = self._shared.context.now()
        self._queue.push(entry)
        self._names.send(entry)

    def _plan(self, sql: bytes) -> QueryPlan | None:
        """The plan; None when a newer catalog was asked for: once a message, if names are missing.

        What does not hold any more is not planned on, however long that takes.
        """
        if not self.planning.holds:
            if self._rounds >= _ROUNDS:
                return _refusing(_UNSURE)
            self._ask()
            return None
        plan = self.planning.plan(sql)
        if not plan.stale or self._refreshed:
            return plan
        self._ask()
        return None

    def _ask(self) -> None:
        self.waiting = True
        self._outbox.add(RefreshCatalog(self.planning.database, self.planning.version))

    def _query(self, query: frontend.Query) -> bool:
        plan = self._plan(query.query)
        if plan is None:
            return False
        self._push(Asked(Expect.QUERY, statement=self._statement(query.query, plan)))
        self._outbox.upstream(frontend.Query(plan.sql).encode())
        return True

    def _parse(self, parse: frontend.Parse) -> bool:
        plan = self._plan(parse.query)
        if plan is None:
            return False
        statement = self._statement(parse.query, plan)
        self._push(Asked(Expect.PARSE, name=parse.statement, statement=statement))
        sent = frontend.Parse(parse.statement, plan.sql, parse.parameter_types)
        self._outbox.upstream(sent.encode())
        return True

    def _bind(self, bind: frontend.Bind, body: bytes) -> bool:
        statement = self._names.sent(bind.statement)
        known = self.planning.planner
        if statement is not None and (statement.planner is not known or not self.planning.holds):
            plan = self._plan(statement.text)
            if plan is None:
                return False
            if not _same(statement.plan, plan):
                self._refuse_bind(plan)
                return True
            statement.plan = plan
            statement.planner = self.planning.planner
        self._push(Asked(Expect.BIND, name=bind.portal, source=bind.statement))
        self._push(Asked(Expect.LAYOUT, name=bind.portal))
        layout = frontend.Describe(frontend.PORTAL, bind.portal).encode()
        self._outbox.upstream(message(frontend.BIND, body) + layout)
        return True

    def _refuse_bind(self, new: QueryPlan) -> None:
        """The server would analyse the old text anew, against tables that we judge otherwise."""
        unsure = any(statement.refusal is _UNSURE for statement in new.statements)
        plan = _refusing(_UNSURE if unsure else _CHANGED)
        statement = self._statement(b"", plan)
        self._push(Asked(Expect.PARSE, name=_STAND_IN, statement=statement))
        self._outbox.upstream(frontend.Parse(_STAND_IN, plan.sql).encode())

    def _function_call(self) -> None:
        """A Query has the same reply in the same place: an error, then ReadyForQuery."""
        plan = _refusing(_FUNCTION_CALL)
        self._push(Asked(Expect.QUERY, statement=self._statement(b"", plan)))
        self._outbox.upstream(frontend.Query(plan.sql).encode())

    def _statement(self, text: bytes, plan: QueryPlan) -> Statement:
        return Statement(text, plan, self.planning.planner)


def _refusing(refusal: Refusal) -> QueryPlan:
    return QueryPlan((StatementPlan("", "", refusal=refusal),), REFUSED_STATEMENT.encode())


def _same(old: QueryPlan, new: QueryPlan) -> bool:
    """Whether the text that the server has is still what we would send, with the same fields."""
    if old.sql != new.sql or len(old.statements) != len(new.statements):
        return False
    return all(
        after.refusal is None
        and (before.fields is None) == (after.fields is None)
        and len(before.fields or ()) == len(after.fields or ())
        for before, after in zip(old.statements, new.statements, strict=True)
    )
