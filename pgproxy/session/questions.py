"""The client's half of a masked session: its messages, planned, on their way to the server.

No SQL text of the client is ever forwarded: what goes upstream is the plan's.  Order is the
client's; Sync, Flush and Close are never invented, dropped or moved.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from enum import Enum, auto

from pgproxy.errors import ClientViolation, Refusal
from pgproxy.policy.plan import QueryPlan
from pgproxy.session.copying import Copying
from pgproxy.session.effects import RefreshCatalog
from pgproxy.session.inputs import asks, literal_keys, sent_types
from pgproxy.session.refusals import CHANGED, EXECUTED, FUNCTION_CALL, UNSURE, refusing
from pgproxy.session.replies import ENDS_READY, Expect
from pgproxy.session.resolving import Resolving
from pgproxy.session.runs import same
from pgproxy.session.shared import Shared
from pgproxy.session.statements import Asked, Statement, key
from pgproxy.wire import frontend
from pgproxy.wire.framing import Framer, message

_COPY = frozenset({frontend.COPY_DATA, frontend.COPY_DONE, frontend.COPY_FAIL})
# Named, so that it does not cost the client its unnamed statement; it fails and leaves nothing.
_STAND_IN = b"pgproxy: refused"
# Looks at the catalog that one message waits for, while others keep changing it.
_ROUNDS = 20


class Awaited(Enum):
    """What the first message needs before it can go out."""

    NOTHING = auto()
    CATALOG = auto()
    VALUES = auto()  # what tokens stand for
    ANSWERS = auto()  # of the server, to what went before
    COPY = auto()  # that the server asks for the rows of a COPY, or fails it


class Questions:
    """Client messages in, server messages and entries out."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._outbox = shared.outbox
        self._queue = shared.queue
        self._foreseen = shared.foreseen
        self._planning = shared.planning
        self._framer = Framer(
            shared.context.limits.message_bytes, merge_rows=False, violation=ClientViolation
        )
        # Messages that wait, in order; the first has asked for what it needs.
        self._held: deque[tuple[int, bytes]] = deque()
        self._awaited = Awaited.NOTHING
        self._rounds = 0
        self._refreshed = False
        self.left = False  # the client has taken its leave
        self._inputs = Resolving(shared.context.counters, shared.outbox)
        self._intake = shared.intake
        self._copying = Copying(shared, self._push)

    @property
    def waiting(self) -> bool:
        """The first message kept here cannot go out yet."""
        return self._awaited is not Awaited.NOTHING

    @property
    def blocked(self) -> bool:
        """Something is awaited, or too many replies are outstanding."""
        return self.waiting or len(self._queue) >= self._shared.context.limits.pipeline

    @property
    def idle(self) -> bool:
        """Nothing of the client is kept here."""
        return not self._held and not self._framer.pending

    def feed(self, data: bytes) -> None:
        """Bytes of the client."""
        if not self.left:
            self._held.extend((kind, body) for kind, body, _ in self._framer.feed(data))
            self._run()

    def refreshed(self, *, failed: bool = False) -> None:
        """The catalog that was awaited is there, or is not to be had: go on with what there is."""
        if self._awaited is Awaited.CATALOG:
            self._refreshed = True
            self._rounds = _ROUNDS if failed else self._rounds + 1
            self._go_on()

    def values_ready(self, found: tuple[Mapping[bytes, bytes | None], ...] | None) -> None:
        """What the tokens of a message stand for; None: the vault does not say."""
        if self._awaited is Awaited.VALUES:
            (self._copying if self._copying.asking else self._inputs).learn(found)
            self._go_on()

    def answered(self) -> None:
        """The server has answered something."""
        answers, copy = self._awaited is Awaited.ANSWERS, self._awaited is Awaited.COPY
        if (answers and self._settled()) or (copy and not self._intake.due(self._queue.entries)):
            self._go_on()

    def _go_on(self) -> None:
        self._awaited = Awaited.NOTHING
        self._run()

    def _settled(self) -> bool:
        """Whether all that was sent before the last Sync is answered.

        If a message of what is left fails, the server skips what comes behind it: a name is then
        what was foreseen, or nobody's business.
        """
        return not any(entry.expect in ENDS_READY for entry in self._queue.entries)

    def _run(self) -> None:
        held = self._held
        while held and not self.waiting and not self.left:
            kind, body = held[0]
            if self._forward(kind, body):
                held.popleft()
                self._refreshed = False
                self._rounds = 0
                self._inputs.clear()

    def _forward(self, kind: int, body: bytes) -> bool:
        """Sends a message on; False when something must be known first."""
        if self._queue.skipping and kind not in (frontend.SYNC, frontend.TERMINATE):
            # The server would discard it unread and unanswered.
            return True
        if self._intake.due(self._queue.entries):
            self._awaited = Awaited.COPY
            return False
        if self._intake.active and kind != frontend.TERMINATE:
            more = len(self._held) > 1 and self._held[1][0] == frontend.COPY_DATA
            if self._copying.forward(kind, body, more=more):
                return True
            self._awaited = Awaited.VALUES
            return False
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
                self._push(Asked(expect, name=key(parsed.name)))
            case frontend.Execute():
                return self._execute(parsed, body)
            case frontend.Close():
                self._push(Asked(Expect.CLOSE, name=key(parsed.name), kind=parsed.kind))
            case frontend.Sync():
                self._push(Asked(Expect.SYNC))
            case frontend.FunctionCall():
                self._function_call()
                return True
            case frontend.Flush():
                pass
            case frontend.Terminate():
                # What came before it is still answered; the server ends the connection.
                self.left = True
            case _ if kind in _COPY:
                # Outside a copy the server ignores them in silence.
                return True
            case _:
                raise ClientViolation("unexpected message type")
        self._outbox.upstream(message(kind, body))
        return True

    def _push(self, entry: Asked) -> None:
        entry.started = self._shared.context.now()
        entry.version = self._planning.version
        self._queue.push(entry)
        self._foreseen.send(entry)

    def _plan(self, sql: bytes) -> QueryPlan | None:
        """The plan; None when a newer catalog was asked for: once a message, if names are missing.

        What does not hold any more is not planned on, however long that takes.
        """
        if not self._planning.holds:
            if self._rounds >= _ROUNDS:
                return refusing(UNSURE)
            self._ask()
            return None
        plan = self._planning.plan(sql)
        if not plan.stale or self._refreshed:
            return plan
        self._ask()
        return None

    def _ask(self) -> None:
        self._awaited = Awaited.CATALOG
        self._outbox.add(RefreshCatalog(self._planning.database, self._planning.version))

    def _query(self, query: frontend.Query) -> bool:
        plan = self._plan(query.query)
        if plan is None:
            return False
        refusal = self._refused_use(self._foreseen.used(plan.statements))
        if not self.waiting and not self._inputs.ask(literal_keys(plan)):
            self._awaited = Awaited.VALUES
        if self.waiting:
            return False
        refusal = refusal or self._inputs.refusal
        if refusal is None:
            self._send_query(query.query, plan)
        else:
            self._send_query(b"", refusing(refusal))
        return True

    def _send_query(self, text: bytes, plan: QueryPlan) -> None:
        sql, notices = self._inputs.text(plan)
        if self._inputs.refusal is not None:
            text, plan = b"", refusing(self._inputs.refusal)
            sql, notices = plan.sql, ()
        entry = Asked(Expect.QUERY, statement=self._statement(text, plan, notices=notices))
        self._push(entry)
        if any(each.copy_in for each in plan.statements):
            self._intake.expect(entry)
        self._outbox.upstream(frontend.Query(sql).encode())

    def _parse(self, parse: frontend.Parse) -> bool:
        plan = self._plan(parse.query)
        if plan is None:
            return False
        if not self._inputs.ask(literal_keys(plan)):
            self._awaited = Awaited.VALUES
            return False
        sql, notices = self._inputs.text(plan)
        if self._inputs.refusal is not None:
            plan = refusing(self._inputs.refusal)
            sql, notices = plan.sql, ()
        types = parse.parameter_types
        statement = self._statement(parse.query, plan, types=types, notices=notices)
        self._push(Asked(Expect.PARSE, name=key(parse.statement), statement=statement))
        sent = frontend.Parse(parse.statement, sql, sent_types(statement.only, types))
        self._outbox.upstream(sent.encode())
        return True

    def _bind(self, bind: frontend.Bind, body: bytes) -> bool:
        source, portal = key(bind.statement), key(bind.portal)
        statement = self._foreseen.statement(source)
        entry = Asked(Expect.BIND, name=portal, source=source)
        if statement is not None:
            refusal = self._outdated((statement,))
            if refusal is None and not self.waiting:
                refusal = self._refused_use(self._foreseen.used((statement.only,)))
            if refusal is None and not self.waiting and asks(statement.only):
                if not self._settled():
                    self._awaited = Awaited.ANSWERS
                elif not self._inputs.ask_parameters(statement, bind):
                    self._awaited = Awaited.VALUES
                refusal = self._inputs.refusal
            if self.waiting:
                return False
            if refusal is not None:
                self._refuse(refusal)
                return True
            if asks(statement.only):
                bind, entry.notices = self._inputs.bound(statement, bind)
                entry.resolved = statement
                if self._inputs.refusal is not None:
                    self._refuse(self._inputs.refusal)
                    return True
        self._push(entry)
        self._outbox.upstream(bind.encode() if entry.resolved else message(frontend.BIND, body))
        self._describe(bind.portal)
        return True

    def _execute(self, execute: frontend.Execute, body: bytes) -> bool:
        portal = key(execute.portal)
        plan, cursor = self._foreseen.portal(portal)
        if cursor:
            # No Bind of it has passed here, so its layout is not known.
            self._describe(execute.portal)
        elif plan is not None:
            refusal = self._refused_use(self._foreseen.used((plan,)))
            if self.waiting:
                return False
            if refusal is not None:
                self._refuse(refusal)
                return True
        entry = Asked(Expect.EXECUTE, name=portal)
        self._push(entry)
        if plan is not None and plan.copy_in is not None:
            self._intake.expect(entry)
        self._outbox.upstream(message(frontend.EXECUTE, body))
        return True

    def _describe(self, portal: bytes) -> None:
        """On our own behalf: Execute sends no layout, and the client may never ask for one."""
        self._push(Asked(Expect.LAYOUT, name=key(portal)))
        self._outbox.upstream(frontend.Describe(frontend.PORTAL, portal).encode())

    def _outdated(self, statements: Iterable[Statement]) -> Refusal | None:
        """Why one of them cannot run; nothing is decided yet when ``waiting`` is set by it.

        The server would analyse its old text anew, against tables that we judge otherwise.
        """
        for statement in statements:
            if statement.version == self._planning.version and self._planning.holds:
                continue
            plan = self._plan(statement.text)
            if plan is None:
                return None
            if not same(statement.plan, plan):
                unsure = any(each.refusal is UNSURE for each in plan.statements)
                return UNSURE if unsure else CHANGED
            statement.plan, statement.version = plan, self._planning.version
        return None

    def _refused_use(self, statements: Iterable[Statement]) -> Refusal | None:
        """Why one of the statements that EXECUTE names cannot run; see ``_outdated``."""
        used = list(statements)
        if any(asks(statement.only) for statement in used):
            return EXECUTED
        return self._outdated(used)

    def _refuse(self, refusal: Refusal) -> None:
        """In place of a Bind or an Execute."""
        plan = refusing(refusal)
        statement = self._statement(b"", plan)
        self._push(Asked(Expect.PARSE, name=_STAND_IN, statement=statement))
        self._outbox.upstream(frontend.Parse(_STAND_IN, plan.sql).encode())

    def _function_call(self) -> None:
        """A Query has the same reply in the same place: an error, then ReadyForQuery."""
        self._send_query(b"", refusing(FUNCTION_CALL))

    def _statement(
        self,
        text: bytes,
        plan: QueryPlan,
        *,
        types: tuple[int, ...] = (),
        notices: tuple[str, ...] = (),
    ) -> Statement:
        version = self._planning.version
        return Statement(text, plan, version, types=types, notices=notices)
