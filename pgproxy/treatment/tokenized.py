"""token: values become what the vault has given them; what is not known yet is asked for."""

from collections.abc import Sequence

from pgproxy.policy.rules import Token
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.shape import TEXTS, FieldType
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.wire import values
from pgproxy.wire.known import Known

# tok_ and 22 characters; shorter columns get their own kind, down to what can still be unique.
_OPAQUE_LENGTH = 26
_SHORTEST = 8

# Bytes that one field may remember.
_REMEMBERED = 16 << 20

_INTEGER_KINDS = {values.INT2: "smallint", values.INT4: "integer", values.INT8: "integer"}

# Field bytes are the canonical value and the token is the field's bytes, in both formats.
_IDENTICAL = (values.TEXT, values.VARCHAR, values.NAME, values.UNKNOWN)


def tokenized(treatment: Token, domain: str, field: FieldType, tokens: TokenMap) -> FieldTreatment:
    """Tokens of the domain, of the kind that fits the field; NULL where none does."""
    kind = _kind(field) if treatment.format == "opaque" else None
    if kind is None:
        return Nulls()
    space = TokenSpace(treatment.domain or domain, kind)
    if field.oid in _IDENTICAL or (
        field.oid in _INTEGER_KINDS and field.format == values.TEXT_FORMAT
    ):
        return Direct(space, tokens)
    return Converted(space, tokens, field)


def _kind(field: FieldType) -> str | None:
    if not field.is_text:
        return _INTEGER_KINDS.get(field.oid)
    room = field.characters
    if room is None or room >= _OPAQUE_LENGTH:
        return "text"
    return f"text/{room}" if room >= _SHORTEST else None


def space_of(treatment: Token, domain: str, type_oid: int, token: bytes) -> TokenSpace | None:
    """The space that a token of a column of that type would be of; None where it cannot be one.

    ``token`` is canonical.  How long it is tells how much room the column had that it came from.
    """
    kind = _INTEGER_KINDS.get(type_oid)
    if treatment.format != "opaque" or not treatment.reversible:
        kind = None
    elif type_oid in TEXTS:
        length = len(token)
        kind = f"text/{length}" if _SHORTEST <= length < _OPAQUE_LENGTH else None
        kind = "text" if length == _OPAQUE_LENGTH else kind
    return TokenSpace(treatment.domain or domain, kind) if kind else None


class Direct(FieldTreatment):
    """Fields whose bytes can be looked up as they are."""

    def __init__(self, space: TokenSpace, tokens: TokenMap) -> None:
        self._space = space
        super().__init__(tokens.space(space))

    def fill(self, missing: Sequence[bytes]) -> TokenRequest:
        """Asks for them."""
        return TokenRequest(self._space, tuple(missing))

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
            return values.decode(self._field.oid, self._field.format, value)
        except values.Unsupported:
            return None

    def _encoded(self, token: bytes) -> bytes | None:
        try:
            if self._field.is_text:
                return self._field.fit(token.decode())
            return values.encode(self._field.oid, self._field.format, token)
        except (values.Unsupported, UnicodeDecodeError):
            return None
