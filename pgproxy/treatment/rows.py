"""A run of DataRow messages with its masked fields replaced."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pgproxy.treatment.columns import FieldTreatment, requests_of
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from pgproxy.wire.known import Missing, Source, replace

# Tokens, and what is made of them, take one round each; forgetting in between some more.
_ROUNDS = 16

# Wanted fields and their sources → what ``wire.known.replace`` gives.
Replace = Callable[[tuple[int, ...], tuple[Source, ...]], tuple[bytes | None, list[int], Missing]]


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
        self.treated: dict[int, int] = dict.fromkeys(self._wanted, 0)

    def apply(self, rows: bytes) -> bytes | tuple[TokenRequest, ...]:
        """The treated run; or what must be learned before it can be treated."""
        if not self._wanted:
            return rows
        return self.through(lambda wanted, sources: replace(rows, self._fields, wanted, sources))

    def through(self, replaced: Replace) -> bytes | tuple[TokenRequest, ...]:
        """The same for what replaces fields in rows of any form."""
        for _ in range(_ROUNDS):
            treated, counts, missing = replaced(self._wanted, self._sources)
            if treated is not None:
                self._count(counts)
                self._settle()
                return treated
            requests = self._fill(missing)
            if requests:
                return requests
        raise RuntimeError("values are forgotten faster than they are treated")

    def _fill(self, missing: Sequence[Sequence[bytes]]) -> tuple[TokenRequest, ...]:
        # Fields that share a treatment share what it knows: together, or one may oust the other's.
        by_treatment: dict[FieldTreatment, dict[bytes, None]] = {}
        for treatment, values in zip(self._treatments, missing, strict=True):
            if values:
                by_treatment.setdefault(treatment, {}).update(dict.fromkeys(values))
        asked = [treatment.fill(tuple(values)) for treatment, values in by_treatment.items()]
        return _merged([one for each in asked if each is not None for one in requests_of(each)])

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
