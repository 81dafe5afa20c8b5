"""Where a token lies in the index: its *place*, which is stored in the token's stead.

Random tokens fall on random pages of the index, so a commit of a thousand writes a thousand pages;
that was the larger half of its time.  For the long text tokens the place therefore begins with four
letters that all tokens of one batch share, and the token hides them: to their number it adds a
mask, AES under a stable key of the other letters.  Without the key a token is as random as
before, and tells nothing of its batch.  Place and token are in bijection, so a unique index on one
makes the other unique.  In the other kinds, shorter than that, the place is the token itself.
"""

from collections.abc import Sequence
import re
import secrets
import struct
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import tokens as drawing
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.letters import words

NOWHERE = b""
_PAIRS = [bytes((a, b)) for a in drawing.ALPHABET for b in drawing.ALPHABET]
_NUMBER_OF_PAIR = {pair: number for number, pair in enumerate(_PAIRS)}
_BATCHES = len(_PAIRS) ** 2
_HEAD = 4
_TAIL = drawing.OPAQUE_LETTERS - _HEAD
_TOKEN = re.compile(re.escape(drawing.PREFIX) + rb"[0-9A-Za-z]{%d}" % drawing.OPAQUE_LETTERS)


class Places(Protocol):
    """The places of one space."""

    def draw(self, values: Sequence[bytes]) -> list[bytes]:
        """Random places for the tokens of new values."""

    def tokens(self, places: Sequence[bytes]) -> list[bytes]:
        """The token at each place."""

    def places(self, tokens: Sequence[bytes]) -> list[bytes]:
        """The place of each token; ``NOWHERE`` for what cannot be one."""


def places_of(keys: KeyRing, space: TokenSpace) -> Places:
    """How the tokens of a space are placed."""
    if space.kind == "text":
        return _Gathered(keys.place_key(space.domain))
    drawing.draw(space.kind, ())  # refuses a kind that it does not know
    return _AsTheyAre(space.kind)


class _AsTheyAre:
    """The place is the token."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def draw(self, values: Sequence[bytes]) -> list[bytes]:
        return drawing.draw(self._kind, values)

    def tokens(self, places: Sequence[bytes]) -> list[bytes]:
        return list(places)

    def places(self, tokens: Sequence[bytes]) -> list[bytes]:
        return list(tokens)


class _Gathered:
    """The place is the token with its head unmasked."""

    def __init__(self, key: bytes) -> None:
        # ECB is the bare block cipher, here a keyed function of one block: the mask.
        self._encrypt = Cipher(AES(key), ECB()).encryptor().update

    def draw(self, values: Sequence[bytes]) -> list[bytes]:
        high, low = divmod(secrets.randbelow(_BATCHES), len(_PAIRS))
        head = _PAIRS[high] + _PAIRS[low]
        return [head + tail for tail in words(drawing.ALPHABET, _TAIL, len(values))]

    def tokens(self, places: Sequence[bytes]) -> list[bytes]:
        return [drawing.PREFIX + word for word in self._turned(places, 1)]

    def places(self, tokens: Sequence[bytes]) -> list[bytes]:
        # A place handed in as if it were a token must not be found.
        start, likely = len(drawing.PREFIX), _TOKEN.fullmatch
        wanted = [token for token in tokens if likely(token)]
        found = dict(
            zip(wanted, self._turned([token[start:] for token in wanted], -1), strict=True)
        )
        return [found.get(token, NOWHERE) for token in tokens]

    def _turned(self, words: Sequence[bytes], sign: int) -> list[bytes]:
        """Each word with the mask of its tail added to its head, or taken from it."""
        blocks = self._encrypt(b"".join([word[_HEAD : _HEAD + 16] for word in words]))
        number, pairs, size = _NUMBER_OF_PAIR, _PAIRS, len(_PAIRS)
        result = []
        # 64 bits against 62^4: the remainder's bias is below 2^-40.
        for word, (mask, _) in zip(words, struct.iter_unpack("<QQ", blocks), strict=True):
            head = number[word[:2]] * size + number[word[2:4]]
            high, low = divmod((head + sign * mask) % _BATCHES, size)
            result.append(pairs[high] + pairs[low] + word[_HEAD:])
        return result
