"""Tokens on their way in: which ones a message holds, and the message with their values.

``Found`` says of each token what it stands for, None for what is no token.  A value is put into the
text that goes to the server and kept nowhere.
"""

from collections.abc import Iterable, Mapping
import re

from pgproxy.policy.inputs import sent_type
from pgproxy.policy.plan import Input, QueryPlan, StatementPlan
from pgproxy.treatment.token_kinds import canonical, space_of
from pgproxy.treatment.tokens import TokenSpace, ValueRequest
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS, read_array, write_array
from pgproxy.wire.frontend import Bind

Key = tuple[TokenSpace, bytes]
Found = Mapping[Key, bytes | None]

_ARRAY_OF = {element: array for array, element in ARRAYS.items()}
PARAMETER = re.compile(rb"\$([0-9]+)")

_NUMBERS = {
    values.INT2: b"int2",
    values.INT4: b"int4",
    values.INT8: b"int8",
    values.NUMERIC: b"numeric",
}
_FINITE = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?")


class Resolved:
    """Values for the inputs of one message, and the columns that a value was no token of."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self.known = 0
        self.unknown = 0
        self.columns: dict[str, None] = {}
        # Columns that were to be set to what is no token.
        self.refused: dict[str, None] = {}

    def value(self, one: Input, key: Key | None) -> bytes | None:
        """What one token stands for; None for nothing."""
        value = self._found.get(key) if key else None
        if value is not None and not _fits(one, value):
            value = None
        if value is None:
            self.unknown += not one.as_given
            if not one.as_given:
                (self.refused if one.written else self.columns)[one.column] = None
        else:
            self.known += 1
        return value


def asks(plan: StatementPlan | None) -> bool:
    """Whether a statement has parameters that are to be resolved."""
    return plan is not None and any(one.number for one in plan.inputs)


# Literals


def literal_keys(plan: QueryPlan) -> list[Key]:
    """The tokens in the literals of a query string."""
    return [key for one in _literals(plan) for key in _keys_of_literal(one) if key]


def with_literals(plan: QueryPlan, resolved: Resolved) -> bytes:
    """The text to send: a literal in the place of each mark."""
    written = {one.mark: _literal(one, resolved) for one in _literals(plan)}
    # In one pass: what is put in place of a mark can look like another one.
    return PARAMETER.sub(lambda found: written.get(int(found[1]), found[0]), plan.sql)


def _literals(plan: QueryPlan) -> list[Input]:
    return [one for each in plan.statements for one in each.inputs if one.mark]


def _keys_of_literal(one: Input) -> list[Key | None]:
    text = (one.literal or "").encode()
    if not one.many:
        return [key_of(one, one.type_oid, values.TEXT_FORMAT, text)]
    try:
        _, elements = read_array(values.TEXT_FORMAT, text)
    except values.Unsupported:
        return [None]
    return [key_of(one, one.type_oid, values.TEXT_FORMAT, e) for e in elements if e is not None]


def _literal(one: Input, resolved: Resolved) -> bytes:
    if one.many:
        text = (one.literal or "").encode()
        put = _array(one, values.TEXT_FORMAT, text, one.type_oid, resolved)
        return _quoted(put or b"{}")
    (key,) = _keys_of_literal(one)
    value = resolved.value(one, key)
    if value is None and one.as_given:
        return _as_given(one)
    if one.type_oid in _NUMBERS:
        # As a number: an array of quoted ones would be an array of text.
        kind = b"::pg_catalog." + _NUMBERS[one.type_oid]
        if value is None:
            return b"NULL" + kind
        return b"(%b)" % value if _FINITE.fullmatch(value) else _quoted(value) + kind
    return b"NULL" if value is None else _quoted(value)


def _as_given(one: Input) -> bytes:
    """The literal itself: a number as one, or what the server is to read as the column's type."""
    text = (one.literal or "").encode()
    bare = one.type_oid in _NUMBERS and _FINITE.fullmatch(text)
    return b"(%b)" % text if bare else _quoted(text)


def _quoted(value: bytes) -> bytes:
    """A literal that means the same whatever standard_conforming_strings is (manual 4.1.2.2)."""
    return b"E'%b'" % value.replace(b"\\", b"\\\\").replace(b"'", b"''")


# Parameters


def sent_types(plan: StatementPlan | None, types: tuple[int, ...]) -> tuple[int, ...]:
    """The types to declare for parameters where a client declares ``types``."""
    if plan is None or not types:
        return types
    sent = list(types)
    for one in plan.inputs:
        if 0 < one.number <= len(types) and types[one.number - 1]:
            at = one.number - 1
            found = sent_type(_element(one, types), one.type_oid)
            sent[at] = (_ARRAY_OF.get(found, 0) if one.many else found) or types[at]
    return tuple(sent)


