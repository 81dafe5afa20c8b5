"""token: values become what the vault has given them; what is not known yet is asked for."""

from pgproxy.policy.rules import Token
from pgproxy.treatment.columns import Column, FieldTreatment, Memo, Nulls
from pgproxy.treatment.shape import TEXTS, FieldType
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.wire import values

# tok_ and 22 characters; shorter columns get their own kind, down to what can still be unique.
_OPAQUE_LENGTH = 26
_SHORTEST = 8

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
        self._tokens = tokens

    def apply(self, column: Column) -> Column | TokenRequest:
        """One look-up a value."""
        known = self._tokens.space(self._space)
        treated: Column = [None if value is None else known.get(value) for value in column]
        if treated.count(None) == column.count(None):
            return treated
        # dict: distinct, in the order of the rows
        missing = dict.fromkeys(v for v in column if v is not None and v not in known)
        return TokenRequest(self._space, tuple(missing))


class Converted(FieldTreatment):
    """Fields whose bytes are not the canonical value: binary integers, padded bpchar."""

    def __init__(self, space: TokenSpace, tokens: TokenMap, field: FieldType) -> None:
        self._space = space
        self._tokens = tokens
        self._field = field
        self._canonical = Memo(self._decoded)
        self._written = Memo(self._encoded)

    def apply(self, column: Column) -> Column | TokenRequest:
        """Canonical value, token, field bytes."""
        canonical = self._canonical
        values_ = [canonical[value] for value in column]
        known = self._tokens.space(self._space)
        missing = dict.fromkeys(v for v in values_ if v is not None and v not in known)
        if missing:
            return TokenRequest(self._space, tuple(missing))
        written = self._written
        return [None if value is None else written[known[value]] for value in values_]

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
