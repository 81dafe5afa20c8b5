"""What a treated value must look like: the type, length and precision of its field."""

from dataclasses import dataclass

from pgproxy.wire import values

# Types that hold free text and whose wire form is that text.
TEXTS = frozenset({values.TEXT, values.VARCHAR, values.BPCHAR, values.NAME, values.UNKNOWN})

INTEGER_BITS = {values.INT2: 15, values.INT4: 31, values.INT8: 63}

_NAME_BYTES = 63  # NAMEDATALEN - 1
_TYPMOD_HEADER = 4  # VARHDRSZ is part of the typmod of varchar, bpchar and numeric


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field as RowDescription gives it: base type OID, typmod (-1: none), wire format."""

    oid: int
    typmod: int
    format: int

    @property
    def is_text(self) -> bool:
        """Whether the field holds free text."""
        return self.oid in TEXTS

    @property
    def characters(self) -> int | None:
        """How many characters fit; None: any number."""
        if self.oid == values.NAME:
            return _NAME_BYTES
        if self.oid in (values.VARCHAR, values.BPCHAR) and self.typmod >= _TYPMOD_HEADER:
            return self.typmod - _TYPMOD_HEADER
        return None

    @property
    def precision_and_scale(self) -> tuple[int, int] | None:
        """Of numeric(p, s); s is negative for numeric(5, -2).  None: any."""
        if self.oid != values.NUMERIC or self.typmod < _TYPMOD_HEADER:
            return None
        packed = self.typmod - _TYPMOD_HEADER
        # Eleven bits, two's complement, since PostgreSQL 15; before it was never above 1000.
        scale = packed & 0x7FF
        return packed >> 16 & 0xFFFF, scale - 0x800 if scale & 0x400 else scale

    def fit_ascii(self, text: bytes) -> bytes:
        """As ``fit``, for a text whose every character is one byte."""
        limit = self.characters
        if limit is None:
            return text
        return text[:limit].ljust(limit) if self.oid == values.BPCHAR else text[:limit]

    def fit(self, text: str) -> bytes:
        """A text as field bytes: clipped to the column's length, padded where the server pads."""
        limit = self.characters
        if limit is None:
            return text.encode()
        text = text[:limit]
        if self.oid == values.NAME:
            # Its limit counts bytes; a character cut in two is dropped.
            return text.encode()[:limit].decode(errors="ignore").encode()
        return (text.ljust(limit) if self.oid == values.BPCHAR else text).encode()
