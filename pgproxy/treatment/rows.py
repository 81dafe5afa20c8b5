"""A run of DataRow messages with its masked fields replaced."""

from collections.abc import Iterable, Mapping, Sequence

from pgproxy.treatment.columns import ROUNDS, Column, FieldTreatment
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from pgproxy.wire.known import replace


class RowTreatment:
    """The treatments of one result: field index → treatment; other fields stay as they are.

    ``treated`` counts per field the values replaced so far, NULLs not among them; where everything
    becomes NULL the values are not looked at and every row counts.
    """

    def __init__(self, fields: int, treatments: Mapping[int, FieldTreatment]) -> None:
        self._fields = fields
        self._wanted = tuple(sorted(treatments))
        self._treatments = [treatments[index] for index in self._wanted]
        self._sources = tuple(treatment.source for treatment in self._treatments)
        # Of fields that only become NULL one is cut at most: somebody has to count the rows.
        looked_at = [i for i, t in enumerate(self._treatments) if not t.null_only]
        self._looked_at = looked_at or list(range(len(self._wanted)))[:1]
        self._cut = tuple(self._wanted[i] for i in self._looked_at)
        self.treated: dict[int, int] = dict.fromkeys(self._wanted, 0)

    @property
    def wanted(self) -> tuple[int, ...]:
        """The fields that are replaced."""
        return self._wanted

    @property
    def looked_at(self) -> tuple[int, ...]:
        """Those of them whose values must be cut out of COPY lines first."""
        return self._cut

    def apply(self, rows: bytes) -> bytes | tuple[TokenRequest, ...]:
        """The treated run; or what must be learned before it can be treated."""
        if not self._wanted:
            return rows
        for _ in range(ROUNDS):
            treated, counts, missing = replace(rows, self._fields, self._wanted, self._sources)
            if treated is not None:
                self._count(counts)
                self._settle()
                return treated
            requests = self._fill(missing)
            if requests:
                return requests
        raise RuntimeError("values are forgotten faster than they are treated")

    def treat(self, columns: list[Column]) -> list[Column] | tuple[TokenRequest, ...]:
        """The columns of ``wanted`` for those of ``looked_at``; or what must be learned first."""
        values = dict(zip(self._looked_at, columns, strict=True))
        rows = len(columns[0]) if columns else 0
        treated: list[Column] = []
        requests: list[TokenRequest] = []
        for place, treatment in enumerate(self._treatments):
            column: Column = [None] * rows if treatment.null_only else values[place]
            result = treatment.apply(column)
            if isinstance(result, TokenRequest):
                requests.append(result)
            else:
                treated.append(result)
        if requests:
            return _merged(requests)
        self._count(
            rows - (0 if treatment.null_only else values[place].count(None))
            for place, treatment in enumerate(self._treatments)
        )
        self._settle()
        return treated

    def _fill(self, missing: Sequence[Sequence[bytes]]) -> tuple[TokenRequest, ...]:
        # Fields that share a treatment share what it knows: together, or one may oust the other's.
        by_treatment: dict[FieldTreatment, dict[bytes, None]] = {}
        for treatment, values in zip(self._treatments, missing, strict=True):
            if values:
                by_treatment.setdefault(treatment, {}).update(dict.fromkeys(values))
        asked = [treatment.fill(tuple(values)) for treatment, values in by_treatment.items()]
        return _merged([request for request in asked if request is not None])

    def _count(self, values: Iterable[int]) -> None:
        for index, count in zip(self._wanted, values, strict=True):
            self.treated[index] += count

    def _settle(self) -> None:
        for treatment in self._treatments:
            treatment.settle()


def _merged(requests: list[TokenRequest]) -> tuple[TokenRequest, ...]:
    """One request a space: two fields of one domain ask together."""
    spaces: dict[TokenSpace, dict[bytes, None]] = {}
    for request in requests:
        spaces.setdefault(request.space, {}).update(dict.fromkeys(request.values))
    return tuple(TokenRequest(space, tuple(values)) for space, values in spaces.items())
