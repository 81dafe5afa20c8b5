"""A canonical value, written and read again in both formats."""

from pgproxy.wire import values


def round_trip(type_oid: int, canonical: bytes) -> None:
    """Fails where the value does not come back."""
    for format in (values.TEXT_FORMAT, values.BINARY_FORMAT):
        field = values.encode(type_oid, format, canonical)
        assert values.decode(type_oid, format, field) == canonical
