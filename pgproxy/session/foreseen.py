"""What names will stand for when the server gets to the message sent next, if all goes well.

It decides nothing about rows.  It is there to refuse in place, before it runs, what would stop the
session once it ran: a statement that was prepared on tables which have changed since.
"""

from collections.abc import Collection, Iterable, Iterator

from pgproxy.policy.plan import NameAct, StatementPlan
from pgproxy.session.replies import Expect
from pgproxy.session.runs import DEPTH
from pgproxy.session.statements import Asked, Names, Statement, key
from pgproxy.wire.frontend import STATEMENT


class Foreseen:
    """The names, once everything that was sent has been answered as hoped."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._statements: dict[bytes, Statement] = {}
        # Those that run what has a name or copy rows in, and cursors, which have no statement.
        self._portals: dict[bytes, tuple[StatementPlan, Statement | None]] = {}
        self._outstanding: Collection[Asked] | None = None

    def statement(self, name: bytes) -> Statement | None:
        """The prepared statement of that name."""
        self._work_out()
        return self._statements.get(name)

    def portal(self, name: bytes) -> tuple[StatementPlan | None, bool]:
        """The plan of the portal of that name, if it is one of these; is it a cursor?"""
        self._work_out()
        plan, statement = self._portals.get(name, (None, None))
        return plan, plan is not None and statement is None

    def used(self, plans: Iterable[StatementPlan | None]) -> Iterator[Statement]:
        """The prepared statements that these run by name, but for those made on the way."""
        made: set[bytes] = set()
        for plan in plans:
            use = plan.name_use if plan else None
            if use is not None and use.act is NameAct.PREPARE:
                made.add(key(use.name))
            elif use is not None and not (use.act is NameAct.EXECUTE and key(use.name) in made):
                yield from self._behind(plan)

    def _behind(self, plan: StatementPlan | None, depth: int = 0) -> Iterator[Statement]:
        use = plan.name_use if plan else None
        if use is None or depth >= DEPTH:
            return
        if use.act is NameAct.EXECUTE:
            statement = self.statement(key(use.name))
            if statement is not None:
                yield statement
                yield from self._behind(statement.only, depth + 1)
        elif use.act in (NameAct.FETCH, NameAct.MOVE):
            yield from self._behind(self.portal(key(use.name))[0], depth + 1)

    def send(self, entry: Asked) -> None:
        """A message goes out."""
        expect = entry.expect
        if expect is Expect.BIND:
            statement = self._statements.get(entry.source)
            plan = statement.only if statement else None
            if plan is not None and (plan.name_use is not None or plan.copy_in is not None):
                self._portals[entry.name] = plan, statement
            elif self._portals:
                self._portals.pop(entry.name, None)
        elif expect is Expect.EXECUTE:
            if entry.name in self._portals:
                self._completed(*self._portals[entry.name], 0)
        elif expect is Expect.QUERY and entry.statement is not None:
            self._statements.pop(b"", None)
            for at, each in enumerate(entry.statement.plan.statements):
                if each.name_use is not None:
                    self._completed(each, entry.statement, at)
        elif expect is Expect.PARSE and entry.statement is not None:
            self._statements[entry.name] = entry.statement
        elif expect is Expect.CLOSE:
            names = self._statements if entry.kind == STATEMENT else self._portals
            names.pop(entry.name, None)

    def _completed(self, plan: StatementPlan, source: Statement | None, at: int) -> None:
        use = plan.name_use
        if use is None or plan.refusal is not None:
            return
        name = key(use.name)
        match use.act:
            case NameAct.PREPARE if source is not None:
                made = Statement(source.text, source.plan, source.version, at, inner=True)
                self._statements[name] = made
            case NameAct.DECLARE if use.plan is not None:
                self._portals[name] = use.plan, None
            case NameAct.DEALLOCATE if use.name:
                self._statements.pop(name, None)
            case NameAct.CLOSE if use.name:
                self._portals.pop(name, None)
            case NameAct.DEALLOCATE | NameAct.DISCARD:
                self._statements.clear()
            case NameAct.CLOSE:
                self._portals.clear()
            case NameAct.EXECUTE:
                statement = self._statements.get(name)
                inner = statement.only if statement else None
                if statement and inner and inner.name_use and inner.name_use.act is not use.act:
                    self._completed(inner, statement, statement.at)

    def transaction_ended(self) -> None:
        """Nothing is outstanding: the portals that are left are those that are confirmed."""
        if self._portals:
            self._portals = self._confirmed_portals()

    def rewind(self, outstanding: Collection[Asked]) -> None:
        """Some entries will not be answered: only what is confirmed and what is left counts.

        It is worked out when it is asked for: not at every error of a long pipeline.
        """
        self._outstanding = outstanding

    def _work_out(self) -> None:
        if self._outstanding is None:
            return
        outstanding, self._outstanding = self._outstanding, None
        self._statements = dict(self._names.statements)
        self._portals = self._confirmed_portals()
        for entry in outstanding:
            self.send(entry)

    def _confirmed_portals(self) -> dict[bytes, tuple[StatementPlan, Statement | None]]:
        return {
            name: (portal.plan, portal.statement)
            for name, portal in self._names.portals.items()
            if portal.plan is not None
            and (portal.plan.name_use or portal.plan.copy_in or portal.statement is None)
        }
