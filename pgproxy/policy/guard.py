"""The guard: whether one role may do with masked columns what a statement does (design.md 6).

Three answers a use: let it be, cut it out of the statement, or refuse.
"""

from collections.abc import Set

from pgproxy.analysis.lineage import Lineage, Position, Report, Source, Use, cut
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Mask, Masks
from pgproxy.policy.constraints import Constraints
from pgproxy.policy.inputs import Accepted, comparable, element_of
from pgproxy.policy.order import CARRIED, scans_in_order, settle_calls, shuffle, tells_plan
from pgproxy.policy.order_of_writes import check_order, is_write
from pgproxy.policy.rules import SHOWS_EQUALITY, Computed, Filters, Policy, RoleRule, Token, Writes
from pgproxy.policy.written import written

_DOES = {
    Position.NULL_TEST: "tests a value computed from",
    Position.EQUAL: "compares",
    Position.GROUP: "groups or compares rows by",
    Position.PARTITION: "partitions by",
    Position.COUNT_DISTINCT: "counts",
    Position.ORDER: "sorts by",
    Position.TEST: "filters by, or decides with,",
    Position.SORT: "decides by the order of",
    Position.COMPUTE: "computes with",
    Position.OUTPUT: "computes with",
    Position.WRITE: "writes",
    Position.CONFLICT: "looks for rows by",
}
# They tell nothing by themselves: ``order`` looks at them.
_UNJUDGED = (Position.SCAN, Position.PRESORT)
_WEIGHED = (
    Position.COUNT,
    Position.COUNT_DISTINCT,
    Position.NULL_TEST,
    Position.TEST,
    Position.SORT,
)
_READ_ONLY = "INSERT, UPDATE, DELETE and MERGE are allowed by `writes: tokens` in the policy."


