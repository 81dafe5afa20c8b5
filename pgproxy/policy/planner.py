"""The planner: a query string to a plan, for one role on one catalog snapshot."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from pgproxy.analysis.carry import query_of
from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.copy import CopyOptions
from pgproxy.analysis.copy_from import CopyInto
from pgproxy.analysis.grammar import Tree, parse
from pgproxy.analysis.lineage import CONSTANT, Lineage, OutputField, Source, Step
from pgproxy.analysis.literals import Shape, Watch, shape_of, watch
from pgproxy.analysis.names import UnknownName
from pgproxy.analysis.statement import Analysis, Analyzer, audit_sql, render
from pgproxy.analysis.system_catalogs import BOUNDS_OF
from pgproxy.analysis.utility import Named
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Mask, Masks
from pgproxy.policy.constraints import Constraints
from pgproxy.policy.guard import Guard
from pgproxy.policy.inputs import (
    FIRST_MARK,
    Accepted,
    check_marks,
    input_of,
    take,
    without_marks,
)
from pgproxy.policy.personas import Personas
from pgproxy.policy.plan import (
    REFUSED_STATEMENT,
    CopyFormat,
    CopyIn,
    Derivation,
    FieldPlan,
    Input,
    NameAct,
    NameUse,
    QueryPlan,
    StatementPlan,
)
from pgproxy.policy.rules import Null, Policy, Redact, RoleRule, Show
from pgproxy.policy.templates import Templates

CACHED_PLANS = 4096
CACHED_FIELDS = 16384
_SHOW = Mask("", Show(), "")


class CatalogPlanner:
    """Plans for one role on one snapshot; a new snapshot needs a new planner."""

    def __init__(
        self, policy: Policy, rule: RoleRule, catalog: Catalog, search_path: list[str]
    ) -> None:
        self._policy = policy
        self._rule = rule
        self._analyzer = Analyzer(
            catalog,
            search_path,
            policy.trusted_functions,
            self._shown_relations,
            self._parts,
        )
        analyzer = self._analyzer
        self._masks = Masks(policy, rule, catalog, analyzer.depends, analyzer.view_reads)
        self._constraints = Constraints(self._masks, catalog, analyzer.together)
        self._catalog = catalog
        self._personas = Personas(self._masks, catalog, analyzer.view_query)
        self._plans: dict[bytes, QueryPlan] = {}
        self._templates = Templates()
        self._lists: dict[str, str] = {}
        # A dashboard asks for the same fields with other literals all day.
        self._field = lru_cache(maxsize=CACHED_FIELDS)(self._decide)
        self.hits = 0
        self.misses = 0

    def plan(self, sql: bytes) -> QueryPlan:
        """The plan for a query string as the client sent it.  Never raises."""
        known = self._plans.get(sql) or self._templates.filled(sql)
        if known is not None:
            self.hits += 1
            return known
        shape = shape_of(sql)
        filled = self._templates.find(sql, shape) if shape else None
        if filled is not None:
            self.hits += 1
            return filled
        self.misses += 1
        plan = self._plan(sql, shape if shape and self._templates.wanted(shape) else None)
        if not plan.stale:
            if len(self._plans) >= CACHED_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[sql] = plan
        return plan

    def _plan(self, sql: bytes, shape: Shape | None) -> QueryPlan:
        try:
            text = sql.decode()
            if "\0" in text:
                raise Refusal("syntax", "statement holds a NUL byte", sqlstate="22021")
            statements = parse(text)
        except UnicodeDecodeError:
            return _refused(
                [], [], Refusal("syntax", "statement is not valid UTF-8", sqlstate="22021")
            )
        except Refusal as refusal:
            return _refused([], [], refusal)
        watched: Watch | None = None
        plans: list[StatementPlan] = []
        texts: list[str] = []
        marks = FIRST_MARK
        for raw in statements:
            try:
                if shape and len(statements) == 1:
                    watched = watch(raw, shape)
                plan, printed = self._statement(raw, marks, watched)
            except Refusal as refusal:
                kind = next(iter(raw["stmt"]))
                return _refused(plans, texts, _at_character(refusal, text), kind)
            except RecursionError:
                deep = Refusal("too_complex", "statement is nested too deeply", sqlstate="54001")
                return _refused(plans, texts, deep)
            except Exception:
                # Whatever our own fault is here, it must stop the statement, not the rules.
                fault = Refusal(
                    "fault",
                    "statement could not be analysed (a fault of pgproxy)",
                    sqlstate="XX000",
                )
                return _refused(plans, texts, fault)
            plans.append(plan)
            texts.append(printed)
            marks += len(plan.inputs)
        sent = "; ".join(texts)
        try:
            check_marks(sent, [one for plan in plans for one in plan.inputs])
        except Refusal as refusal:
            return _refused([], [], refusal)
        whole = QueryPlan(tuple(plans), sent.encode())
        if shape and len(plans) == 1:
            self._templates.make(statements[0], shape, watched, whole)
        return whole

    def _statement(self, raw: Tree, mark: int, watched: Watch | None) -> tuple[StatementPlan, str]:
        analysis = self._analyzer.analyze(raw)
        guard = Guard(self._policy, self._rule, self._masks, self._constraints)
        guard.judge(analysis.report, analysis.explained)
        inputs: list[Input] = []
        if guard.accepted and analysis.into is None:
            bound = analysis.named is None and analysis.copy is None
            inputs = take(raw, guard.accepted, mark, bound=bound)
        if watched is not None:
            watched.release(raw)
        fields = self._fields(raw, analysis)
        printed = render([raw])
        plan = StatementPlan(
            kind=analysis.kind,
            audit_sql=audit_sql(without_marks(printed, inputs).encode()),
            fields=fields,
            notices=(*guard.notices, *_computed_notices(fields or (), guard.cut_columns)),
            touches_masked=self._masks.touch_any(analysis.report.relations),
            copy=self._copy(analysis),
            inputs=tuple(inputs),
            copy_in=_copy_in(analysis.into, guard.accepted),
        )
        return _with_name(plan, analysis.named), printed

    def _fields(self, raw: Tree, analysis: Analysis) -> tuple[FieldPlan, ...] | None:
        """The plans of the fields; puts keys of subjects into the tree."""
        if analysis.explained is not None:
            return (self._field(OutputField("QUERY PLAN", CONSTANT)),)
        if analysis.fields is None:
            return None
        fields = tuple(self._field(field) for field in analysis.fields)
        query = query_of(raw["stmt"]) if self._policy.personas else None
        return self._personas.settle(query, analysis.fields, fields) if query else fields

    def _copy(self, analysis: Analysis) -> CopyFormat | None:
        options = analysis.copy
        if options is None or analysis.fields is None:
            return None
        forced = options.force_quote
        quoted = tuple("*" in forced or field.name in forced for field in analysis.fields)
        return replace(
            _format(options),
            force_quote=quoted,
            types=tuple(self._type(field.lineage) for field in analysis.fields),
        )

    def _type(self, lineage: Lineage) -> tuple[int, int]:
        """Type and typmod of a field that is a column's value; (0, -1) where that is not sure."""
        found = self._masks.types(lineage)
        return found.pop() if len(found) == 1 else (0, -1)

    def _shown_relations(self, kind: str) -> str:
        """An array literal of the OIDs of relations that ``kind`` may be told of."""
        if kind not in self._lists:
            hidden = self._masks.bounded() if kind == BOUNDS_OF else self._masks.touched()
            shown = sorted(self._catalog.by_oid.keys() - set(hidden))
            self._lists[kind] = f"{{{','.join(map(str, shown))}}}"
        return self._lists[kind]

    def _parts(
        self, sources: frozenset[Source], steps: tuple[Step, ...]
    ) -> frozenset[Source] | None:
        # The masks are made after the analyzer, which they ask in their turn.
        return self._masks.parts(sources, steps)

    def _decide(self, field: OutputField) -> FieldPlan:
        """What becomes of one field (design.md 6, first paragraph)."""
        lineage, masks = field.lineage, self._masks
        copied = masks.masked(lineage.copied)
        computed = masks.masked(lineage.computed) if lineage.computed else []
        if not copied and not computed:
            return self._shown(field)
        mixed = lineage.constant or bool(masks.shown(lineage.copied))
        alike = {mask.key for mask in map(masks.mask, copied) if mask}
        if computed:
            chosen = Mask(self._classes(computed), Null(), "")
            reason = f"computed from {masks.name(computed[0])}"
        elif mixed:
            chosen = Mask(self._classes(copied), Null(), "")
            reason = f"{masks.name(copied[0])} mixed with values that are not masked alike"
        elif len(alike) == 1:
            chosen = Mask(self._classes(copied), *next(iter(alike)))
            reason = f"copied from {masks.name(copied[0])}"
        else:
            chosen = Mask(self._classes(copied), Redact(), "")
            reason = "copied from columns that are masked differently"
        return FieldPlan(
            name=field.name,
            sources=tuple(masks.name(source) for source in masks.stored(lineage.sources)),
            derivation=_derivation(lineage, bool(computed or (copied and mixed))),
            treatment=chosen.treatment,
            class_name=chosen.class_name,
            domain=chosen.domain,
            origins=self._origins(lineage.origins, chosen),
            reason=reason,
        )

    def _shown(self, field: OutputField) -> FieldPlan:
        lineage = field.lineage
        return FieldPlan(
            name=field.name,
            sources=tuple(map(self._masks.name, self._masks.stored(lineage.sources))),
            derivation=_derivation(lineage, False),
            treatment=_SHOW.treatment,
            class_name="",
            domain="",
            origins=self._origins(lineage.origins, _SHOW),
            reason="no masked column",
        )

    def _origins(self, origins: frozenset[Source], chosen: Mask) -> frozenset[tuple[int, int]]:
        if isinstance(chosen.treatment, Show):
            # A field that is shown may not turn out to be a masked column itself.
            origins = frozenset(o for o in origins if self._masks.mask(o) is None)
        return frozenset((one.relation, one.attnum) for one in origins)

    def _classes(self, sources: list[Source]) -> str:
        names = {mask.class_name for mask in map(self._masks.mask, sources) if mask}
        return names.pop() if len(names) == 1 else "mixed"


