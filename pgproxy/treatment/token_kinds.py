"""Which kind of token a field gets, and of which kind a token is that comes back.

A format says what tokens of texts look like; numbers, dates and other types have tokens of their
own type.  The kind never depends on more than what a token itself shows and the type of its column,
so that a token can be looked up where it is met again.
"""

import unicodedata

from pgproxy.policy.rules import Token
from pgproxy.treatment.shape import TEXTS, FieldType
from pgproxy.treatment.tokens import ONE_WAY, TokenSpace
from pgproxy.treatment.vaultless_kinds import (
    has_vaultless_form,
    is_vaultless,
    vaultless_kind,
)
from pgproxy.wire import values

# tok_ and 22 characters; shorter columns get their own kind, down to what can still be unique: with
# less than 47 random bits a space could be walked through.
OPAQUE_LENGTH = 26
SHORTEST = 8

# Each with the most and the least characters of a token: 16 or 8 of them are random (11 or 8 in a
# phone number, which has 15 at most).
SIZED = {"email": (28, 20), "phone": (15, 12)}
_UUID_LENGTH = 36
# Tokens that have the form of their value, and its length.
_LIKE = frozenset({"length", "shape", "digits", "card"})
_CARD_DIGITS = range(12, 20)

INTEGER_KINDS = {values.INT2: "smallint", values.INT4: "integer", values.INT8: "integer"}
_OWN_KINDS = {
    **INTEGER_KINDS,
    values.DATE: "date",
    values.TIMESTAMP: "timestamp",
    values.TIMESTAMPTZ: "timestamptz",
    values.UUID: "uuid",
    values.INET: "inet",
    values.BYTEA: "bytea",
}
FORMATS = ("opaque", *sorted(_LIKE), *sorted(SIZED), "uuid")

# Digits before the point: as many as a number can have that nobody mistakes; with fewer than eight
# those behind it are needed too, and fewer than four in all are too few values.
MOST_DIGITS = 10
_ENOUGH_DIGITS = 8
FEWEST_DIGITS = 4


def kind_of(format: str, field: FieldType) -> str | None:
    """The kind of token for a field; None where none fits."""
    if field.oid == values.NUMERIC:
        return _of_number(field)
    if not field.is_text:
        return _OWN_KINDS.get(field.oid)
    room = field.characters
    if format in _LIKE:
        return format
    if format in SIZED:
        most, least = SIZED[format]
        size = most if room is None else min(room, most)
        return f"{format}/{size}" if size >= least else None
    if format == "uuid":
        return format if room is None or room >= _UUID_LENGTH else None
    if format != "opaque":
        return None
    if room is None or room >= OPAQUE_LENGTH:
        return "text"
    return f"text/{room}" if room >= SHORTEST else None


def kind_for(treatment: Token, field: FieldType) -> str | None:
    """The kind of token of a treatment for a field; None where none fits."""
    if treatment.vaultless:
        return vaultless_kind(treatment.format, field.oid)
    return kind_of(treatment.format, field)


def space_for(treatment: Token, domain: str, kind: str) -> TokenSpace:
    """The space of its tokens; those that cannot be resolved never share one with others."""
    named = treatment.domain or domain
    return TokenSpace(named if treatment.reversible else named + ONE_WAY, kind)


def _of_number(field: FieldType) -> str | None:
    limits = field.precision_and_scale
    if limits is None:
        return f"number/{MOST_DIGITS}.0"
    precision, scale = limits
    whole = min(precision - scale, MOST_DIGITS)
    decimals = 0 if whole >= _ENOUGH_DIGITS else max(scale, 0)
    if whole < 0 or whole + decimals < FEWEST_DIGITS or scale < 0:
        return None
    return f"number/{whole}.{decimals}"


def has_form(kind: str, value: bytes) -> bool:
    """Whether a value has a form that a token of this kind can take over."""
    if is_vaultless(kind):
        return has_vaultless_form(kind, value)
    if kind not in _LIKE:
        return True
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    if kind == "shape":
        return not all(map(is_kept, text))
    if kind == "card":
        digits = sum(character.isascii() and character.isdigit() for character in text)
        return digits in _CARD_DIGITS
    return bool(text)


def is_kept(character: str) -> bool:
    """Whether a shape keeps a character: punctuation, blanks, line ends, signs of sums and money.

    Letters, marks on them, numbers of any script and pictures are the value's own.
    """
    kind = unicodedata.category(character)
    return kind[0] in "PZ" or kind in ("Cc", "Sc", "Sm") or character in "^`"


def space_of(treatment: Token, domain: str, type_oid: int, token: bytes) -> TokenSpace | None:
    """The space that a token of a column of that type would be of; None where it cannot be one.

    ``token`` is canonical.  How long it is tells how much room the column had that it came from.
    """
    if not treatment.reversible:
        return None
    if treatment.vaultless:
        kind = vaultless_kind(treatment.format, type_oid)
        kind = kind if kind and has_vaultless_form(kind, token) else None
    else:
        kind = _kind_by_token(treatment.format, type_oid, token)
    return space_for(treatment, domain, kind) if kind else None


def canonical(type_oid: int, token: bytes) -> bytes:
    """A token as the vault knows it: without what a column's scale or length adds."""
    if type_oid == values.BPCHAR:
        return token.rstrip(b" ")
    if type_oid != values.NUMERIC or b"." not in token:
        return token
    return token.rstrip(b"0").removesuffix(b".")


def _kind_by_token(format: str, type_oid: int, token: bytes) -> str | None:
    length = len(token)
    if type_oid == values.NUMERIC:
        whole, _, decimals = token.partition(b".")
        size = len(whole) - (whole == b"0"), len(decimals)
        known = whole.isdigit() and sum(size) >= FEWEST_DIGITS and size[0] <= MOST_DIGITS
        return f"number/{size[0]}.{size[1]}" if known else None
    if type_oid not in TEXTS:
        return _OWN_KINDS.get(type_oid)
    if format in _LIKE:
        return format if has_form(format, token) else None
    if format in SIZED:
        most, least = SIZED[format]
        return f"{format}/{length}" if least <= length <= most else None
    if format == "uuid":
        return format if length == _UUID_LENGTH else None
    if length == OPAQUE_LENGTH:
        return "text"
    return f"text/{length}" if SHORTEST <= length < OPAQUE_LENGTH else None
