"""Words of random letters: even, independent, and many at once."""

from functools import lru_cache
import secrets


def words(letters: bytes, size: int, count: int) -> list[bytes]:
    """``count`` words of ``size`` of these letters, at most 256, each even and independent."""
    letter_of_byte, uneven = _table(letters)
    wanted, text = size * count, b""
    while len(text) < wanted:
        # A few are dropped; asking for a little more makes a second round rare.
        missing = wanted - len(text)
        some = secrets.token_bytes(missing + missing * len(uneven) // 192 + 16)
        text += some.translate(letter_of_byte, uneven)
    return [text[n * size : (n + 1) * size] for n in range(count)]


@lru_cache
def _table(letters: bytes) -> tuple[bytes, bytes]:
    """The letter of each byte, and the bytes to draw again: as many fall on each letter."""
    even = 256 - 256 % len(letters)
    return bytes(letters[byte % len(letters)] for byte in range(256)), bytes(range(even, 256))
