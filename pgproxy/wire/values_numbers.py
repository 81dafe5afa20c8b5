"""Integers, floats and numeric.

Floats are spelled by our own rule from the shortest digits, so that text and binary of one value
agree even where the server picks other digits of the same length.  numeric is digits base 10000:
count, weight of the first, sign, digits shown after the point, then the digits.
ValueError for bytes that are not of the type; ``values`` turns it into Unsupported.
"""

from collections.abc import Callable
import re
import struct

_INTEGER = re.compile(rb"-?[0-9]{1,20}")
_FLOAT = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
_NUMERIC = re.compile(rb"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_FLOAT4 = struct.Struct(">f")
_FLOAT8 = struct.Struct(">d")
_HEADER = struct.Struct(">HhHH")

SPECIAL_FLOATS = (b"NaN", b"Infinity", b"-Infinity")
# Above these exponents the server changes to the e-notation (float8out, float4out).
_FLOAT4_EXPONENT = 6
_FLOAT8_EXPONENT = 15

_POSITIVE, _NEGATIVE = 0x0000, 0x4000
_SPECIAL_NUMERICS = {0xC000: b"NaN", 0xD000: b"Infinity", 0xF000: b"-Infinity"}
_SPECIAL_SIGNS = {text: sign for sign, text in _SPECIAL_NUMERICS.items()}
_MAX_SCALE = 16383
_MAX_WEIGHT = 32767
_BASE = 10000

Conversion = Callable[[bytes], bytes]


def integer_codec(layout: str) -> tuple[Conversion, Conversion, Conversion]:
    """Reading text, reading binary and writing binary of one integer type."""
    packing = struct.Struct(layout)

    def read_text(value: bytes) -> bytes:
        if not _INTEGER.fullmatch(value):
            raise ValueError("no integer")
        number = int(value)
        packing.pack(number)  # out of range: struct.error
        return b"%d" % number

    def read_binary(value: bytes) -> bytes:
        number: int = packing.unpack(value)[0]
        return b"%d" % number

    def write_binary(canonical: bytes) -> bytes:
        if not _INTEGER.fullmatch(canonical):
            raise ValueError("no integer")
        return packing.pack(int(canonical))

    return read_text, read_binary, write_binary


def read_float4_text(value: bytes) -> bytes:
    """Any spelling the server has for the value (extra_float_digits) to the shortest one."""
    return float4_text(_float(value))


def read_float4(value: bytes) -> bytes:
    """IEEE single precision."""
    return float4_text(_FLOAT4.unpack(value)[0])


def write_float4(canonical: bytes) -> bytes:
    """IEEE single precision."""
    return _FLOAT4.pack(_float(canonical))


def read_float8_text(value: bytes) -> bytes:
    """Any spelling the server has for the value (extra_float_digits) to the shortest one."""
    return float8_text(_float(value))


def read_float8(value: bytes) -> bytes:
    """IEEE double precision."""
    return float8_text(_FLOAT8.unpack(value)[0])


def write_float8(canonical: bytes) -> bytes:
    """IEEE double precision."""
    return _FLOAT8.pack(_float(canonical))


def float8_text(number: float) -> bytes:
    """The canonical text of a double."""
    return _spelled(repr(number), _FLOAT8_EXPONENT)


def float4_text(number: float) -> bytes:
    """The canonical text of a single; OverflowError for a double that is none."""
    single: float = _FLOAT4.unpack(_FLOAT4.pack(number))[0]
    for digits in range(1, 10):  # nine always tell singles apart
        text = f"{single:.{digits}g}"
        if single - single != 0 or _single(text) == single:
            return _spelled(text, _FLOAT4_EXPONENT)
    raise ValueError("no single")


def _single(text: str) -> float | None:
    try:
        single: float = _FLOAT4.unpack(_FLOAT4.pack(float(text)))[0]
    except OverflowError:  # rounded up beyond the largest single
        return None
    return single


def _float(value: bytes) -> float:
    if value not in SPECIAL_FLOATS and not _FLOAT.fullmatch(value):
        raise ValueError("no float")
    return float(value)


def _spelled(text: str, largest_exponent: int) -> bytes:
    """Python's shortest digits with the server's rules for the point and the exponent."""
    special = {"nan": b"NaN", "inf": b"Infinity", "-inf": b"-Infinity"}.get(text)
    if special:
        return special
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or 0) + len(whole)  # the point stands after this many digits
    digits = (whole + fraction).lstrip("0")
    power -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    if not digits:
        return f"{sign}0".encode()
    if power - 1 < -4 or power - 1 >= largest_exponent:
        point = f"{digits[0]}.{digits[1:]}".rstrip(".")
        return f"{sign}{point}e{power - 1:+03d}".encode()
    if power <= 0:
        return f"{sign}0.{'0' * -power}{digits}".encode()
    digits = digits.ljust(power, "0")
    return f"{sign}{digits[:power]}.{digits[power:]}".rstrip(".").encode()


