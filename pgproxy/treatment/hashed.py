"""hash: keyed HMAC-SHA-256, not reversible; equal values of one domain get equal hashes."""

from collections.abc import Callable

from pgproxy.policy.rules import Hash
from pgproxy.treatment.columns import FieldTreatment, Mapped, Nulls
from pgproxy.treatment.keys import Digest, Keys
from pgproxy.treatment.shape import INTEGER_BITS, FieldType
from pgproxy.wire import values

_DIGITS = 64
# int8 keeps to the range of int4: a key and what refers to it agree whatever their widths.
_WIDEST = 31


def hashed(treatment: Hash, domain: str, field: FieldType, keys: Keys) -> FieldTreatment:
    """Hexadecimal digits for texts, a positive number for integers, a uuid for uuid."""
    digest = keys.digest("hash", domain)
    if field.is_text:
        form = _text_form(treatment, field)
    elif field.oid in INTEGER_BITS:
        form = _integer_form(field)
    elif field.oid == values.UUID:
        form = _uuid_form(field)
    else:
        return Nulls()
    return Mapped(_hashing(digest, form, field))


def _hashing(
    digest: Digest, form: Callable[[bytes], bytes], field: FieldType
) -> Callable[[bytes], bytes | None]:
    def treat(value: bytes) -> bytes | None:
        try:
            return form(digest(values.decode(field.oid, field.format, value)))
        except values.Unsupported:
            return None

    return treat


def _text_form(treatment: Hash, field: FieldType) -> Callable[[bytes], bytes]:
    length = min(max(treatment.length, 1), _DIGITS)
    return lambda digest: field.fit_ascii(digest.hex()[:length].encode())


def _integer_form(field: FieldType) -> Callable[[bytes], bytes]:
    largest = (1 << min(INTEGER_BITS[field.oid], _WIDEST)) - 1

    def form(digest: bytes) -> bytes:
        number = int.from_bytes(digest[:16]) % largest + 1
        return values.encode(field.oid, field.format, b"%d" % number)

    return form


def _uuid_form(field: FieldType) -> Callable[[bytes], bytes]:
    def form(digest: bytes) -> bytes:
        # Version 4 and the RFC variant: clients that check get what they look for.
        number = int.from_bytes(digest[:16])
        number = number & ~(0xF << 76) | 4 << 76
        number = number & ~(0x3 << 62) | 2 << 62
        binary = number.to_bytes(16)
        if field.format == values.BINARY_FORMAT:
            return binary
        return values.decode(values.UUID, values.BINARY_FORMAT, binary)

    return form