def parameter_keys(plan: StatementPlan, bind: Bind, types: tuple[int, ...]) -> list[Key]:
    """The tokens in the parameters of a Bind; ``types`` are those that Parse gave.

    Raises ClientViolation.
    """
    given = bind.values()
    return [
        key
        for one in _asked(plan, len(given))
        for key in _keys_of_parameter(one, *given[one.number - 1], types)
        if key
    ]


def with_parameters(
    plan: StatementPlan, bind: Bind, types: tuple[int, ...], resolved: Resolved
) -> Bind:
    """The Bind to send.  Raises ClientViolation."""
    given = bind.values()
    for one in _asked(plan, len(given)):
        format, value = given[one.number - 1]
        if value is not None:
            found = _parameter(one, format, value, types, resolved)
            given[one.number - 1] = format, found
    return bind.with_values(given)


def _asked(plan: StatementPlan, count: int) -> list[Input]:
    """Each parameter once, however often it is compared."""
    return list({one.number: one for one in plan.inputs if 0 < one.number <= count}.values())


def _keys_of_parameter(
    one: Input, format: int, value: bytes | None, types: tuple[int, ...]
) -> list[Key | None]:
    if value is None:
        return []
    declared = _element(one, types)
    if not one.many:
        return [_key(one, declared or one.type_oid, format, value)]
    try:
        oid, elements = read_array(format, value)
    except values.Unsupported:
        return [None]
    oid = oid or declared or one.type_oid
    return [_key(one, oid, format, e) for e in elements if e is not None]


def _key(one: Input, oid: int, format: int, value: bytes) -> Key | None:
    return key_of(one, oid, format, value) if sent_type(oid, one.type_oid) else None


def _parameter(
    one: Input, format: int, value: bytes, types: tuple[int, ...], resolved: Resolved
) -> bytes | None:
    declared = _element(one, types) or one.type_oid
    if one.many:
        return _array(one, format, value, declared, resolved)
    known = resolved.value(one, _key(one, declared, format, value))
    return _put(one, declared, format, value, known)


def _array(
    one: Input, format: int, value: bytes, declared: int, resolved: Resolved
) -> bytes | None:
    """An array of values: to compare with, only of those that are known; to put, of each."""
    try:
        oid, elements = read_array(format, value)
    except values.Unsupported:
        resolved.value(one, None)
        return value if one.as_given else None
    oid = oid or declared
    new: list[bytes | None] = []
    for element in elements:
        put = None
        if element is not None:
            known = resolved.value(one, _key(one, oid, format, element))
            put = _put(one, oid, format, element, known)
        if one.written or put is not None:
            new.append(put)
    return write_array(format, sent_type(oid, one.type_oid) or oid, new)


def _put(one: Input, oid: int, format: int, value: bytes, known: bytes | None) -> bytes | None:
    """Field bytes of what a token stands for, or of what is none; ``oid``: as they were given."""
    sent = sent_type(oid, one.type_oid) or oid
    if known is not None:
        return written(sent, format, known)
    if not one.as_given:
        return None
    if sent == oid:
        return value
    try:
        return written(sent, format, values.decode(oid, format, value))
    except values.Unsupported:
        return None


def _element(one: Input, types: tuple[int, ...]) -> int:
    """The type that the client declared, of an array its elements'; 0 for none."""
    given = types[one.number - 1] if one.number <= len(types) else 0
    return ARRAYS.get(given, 0) if one.many else given


def key_of(one: Input, oid: int, format: int, value: bytes) -> Key | None:
    """What to look up for a token in field bytes of that type; None for what cannot be one."""
    try:
        if oid == values.UUID and format == values.TEXT_FORMAT:
            value = _plain_uuid(value)
        token = canonical(one.type_oid, values.decode(oid, format, value))
    except values.Unsupported:
        return None
    space = space_of(one.treatment, one.domain, one.type_oid, token)
    return (space, token) if space else None


def _plain_uuid(value: bytes) -> bytes:
    """As the server writes it: it reads capitals, braces and other groups too (manual 8.12)."""
    digits = value.strip().lower().removeprefix(b"{").removesuffix(b"}").replace(b"-", b"")
    groups = digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]
    return b"-".join(groups)


def _fits(one: Input, value: bytes) -> bool:
    """Whether the column can hold it at all: else the server would say that it cannot."""
    return written(one.type_oid, values.BINARY_FORMAT, value) is not None


def written(oid: int, format: int, value: bytes) -> bytes | None:
    """A canonical value as field bytes; None where the type cannot hold it."""
    try:
        return values.encode(oid, format, value)
    except values.Unsupported:
        return None


def requests_for(keys: Iterable[Key]) -> tuple[ValueRequest, ...]:
    """What to ask the vault, a request a space."""
    spaces: dict[TokenSpace, dict[bytes, None]] = {}
    for space, token in keys:
        spaces.setdefault(space, {})[token] = None
    return tuple(ValueRequest(space, tuple(tokens)) for space, tokens in spaces.items())