def read_numeric_text(value: bytes) -> bytes:
    """The server's text is canonical already."""
    if value in _SPECIAL_SIGNS:
        return value
    match = _NUMERIC.fullmatch(value)
    if not match or len(match[3] or b"") > _MAX_SCALE:
        raise ValueError("no numeric")
    if match[1] and not value.strip(b"-0."):
        raise ValueError("a negative zero")
    return value


def read_numeric(value: bytes) -> bytes:
    """Digits base 10000 to decimal ones."""
    count, weight, sign, scale = _HEADER.unpack_from(value)
    if len(value) != _HEADER.size + 2 * count or scale > _MAX_SCALE:
        raise ValueError("no numeric")
    if sign in _SPECIAL_NUMERICS:
        return _SPECIAL_NUMERICS[sign]
    digits = struct.unpack_from(f">{count}H", value, _HEADER.size)
    if sign not in (_POSITIVE, _NEGATIVE) or (digits and max(digits) >= _BASE):
        raise ValueError("no numeric")
    text = "".join([f"{digit:04d}" for digit in digits])
    shown = 4 * (weight + 1)
    if shown >= 0:
        text = text.ljust(shown, "0")
        whole, fraction = text[:shown].lstrip("0"), text[shown:]
    else:
        whole, fraction = "", "0" * min(-shown, scale) + text
    fraction = fraction[:scale].ljust(scale, "0")
    number = f"{whole or '0'}.{fraction}" if scale else whole or "0"
    if sign == _NEGATIVE and number.strip("0."):
        number = "-" + number
    return number.encode()


def write_numeric(canonical: bytes) -> bytes:
    """As numeric_send does: no zero digits at either end."""
    if canonical in _SPECIAL_SIGNS:
        sign = _SPECIAL_SIGNS[canonical]
        # numeric_send takes bits of an infinity's header for a scale; nobody reads it, but equal
        # values should be equal bytes.
        return _HEADER.pack(0, 0, sign, 0 if canonical == b"NaN" else 32)
    match = _NUMERIC.fullmatch(read_numeric_text(canonical))
    if not match:
        raise ValueError("no numeric")
    whole, fraction = match[2], match[3] or b""
    scale = len(fraction)
    text = whole.rjust(-(-len(whole) // 4) * 4, b"0") + fraction.ljust(-(-scale // 4) * 4, b"0")
    weight = -(-len(whole) // 4) - 1
    digits = [int(text[at : at + 4]) for at in range(0, len(text), 4)]
    first = next((at for at, digit in enumerate(digits) if digit), None)
    if first is None:
        return _HEADER.pack(0, 0, _POSITIVE, scale)
    while not digits[-1]:
        digits.pop()
    digits, weight = digits[first:], weight - first
    if weight > _MAX_WEIGHT:
        raise ValueError("a numeric out of range")
    sign = _NEGATIVE if match[1] else _POSITIVE
    return _HEADER.pack(len(digits), weight, sign, scale) + struct.pack(f">{len(digits)}H", *digits)
