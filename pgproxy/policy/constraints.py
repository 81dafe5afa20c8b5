"""What a row must hold to be written: CHECK constraints, indexes, generated columns, foreign keys.

Where the server computes with a masked column and another one together, whether it takes a value
of the other tells of the masked one: ``CHECK (bonus < salary)`` finds a salary in twenty steps, and
of two columns of tokens it tells the order.  A column that refers to a masked one tells which
values are there, or gets the value itself with ON UPDATE CASCADE.
"""

from collections.abc import Callable, Iterable, Iterator

from pgproxy.analysis.catalog import Catalog, Relation
from pgproxy.analysis.lineage import Report, Source
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Masks

# The columns of a relation that the server computes with together.  May raise Refusal.
Together = Callable[[Relation], list[frozenset[Source]]]
_HINT = "A constraint, an index or a generated column has them both: leave one of them out."
_HINT_OF_KEY = "The policy can give both columns of the foreign key one class."


class Constraints:
    """Those of one catalog snapshot, as one role meets them."""

    def __init__(self, masks: Masks, catalog: Catalog, together: Together) -> None:
        self._masks = masks
        self._catalog = catalog
        self._together = together
        self._joints: dict[int, list[frozenset[Source]]] = {}
        # Columns with a foreign key, and those that one refers to, where just one side is masked.
        self._referring: set[Source] = set()
        self._referred: set[Source] = set()
        self._linked = False

    def check(self, report: Report, known: Callable[[list[Source]], bool]) -> None:
        """Raises Refusal for a row that would tell; ``known``: the role may test these."""
        if not report.inserted and not report.updated:
            return
        for written, masked in [*self._inserted(report), *self._updated(report)]:
            if not known(masked):
                own = min(written - set(masked), default=min(written))
                raise self._refusal(own, next((s for s in masked if s != own), own))
        self._link()
        every = report.updated.union(*report.inserted)
        told = (every & self._referring) | (report.updated & self._referred)
        for source in sorted(told):
            name = self._masks.name(source)
            raise Refusal(
                "masked_write",
                f"statement writes {name}: a foreign key joins it to a column that is masked "
                "otherwise",
                hint=_HINT_OF_KEY,
            )

    def _inserted(self, report: Report) -> Iterator[tuple[frozenset[Source], list[Source]]]:
        for row in report.inserted:
            for joint in self._joints_of(row):
                # What is left out is its default, which no reader has chosen.
                both = joint & row
                masked = self._masks.masked(both)
                if len(both) > 1 and masked:
                    yield both, masked

    def _updated(self, report: Report) -> Iterator[tuple[frozenset[Source], list[Source]]]:
        for joint in self._joints_of(report.updated):
            if joint & report.updated:
                yield joint & report.updated, self._masks.masked(joint)

    def _joints_of(self, written: Iterable[Source]) -> Iterator[frozenset[Source]]:
        for oid in sorted({source.relation for source in written}):
            if oid not in self._joints:
                found = self._find(self._catalog.by_oid[oid])
                self._joints[oid] = [
                    joint for joint in found if len(joint) > 1 and self._masks.masked(joint)
                ]
            yield from self._joints[oid]

    def _find(self, relation: Relation) -> list[frozenset[Source]]:
        """Also those of its children, as columns of the relation itself."""
        found: list[frozenset[Source]] = []
        for family in (relation, *self._catalog.children.get(relation.oid, ())):
            names = {column.attnum: column.name for column in family.columns}
            for joint in self._of_one(family):
                own = relation.attnums(names[source.attnum] for source in joint)
                found.append(frozenset(Source(relation.oid, attnum) for attnum in own))
        return found

    def _of_one(self, relation: Relation) -> list[frozenset[Source]]:
        if not self._masks.touches(relation.oid):
            return []
        try:
            return self._together(relation)
        except Refusal:
            # What we cannot read may compute with everything.
            return [frozenset(Source(relation.oid, c.attnum) for c in relation.columns)]

    def _link(self) -> None:
        if self._linked:
            return
        self._linked = True
        for relation in self._catalog.relations.values():
            for attnum, key in relation.references:
                own = self._masks.mask(Source(relation.oid, attnum))
                other = self._masks.mask(key)
                if (own and own.key) != (other and other.key):
                    self._referring.add(Source(relation.oid, attnum))
                    self._referred.add(key)

    def _refusal(self, other: Source, masked: Source) -> Refusal:
        mask = self._masks.mask(masked)
        shown = f"class {mask.class_name}, {mask.treatment.name}" if mask else "masked"
        return Refusal(
            "masked_write",
            f"statement writes {self._masks.name(other)} of rows where the server computes with "
            f"it and masked column {self._masks.name(masked)} ({shown}): whether it takes the "
            "row would tell",
            hint=_HINT,
        )
