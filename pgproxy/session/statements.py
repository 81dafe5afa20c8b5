"""Prepared statements and portals of a masked session, as the server has confirmed them.

A name changes hands only when the server says so: ParseComplete, BindComplete, CloseComplete, and
the tags of the SQL statements that do the same.  What decides about rows is what the server did, in
its order, never what was asked for.  A name that it has dropped and we have not does no harm: it
refuses that name itself, and its next owner is confirmed again.
"""

from dataclasses import dataclass, field

from pgproxy.errors import Refusal, UpstreamViolation
from pgproxy.policy.plan import NameAct, QueryPlan, StatementPlan
from pgproxy.session.copies import CopyResult
from pgproxy.session.replies import Entry, Expect
from pgproxy.session.results import Result
from pgproxy.wire.frontend import STATEMENT

# The server looks at no more of a name (NAMEDATALEN), however it is given.
_NAME_BYTES = 63
# The tags that are about names.
_NAMING = frozenset(
    {
        "PREPARE",
        "DEALLOCATE",
        "DEALLOCATE ALL",
        "DECLARE CURSOR",
        "CLOSE CURSOR",
        "CLOSE CURSOR ALL",
        "DISCARD ALL",
        "COMMIT",
        "ROLLBACK",
    }
)


def key(name: bytes | str) -> bytes:
    """The name as the server tells it from others."""
    return (name.encode() if isinstance(name, str) else name)[:_NAME_BYTES]


@dataclass(slots=True, eq=False)
class Statement:
    """A client's text with its plan, made on that version of the catalog.

    As a prepared statement it stands for the statement ``at`` in it, or, with ``inner``, for what
    PREPARE makes of that one.  ``types``: those that Parse gave its parameters; ``notices``: about
    tokens in its text.
    """

    text: bytes = field(repr=False)
    plan: QueryPlan
    version: int
    at: int = 0
    inner: bool = False
    types: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def only(self) -> StatementPlan | None:
        """The one statement it stands for; None for an empty string."""
        statements = self.plan.statements
        if not self.inner:
            return statements[self.at] if statements else None
        use = statements[self.at].name_use
        return use.plan if use else None


@dataclass(slots=True, eq=False)
class Portal:
    """A bound statement, or a cursor (``statement`` is None then).

    ``description`` is the RowDescription of its rows once it is known, ``result`` their treatment.
    ``ran``: what its rows come from, fixed when the server runs it for the first time.
    """

    plan: StatementPlan | None
    statement: Statement | None = None
    described: bool = False
    description: bytes | None = None
    result: Result | CopyResult | None = None
    ran: "Run | None" = None
    noticed: bool = False  # our notices are told once
    hold: bool = False  # WITH HOLD
    held: bool = False  # and its transaction is committed
    tainted: bool = False  # that transaction has touched masked columns
    notices: tuple[str, ...] = ()  # about tokens in its parameters


@dataclass(slots=True, eq=False)
class Run:
    """A statement that the server runs: what it comes down to behind EXECUTE and FETCH.

    ``portal`` is the one that FETCH or MOVE goes to; ``source`` and ``at``: whose text it is.
    """

    plan: StatementPlan
    touches: bool
    source: Statement | None
    at: int = 0
    portal: Portal | None = None


@dataclass(slots=True, eq=False)
class Asked(Entry):
    """An entry of the guard: the message it stands for; its names are as ``key`` gives them."""

    name: bytes = b""
    kind: bytes = b""  # of Close: statement or portal
    statement: Statement | None = None  # of Query and Parse
    source: bytes = b""  # of Bind: the name of the statement
    resolved: Statement | None = None  # of Bind: the one whose parameters were resolved
    notices: tuple[str, ...] = ()  # of Bind: about tokens in them
    started: float = 0.0
    version: int = 0  # of the catalog when it was sent
    done: int = 0  # of Query: statements completed
    run: Run | None = None  # of Query: the statement that runs
    result: Result | CopyResult | None = None  # of Query: of the statement that runs
    failed: bool = False  # of Query and Sync: only ReadyForQuery may follow
    half: bool = False  # of Describe: ParameterDescription has come
    given_up: Refusal | None = None  # of a COPY that we have ended


