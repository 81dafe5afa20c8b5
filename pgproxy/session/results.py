"""Results of a masked role: the second lock on their layout, and the treatment of their rows.

PostgreSQL names table and column of each plain field in RowDescription.  A field whose origin the
plan does not know stops the session before any row of it is let through (design.md 6).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.plan import FieldPlan, StatementPlan
from pgproxy.treatment.columns import FieldTreatment
from pgproxy.treatment.fields import FieldType, Treatments
from pgproxy.treatment.rows import RowTreatment
from pgproxy.treatment.tokens import TokenRequest
from pgproxy.wire.backend import FieldDescription, parse_row_description, row_description
from pgproxy.wire.framing import HEADER
from pgproxy.wire.values import TEXT

SECOND_LOCK = "42501"
_REMEMBERED = 512


def stopped(message: str) -> UpstreamViolation:
    """The server's answer is not what the plan expects."""
    return UpstreamViolation(message, sqlstate=SECOND_LOCK)


@dataclass(frozen=True, slots=True)
class Layout:
    """What RowDescription said, found to agree with the plan."""

    plan: StatementPlan
    fields: tuple[FieldPlan, ...]
    treatments: Mapping[int, FieldTreatment]


class Result:
    """The rows of one result on their way through the treatment, and how many there were."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rows = RowTreatment(len(layout.fields), layout.treatments)
        self.count = 0

    def apply(self, rows: bytes, count: int) -> bytes | tuple[TokenRequest, ...]:
        """The treated run; or what must be learned first."""
        treated = self._rows.apply(rows)
        if isinstance(treated, bytes):
            self.count += count
        return treated

    def take_counts(self) -> tuple[int, Counter[tuple[str, str]]]:
        """Rows, and values treated by (class, treatment), since the last time."""
        rows, self.count = self.count, 0
        return rows, take_treated(self._rows, self._layout.fields)


def take_treated(rows: RowTreatment, fields: tuple[FieldPlan, ...]) -> Counter[tuple[str, str]]:
    """Values treated by (class, treatment), since the last time."""
    treated: Counter[tuple[str, str]] = Counter()
    for index, values in rows.treated.items():
        field = fields[index]
        treated[field.class_name, field.treatment.name] += values
        rows.treated[index] = 0
    return treated


class Layouts:
    """Checks RowDescriptions; remembers those it has found good."""

    def __init__(self, treatments: Treatments) -> None:
        self._treatments = treatments
        # The plan is held by the layout, so that its id stays its own.
        self._known: dict[tuple[int, bytes, bool], Layout] = {}

    def layout(self, plan: StatementPlan, description: bytes, *, shown: bool = True) -> Layout:
        """The layout of a result.  Raises UpstreamViolation where plan and server differ.

        ``shown``: the client has been told what ``shown_description`` says of it.
        """
        key = id(plan), description, shown
        known = self._known.get(key)
        if known is None:
            fields, described = check(plan, description)
            kinds = [_kind(*each, shown=shown) for each in zip(fields, described, strict=True)]
            known = Layout(plan, fields, self._compile(fields, kinds))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = known
        return known

    def _compile(
        self, fields: tuple[FieldPlan, ...], kinds: list[FieldType]
    ) -> dict[int, FieldTreatment]:
        found: dict[int, FieldTreatment] = {}
        for index, (field, kind) in enumerate(zip(fields, kinds, strict=True)):
            treatment = self._treatments.of(field.treatment, field.domain, kind)
            if treatment is not None:
                found[index] = treatment
        return found


def shown_description(plan: StatementPlan | None, description: bytes) -> bytes:
    """A RowDescription as the client is to see it: a field of a subject as what it stands for."""
    if plan is None or not any(field.subject for field in plan.fields or ()):
        return description
    fields = []
    for field, seen in zip(plan.fields or (), parse_row_description(description), strict=True):
        subject = field.subject
        if subject is not None:
            (table_oid, attnum), oid, size = subject.origin, subject.type_oid, subject.type_size
            seen = FieldDescription(
                seen.name, table_oid, attnum, oid, size, subject.typmod, seen.format
            )
        fields.append(seen)
    return row_description(fields)[HEADER:]


def _kind(field: FieldPlan, seen: FieldDescription, *, shown: bool) -> FieldType:
    subject = field.subject
    if subject is not None and shown:
        return FieldType(subject.type_oid, subject.typmod, seen.format)
    return FieldType(seen.type_oid, seen.typmod, seen.format)


def check(
    plan: StatementPlan, description: bytes
) -> tuple[tuple[FieldPlan, ...], tuple[FieldDescription, ...]]:
    """The second lock: raises UpstreamViolation unless every field is one that the plan knows."""
    described = parse_row_description(description)
    if plan.refusal is not None or plan.fields is None or plan.copy is not None:
        raise stopped("the server returns rows where none were expected")
    if len(plan.fields) != len(described):
        raise stopped("the server returns another number of fields than expected")
    for field, seen in zip(plan.fields, described, strict=True):
        named = bool(seen.table_oid or seen.attnum)
        if named and (seen.table_oid, seen.attnum) not in field.origins:
            raise stopped("the server returns a column that was not expected")
        if field.subject is not None and seen.type_oid != TEXT:
            raise stopped("the server returns something else than who a row is about")
    return plan.fields, described
