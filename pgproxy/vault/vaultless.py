"""Tokens without a table: computed by format-preserving encryption, and computed back.

Stands before a vault and answers for the spaces of such tokens; nothing of them is stored, so that
there is nothing to look up, to wait for, or to forget.  A token may by chance be its own value, one
time in as many as there are values: to leave that out would tell a reader which value it is not.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from pgproxy.errors import Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.treatment.vaultless_kinds import (
    FIRST_DAY,
    LAST_DAY,
    has_vaultless_form,
    is_vaultless,
)
from pgproxy.vault.ff1 import FF1
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.status import VaultStatus
from pgproxy.vault.store import Upkeep

_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DASHES = (8, 12, 16, 20)
_DAYS = (LAST_DAY - FIRST_DAY).days + 1
_DAY_DIGITS = 7
_BITS = 31

Numerals = list[int]


class Vaultless:
    """A vault with such tokens besides its own.  See ``store.Upkeep``."""

    def __init__(self, vault: Upkeep, keys: KeyRing) -> None:
        self._vault = vault
        # Kept by domain and kind: a cipher costs as much as a hundred tokens.
        self._cipher = lru_cache(maxsize=256)(lambda space: _Cipher(keys, space))

    def tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
        """The token of each value."""
        if not is_vaultless(space.kind):
            return self._vault.tokens(space, values)
        found = self._cipher(space).run(values, back=False)
        if None in found:
            raise Unavailable(f"a value has no token of kind {space.kind!r}")
        return [token for token in found if token is not None]

    def values(self, space: TokenSpace, tokens: Sequence[bytes]) -> list[bytes | None]:
        """The value of each token, None for what is no token of the space."""
        if not is_vaultless(space.kind):
            return self._vault.values(space, tokens)
        return self._cipher(space).run(tokens, back=True)

    def forget(self, space: TokenSpace, values: Sequence[bytes]) -> int:
        """Erase these values and their tokens for good; how many there were."""
        return 0 if is_vaultless(space.kind) else self._vault.forget(space, values)

    def reseal(self, limit: int) -> int:
        """See ``Upkeep``."""
        return self._vault.reseal(limit)

    def ping(self) -> None:
        """Returns when the vault can answer."""
        self._vault.ping()

    def status(self) -> VaultStatus:
        """What is in it: nothing of these."""
        return self._vault.status()

    def close(self) -> None:
        """Let go of the storage."""
        self._vault.close()


class _Cipher:
    """One space: canonical values to numerals, enciphered, and back."""

    def __init__(self, keys: KeyRing, space: TokenSpace) -> None:
        self._kind = space.kind
        radix, self._read, self._write = _FORMS[space.kind]
        self._cipher = FF1(keys.format_key(space.domain), radix, space.kind.encode())

    def run(self, given: Sequence[bytes], *, back: bool) -> list[bytes | None]:
        """None for what is not of the domain."""
        by_size: defaultdict[int, dict[bytes, Numerals]] = defaultdict(dict)
        for value in given:
            numerals = self._read(value) if has_vaultless_form(self._kind, value) else None
            if numerals is not None:
                by_size[len(numerals)][value] = numerals
        found: dict[bytes, bytes] = {}
        for block in by_size.values():
            found.update(zip(block, self._walk(list(block.values()), back=back), strict=True))
        return [found.get(value) for value in given]

    def _walk(self, strings: list[Numerals], *, back: bool) -> list[bytes]:
        """Cycle walking: what falls outside the domain is enciphered again."""
        run = self._cipher.decrypt if back else self._cipher.encrypt
        strings = run(strings)
        written = [self._write(string) for string in strings]
        while outside := [n for n, text in enumerate(written) if text is None]:
            again = run([strings[n] for n in outside])
            for n, string in zip(outside, again, strict=True):
                strings[n], written[n] = string, self._write(string)
        return [text for text in written if text is not None]


def _digits(value: bytes) -> Numerals:
    return [digit - 0x30 for digit in value]


def _of_digits(numerals: Numerals) -> bytes:
    return bytes(digit + 0x30 for digit in numerals)


def _letters(value: bytes) -> Numerals:
    return [_LETTERS.index(letter) for letter in value]


def _of_letters(numerals: Numerals) -> bytes:
    return bytes(_LETTERS[numeral] for numeral in numerals)


def _bits(value: bytes) -> Numerals:
    return [int(bit) for bit in f"{int(value):0{_BITS}b}"]


def _of_bits(numerals: Numerals) -> bytes:
    return b"%d" % int("".join(map(str, numerals)), 2)


def _hexadecimal(value: bytes) -> Numerals:
    return [int(chr(digit), 16) for digit in value.replace(b"-", b"")]


def _of_hexadecimal(numerals: Numerals) -> bytes:
    text = "".join(f"{numeral:x}" for numeral in numerals)
    ends = (0, *_DASHES), (*_DASHES, len(text))
    return "-".join(text[at:end] for at, end in zip(*ends, strict=True)).encode()


def _day(value: bytes) -> Numerals | None:
    try:
        number = (date.fromisoformat(value.decode()) - FIRST_DAY).days
    except ValueError:
        return None
    return [int(digit) for digit in f"{number:0{_DAY_DIGITS}}"]


def _of_day(numerals: Numerals) -> bytes | None:
    number = int("".join(map(str, numerals)))
    if number >= _DAYS:
        return None
    return date.fromordinal(FIRST_DAY.toordinal() + number).isoformat().encode()


_Read = Callable[[bytes], Numerals | None]
_Write = Callable[[Numerals], bytes | None]
_FORMS: dict[str, tuple[int, _Read, _Write]] = {
    "ff1/digits": (10, _digits, _of_digits),
    "ff1/length": (len(_LETTERS), _letters, _of_letters),
    "ff1/integer": (2, _bits, _of_bits),
    "ff1/uuid": (16, _hexadecimal, _of_hexadecimal),
    "ff1/date": (10, _day, _of_day),
}
