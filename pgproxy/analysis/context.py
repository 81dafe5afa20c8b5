"""What the walkers of one statement share: names, the report, and the seam between them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.lineage import Lineage, Node, OutputField, Position, Report, Use
from pgproxy.analysis.names import Names
from pgproxy.analysis.scope import Scope
from pgproxy.errors import Refusal

# Pseudo-types that take any operand: anyelement, anyarray, anynonarray, anyenum, anyrange,
# anycompatible … (pg_type.dat).
POLYMORPHIC = frozenset({2276, 2277, 2283, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538})

SelectWalker = Callable[[Node, Scope], list[OutputField]]
ViewLineage = Callable[[int], list[Lineage]]


@dataclass(slots=True)
class Context:
    """The state of one walk.  ``select`` and ``view`` are set by ``statement``."""

    names: Names
    select: SelectWalker
    view: ViewLineage
    report: Report = field(default_factory=Report)
    operators: set[str] = field(default_factory=set)
    types: set[int] = field(default_factory=set)

    @property
    def catalog(self) -> Catalog:
        """The snapshot in use."""
        return self.names.catalog

    def use(self, position: Position, lineage: Lineage, node: Node, name: str = "") -> None:
        """Note that the statement does this with a value, if that comes from a column."""
        if lineage.sources:
            body = next(iter(node.values()))
            location = body.get("location", -1) if isinstance(body, dict) else -1
            self.report.uses.append(Use(position, lineage, node, name, location))

    def use_equal(self, node: Node, left: Lineage, right: Lineage, name: str = "") -> None:
        """Note that two values are compared for equality."""
        if left.sources or right.sources:
            location = next(iter(node.values())).get("location", -1)
            self.report.uses.append(Use(Position.EQUAL, left, node, name, location, other=right))

    def see_type(self, oid: int) -> None:
        """Note a type that operands of this statement can have, with what it is made of."""
        while oid and oid not in self.types:
            self.types.add(oid)
            known = self.catalog.types_by_oid.get(oid)
            oid = (known.base_oid or known.element_oid) if known else 0

    def check_operators(self) -> None:
        """Refuse operators that an extension also defines for a type of this statement.

        Operators are printed as ``OPERATOR(pg_catalog.=)``; for citext, say, that would silently
        pick another one than PostgreSQL does.
        """
        for name in sorted(self.operators):
            operands = self.catalog.operators.get(name, frozenset())
            clash = operands & self.types
            if clash or operands & POLYMORPHIC:
                raise Refusal(
                    "operator",
                    f"operator {name} is also defined outside pg_catalog for a type used here",
                    hint="Such operators are not analysed yet.",
                )


def refuse(reason: str, message: str, node: Node | None = None, hint: str = "") -> Refusal:
    """A refusal that points at a node of the tree."""
    location = node.get("location", -1) if node else -1
    return Refusal(reason, message, hint=hint, position=location + 1)


def not_covered(what: str, node: Node | None = None) -> Refusal:
    """The refusal of what the analysis does not know."""
    return refuse("not_covered", f"{what} is not covered by the analysis", node)
