"""Which stored columns are masked for one role: the policy's patterns on a catalog snapshot."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Relation
from pgproxy.analysis.lineage import Lineage, Source
from pgproxy.analysis.system_catalogs import NULLED
from pgproxy.errors import Refusal
from pgproxy.policy.rules import (
    PUBLIC,
    UNCLASSIFIED,
    Null,
    PersonaPattern,
    Policy,
    RoleRule,
    Show,
    Token,
    Treatment,
)

# For each generated column of a relation, what it is computed from.  May raise Refusal.
GeneratedFrom = Callable[[Relation], Mapping[int, frozenset[Source]]]
# All that the definition of a view reads.  May raise Refusal.
ViewReads = Callable[[Relation], frozenset[Source]]


@dataclass(frozen=True, slots=True)
class Mask:
    """How a masked column is treated: its class, the treatment, and the domain of its values."""

    class_name: str
    treatment: Treatment
    domain: str

    @property
    def key(self) -> tuple[Treatment, str]:
        """Columns that agree on it are masked alike."""
        return self.treatment, self.domain


class Masks:
    """The masked columns of one database for one role, worked out on demand."""

    def __init__(
        self,
        policy: Policy,
        rule: RoleRule,
        catalog: Catalog,
        generated_from: GeneratedFrom = lambda relation: {},
        view_reads: ViewReads = lambda relation: frozenset(),
    ) -> None:
        self._policy = policy
        self._rule = rule
        self._catalog = catalog
        self._generated_from = generated_from
        self._view_reads = view_reads
        self._depends: dict[int, Mapping[int, frozenset[Source]]] = {}
        self._known: dict[Source, Mask | None] = {}
        self._relations: dict[int, bool] = {}
        self._names: dict[Source, str] = {}

    def mask(self, source: Source) -> Mask | None:
        """The mask of a stored column; None when it is shown."""
        try:
            return self._known[source]
        except KeyError:
            found = self._known[source] = self._find(source)
            return found

    def masked(self, sources: Iterable[Source]) -> list[Source]:
        """Those of ``sources`` that are masked, in a stable order."""
        found = [source for source in sources if self.mask(source) is not None]
        return sorted(found) if len(found) > 1 else found

    def shown(self, sources: Iterable[Source]) -> list[Source]:
        """Those of ``sources`` that are stored columns without a mask."""
        return [source for source in self.stored(sources) if self.mask(source) is None]

    def stored(self, sources: Iterable[Source]) -> list[Source]:
        """Those of ``sources`` that are columns of tables, not of views, in a stable order."""
        by_oid = self._catalog.by_oid
        found = [s for s in sources if s.relation in by_oid and by_oid[s.relation].kind not in "vm"]
        return sorted(found) if len(found) > 1 else found

    def types(self, lineage: Lineage) -> set[tuple[int, int]]:
        """Types below all domains, and typmods, of the columns that a value is copied from."""
        return {
            (self._catalog.base_type(column.type_oid), column.typmod)
            for source in self.stored(lineage.copied)
            for column in self._catalog.by_oid[source.relation].columns
            if column.attnum == source.attnum
        }

    def type_oid(self, lineage: Lineage) -> int:
        """The one type of the columns that a value is copied from; 0 where there are several."""
        found = {type_oid for type_oid, _ in self.types(lineage)}
        return found.pop() if len(found) == 1 else 0

    def touches(self, oid: int) -> bool:
        """Whether a relation has a masked column, or is a view that reads one."""
        if oid not in self._relations:
            relation = self._catalog.by_oid[oid]
            self._relations[oid] = any(
                self.mask(Source(oid, column.attnum)) for column in relation.columns
            ) or (relation.kind in "vm" and self._reads_masked(relation))
        return self._relations[oid]

    def touch_any(self, oids: Iterable[int]) -> bool:
        """Whether one of these relations does."""
        return any(map(self.touches, oids))

    def _reads_masked(self, view: Relation) -> bool:
        if view.schema in SYSTEM_SCHEMAS:
            return False
        try:
            return bool(self.masked(self._view_reads(view)))
        except Refusal:
            # What we cannot read may read everything.
            return True

    def name(self, source: Source) -> str:
        """schema.table.column."""
        found = self._names.get(source)
        if found is None:
            found = self._names[source] = self._name(source)
        return found

    def _name(self, source: Source) -> str:
        relation = self._catalog.by_oid.get(source.relation)
        if relation is None:
            return "?"
        for column in relation.columns:
            if column.attnum == source.attnum:
                return f"{relation.schema}.{relation.name}.{column.name}"
        return f"{relation.schema}.{relation.name}"

    def _find(self, source: Source) -> Mask | None:
        relation = self._catalog.by_oid.get(source.relation)
        if relation is None or source.attnum < 1:
            return None
        if relation.schema in SYSTEM_SCHEMAS:
            column = next(c for c in relation.columns if c.attnum == source.attnum)
            withheld = column.name in NULLED.get(relation.name, ())
            return Mask("catalog", Null(), "") if withheld else None
        class_name = self._class(relation, source.attnum)
        if class_name == UNCLASSIFIED and relation.feeds:
            # What a sequence has come to is the last value of the columns that take theirs from it.
            fed = self.masked(Source(*column) for column in relation.feeds)
            return Mask("sequence", Null(), "") if fed else None
        if class_name == UNCLASSIFIED and relation.kind in "vm":
            # A view's columns are what their sources are, unless the policy names them itself.
            return None
        treatment = self._rule.treatment(class_name)
        if isinstance(treatment, Show):
            return self._generated(relation, source)
        domain = self._policy.domain_of(class_name)
        if isinstance(treatment, Token) and treatment.domain:
            domain = treatment.domain
        return Mask(class_name, treatment, domain)

    def persona(self, source: Source) -> PersonaPattern | None:
        """The persona that a stored column speaks of."""
        relation = self._catalog.by_oid[source.relation]
        names = [column.name for column in relation.columns if column.attnum == source.attnum]
        return self._policy.persona_of(relation.schema, relation.name, *names) if names else None

    def _generated(self, relation: Relation, source: Source) -> Mask | None:
        """A generated column is computed from others, unless the policy itself names it."""
        column = next(c for c in relation.columns if c.attnum == source.attnum)
        if not column.generated or self._policy.names(relation.schema, relation.name, column.name):
            return None
        if relation.oid not in self._depends:
            self._depends[relation.oid] = self._depend(relation)
        read = self._depends[relation.oid][source.attnum]
        return Mask("computed", Null(), "") if self.masked(read - {source}) else None

    def _depend(self, relation: Relation) -> Mapping[int, frozenset[Source]]:
        try:
            return self._generated_from(relation)
        except Refusal:
            # What we cannot read may read everything.
            every = frozenset(
                Source(relation.oid, c.attnum) for c in relation.columns if not c.generated
            )
            return {c.attnum: every for c in relation.columns}

    def touched(self) -> list[int]:
        """OIDs of the relations with a masked column, and those they share rows with."""
        return [oid for oid in self._catalog.by_oid if self.touches(oid)]

    def bounded(self) -> list[int]:
        """OIDs of partitions whose bounds are values of a masked column."""
        found: list[int] = []
        for relation in self._catalog.relations.values():
            for oid in relation.ancestors:
                parent = self._catalog.by_oid.get(oid)
                if parent is not None and self.masked(parent.key_sources()):
                    found.append(relation.oid)
        return found

    def _class(self, relation: Relation, attnum: int) -> str:
        """The class of a column; one on a parent table holds for its children, and the reverse.

        ``public`` is the weakest: a glob that makes a partition public does not undo the class of
        its parent, nor is a parent public where the rows of a child are not.
        """
        column = next(c for c in relation.columns if c.attnum == attnum)
        above = [self._catalog.by_oid.get(oid) for oid in relation.ancestors]
        family = [relation, *above, *self._catalog.children.get(relation.oid, ())]
        found = [self._policy.class_of(t.schema, t.name, column.name) for t in family if t]
        masked = [name for name in found if name not in (PUBLIC, UNCLASSIFIED)]
        return masked[0] if masked else found[0]
