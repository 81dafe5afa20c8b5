"""Plans of statements that differ in literals only: planned once, filled in for each.

A dashboard, an ORM or a program that writes its values into the SQL sends a new text each time.
What such a text becomes is what the first of its shape became, with its own literals, where the
analysis has not looked at any of them.
"""

from dataclasses import dataclass
import re

from pgproxy.analysis.grammar import Tree, deparse
from pgproxy.analysis.literals import Shape, Watch
from pgproxy.analysis.statement import audit_sql
from pgproxy.errors import Refusal
from pgproxy.policy.plan import QueryPlan, StatementPlan

KEPT = 2048
FILLED = 1024

# int4 has room for them; nobody writes such numbers by chance, and if so there is no template.
_FIRST_MARKER = 1_900_000_000
_MARKER = re.compile(r"'pgproxy (19000000[0-9]{2})'|(19000000[0-9]{2})(?:\.5)?")


@dataclass(frozen=True, slots=True)
class Template:
    """What a statement of some shape becomes: texts, and between them numbers of literals."""

    statements: tuple[StatementPlan, ...]
    texts: tuple[bytes, ...]
    order: tuple[int, ...]

    def fill(self, literals: tuple[bytes, ...]) -> QueryPlan:
        """The plan of one statement of that shape."""
        return QueryPlan(self.statements, self._sent(literals))

    def _sent(self, literals: tuple[bytes, ...]) -> bytes:
        parts = [self.texts[0]]
        for number, text in zip(self.order, self.texts[1:], strict=True):
            parts += (literals[number], text)
        return b"".join(parts)


class Templates:
    """Those of one planner; the oldest goes first."""

    def __init__(self) -> None:
        # A shape seen once is known by name only: most come once.  False: it cannot be one.
        self._known: dict[tuple[bytes, ...], Template | bool] = {}
        # The same text comes again.  Apart, or those that never do would oust other plans.
        self._filled: dict[bytes, QueryPlan] = {}

    def filled(self, sql: bytes) -> QueryPlan | None:
        """The plan of a text that was filled in before."""
        return self._filled.get(sql)

    def find(self, sql: bytes, shape: Shape) -> QueryPlan | None:
        """The plan of a statement whose template is there."""
        known = self._known.get(shape.key)
        if not isinstance(known, Template):
            return None
        while len(self._filled) >= FILLED:
            del self._filled[next(iter(self._filled))]
        plan = self._filled[sql] = known.fill(shape.literals)
        return plan

    def wanted(self, shape: Shape) -> bool:
        """Whether to make a template this time."""
        known = self._known.get(shape.key)
        if known is None:
            self._keep(shape, True)
        return known is True

    def make(self, tree: Tree, shape: Shape, watched: Watch | None, plan: QueryPlan) -> None:
        """Keep what was planned for a statement that was watched, if it holds for all of its shape.

        Changes the tree.
        """
        template = None
        if watched is not None and not watched.looked_at:
            template = _template(tree, watched, plan, shape)
        self._keep(shape, template or False)

    def _keep(self, shape: Shape, what: Template | bool) -> None:
        while len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[shape.key] = what


def _template(tree: Tree, watched: Watch, plan: QueryPlan, shape: Shape) -> Template | None:
    (statement,) = plan.statements
    if statement.kind != "SelectStmt" or statement.inputs:
        return None
    watched.mark(_FIRST_MARKER)
    try:
        text = deparse([tree])
    except Refusal:
        return None
    if audit_sql(text.encode()) != statement.audit_sql:
        # The audit trail shows it, in a type's modifiers, say.
        return None
    texts, order, at = [], [], 0
    for found in _MARKER.finditer(text):
        texts.append(text[at : found.start()].encode())
        order.append(int(found[1] or found[2]) - _FIRST_MARKER)
        at = found.end()
    texts.append(text[at:].encode())
    if max(order, default=0) >= len(watched):
        return None
    template = Template(plan.statements, tuple(texts), tuple(order))
    return template if template.fill(shape.literals).sql == plan.sql else None
