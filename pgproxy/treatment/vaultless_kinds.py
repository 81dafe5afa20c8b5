"""Kinds of tokens that are computed and not stored: which fields have them, and which values.

Format-preserving encryption needs a domain of a million values at least (NIST SP 800-38G rev. 1),
all of one alphabet: what is shorter, or written with other characters, has no such token.
"""

from datetime import date
import re

from pgproxy.treatment.shape import TEXTS
from pgproxy.wire import values

PREFIX = "ff1/"
# For columns of texts; those of other types keep their type.
FORMATS = ("digits", "length")

FIRST_DAY, LAST_DAY = date(1000, 1, 1), date(9999, 12, 31)
_MOST = 4096  # numerals of one string
_FORMS = {
    "ff1/digits": re.compile(rb"[0-9]{6,%d}" % _MOST),
    "ff1/length": re.compile(rb"[0-9A-Za-z]{4,%d}" % _MOST),
    "ff1/integer": re.compile(rb"0|[1-9][0-9]{0,9}"),
    "ff1/uuid": re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "ff1/date": re.compile(rb"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"),
}
# smallint has too few values.
_OF_TYPE = {
    values.INT4: "ff1/integer",
    values.INT8: "ff1/integer",
    values.UUID: "ff1/uuid",
    values.DATE: "ff1/date",
}


def is_vaultless(kind: str) -> bool:
    """Whether tokens of a kind are computed."""
    return kind.startswith(PREFIX)


def vaultless_kind(format: str, type_oid: int) -> str | None:
    """The kind of token of a column; None where it has none.

    A token is as long as its value, and fits where that does.
    """
    if type_oid in TEXTS:
        return PREFIX + format if format in FORMATS else None
    return _OF_TYPE.get(type_oid)


def has_vaultless_form(kind: str, value: bytes) -> bool:
    """Whether a canonical value, or a token, is in the domain of a kind."""
    form = _FORMS.get(kind)
    if form is None or not form.fullmatch(value):
        return False
    return kind != "ff1/integer" or int(value) < 1 << 31
