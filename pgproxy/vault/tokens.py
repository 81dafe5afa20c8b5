"""Drawing tokens: random, uniform, with no relation to any value.

Kinds are those of ``TokenSpace``.  Drawing knows nothing of what is taken: uniqueness is the
store's, and a store asks again.  Where a space is small enough to list, ``draw_free`` draws from
what is left, so that a nearly full space neither loops nor slows down.
"""

from collections.abc import Callable, Collection, Sequence
import secrets
import struct
from typing import Any

from pgproxy.errors import Unavailable
from pgproxy.vault import formats

PREFIX = b"tok_"
ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 4 * 62 = 248 byte values fall evenly on the letters; the other eight are drawn again.
_LETTER_OF_BYTE = bytes(ALPHABET[byte % 62] for byte in range(256))
_UNEVEN = bytes(range(248, 256))
OPAQUE_LETTERS = 22  # 131 bits: two equal draws will not be seen
_SHORTEST = 8  # 47 bits: below this a space could be walked through
_LARGEST = {"integer": 2**31 - 1, "smallint": 2**15 - 1}
_LISTABLE = 2**16
# Digits of a number: fewer are too few values, more are more than anybody needs.
_FEWEST, _MOST = 4, 10
# A letter is the one that is not wanted once in 26 times, a digit once in ten.
_TRIES = 64


def draw(kind: str, values: Sequence[bytes]) -> list[bytes]:
    """An independent random token for each value, which it may have a form in common with.

    Equal ones are possible, most of all in small spaces.  Raises Unavailable for an unknown kind.
    """
    if kind == "text":
        # 131 random bits: none is the value itself.
        return [PREFIX + letters for letters in words(OPAQUE_LETTERS, len(values))]
    return _other(lambda some: _drawn(kind, some), values)


def _drawn(kind: str, values: Sequence[bytes]) -> list[bytes]:
    count = len(values)
    if kind in _LARGEST:
        return [b"%d" % number for number in _numbers(_LARGEST[kind], count)]
    if kind in formats.LIKE:
        return formats.LIKE[kind](values)
    if kind in formats.PLAIN:
        return formats.PLAIN[kind](count)
    family, size, *decimals = sized(kind)
    if family == "text":
        return words(size, count)
    if family == "number":
        return formats.numbers(size, decimals[0], count)
    return formats.SIZED[family][2](size, count)


def _other(like: Callable[[Sequence[bytes]], list[bytes]], values: Sequence[bytes]) -> list[bytes]:
    """Tokens that are not the values themselves."""
    tokens = like(values)
    for _ in range(_TRIES):
        same = [n for n, value in enumerate(values) if tokens[n] == value]
        if not same:
            return tokens
        for n, token in zip(same, like([values[n] for n in same]), strict=True):
            tokens[n] = token
    raise Unavailable("the vault has no token of the form of a value")


def listable(kind: str) -> bool:
    """Whether the space is small enough to list what is free."""
    return _LARGEST.get(kind, _LISTABLE) < _LISTABLE


def draw_free(kind: str, values: Sequence[bytes], taken: Collection[bytes]) -> list[bytes] | None:
    """Different tokens of a listable space, none of them taken, none its own value's.

    None when the space is full.
    """
    count = len(values)
    used = set(taken)
    free = [token for n in range(1, _LARGEST[kind] + 1) if (token := b"%d" % n) not in used]
    if len(free) < count:
        return None
    for _ in range(_TRIES):
        drawn = secrets.SystemRandom().sample(free, count)
        if all(token != value for token, value in zip(drawn, values, strict=True)):
            return drawn
    return None


def sized(kind: str) -> tuple[Any, ...]:
    """The family of a kind and its sizes: ``text/12``, ``number/5.2``, ``email/24``.

    Raises Unavailable for an unknown kind.
    """
    family, _, written = kind.partition("/")
    parts = written.split(".")
    if all(part.isascii() and part.isdecimal() and str(int(part)) == part for part in parts):
        size = tuple(map(int, parts))
        if family == "text" and len(size) == 1 and size[0] >= _SHORTEST:
            return family, *size
        if family == "number" and len(size) == 2 and sum(size) >= _FEWEST and size[0] <= _MOST:
            return family, *size
        if family in formats.SIZED and len(size) == 1:
            least, most, _ = formats.SIZED[family]
            if least <= size[0] <= most:
                return family, *size
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
