"""synthetic from a pool: one of its values, picked by the real value's keyed digest.

The same value, domain, key and edition give the same pick in every column that it fits; columns
that are too short for some of the values get others in the place of those alone.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
import re
from struct import Struct

from pgproxy.policy.pools import Pool
from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.columns import FieldTreatment, Mapped, Nulls
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.noise import numeric_text
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.subject import subjects
from pgproxy.wire import values

# Besides texts: the types whose every form the kernel reads.  Others would be sent unchecked.
_NUMBERS = (values.INT2, values.INT4, values.INT8, values.FLOAT4, values.FLOAT8, values.NUMERIC)
_MOMENTS = (values.DATE, values.TIMESTAMP, values.TIMESTAMPTZ)
_CHECKED = frozenset({*_NUMBERS, *_MOMENTS, values.BOOL, values.OID, values.UUID, values.INET})

_MIDNIGHT = {values.TIMESTAMP: " 00:00:00", values.TIMESTAMPTZ: " 00:00:00+00"}
_DAY = re.compile(r"[0-9]{4,6}-[0-9]{2}-[0-9]{2}")
_DECIMAL = re.compile(r"-?[0-9]{1,100}(\.[0-9]{1,100})?")
_DRAW: Callable[[bytes], tuple[int]] = Struct(">Q24x").unpack


def pooled(
    treatment: Synthetic, pool: Pool, domain: str, field: FieldType, keys: Keys
) -> FieldTreatment:
    """Texts, numbers, dates and the like; NULL where none of the values is one of the type."""
    column = _column(pool, field)
    if not column:
        return Nulls()
    digest = keys.digest("pool", domain, pool.name)
    count = len(column)
    if treatment.of_subject:
        drawn = subjects(keys, domain)
        return Mapped(lambda carried: column[_DRAW(digest(drawn(carried).digest))[0] % count])

    def pick(value: bytes) -> bytes | None:
        try:
            canonical = values.decode(field.oid, field.format, value)
        except values.Unsupported:
            return None
        at = _DRAW(digest(canonical))[0]
        # By chance it would be the value itself: the next one, where there is one.
        made = column[at % count]
        return made if made != value else column[(at + 1) % count]

    return Mapped(pick)


def _column(pool: Pool, field: FieldType) -> list[bytes]:
    """The pool as field bytes, as long as the pool; empty when nothing in it fits."""
    fitted = [_fitted(text, field) for text in pool.values]
    fitting = [value for value in fitted if value is not None]
    return fitting and [
        fitting[at % len(fitting)] if value is None else value for at, value in enumerate(fitted)
    ]


def _fitted(text: str, field: FieldType) -> bytes | None:
    if field.is_text:
        limit = field.characters
        long = limit is not None and (
            len(text.encode() if field.oid == values.NAME else text) > limit
        )
        return None if long else field.fit(text)
    if field.oid not in _CHECKED:
        return None
    try:
        return values.encode(field.oid, field.format, _canonical(text, field))
    except (values.Unsupported, ValueError, ArithmeticError):
        return None


def _canonical(text: str, field: FieldType) -> bytes:
    bounds = field.precision_and_scale
    if bounds is not None:
        return _numeric(text, *bounds)
    if field.oid in _MIDNIGHT:
        if "." in text and field.typmod >= 0:
            raise ValueError("more digits than the column may have")
        return (text + _MIDNIGHT[field.oid] if _DAY.fullmatch(text) else text).encode()
    return text.encode()


def _numeric(text: str, precision: int, scale: int) -> bytes:
    """Rounded to the column's scale."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("no plain number")
    steps = round(Fraction(Decimal(text)) * Fraction(10) ** scale)
    if abs(steps) >= 10**precision:
        raise ValueError("more digits than the column may have")
    return numeric_text(steps, scale)
