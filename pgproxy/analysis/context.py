"""What the walkers of one statement share: names, the report, and the seam between them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pgproxy.analysis.catalog import Catalog, Function
from pgproxy.analysis.lineage import Lineage, Node, OutputField, Report, Source, Step, Use
from pgproxy.analysis.names import Names, string_nodes
from pgproxy.analysis.scope import Scope
from pgproxy.errors import Refusal

# Pseudo-types that take any operand: anyelement, anyarray, anynonarray, anyenum, anyrange,
# anycompatible … (pg_type.dat).
POLYMORPHIC = frozenset({2276, 2277, 2283, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538})

# An identifier has 63 bytes (manual 4.1.1): cutting must not make two aliases one.
MAX_ALIAS = 48

SelectWalker = Callable[[Node, Scope], list[OutputField]]
ViewLineage = Callable[[int], "ViewReport"]
BodyFields = Callable[[Function], list[OutputField]]
# The parts of documents that steps lead to; None where that is not told from computing.
Parts = Callable[[frozenset[Source], tuple[Step, ...]], frozenset[Source] | None]


@dataclass(frozen=True, slots=True)
class ViewReport:
    """A view, or a function in SQL: the lineage of its columns.

    ``compared``: what its rows are sorted or hashed by in passing; ``scanned``: columns by which
    they could be read in order, if something asks for one of them; ``inside``: what it decides
    with, which its owner answers for; ``wide``: what it makes plans wider by.
    """

    columns: list[Lineage]
    compared: list[Lineage]
    scanned: list[Lineage]
    inside: list[Lineage]
    wide: list[Lineage]


@dataclass(slots=True)
class Context:
    """The state of one walk.

    ``select``: the fields of a query; ``write``: those that INSERT, UPDATE, DELETE or MERGE
    returns; ``view``: the columns of a view; ``body``: the fields that a function in SQL gives;
    ``check_domain`` raises Refusal for a CHECK that does more than compute.  ``trusted``: OIDs of
    functions that the policy trusts.  ``shown_relations``: an array literal of the OIDs of
    relations of which the system may tell what it knows: of their ``rows``, or of their ``bounds``.
    ``parts``: the parts of JSON documents that have a lineage of their own.
    """

    names: Names
    select: SelectWalker
    write: SelectWalker
    view: ViewLineage
    body: BodyFields
    check_domain: Callable[[str], None]
    trusted: frozenset[int]
    shown_relations: Callable[[str], str]
    parts: Parts
    report: Report = field(default_factory=Report)
    operators: dict[str, list[tuple[Node, str]]] = field(default_factory=dict)
    unqualified: set[str] = field(default_factory=set)
    types: set[int] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    level: Node | None = None  # the SelectStmt that is walked

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

    def apart(self) -> "Context":
        """The same, for a walk of which only the lineage is wanted: what it does is not noted."""
        return replace(
            self,
            report=Report(),
            operators={},
            unqualified=set(),
            types=set(),
            aliases=set(self.aliases),
        )

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

    def take_over(self, inner: "Context") -> None:
        """What a view or a function reads is read by the statement that names it."""
        self.report.relations |= inner.report.relations
        self.types |= inner.types

    def settle(self) -> None:
        """The end of the walk: what could not be judged before all of it was seen."""
        self.check_casts()
        self.check_operators()

    def check_casts(self) -> None:
        """Refuse types from which somebody's function casts, named or not, to other types."""
        if self.types & self.catalog.cast_sources:
            raise Refusal(
                "cast",
                "a type used here has a cast by a function that is not known to be pure",
                hint="Casts made with CREATE CAST … WITH FUNCTION are not analysed.",
            )

    def operator(self, name: str, body: Node, key: str) -> None:
        """Note an operator that is written as pg_catalog's; ``body[key]`` is its name."""
        self.operators.setdefault(name, []).append((body, key))
        body[key] = string_nodes(("pg_catalog", name))

    def is_own(self, operator: str) -> bool:
        """Whether no extension has such an operator for built-in types: pg_catalog's is meant."""
        return not self._plain(self.catalog.native_operators.get(operator, frozenset()))

    def check_operators(self) -> None:
        """Settle which operators the server may pick, by the types that were seen.

        Most are printed as ``OPERATOR(pg_catalog.=)``, which for citext, say, would silently be
        another than PostgreSQL picks: where an extension has one for a type used here, or for
        built-in types only, the name goes up as it came.  Refused is where that could be one that
        somebody made; and for IN, LIKE, CASE x WHEN …, which cannot be printed so, where there is
        one for built-in types.
        """
        for name in sorted(self.operators.keys() | self.unqualified):
            made = self.catalog.operators.get(name, frozenset())
            native = self.catalog.native_operators.get(name, frozenset())
            unsure = self._foreign(native) & self.types or self._plain(native)
            shadows = name in self.unqualified and self._plain(made)
            if (
                (made and name in self.catalog.new_operators)
                or (self._foreign(made) & self.types)
                or (unsure and made)
                or any(oid in POLYMORPHIC for pair in made for oid in pair)
                or shadows
            ):
                raise Refusal(
                    "operator",
                    f"operator {name} is also defined outside pg_catalog for a type used here",
                    hint="Operators that are no part of an extension are not analysed.",
                )
            if unsure:
                for body, key in self.operators.get(name, ()):
                    body[key] = string_nodes((name,))

    def _foreign(self, operators: frozenset[tuple[int, int]]) -> set[int]:
        return {oid for pair in operators for oid in pair if oid and not self._is_built_in(oid)}

    def _plain(self, operators: frozenset[tuple[int, int]]) -> bool:
        """Whether one of them takes built-in types only."""
        return any(all(self._is_built_in(oid) for oid in pair if oid) for pair in operators)

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
