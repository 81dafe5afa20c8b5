"""Keyed permutations of small numbers: what is unique stays unique, by construction.

A balanced Feistel network is a bijection whatever its round function is (Luby and Rackoff, 1988).
Eight rounds, for the halves are small (NIST SP 800-38G has ten in FF1, eight in FF3); the rounds
are keyed BLAKE2s, cut to a half.
"""

from collections.abc import Callable
import hashlib

ROUNDS = 8


def permutation(key: bytes, bits: int) -> Callable[[int], int]:
    """A bijection of 0 … 2^``bits`` - 1, ``bits`` even, at most 64; the key: 16 to 32 bytes."""
    if bits % 2 or not 0 < bits <= 64:
        raise ValueError("a permutation is of an even number of bits, at most 64")
    half = bits // 2
    width, mask = -(-half // 8), (1 << half) - 1
    rounds = [
        hashlib.blake2s(key=key, salt=bytes([number]), digest_size=width)
        for number in range(ROUNDS)
    ]

    def permuted(number: int) -> int:
        left, right = number >> half, number & mask
        for one in rounds:
            mixed = one.copy()
            mixed.update(right.to_bytes(width))
            left, right = right, left ^ (int.from_bytes(mixed.digest()) & mask)
        return left << half | right

    return permuted
