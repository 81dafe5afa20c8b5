"""A stand-in for the vault: tokens of the right kind, counted up or drawn."""

from pgproxy.treatment.fields import FieldTreatment
from pgproxy.treatment.rows import RowTreatment
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.vault.tokens import draw
from pgproxy.wire._kernel_py import Column, cut
from tests.wire.streams import run_of

__all__ = ["Column", "CountingVault", "applied", "treated"]


class CountingVault:
    """Answers requests; remembers what it was asked."""

    def __init__(self, tokens: TokenMap) -> None:
        self._tokens = tokens
        self._issued = 0
        self.requests: list[TokenRequest] = []

    def answer(self, request: TokenRequest) -> None:
        """Give every value of the request a token."""
        self.requests.append(request)
        self._tokens.learn(
            request.space, {value: self._token(request.space, value) for value in request.values}
        )

    def _token(self, space: TokenSpace, value: bytes) -> bytes:
        self._issued += 1
        if space.kind in ("integer", "smallint"):
            return b"%d" % self._issued
        if space.kind.partition("/")[0] != "text":
            return draw(space.kind, [value])[0]
        length = int(space.kind.partition("/")[2] or 26)
        return b"tok_" + str(self._issued).rjust(length - 4, "x").encode()


def applied(treatment: FieldTreatment, values: Column) -> Column | TokenRequest:
    """A column of one field through rows of it, as a result would take it."""
    rows = RowTreatment(1, {0: treatment}).apply(run_of([[value] for value in values]))
    if isinstance(rows, tuple):
        (request,) = rows
        return request
    (column,) = cut(rows, 1, (0,))
    return column


def treated(treatment: FieldTreatment, column: Column, vault: CountingVault) -> Column:
    """The treated column, after one question to the vault at most."""
    result = applied(treatment, column)
    if isinstance(result, TokenRequest):
        vault.answer(result)
        result = applied(treatment, column)
    assert not isinstance(result, TokenRequest)
    return result
