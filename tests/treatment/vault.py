"""A stand-in for the vault: tokens of the right kind, counted up or drawn."""

from pgproxy.treatment.fields import Column, FieldTreatment
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.vault.tokens import draw


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


def treated(treatment: FieldTreatment, column: Column, vault: CountingVault) -> Column:
    """The treated column, after one question to the vault at most."""
    result = treatment.apply(column)
    if isinstance(result, TokenRequest):
        vault.answer(result)
        result = treatment.apply(column)
    assert not isinstance(result, TokenRequest)
    return result
