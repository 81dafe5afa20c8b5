"""What the server runs when it says EXECUTE or FETCH: the plan behind the name, at that moment.

The server answers in order, and no statement changes the name that it runs itself: when the first
answer about a statement is here, the confirmed names are those that the server looked up.
"""

from dataclasses import replace

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.plan import NameAct, QueryPlan, StatementPlan
from pgproxy.session.inputs import asks
from pgproxy.session.planning import Planning
from pgproxy.session.results import stopped
from pgproxy.session.statements import Asked, Names, Portal, Run, Statement, key

THROUGH = frozenset({NameAct.EXECUTE, NameAct.FETCH, NameAct.MOVE})
# EXECUTE of FETCH of EXECUTE …: no client means that.
DEPTH = 8
_NOTHING = StatementPlan("", "", touches_masked=False)


class Runs:
    """Looks behind names."""

    def __init__(self, names: Names, planning: Planning) -> None:
        self._names = names
        self._planning = planning

    def query(self, entry: Asked) -> Run:
        """The statement of a Query that runs; raises UpstreamViolation when there is none."""
        if entry.run is None:
            source = entry.statement, entry.done
            entry.run = self._behind(current(entry), source, entry.version)
        return entry.run

    def portal(self, portal: Portal, entry: Asked) -> Run:
        """What a portal runs; from its first run on that is always the same."""
        return portal.ran or self._opened(portal, entry.version, 0)

    def _opened(self, portal: Portal, version: int, depth: int) -> Run:
        plan = portal.plan or _NOTHING
        run = self._behind(plan, (portal.statement, 0), version, depth)
        portal.ran = replace(run, touches=True) if portal.tainted else run
        return portal.ran

    def validate(self, statement: Statement, version: int) -> None:
        """A statement that runs on a newer catalog than it was planned on must still hold."""
        if statement.version >= version:
            return
        plan = self._planning.plan(statement.text)
        if plan.stale or not same(statement.plan, plan):
            raise stopped("the tables of a prepared statement changed while it was on its way")
        statement.plan, statement.version = plan, self._planning.version

    def masked(self, plan: StatementPlan, depth: int = 0) -> bool:
        """Whether masked columns take part: so they do where that is not known yet."""
        if touches(plan):
            return True
        use = plan.name_use
        if use is None or use.act not in THROUGH:
            return False
        behind: StatementPlan | None = None
        if use.act is NameAct.EXECUTE:
            statement = self._names.statements.get(key(use.name))
            behind = statement.only if statement else None
        else:
            portal = self._names.portals.get(key(use.name))
            if portal is not None and not portal.tainted:
                behind = portal.ran.plan if portal.ran else portal.plan
        return behind is None or depth >= DEPTH or self.masked(behind, depth + 1)

    def _behind(
        self,
        plan: StatementPlan,
        source: tuple[Statement | None, int],
        version: int,
        depth: int = 0,
    ) -> Run:
        use = plan.name_use
        if use is None or use.act not in THROUGH:
            return Run(plan, touches(plan), *source)
        if depth >= DEPTH:
            raise UpstreamViolation("the server follows more names than are followed here")
        if use.act is NameAct.EXECUTE:
            statement = self._names.statements.get(key(use.name))
            if statement is None:
                raise _unknown()
            self.validate(statement, version)
            if asks(statement.only):
                raise UpstreamViolation("EXECUTE gave a statement what was to be resolved")
            made = statement, statement.at
            run = self._behind(statement.only or _NOTHING, made, version, depth + 1)
            return replace(run, touches=run.touches or touches(plan))
        portal = self._names.portals.get(key(use.name))
        if portal is None:
            raise _unknown()
        run = portal.ran or self._opened(portal, version, depth + 1)
        shown = run.plan if use.act is NameAct.FETCH else plan
        return Run(shown, run.touches or touches(plan), None, portal=portal)


def touches(plan: StatementPlan) -> bool:
    """Whether masked columns take part in a statement, or in what it names."""
    inner = plan.name_use.plan if plan.name_use else None
    return plan.refusal is None and (plan.touches_masked or (inner is not None and touches(inner)))


def same(old: QueryPlan, new: QueryPlan) -> bool:
    """Whether the text that the server has is still what we would send, with the same fields."""
    if old.sql != new.sql or len(old.statements) != len(new.statements):
        return False
    return all(map(_alike, old.statements, new.statements))


def _alike(before: StatementPlan, after: StatementPlan) -> bool:
    if after.refusal is not None or (before.fields is None) != (after.fields is None):
        return False
    if len(before.fields or ()) != len(after.fields or ()) or before.copy != after.copy:
        return False
    if before.inputs != after.inputs:
        return False
    old, new = before.name_use, after.name_use
    if old is None or new is None:
        return old is new
    if (old.act, old.name, old.hold) != (new.act, new.name, new.hold):
        return False
    if old.plan is None or new.plan is None:
        return old.plan is new.plan
    return _alike(old.plan, new.plan)


def planned(entry: Asked) -> QueryPlan:
    """The plan of a Query."""
    if entry.statement is None:
        raise UpstreamViolation("the server answers to what was not planned")
    return entry.statement.plan


def current(entry: Asked) -> StatementPlan:
    """The statement of a Query that runs; none when an error has ended it."""
    statements = planned(entry).statements
    if entry.done >= len(statements):
        raise UpstreamViolation("the server answers to more statements than there are")
    statement = statements[entry.done]
    if statement.refusal is not None:
        raise UpstreamViolation("the server ran a statement that was refused")
    return statement


def _unknown() -> UpstreamViolation:
    return UpstreamViolation("the server runs a name that is not known here")
