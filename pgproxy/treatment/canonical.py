"""Treatments that change the canonical value of a field, whatever its wire format."""

from collections.abc import Callable

from pgproxy.treatment.columns import Mapped
from pgproxy.treatment.shape import FieldType
from pgproxy.wire import values

Change = Callable[[bytes], bytes]


def changed(field: FieldType, change: Change) -> Mapped:
    """Each value becomes what ``change`` makes of it; NULL where either is not of the type."""

    def treat(value: bytes) -> bytes | None:
        try:
            canonical = values.decode(field.oid, field.format, value)
            return values.encode(field.oid, field.format, change(canonical))
        except (values.Unsupported, ValueError, ArithmeticError):
            # ValueError: thousands of digits, say, beyond what Python turns into an integer.
            return None

    return Mapped(treat)