class Guard:
    """Judges the uses of one statement; cuts the tree in place; collects notices."""

    def __init__(
        self, policy: Policy, rule: RoleRule, masks: Masks, constraints: Constraints
    ) -> None:
        self._constraints = constraints
        self._policy = policy
        self._rule = rule
        self._masks = masks
        self._cut: set[int] = set()
        self._explained: Set[str] | None = None
        # Uses that sort or hash rows by masked values, though nobody may see in what order.
        self._compared: list[Use] = []
        self.accepted: list[Accepted] = []
        self.notices: list[str] = []
        self.cut_columns: dict[str, None] = {}

    def judge(self, report: Report, explained: Set[str] | None = None) -> None:
        """Go through every use.  Raises Refusal at the first that is not allowed.

        ``explained``: the options of EXPLAIN, by which the server tells how it would run the
        statement: how wide its rows are, how many it expects, which statistics of a column tell.
        """
        self._explained = explained
        if report.written and self._rule.writes is Writes.REFUSE:
            raise Refusal("writes", "this role may only read", hint=_READ_ONLY)
        self._constraints.check(report, lambda s: self._filters(s) is Filters.VALUES)
        self._compared += scans_in_order(report, self._masks, self._filters)
        for use in report.uses:
            if (use.position is not Position.SCAN and self._masks.masked(use.lineage.sources)) or (
                use.other and self._masks.masked(use.other.sources)
            ):
                self._judge(use)
        if explained is not None:
            self._check_plan(report, explained)
        if report.calls or report.recursive:
            settle_calls(self._compared + self._carried(report), report)
        # Cutting and shuffling change nodes that other uses look at, so they come last.
        for use in report.uses:
            if id(use.node) in self._cut and use.node:
                self._cut.discard(id(use.node))
                cut(use.node)
        sent = [use.level for use in self._compared if not use.fixed]
        for level in {id(level): level for level in sent}.values():
            if level is not None and is_write(level):
                check_order(level, self._compared, report, self._masks)
            elif level is not None:
                shuffle(level)

    def _check_plan(self, report: Report, options: Set[str]) -> None:
        if (
            any(map(tells_plan, self._compared))
            or self._weighed(report)
            or self._parts_of_masked(report)
        ):
            raise Refusal(
                "masked_explain",
                "EXPLAIN of a statement that compares or counts masked values shows their "
                "statistics",
                hint="Explain it without the masked columns.",
            )
        wide = any(self._masks.masked(lineage.sources) for lineage in report.wide)
        if "costs" in options and (wide or (report.lateral and self._cut)):
            raise Refusal(
                "masked_explain",
                "EXPLAIN of LATERAL subqueries or views that compute with masked columns shows how "
                "long their values are",
                hint="EXPLAIN (COSTS OFF) shows the plan without widths and costs.",
            )
        if "analyze" in options and self._masks.touch_any(report.relations):
            # How much memory a node took is how wide its rows were, masked columns included.
            raise Refusal(
                "masked_explain",
                "EXPLAIN ANALYZE of a table with masked columns would show how long they are",
                hint="EXPLAIN without ANALYZE shows the plan.",
            )

    def _carried(self, report: Report) -> list[Use]:
        """Uses for which a sort carries masked values along, compared or not.

        A sort that outgrows work_mem merges runs, and how many rows a run holds is how long they
        are: which of two rows that tie comes first tells it.
        """
        return [
            use
            for use in report.uses
            if use.position in CARRIED
            and id(use.node) not in self._cut
            and self._masks.masked(use.lineage.sources)
        ] + self._parts_of_masked(report)

    def _parts_of_masked(self, report: Report) -> list[Use]:
        """Uses of shown parts of documents: the server takes them out of the whole document."""
        return [
            use
            for use in report.uses
            if id(use.node) not in self._cut
            and any(source.path for source in use.lineage.sources)
            and self._masks.concerns(s for s in use.lineage.sources if s.path)
        ]

    def _weighed(self, report: Report) -> bool:
        """Whether masked values have a part in what is run, after all that is left out."""
        kept = [use.lineage for use in report.uses if use.position in _WEIGHED]
        return any(self._masks.masked(lineage.sources) for lineage in [*kept, *report.inside])

    def _judge(self, use: Use) -> None:
        computed = self._masks.masked(use.lineage.computed)
        copied = self._masks.masked(use.lineage.copied)
        match use.position:
            case Position.OUTPUT | Position.COUNT:
                if computed:
                    self._compute(use, computed)
                elif copied and self._explained is not None and use.position is Position.OUTPUT:
                    # How wide it would be is what it holds, on average.
                    self._cut.add(id(use.node))
            case Position.COMPUTE:
                if computed or copied:
                    self._compute(use, computed + copied)
            case Position.NULL_TEST:
                if computed:
                    self._test(use, computed)
            case Position.GROUP | Position.PARTITION | Position.COUNT_DISTINCT | Position.CONFLICT:
                self._group(use, computed, copied)
            case Position.EQUAL:
                self._equal(use)
            case Position.ORDER:
                if computed or copied:
                    self._order(use, computed + copied)
            case Position.TEST | Position.SORT:
                if computed or copied:
                    self._test(use, computed + copied)
            case Position.VIEW:
                self._compared.append(use)
            case Position.WRITE:
                self._write(use)

    def _compute(self, use: Use, sources: list[Source]) -> None:
        if any(self._computed(source) is Computed.REFUSE for source in sources):
            raise self._refusal(
                use, sources, "this role may not compute with it", "Select the bare column."
            )
        if use.fixed or not use.node:
            raise self._refusal(
                use, sources, "it cannot be left out here", "Ask for the bare column instead."
            )
        self._cut.add(id(use.node))
        self.cut_columns[self._masks.name(sources[0])] = None

    def _test(self, use: Use, sources: list[Source]) -> None:
        if self._filters(sources) is not Filters.VALUES:
            raise self._refusal(
                use,
                sources,
                "no masked value may decide which rows show",
                "Filter by a column that is shown; IS NULL, GROUP BY and joins of equal domains "
                "work on tokens, hashes and synthetic values.",
            )

    def _group(self, use: Use, computed: list[Source], copied: list[Source]) -> None:
        filters = self._filters(computed + copied)
        if filters is Filters.VALUES or not (copied or computed):
            return
        if use.output and not copied:
            # The computed parts of an output field are cut: all that is compared is NULL.
            return
        if filters is Filters.REFUSE or computed or not self._alike(use.lineage):
            raise self._refusal(
                use,
                computed + copied,
                "its treatment does not show which values are equal",
                "Grouping works by bare columns that are tokens, hashes or synthetic values.",
            )
        if use.position not in (Position.COUNT_DISTINCT, Position.CONFLICT):
            self._compared.append(use)

    def _equal(self, use: Use) -> None:
        other = use.other or Lineage()
        sides = (use.lineage, other)
        if use.output and not self._masks.masked(use.lineage.copied | other.copied):
            return
        sources = self._masks.masked(
            use.lineage.copied | use.lineage.computed | other.copied | other.computed
        )
        filters = self._filters(sources)
        if filters is Filters.VALUES or not sources:
            return
        if use.given:
            self._given(use, sources)
            return
        together = use.lineage.either(other)
        if (
            filters is Filters.REFUSE
            or self._masks.masked(together.computed)
            or not all(self._masks.masked(side.copied) for side in sides)
            or not self._alike(together)
        ):
            raise self._refusal(
                use,
                sources,
                "both sides must be columns of one domain whose treatment shows equality",
                "Join masked columns of one class, or columns that are shown.",
            )
        self._compared.append(use)

    def _given(self, use: Use, sources: list[Source]) -> None:
        """A masked column beside constants: tokens are resolved where they meet their column."""
        mask = self._masks.mask(sources[0])
        type_oid = element_of(use, self._masks.type_oid(use.lineage))
        if (
            self._filters(sources) is Filters.REFUSE
            or mask is None
            or not isinstance(mask.treatment, Token)
            or not mask.treatment.reversible
            or not self._alike(use.lineage)
            or use.fixed
            or not all(comparable(given, type_oid) for given in use.given)
        ):
            raise self._refusal(
                use,
                sources,
                "it can be compared with constants where its treatment is a token",
                "Filter by a column that is shown, or by a token where columns are tokens.",
            )
        self._take(use, Accepted(use, self._masks.name(sources[0]), mask, type_oid))
        if len(use.given) > 1 or use.given[0].many:
            # Rows of several values: in which order an index gives them is theirs.
            self._compared.append(use)

    def _write(self, use: Use) -> None:
        judged = written(use, self._masks, self._filters, self._writable)
        if isinstance(judged, Accepted):
            self._take(use, judged)
        elif judged is not None:
            raise self._refusal(use, *judged)

    def _take(self, use: Use, accepted: Accepted) -> None:
        """Have constants resolved.  Raises Refusal where the server would show them."""
        if self._explained is not None:
            raise self._refusal(
                use,
                [*use.lineage.copied, *(use.other.copied if use.other else ())],
                "EXPLAIN would show the value that the token stands for",
                "Explain it without the token.",
            )
        self.accepted.append(accepted)

    def _order(self, use: Use, sources: list[Source]) -> None:
        filters = self._filters(sources)
        if filters is Filters.VALUES:
            return
        if filters is Filters.REFUSE or use.items is None or use.item is None or use.fixed:
            raise self._refusal(use, sources, "its order is not shown", "Sort by another column.")
        kept = [item for item in use.items if item is not use.item]
        if len(kept) < len(use.items):
            use.items[:] = kept
            name = self._masks.name(sources[0])
            self.notices.append(f"ORDER BY {name} was left out: its order is masked")

    def _alike(self, lineage: Lineage) -> bool:
        """Whether all that the value can be is masked alike, by a treatment that shows equality."""
        known = [mask for mask in map(self._masks.mask, lineage.copied) if mask is not None]
        return (
            bool(known)
            and not self._masks.shown(lineage.copied)
            and not lineage.constant
            and len({mask.key for mask in known}) == 1
            and isinstance(known[0].treatment, SHOWS_EQUALITY)
        )

    def _filters(self, sources: list[Source]) -> Filters:
        """The strictest ``filters`` of the classes in play."""
        known = [mask for mask in map(self._masks.mask, sources) if mask]
        options = [self._option(name) for mask in known for name in mask.class_names]
        for strict in (Filters.REFUSE, Filters.TOKENS):
            if strict in options:
                return strict
        return Filters.VALUES if options else self._rule.filters

    def _option(self, class_name: str) -> Filters:
        of_class = self._policy.classes.get(class_name)
        return of_class.filters if of_class and of_class.filters else self._rule.filters

    def _writable(self, mask: Mask) -> bool:
        known = map(self._policy.classes.get, mask.class_names)
        return all(of_class is None or of_class.writes is not Writes.REFUSE for of_class in known)

    def _computed(self, source: Source) -> Computed:
        mask = self._masks.mask(source)
        known = map(self._policy.classes.get, mask.class_names if mask else ())
        options = [(one.computed if one else None) or self._rule.computed for one in known]
        return Computed.REFUSE if Computed.REFUSE in options else Computed.REDACT

    def _refusal(self, use: Use, sources: list[Source], why: str, hint: str) -> Refusal:
        name = self._masks.name(sources[0])
        mask = self._masks.mask(sources[0])
        shown = f"class {mask.class_name}, {mask.treatment.name}" if mask else "masked"
        return Refusal(
            f"masked_{use.position.name.lower()}",
            f"statement {_DOES.get(use.position, 'uses')} masked column {name} ({shown}): {why}",
            hint=hint,
            position=use.location + 1,
        )