class Names:
    """Who is called what."""

    def __init__(self) -> None:
        self.statements: dict[bytes, Statement] = {}
        self.portals: dict[bytes, Portal] = {}
        # There may be cursors WITH HOLD.
        self._holding = False
        # The last that was heard of the transaction is that it is rolled back.
        self._rolled_back = False

    def parsed(self, entry: Asked) -> None:
        """ParseComplete."""
        assert entry.statement is not None
        self.statements[entry.name] = entry.statement

    def unparsed(self, name: bytes) -> None:
        """A Parse failed: the server has dropped the unnamed statement, a named one stays."""
        if not name:
            self.statements.pop(b"", None)

    def bound(self, entry: Asked, statement: Statement) -> Portal:
        """BindComplete."""
        portal = Portal(statement.only, statement, notices=entry.notices)
        self.portals[entry.name] = portal
        return portal

    def closed(self, entry: Asked) -> None:
        """CloseComplete."""
        if entry.kind == STATEMENT:
            self.statements.pop(entry.name, None)
        else:
            self.portals.pop(entry.name, None)

    def completed(self, entry: Asked, kind: str, run: Run, *, tainted: bool) -> None:
        """CommandComplete, by the words of its tag."""
        if kind not in _NAMING:
            return
        use = run.plan.name_use
        name = key(use.name) if use else b""
        match kind, use.act if use else None:
            case "PREPARE", NameAct.PREPARE if run.source is not None:
                source = run.source
                made = Statement(source.text, source.plan, source.version, run.at, inner=True)
                self.statements[name] = made
            case "DECLARE CURSOR", NameAct.DECLARE if use is not None and use.plan is not None:
                self.portals[name] = Portal(use.plan, hold=use.hold, tainted=tainted)
                self._holding = self._holding or use.hold
                self._rolled_back = False
            case "PREPARE" | "DECLARE CURSOR", _:
                raise UpstreamViolation("the server named what was not to get a name")
            case "DEALLOCATE", NameAct.DEALLOCATE:
                self.statements.pop(name, None)
            case "DEALLOCATE ALL" | "DISCARD ALL", _:
                self._forget_statements()
                if kind == "DISCARD ALL":
                    self._forget_portals(entry)
            case "CLOSE CURSOR", NameAct.CLOSE:
                self.portals.pop(name, None)
            case "CLOSE CURSOR ALL", _:
                self._forget_portals(entry)
            case "COMMIT", _:
                self._keep_held()
            case "ROLLBACK", _:
                self._rolled_back = True

    def simple_query(self) -> None:
        """A Query takes the unnamed statement and the unnamed portal with it."""
        self.statements.pop(b"", None)
        self.portals.pop(b"", None)

    def transaction_ended(self, *, failed: bool) -> None:
        """Portals do not outlive their transaction, but for held cursors of one that committed."""
        if self._holding:
            if not failed and not self._rolled_back:
                self._keep_held()
            self.portals = {name: portal for name, portal in self.portals.items() if portal.held}
            self._holding = bool(self.portals)
        else:
            self.portals.clear()
        self._rolled_back = False

    def _keep_held(self) -> None:
        for portal in self.portals.values():
            portal.held = portal.held or portal.hold
        self._rolled_back = False

    def _forget_portals(self, entry: Asked) -> None:
        running = self.portals.get(entry.name) if entry.expect is Expect.EXECUTE else None
        self.portals.clear()
        if running is not None:
            self.portals[entry.name] = running

    def _forget_statements(self) -> None:
        unnamed = self.statements.get(b"")
        self.statements.clear()
        if unnamed is not None:
            self.statements[b""] = unnamed
