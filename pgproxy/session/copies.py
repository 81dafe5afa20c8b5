"""COPY … TO STDOUT of a masked role: checked against its plan, treated row by row.

CopyOutResponse names no columns, so that there is no second lock on them: number and formats of the
fields, and in the end the number of rows, must be those that were planned for and seen.
"""

from collections import Counter

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.plan import CopyFormat, FieldPlan, StatementPlan
from pgproxy.policy.rules import Show
from pgproxy.session.results import stopped, take_treated
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.fields import FieldType, Treatments
from pgproxy.treatment.rows import RowTreatment
from pgproxy.treatment.tokens import TokenRequest
from pgproxy.wire import backend
from pgproxy.wire.copy import BinaryRows, CopyRows, CsvRows, Style, TextRows

_FORMATS = ("text", "csv", "binary")


class CopyResult:
    """The rows of one COPY on their way through the treatment."""

    def __init__(self, plan: StatementPlan, response: bytes, treatments: Treatments) -> None:
        form, fields = plan.copy, plan.fields
        if form is None or fields is None or form.format not in _FORMATS:
            raise stopped("the server copies where nothing was to be copied")
        self._check(form, fields, response)
        self._fields = fields
        self._stream = _stream(form, len(fields))
        self._rows = RowTreatment(len(fields), _compiled(form, fields, treatments))
        self.count = 0
        self.ended = False

    def _check(self, form: CopyFormat, fields: tuple[FieldPlan, ...], response: bytes) -> None:
        overall, formats = backend.parse_copy_response(response)
        expected = int(form.format == "binary")
        if overall != expected or any(each != expected for each in formats):
            raise stopped("the server copies in another format than expected")
        if len(formats) != len(fields):
            raise stopped("the server copies another number of fields than expected")

    def feed(self, data: bytes) -> None:
        """The body of a CopyData."""
        if self.ended:
            raise UpstreamViolation("the server goes on with a copy that has ended")
        self._stream.feed(data)

    def apply(self) -> bytes | tuple[TokenRequest, ...]:
        """What is complete, treated, as CopyData messages; or what must be learned first."""
        before = self._stream.count
        treated = self._rows.through(self._stream.take)
        self.count += self._stream.count - before
        return treated

    def end(self) -> None:
        """CopyDone."""
        if self.ended:
            raise UpstreamViolation("the server ends a copy twice")
        self._stream.end()
        self.ended = True

    def check_total(self, tag: bytes) -> None:
        """CommandComplete: its count must be that of the rows seen here."""
        if not self.ended or tag != b"COPY %d" % self._stream.count:
            raise UpstreamViolation("the server counts other rows than it has copied")

    def take_counts(self) -> tuple[int, Counter[tuple[str, str]]]:
        """Rows, and values treated by (class, treatment), since the last time."""
        rows, self.count = self.count, 0
        return rows, take_treated(self._rows, self._fields)


def _stream(form: CopyFormat, fields: int) -> CopyRows:
    if form.format == "binary":
        return BinaryRows(fields)
    style = style_of(form, fields)
    return CsvRows(style) if form.format == "csv" else TextRows(style)


def style_of(form: CopyFormat, fields: int) -> Style:
    """How text and csv of that form are written."""
    return Style(
        fields,
        form.delimiter,
        form.null,
        header=form.header,
        quote=form.quote,
        escape=form.escape,
        force_quote=form.force_quote,
    )


def _compiled(
    form: CopyFormat, fields: tuple[FieldPlan, ...], treatments: Treatments
) -> dict[int, FieldTreatment]:
    found: dict[int, FieldTreatment] = {}
    for index, field in enumerate(fields):
        oid, typmod = form.types[index] if index < len(form.types) else (0, -1)
        if oid == 0:
            if not isinstance(field.treatment, Show):
                found[index] = Nulls()
            continue
        kind = FieldType(oid, typmod, int(form.format == "binary"))
        treatment = treatments.of(field.treatment, field.domain, kind)
        if treatment is not None:
            found[index] = treatment
    return found
