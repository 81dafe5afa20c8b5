"""What the server announces of rows to come, RowDescription, NoData, CopyOutResponse: held against
the plan before any row is let through.

Behind EXECUTE and FETCH the plan is known when the server looks the name up, which it does when it
runs the statement: what it describes before that is kept, and judged then.
"""

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.plan import StatementPlan
from pgproxy.session.copies import CopyResult
from pgproxy.session.replies import Expect
from pgproxy.session.results import Layouts, Result, check, shown_description
from pgproxy.session.runs import THROUGH
from pgproxy.session.shared import Shared
from pgproxy.session.statements import Asked, Portal, Run

DESCRIBED = (Expect.LAYOUT, Expect.DESCRIBE_STATEMENT, Expect.DESCRIBE_PORTAL)
RUNNING = (Expect.QUERY, Expect.EXECUTE)


class Announcements:
    """Layouts and results of what the entry at the head of the queue is about."""

    def __init__(self, shared: Shared) -> None:
        self._names = shared.names
        self._runs = shared.runs
        self._treatments = shared.context.treatments
        self._layouts = Layouts(self._treatments)

    def rows(self, entry: Asked, body: bytes) -> bytes:
        """RowDescription; as the client is to see it."""
        if entry.expect is Expect.QUERY:
            if entry.result is not None:
                raise UpstreamViolation("the server announced rows twice")
            plan = self._runs.query(entry).plan
            entry.result = Result(self._layouts.layout(plan, body))
            return shown_description(plan, body)
        if entry.expect is Expect.DESCRIBE_STATEMENT:
            plan = _only(self._prepared(entry))
            if not _through(plan):
                check(plan, body)
                return shown_description(plan, body)
            return body
        return self._portal_described(entry, body)

    def _portal_described(self, entry: Asked, body: bytes) -> bytes:
        portal = self._described(entry)
        plan = _only(portal.plan)
        if not _through(plan):
            layout = self._layouts.layout(plan, body)
            if portal.description is None:
                portal.description, portal.result = body, Result(layout)
            portal.described = True
            return shown_description(plan, body)
        if entry.expect is Expect.LAYOUT and portal.description is None and portal.ran is None:
            portal.description = body
        portal.described = True
        return body

    def no_rows(self, entry: Asked) -> None:
        """NoData."""
        if entry.expect is Expect.DESCRIBE_STATEMENT:
            plan = self._prepared(entry)
        else:
            portal = self._described(entry)
            portal.described = True
            plan = portal.plan
        if plan is not None and plan.fields is not None and plan.copy is None:
            raise UpstreamViolation("the server announced no rows where some were expected")

    def copy(self, entry: Asked, body: bytes) -> None:
        """CopyOutResponse."""
        run = self.run_of(entry)
        known = entry.result if entry.expect is Expect.QUERY else self.portal(entry).result
        if known is not None:
            raise UpstreamViolation("the server announced rows twice")
        made = CopyResult(run.plan, body, self._treatments)
        if entry.expect is Expect.QUERY:
            entry.result = made
        else:
            self.portal(entry).result = made

    def run_of(self, entry: Asked) -> Run:
        """The statement that the server runs for an entry."""
        if entry.expect is Expect.QUERY:
            return self._runs.query(entry)
        return self.run(self.portal(entry), entry)

    def portal(self, entry: Asked) -> Portal:
        """The portal that a message of the client is about."""
        portal = self._names.portals.get(entry.name)
        # A cursor comes without a Bind, and so without our Describe behind it.
        if portal is None or not (portal.described or portal.statement is None):
            raise UpstreamViolation("the server answers for a portal that is not known here")
        return portal

    def run(self, portal: Portal, entry: Asked) -> Run:
        """A portal runs: what it stands for is fixed from now on, and so is its result."""
        run = self._runs.portal(portal, entry)
        if portal.result is None and portal.description is not None:
            # What runs was not known when it was described: the client was told what is sent.
            layout = self._layouts.layout(run.plan, portal.description, shown=False)
            portal.result = Result(layout)
        return run

    def result(self, entry: Asked | None) -> Result | CopyResult | None:
        """What the rows that come now belong to."""
        if entry is None or entry.failed or entry.expect not in RUNNING:
            return None
        if entry.expect is Expect.QUERY:
            return entry.result
        portal = self.portal(entry)
        self.run(portal, entry)
        return portal.result

    def _described(self, entry: Asked) -> Portal:
        """Ours may come twice, where a cursor was foreseen that did not come to be."""
        if entry.expect is not Expect.LAYOUT:
            return self.portal(entry)
        portal = self._names.portals.get(entry.name)
        if portal is None:
            raise UpstreamViolation("the server describes a portal that is not known here")
        return portal

    def _prepared(self, entry: Asked) -> StatementPlan | None:
        statement = self._names.statements.get(entry.name)
        if statement is None or not entry.half:
            raise UpstreamViolation("the server describes a statement that is not known here")
        return statement.only


def _through(plan: StatementPlan) -> bool:
    return plan.name_use is not None and plan.name_use.act in THROUGH


def _only(plan: StatementPlan | None) -> StatementPlan:
    if plan is None:
        raise UpstreamViolation("the server announces rows of an empty statement")
    return plan
