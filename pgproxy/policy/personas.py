"""Personas: fields that are made of the subject of their row, whose key is sent in their place.

    SELECT c.email …   is sent as   SELECT CASE WHEN c.email IS NOT NULL THEN 'k' || c.id … END

so that what stands in one row speaks of one subject, in every table that has its key.  The value
itself does not even leave the server, but where the key is NULL.
"""

from dataclasses import replace

from pgproxy.analysis.carry import Carrier, Path, ViewQuery
from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.grammar import parse
from pgproxy.analysis.lineage import Node, OutputField, Source
from pgproxy.policy.classes import Masks
from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.plan import Derivation, FieldPlan, Subject
from pgproxy.policy.rules import Synthetic, Treatment
from pgproxy.wire import values

# typlen of pg_type.dat.
_SIZES = {
    values.TEXT: -1,
    values.VARCHAR: -1,
    values.BPCHAR: -1,
    values.NAME: 64,
    values.DATE: 4,
    values.TIMESTAMP: 8,
    values.TIMESTAMPTZ: 8,
    values.INT2: 2,
    values.INT4: 4,
    values.INT8: 8,
    values.NUMERIC: -1,
}
# Types whose text is the same whatever the settings of a session are.
_KEYS = frozenset(
    {
        values.INT2,
        values.INT4,
        values.INT8,
        values.NUMERIC,
        values.UUID,
        values.TEXT,
        values.VARCHAR,
        values.BPCHAR,
        values.NAME,
    }
)
# What a text says is not a property of its subject.
_FREE_TEXT = "text"
# Between gender, country and key.
SEPARATOR = "\x1f"


class Personas:
    """The personas of one policy on one catalog."""

    def __init__(self, masks: Masks, catalog: Catalog, view_query: ViewQuery) -> None:
        self._masks = masks
        self._view_query = view_query
        self._catalog = catalog

    def settle(
        self, query: Node, outputs: list[OutputField], plans: tuple[FieldPlan, ...]
    ) -> tuple[FieldPlan, ...]:
        """The plans of a query's fields, with subjects where there are; changes the tree."""
        wanted = [self._persona(*each) for each in zip(outputs, plans, strict=True)]
        if not any(wanted):
            return plans
        carrier = Carrier(query, self._catalog, self._view_query)
        settled = []
        for number, (plan, found) in enumerate(zip(plans, wanted, strict=True)):
            if found is None:
                settled.append(plan)
                continue
            source, pattern = found
            subject = self._put(carrier, query, number, source, pattern)
            told = f"a persona, {pattern.persona}"
            reason = f"of {told}" if subject else f"of {told}, keyed by the value itself here"
            domain = f"persona {pattern.persona}" if subject else plan.domain
            settled.append(
                replace(
                    plan,
                    reason=f"{plan.reason}, {reason}",
                    subject=subject,
                    domain=domain,
                    treatment=_of_subject(plan.treatment) if subject else plan.treatment,
                    origins=frozenset() if subject else plan.origins,
                )
            )
        return tuple(settled)

    def _persona(
        self, output: OutputField, plan: FieldPlan
    ) -> tuple[Source, PersonaPattern] | None:
        treatment = plan.treatment
        if not isinstance(treatment, Synthetic) or treatment.kind == _FREE_TEXT:
            return None
        if plan.derivation is not Derivation.COPIED:
            return None
        sources = self._masks.stored(output.lineage.copied)
        if len(sources) != 1 or output.lineage.constant or sources[0].path:
            return None
        pattern = self._masks.persona(sources[0])
        return (sources[0], pattern) if pattern else None

    def _put(
        self, carrier: Carrier, query: Node, number: int, source: Source, pattern: PersonaPattern
    ) -> Subject | None:
        """Has the key sent in the place of a value; None where it cannot be had."""
        relation = self._catalog.by_oid[source.relation]
        column = next(c for c in relation.columns if c.attnum == source.attnum)
        keys = [relation.column(name) for name in pattern.beside]
        if column.type_oid not in _SIZES or _is_sorted_by(query, number):
            return None
        if any(key is None or key.type_oid not in _KEYS for key in keys):
            return None
        paths = carrier.beside(query, number, source, pattern.beside)
        if not paths:
            return None
        target = query["targetList"][number]["ResTarget"]
        own = tuple(field["String"]["sval"] for field in target["val"]["ColumnRef"]["fields"])
        target["val"] = _expression(own, pattern, paths)
        origin = (source.relation, source.attnum)
        size = _SIZES[column.type_oid]
        return Subject(pattern.persona, origin, column.type_oid, column.typmod, size)


def _of_subject(treatment: Treatment) -> Treatment:
    assert isinstance(treatment, Synthetic)
    return replace(treatment, of_subject=True)


def _is_sorted_by(query: Node, number: int) -> bool:
    """Whether ORDER BY names the field by its position: it would be another order."""
    for item in query.get("sortClause", ()):
        constant = item["SortBy"]["node"].get("A_Const", {})
        if constant.get("ival", {}).get("ival") == number + 1:
            return True
    return False


def _expression(own: Path, pattern: PersonaPattern, paths: list[Path]) -> Node:
    written = dict(zip(pattern.beside, map(_written, paths), strict=True))
    told = "".join(
        f"{_text(written[name])} {_JOIN} '{SEPARATOR}' {_JOIN} "
        if name
        else f"'{SEPARATOR}' {_JOIN} "
        for name in (pattern.gender, pattern.country)
        if pattern.gender or pattern.country
    )
    key = f"'k' {_JOIN} {told}{written[pattern.key]}::pg_catalog.text"
    value = _written(own)
    sql = (
        f"SELECT CASE WHEN {value} IS NOT NULL THEN "
        f"COALESCE({key}, 'v' {_JOIN} {value}::pg_catalog.text) END"
    )
    (raw,) = parse(sql)
    found: Node = raw["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    return found


_JOIN = "OPERATOR(pg_catalog.||)"


def _text(column: str) -> str:
    return f"COALESCE({column}::pg_catalog.text, '')"


def _written(path: Path) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in path)
