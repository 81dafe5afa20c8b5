"""token: values become what the vault has given them; what is not known yet is asked for."""

from collections.abc import Sequence

from pgproxy.policy.rules import Token
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.token_kinds import INTEGER_KINDS, has_form, kind_for, space_for
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.wire import values
from pgproxy.wire.known import Known

# Bytes that one field may remember.
_REMEMBERED = 16 << 20

# Field bytes are the canonical value and the token is the field's bytes, in both formats.
_IDENTICAL = (values.TEXT, values.VARCHAR, values.NAME, values.UNKNOWN)


def tokenized(treatment: Token, domain: str, field: FieldType, tokens: TokenMap) -> FieldTreatment:
    """Tokens of the domain, of the kind that fits the field; NULL where none does."""
    kind = kind_for(treatment, field)
    if kind is None:
        return Nulls()
    space = space_for(treatment, domain, kind)
    if field.oid in _IDENTICAL or (
        field.oid in INTEGER_KINDS and field.format == values.TEXT_FORMAT
    ):
        return Direct(space, tokens)
    return Converted(space, tokens, field)


class Direct(FieldTreatment):
    """Fields whose bytes can be looked up as they are."""

    def __init__(self, space: TokenSpace, tokens: TokenMap) -> None:
        self._space = space
        self._known = tokens.space(space)
        super().__init__(self._known)

    def fill(self, missing: Sequence[bytes]) -> TokenRequest | None:
        """Asks for them; what has no form that a token could have becomes NULL."""
        wanted = tuple(value for value in missing if has_form(self._space.kind, value))
        if len(wanted) < len(missing):
            without = set(missing).difference(wanted)
            self._known.learn(dict.fromkeys(without))
        return TokenRequest(self._space, wanted) if wanted else None

    def settle(self) -> None:
        """The tokens of a space are bounded together with those of the others."""


class Converted(FieldTreatment):
    """Fields whose bytes are not the canonical value: binary integers, padded bpchar."""

    def __init__(self, space: TokenSpace, tokens: TokenMap, field: FieldType) -> None:
        self._space = space
        self._tokens = tokens.space(space)
        self._field = field
        self._known = Known(_REMEMBERED)
        super().__init__(self._known)

    def fill(self, missing: Sequence[bytes]) -> TokenRequest | None:
        """Canonical value, token, field bytes."""
        canonical = [self._decoded(value) for value in missing]
        found, unknown = self._tokens.look_up(canonical)
        if unknown:
            return TokenRequest(self._space, tuple(unknown))
        written = (None if token is None else self._encoded(token) for token in found)
        self._known.learn(dict(zip(missing, written, strict=True)))
        return None

    def _decoded(self, value: bytes) -> bytes | None:
        try:
            found = values.decode(self._field.oid, self._field.format, value)
        except values.Unsupported:
            return None
        return found if has_form(self._space.kind, found) else None

    def _encoded(self, token: bytes) -> bytes | None:
        try:
            if self._field.is_text:
                return self._field.fit(token.decode())
            return values.encode(self._field.oid, self._field.format, self._scaled(token))
        except (values.Unsupported, UnicodeDecodeError):
            return None

    def _scaled(self, token: bytes) -> bytes:
        """A number with as many decimals as its column shows."""
        of_numeric = self._field.precision_and_scale
        if of_numeric is None or of_numeric[1] <= 0:
            return token
        whole, _, decimals = token.partition(b".")
        return whole + b"." + decimals.ljust(of_numeric[1], b"0")
