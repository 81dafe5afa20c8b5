"""What the walkers of one statement share: names, the report, and the seam between them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.lineage import Lineage, Node, OutputField, Report, Use
from pgproxy.analysis.names import Names
from pgproxy.analysis.scope import Scope
from pgproxy.errors import Refusal

# Pseudo-types that take any operand: anyelement, anyarray, anynonarray, anyenum, anyrange,
# anycompatible … (pg_type.dat).
POLYMORPHIC = frozenset({2276, 2277, 2283, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538})

# An identifier has 63 bytes (manual 4.1.1): cutting must not make two aliases one.
MAX_ALIAS = 48

SelectWalker = Callable[[Node, Scope], list[OutputField]]
ViewLineage = Callable[[int], "ViewReport"]


@dataclass(frozen=True, slots=True)
class ViewReport:
    """A view: the lineage of its columns, and what its rows are sorted or hashed by in passing."""

    columns: list[Lineage]
    compared: list[Lineage]


@dataclass(slots=True)
class Context:
    """The state of one walk.  ``select`` and ``view`` are set by ``statement``."""

    names: Names
    select: SelectWalker
    view: ViewLineage
    report: Report = field(default_factory=Report)
    operators: set[str] = field(default_factory=set)
    unqualified: set[str] = field(default_factory=set)
    types: set[int] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)

    @property
    def catalog(self) -> Catalog:
        """The snapshot in use."""
        return self.names.catalog

    def alias(self, name: str) -> str:
        """An alias that this statement does not have yet: the name itself where it is free."""
        base = name if name and len(name.encode()) <= MAX_ALIAS else "t"
        found, number = base, 1
        while found in self.aliases:
            found, number = f"{base}_{number}", number + 1
        self.aliases.add(found)
        return found

    def use(self, use: Use) -> None:
        """Note what the statement does with a value, if that comes from a column."""
        if use.lineage.sources or (use.other and use.other.sources):
            self.report.uses.append(use)

    def see_type(self, oid: int) -> None:
        """Note a type that operands of this statement can have, with what it is made of."""
        while oid and oid not in self.types:
            self.types.add(oid)
            known = self.catalog.types_by_oid.get(oid)
            oid = (known.base_oid or known.element_oid) if known else 0

    def check_operators(self) -> None:
        """Refuse operators of which the server could pick another one than pg_catalog's.

        Most are printed as ``OPERATOR(pg_catalog.=)``: for citext, say, that would silently be
        another than PostgreSQL picks.  IN, LIKE, CASE x WHEN … cannot be printed so: there an
        operator for built-in types that somebody made must not exist at all.
        """
        for name in sorted(self.operators | self.unqualified):
            operators = self.catalog.operators.get(name, frozenset())
            operands = {oid for pair in operators for oid in pair if oid}
            foreign = {oid for oid in operands if not self._is_built_in(oid)}
            shadows = name in self.unqualified and any(
                all(self._is_built_in(oid) for oid in pair if oid) for pair in operators
            )
            if foreign & self.types or operands & POLYMORPHIC or shadows:
                raise Refusal(
                    "operator",
                    f"operator {name} is also defined outside pg_catalog for a type used here",
                    hint="Such operators are not analysed yet.",
                )

    def _is_built_in(self, oid: int) -> bool:
        known = self.catalog.types_by_oid.get(oid)
        return known is not None and known.schema == "pg_catalog"


def refuse(reason: str, message: str, node: Node | None = None, hint: str = "") -> Refusal:
    """A refusal that points at a node of the tree."""
    location = node.get("location", -1) if node else -1
    return Refusal(reason, message, hint=hint, position=location + 1)


def not_covered(what: str, node: Node | None = None) -> Refusal:
    """The refusal of what the analysis does not know."""
    return refuse("not_covered", f"{what} is not covered by the analysis", node)
