"""Which stored columns are masked for one role: the policy's patterns on a catalog snapshot."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Relation
from pgproxy.analysis.lineage import Lineage, Source, Step
from pgproxy.analysis.system_catalogs import NULLED
from pgproxy.errors import Refusal
from pgproxy.policy.documents import DOCUMENTS, Document, merged, one_name
from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.rules import (
    PUBLIC,
    UNCLASSIFIED,
    Inside,
    Null,
    Paths,
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

    @property
    def class_names(self) -> tuple[str, ...]:
        """Its class; of a document, those of its parts too."""
        if not isinstance(self.treatment, Paths):
            return (self.class_name,)
        inside = [one.class_name for one in self.treatment.inside if one.treatment != _SHOW]
        return (self.class_name, *inside)


_SHOW = Show()
_JSONB, _TEXT = 3802, 25


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
        self._documents: dict[Source, Document] = {}

    def mask(self, source: Source) -> Mask | None:
        """The mask of a stored column, or of a part of its document; None when it is shown."""
        try:
            return self._known[source]
        except KeyError:
            pass
        if source.path:
            # Not kept: there are as many as a client cares to name.
            return self._mask_of_part(source)
        found = self._known[source] = self._find(source)
        return found

    def _mask_of_part(self, source: Source) -> Mask | None:
        whole = self.mask(source.column)
        document = self._documents.get(source.column)
        if whole is None or document is None:
            return whole
        part = document.part(source.path)
        if part is None:
            return Mask(whole.class_name, Null(), "")
        shown = isinstance(part.treatment, Show)
        return None if shown else Mask(part.class_name, part.treatment, part.domain)

    def parts(
        self, sources: frozenset[Source], steps: tuple[Step, ...]
    ) -> frozenset[Source] | None:
        """The parts that steps into the documents of columns lead to.

        None where the policy does not tell them from computing: it knows no paths into them, masks
        them as a whole, or has more than one treatment for a part.
        """
        masked = self.masked(source.column for source in sources)
        if not masked or not all(column in self._documents for column in masked):
            return None
        found = frozenset(source._replace(path=source.path + steps) for source in sources)
        documents = [(self._documents.get(one.column), one.path) for one in found]
        untold = any(document and document.part(path) is None for document, path in documents)
        return None if untold else found

    def concerns(self, sources: Iterable[Source]) -> bool:
        """Whether masked columns are among them, or columns of which they are shown parts."""
        return any(self.mask(source.column) is not None for source in sources)

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
            (_type_of_part(source), -1)
            if source.path
            else (self._catalog.base_type(column.type_oid), column.typmod)
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
        """schema.table.column, schema.table.column->key for a part of its document."""
        if source.path:
            return "->".join([self.name(source.column), *map(_written, source.path)])
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
        whole = self._of_class(relation, source, class_name)
        if whole is None:
            return self._by_path(source, whole, Show())
        own, _ = self._treatment(class_name)
        return self._by_path(source, whole, own) if isinstance(own, Null) else whole

    def _of_class(self, relation: Relation, source: Source, class_name: str) -> Mask | None:
        """The mask of a column as a whole."""
        if class_name == UNCLASSIFIED and relation.feeds:
            # What a sequence has come to is the last value of the columns that take theirs from it.
            fed = self.masked(Source(*column) for column in relation.feeds)
            return Mask("sequence", Null(), "") if fed else None
        if class_name == UNCLASSIFIED and relation.kind in "vm":
            # A view's columns are what their sources are, unless the policy names them itself.
            return None
        treatment, domain = self._treatment(class_name)
        if isinstance(treatment, Show):
            return self._generated(relation, source)
        return Mask(class_name, treatment, domain)

    def _treatment(self, class_name: str) -> tuple[Treatment, str]:
        treatment = self._rule.treatment(class_name)
        domain = self._policy.domain_of(class_name)
        if isinstance(treatment, Token) and treatment.domain:
            domain = treatment.domain
        return treatment, domain

    def _by_path(self, source: Source, whole: Mask | None, own: Show | Null) -> Mask | None:
        """The mask of a column whose documents the policy reaches into; ``whole`` without that."""
        relation = self._catalog.by_oid[source.relation]
        column = next(c for c in relation.columns if c.attnum == source.attnum)
        family = self._family(relation)
        paths = [self._policy.paths_of(t.schema, t.name, column.name) for t in family]
        inside = tuple(
            Inside(path, *self._treatment(class_name), class_name)
            for path, class_name in merged(paths).items()
        )
        if not inside:
            return whole
        rest_class = whole.class_name if whole else PUBLIC
        document = Document(Paths(inside, own), rest_class)
        found = document.whole
        if isinstance(found.treatment, Show):
            return whole
        if self._catalog.base_type(column.type_oid) not in DOCUMENTS:
            # There is no way in: what was to be treated is not shown.
            meant = [self._policy.reaches_into(t.schema, t.name, column.name) for t in family]
            return Mask(one_name(inside), Null(), "") if any(meant) and not whole else whole
        if isinstance(found.treatment, Paths):
            self._documents[source] = document
        return Mask(found.class_name, found.treatment, found.domain)

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
        # What we cannot read may read everything.
        stored = (c.attnum for c in relation.columns if not c.generated)
        every = frozenset(Source(relation.oid, attnum) for attnum in stored)
        unread = dict.fromkeys((c.attnum for c in relation.columns), every)
        try:
            return {**unread, **self._generated_from(relation)}
        except Refusal:
            return unread

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
        family = self._family(relation)
        found = [self._policy.class_of(t.schema, t.name, column.name) for t in family]
        masked = [name for name in found if name not in (PUBLIC, UNCLASSIFIED)]
        return masked[0] if masked else found[0]

    def _family(self, relation: Relation) -> list[Relation]:
        """A table with those above and below it."""
        above = [self._catalog.by_oid.get(oid) for oid in relation.ancestors]
        family = [relation, *above, *self._catalog.children.get(relation.oid, ())]
        return [table for table in family if table is not None]


def _type_of_part(source: Source) -> int:
    return _TEXT if source.path[-1].text else _JSONB


def _written(step: Step) -> str:
    return step.key if step.by_key else "*"
