"""Prepared statements and portals of a masked session, as the server has confirmed them.

A name changes hands only when ParseComplete, BindComplete or CloseComplete arrives: what decides
about rows is what the server did, in its order, never what was asked for.  ``sent`` is the other
view, what the names will stand for if all goes well; it decides nothing about rows.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from pgproxy.policy.plan import QueryPlan, StatementPlan
from pgproxy.session.context import Planner
from pgproxy.session.replies import Entry, Expect
from pgproxy.session.results import Result
from pgproxy.wire.frontend import STATEMENT


@dataclass(slots=True, eq=False)
class Statement:
    """A prepared statement: the client's text, its plan, and the planner that made it."""

    text: bytes = field(repr=False)
    plan: QueryPlan
    planner: Planner = field(repr=False)

    @property
    def only(self) -> StatementPlan | None:
        """Its one statement; None for an empty string."""
        return self.plan.statements[0] if self.plan.statements else None


@dataclass(slots=True, eq=False)
class Portal:
    """A bound statement; ``result`` is None until its layout is known, and where it has no rows."""

    statement: Statement
    plan: QueryPlan
    described: bool = False
    result: Result | None = None
    noticed: bool = False  # our notices are told once


@dataclass(slots=True, eq=False)
class Asked(Entry):
    """An entry of the guard: the message it stands for."""

    name: bytes = b""
    kind: bytes = b""  # of Close: statement or portal
    statement: Statement | None = None  # of Query and Parse
    source: bytes = b""  # of Bind: the name of the statement
    started: float = 0.0
    done: int = 0  # of Query: statements completed
    result: Result | None = None  # of Query: of the statement that runs
    failed: bool = False  # of Query and Sync: only ReadyForQuery may follow
    half: bool = False  # of Describe: ParameterDescription has come


class Names:
    """Who is called what."""

    def __init__(self) -> None:
        self.statements: dict[bytes, Statement] = {}
        self.portals: dict[bytes, Portal] = {}
        self._sent: dict[bytes, Statement] = {}
        self._outstanding: Collection[Asked] | None = None

    def sent(self, name: bytes) -> Statement | None:
        """What the statement will be when the server gets to the message sent next."""
        if self._outstanding is not None:
            self._sent = dict(self.statements)
            outstanding, self._outstanding = self._outstanding, None
            for entry in outstanding:
                self.send(entry)
        return self._sent.get(name)

    def send(self, entry: Asked) -> None:
        """A message that changes names goes out."""
        if entry.expect is Expect.PARSE and entry.statement is not None:
            self._sent[entry.name] = entry.statement
        elif entry.expect is Expect.CLOSE and entry.kind == STATEMENT:
            self._sent.pop(entry.name, None)
        elif entry.expect is Expect.QUERY:
            self._sent.pop(b"", None)

    def rewind(self, outstanding: Collection[Asked]) -> None:
        """Some entries will not be answered: only what is confirmed and what is left counts.

        It is worked out when it is asked for: not at every error of a long pipeline.
        """
        self._outstanding = outstanding

    def parsed(self, entry: Asked) -> None:
        """ParseComplete."""
        assert entry.statement is not None
        self.statements[entry.name] = entry.statement

    def unparsed(self, name: bytes) -> None:
        """A Parse failed: the server has dropped the unnamed statement, a named one stays."""
        if not name:
            self.statements.pop(b"", None)

    def bound(self, entry: Asked) -> bool:
        """BindComplete; False when it was bound from a statement that we do not know."""
        statement = self.statements.get(entry.source)
        if statement is None:
            return False
        self.portals[entry.name] = Portal(statement, statement.plan)
        return True

    def closed(self, entry: Asked) -> None:
        """CloseComplete."""
        if entry.kind == STATEMENT:
            self.statements.pop(entry.name, None)
        else:
            self.portals.pop(entry.name, None)

    def simple_query(self) -> None:
        """A Query takes the unnamed statement and the unnamed portal with it."""
        self.statements.pop(b"", None)
        self.portals.pop(b"", None)

    def transaction_ended(self) -> None:
        """Portals do not outlive their transaction."""
        self.portals.clear()
