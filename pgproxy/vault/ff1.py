"""FF1: format-preserving encryption of numeral strings (NIST SP 800-38G, algorithms 7 and 8).

Works on many strings of one length at once: the AES calls of a round are made together, for one
call costs as much as a hundred blocks.  Domains under a million are refused, as revision 1 has it.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

ROUNDS = 10
FEWEST = 1_000_000
MOST_NUMERALS = 1 << 12
_BLOCK = 16

Numerals = Sequence[int]


class FF1:
    """One key, one radix (2 to 65536), one tweak."""

    def __init__(self, key: bytes, radix: int, tweak: bytes = b"") -> None:
        if not 2 <= radix <= 1 << 16:
            raise ValueError("the radix of FF1 is from 2 to 65536")
        # ECB is the bare block cipher here: its blocks are chained below.
        self._encrypt = Cipher(AES(key), ECB()).encryptor().update
        self._radix = radix
        self._tweak = tweak

    def encrypt(self, strings: Sequence[Numerals]) -> list[list[int]]:
        """Each string, all of one length, enciphered.  Raises ValueError for a small domain."""
        return self._run(strings, range(ROUNDS), 1)

    def decrypt(self, strings: Sequence[Numerals]) -> list[list[int]]:
        """The inverse."""
        return self._run(strings, range(ROUNDS - 1, -1, -1), -1)

    def _run(self, strings: Sequence[Numerals], rounds: range, sign: int) -> list[list[int]]:
        if not strings:
            return []
        size, radix = len(strings[0]), self._radix
        if size > MOST_NUMERALS or radix**size < FEWEST or any(len(s) != size for s in strings):
            raise ValueError("FF1 needs strings of one length with at least a million of them")
        u = size // 2
        v = size - u
        left = [self._number(string[:u]) for string in strings]
        right = [self._number(string[u:]) for string in strings]
        moduli = radix**u, radix**v
        width = -(-((radix**v - 1).bit_length()) // 8)
        head = self._head(u, size)
        for i in rounds:
            # A and B of the standard trade places each round; here even rounds change the left.
            changed, other = (left, right) if i % 2 == 0 else (right, left)
            drawn = self._draw(head, i, other, width)
            modulus = moduli[i % 2]
            for n, y in enumerate(drawn):
                changed[n] = (changed[n] + sign * y) % modulus
        return [self._string(a, u) + self._string(b, v) for a, b in zip(left, right, strict=True)]

    def _head(self, u: int, size: int) -> bytes:
        """P of the standard: alike for all strings of one length."""
        return (
            bytes((1, 2, 1))
            + self._radix.to_bytes(3)
            + bytes((ROUNDS, u % 256))
            + size.to_bytes(4)
            + len(self._tweak).to_bytes(4)
        )

    def _draw(self, head: bytes, i: int, numbers: list[int], width: int) -> list[int]:
        """The pseudorandom number of each, of ``d`` bytes."""
        padding = bytes((-len(self._tweak) - width - 1) % _BLOCK)
        start = self._tweak + padding + bytes((i,))
        state = [int.from_bytes(self._encrypt(head))] * len(numbers)
        tails = [start + number.to_bytes(width) for number in numbers]
        for at in range(0, len(tails[0]), _BLOCK):
            blocks = [
                (one ^ int.from_bytes(tail[at : at + _BLOCK])).to_bytes(_BLOCK)
                for one, tail in zip(state, tails, strict=True)
            ]
            state = self._blocks(b"".join(blocks))
        wanted = 4 * -(-width // 4) + 4
        if wanted <= _BLOCK:
            shift = 8 * (_BLOCK - wanted)
            return [one >> shift for one in state]
        return [self._longer(one, wanted) for one in state]

    def _longer(self, first: int, wanted: int) -> int:
        """S: more blocks than the one that the rounds gave."""
        count = -(-wanted // _BLOCK)
        more = b"".join((first ^ j).to_bytes(_BLOCK) for j in range(1, count))
        whole = first.to_bytes(_BLOCK) + self._encrypt(more)
        return int.from_bytes(whole[:wanted])

    def _blocks(self, data: bytes) -> list[int]:
        done = self._encrypt(data)
        return [int.from_bytes(done[at : at + _BLOCK]) for at in range(0, len(done), _BLOCK)]

    def _number(self, numerals: Numerals) -> int:
        number = 0
        for numeral in numerals:
            if not 0 <= numeral < self._radix:
                raise ValueError("a numeral is not of the radix")
            number = number * self._radix + numeral
        return number

    def _string(self, number: int, size: int) -> list[int]:
        numerals = []
        for _ in range(size):
            number, numeral = divmod(number, self._radix)
            numerals.append(numeral)
        return numerals[::-1]