def _format(options: CopyOptions) -> CopyFormat:
    characters = {name: text.encode() for name, text in options.characters.items()}
    form, header = options.format, options.header
    return CopyFormat(form, header=header, force_quote=(), types=(), **characters)


def _copy_in(into: CopyInto | None, accepted: list[Accepted]) -> CopyIn | None:
    """Raises Refusal where the form of the rows is not covered."""
    if into is None:
        return None
    columns: list[Input | None] = [None] * into.columns
    for one in accepted:
        (given,) = one.use.given
        columns[given.number - 1] = input_of(one, given)
    return CopyIn(tuple(columns), _format(into.options()) if accepted else None)


def _with_name(plan: StatementPlan, named: Named | None) -> StatementPlan:
    """The plan of a statement that does something with a name."""
    if named is None:
        return plan
    act = NameAct(named.act)
    if act not in (NameAct.PREPARE, NameAct.DECLARE):
        return replace(plan, name_use=NameUse(act, named.name))
    # The fields are those of the query that has the name from now on.
    use = NameUse(act, named.name, plan, named.hold)
    return replace(plan, fields=None, notices=(), name_use=use)


def _derivation(lineage: Lineage, computed: bool) -> Derivation:
    if computed or not lineage.sources:
        return Derivation.COMPUTED
    if lineage.copied:
        return Derivation.COMPUTED if lineage.constant else Derivation.COPIED
    return Derivation.COMPUTED if lineage.computed else Derivation.COUNTED


