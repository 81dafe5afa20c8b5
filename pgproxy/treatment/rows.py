"""A run of DataRow messages with its masked fields replaced."""

from collections.abc import Mapping

from pgproxy.treatment.columns import Column, FieldTreatment
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from pgproxy.wire.rows import cut, splice


class RowTreatment:
    """The treatments of one result: field index → treatment; other fields stay as they are.

    ``treated`` counts per field the values replaced so far, NULLs not among them; where everything
    becomes NULL the values are not looked at and every row counts.
    """

    def __init__(self, fields: int, treatments: Mapping[int, FieldTreatment]) -> None:
        self._fields = fields
        self._wanted = tuple(sorted(treatments))
        self._treatments = [treatments[index] for index in self._wanted]
        # Of fields that only become NULL one is cut at most: somebody has to count the rows.
        looked_at = [i for i, t in enumerate(self._treatments) if not t.null_only]
        self._looked_at = looked_at or list(range(len(self._wanted)))[:1]
        self._cut = tuple(self._wanted[i] for i in self._looked_at)
        self.treated: dict[int, int] = dict.fromkeys(self._wanted, 0)

    def apply(self, rows: bytes) -> bytes | tuple[TokenRequest, ...]:
        """The treated run; or what must be learned before it can be treated."""
        if not self._wanted:
            return rows
        columns = dict(zip(self._looked_at, cut(rows, self._fields, self._cut), strict=True))
        count = len(next(iter(columns.values())))
        treated: list[Column] = []
        requests: list[TokenRequest] = []
        for place, treatment in enumerate(self._treatments):
            values: Column = [None] * count if treatment.null_only else columns[place]
            result = treatment.apply(values)
            if isinstance(result, TokenRequest):
                requests.append(result)
            else:
                treated.append(result)
        if requests:
            return _merged(requests)
        spliced = splice(rows, self._fields, self._wanted, treated)
        self._count(columns, count)
        return spliced

    def _count(self, columns: Mapping[int, Column], rows: int) -> None:
        for place, treatment in enumerate(self._treatments):
            nulls = 0 if treatment.null_only else columns[place].count(None)
            self.treated[self._wanted[place]] += rows - nulls


def _merged(requests: list[TokenRequest]) -> tuple[TokenRequest, ...]:
    """One request a space: two fields of one domain ask together."""
    spaces: dict[TokenSpace, dict[bytes, None]] = {}
    for request in requests:
        spaces.setdefault(request.space, {}).update(dict.fromkeys(request.values))
    return tuple(TokenRequest(space, tuple(values)) for space, values in spaces.items())
