"""Drawing tokens: random, uniform, with no relation to any value.

Kinds are those of ``TokenSpace``.  Drawing knows nothing of what is taken: uniqueness is the
store's, and a store asks again.  Where a space is small enough to list, ``draw_free`` draws from
what is left, so that a nearly full space neither loops nor slows down.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
import secrets
import struct
from typing import Any

from pgproxy.errors import Unavailable
from pgproxy.treatment.token_kinds import (
    FEWEST_DIGITS,
    MOST_DIGITS,
    OPAQUE_LENGTH,
    SHORTEST,
    SIZED,
)
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import formats
from pgproxy.vault.letters import words

PREFIX = b"tok_"
ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
OPAQUE_LETTERS = OPAQUE_LENGTH - len(PREFIX)  # 131 bits: two equal draws will not be seen
_LARGEST = {"integer": 2**31 - 1, "smallint": 2**15 - 1}
_LISTABLE = 2**16
# A letter is the one that is not wanted once in 26 times, a digit once in ten.
_TRIES = 64


def draw(kind: str, values: Sequence[bytes]) -> list[bytes]:
    """An independent random token for each value, which it may have a form in common with.

    Equal ones are possible, most of all in small spaces.  Raises Unavailable for an unknown kind.
    """
    if kind == "text":
        # 131 random bits: none is the value itself.
        return [PREFIX + word for word in words(ALPHABET, OPAQUE_LETTERS, len(values))]
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
        return words(ALPHABET, size, count)
    if family == "number":
        return formats.numbers(size, decimals[0], count)
    return formats.SIZED[family](size, count)


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


def full(space: TokenSpace, values: Iterable[bytes]) -> str:
    """What is said when no free token is found any more: of which domain and form, of no value."""
    told = f"the token space of kind {space.kind!r} in domain {space.domain!r} is full"
    if space.kind not in formats.LIKE:
        return told
    sizes = sorted({len(value.decode(errors="replace")) for value in values})
    return f"{told}, or nearly so, for values of {', '.join(map(str, sizes[:5]))} characters"


def capacity(kind: str) -> int:
    """How many tokens a kind has; 0 where nobody will come near."""
    if kind in _LARGEST:
        return _LARGEST[kind]
    if kind == "date":
        return formats.DAYS
    family, _, sizes = kind.partition("/")
    if family != "number":
        return 0
    whole, decimals = map(int, sizes.split("."))
    return (9 * 10 ** (whole - 1) if whole else 1) * (9 * 10 ** (decimals - 1) if decimals else 1)


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
        if family == "text" and len(size) == 1 and size[0] >= SHORTEST:
            return family, *size
        if family == "number" and len(size) == 2 and size[0] <= MOST_DIGITS:
            if sum(size) >= FEWEST_DIGITS:
                return family, *size
        elif family in SIZED and len(size) == 1:
            most, least = SIZED[family]
            if least <= size[0] <= most:
                return family, *size
    raise Unavailable(f"the vault makes no tokens of kind {kind!r}")


def _numbers(largest: int, count: int) -> list[int]:
    """Uniform in 1 … ``largest``, which is one less than a power of two."""
    numbers: list[int] = []
    while len(numbers) < count:
        missing = count - len(numbers)
        for word in struct.unpack(f"<{missing}I", secrets.token_bytes(4 * missing)):
            if number := word & largest:
                numbers.append(number)
    return numbers