def _computed_notices(fields: tuple[FieldPlan, ...], cut: Iterable[str]) -> tuple[str, ...]:
    """What is NULL because it is computed: fields, and values that surface in no field."""
    nulls = [
        field
        for field in fields
        if isinstance(field.treatment, Null) and field.derivation is Derivation.COMPUTED
    ]
    told = {source for field in nulls for source in field.sources}
    return (
        *(f'field "{field.name}" is NULL: {field.reason}' for field in nulls),
        *(
            f"values computed from {name} are NULL in this statement"
            for name in cut
            if name not in told
        ),
    )


def _refused(
    plans: list[StatementPlan], texts: list[str], refusal: Refusal, kind: str = ""
) -> QueryPlan:
    plan = StatementPlan(kind=kind, audit_sql="", refusal=refusal)
    sql = "; ".join([*texts, REFUSED_STATEMENT])
    return QueryPlan((*plans, plan), sql.encode(), stale=isinstance(refusal, UnknownName))


def _at_character(refusal: Refusal, text: str) -> Refusal:
    """The grammar counts bytes, an error's position counts characters (manual 54.8)."""
    if refusal.position > 1:
        before = text.encode()[: refusal.position - 1]
        refusal.position = len(before.decode(errors="ignore")) + 1
    return refusal
