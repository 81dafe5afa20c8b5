"""Drawing tokens: random, uniform, with no relation to any value.

Kinds are those of ``TokenSpace``.  Drawing knows nothing of what is taken: uniqueness is the
store's, and a store asks again.  Where a space is small enough to list, ``draw_free`` draws from
what is left, so that a nearly full space neither loops nor slows down.
"""

from collections.abc import Collection
import secrets
import struct

from pgproxy.errors import Unavailable

PREFIX = b"tok_"
ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 4 * 62 = 248 byte values fall evenly on the letters; the other eight are drawn again.
_LETTER_OF_BYTE = bytes(ALPHABET[byte % 62] for byte in range(256))
_UNEVEN = bytes(range(248, 256))
OPAQUE_LETTERS = 22  # 131 bits: two equal draws will not be seen
_SHORTEST = 8  # 47 bits: below this a space could be walked through
_LARGEST = {"integer": 2**31 - 1, "smallint": 2**15 - 1}
_LISTABLE = 2**16


def draw(kind: str, count: int) -> list[bytes]:
    """``count`` independent random tokens; equal ones are possible, most of all in small spaces."""
    if kind in _LARGEST:
        return [b"%d" % number for number in _numbers(_LARGEST[kind], count)]
    if kind == "text":
        return [PREFIX + letters for letters in words(OPAQUE_LETTERS, count)]
    return words(_letters_of(kind), count)


def listable(kind: str) -> bool:
    """Whether the space is small enough to list what is free."""
    return _LARGEST.get(kind, _LISTABLE) < _LISTABLE


def draw_free(kind: str, count: int, taken: Collection[bytes]) -> list[bytes] | None:
    """``count`` different tokens of a listable space, none of them taken; None when it is full."""
    used = set(taken)
    free = [token for n in range(1, _LARGEST[kind] + 1) if (token := b"%d" % n) not in used]
    if len(free) < count:
        return None
    return secrets.SystemRandom().sample(free, count)


def _letters_of(kind: str) -> int:
    family, _, length = kind.partition("/")
    if family == "text" and length.isascii() and length.isdecimal():
        letters = int(length)
        if letters >= _SHORTEST and str(letters) == length:
            return letters
    raise Unavailable(f"the vault makes no tokens of kind {kind!r}")


def words(letters: int, count: int) -> list[bytes]:
    """``count`` words of so many letters and digits, each even and independent."""
    wanted = letters * count
    text = b""
    while len(text) < wanted:
        # One in 32 is dropped; asking for a little more makes a second round rare.
        missing = wanted - len(text)
        random = secrets.token_bytes(missing + missing // 24 + 16)
        text += random.translate(_LETTER_OF_BYTE, _UNEVEN)
    return [text[at : at + letters] for at in range(0, wanted, letters)]


def _numbers(largest: int, count: int) -> list[int]:
    """Uniform in 1 … ``largest``, which is one less than a power of two."""
    numbers: list[int] = []
    while len(numbers) < count:
        missing = count - len(numbers)
        for word in struct.unpack(f"<{missing}I", secrets.token_bytes(4 * missing)):
            if number := word & largest:
                numbers.append(number)
    return numbers
