"""Tokens with a form: of a type that is no text, of an address, or shaped like their value.

Whatever a form keeps of a value is all that such a token tells: its length, where its letters and
digits are, or the last four digits of a card.  Everything else is random.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache
import secrets
import string
import unicodedata

from pgproxy.treatment.token_kinds import is_kept
from pgproxy.vault.letters import words

# Dates and times that every client can read; three million days.
_FIRST_DAY, _LAST_DAY = date(1000, 1, 1), date(9999, 12, 31)
DAYS = (_LAST_DAY - _FIRST_DAY).days + 1
_DAY_SECONDS = 86_400

# RFC 2606: nobody's domain.
_MAIL_DOMAIN = b"@example.com"
_MAIL_LETTERS = (string.ascii_lowercase + string.digits).encode()
# ITU-T E.164, Annex D: a country code that is reserved and not assigned.
_PHONE_PREFIX = b"+999"
# RFC 4193: addresses that are not routed.
_LOCAL = "fd"

# ISO/IEC 7812: major industry identifier 0 is none that cards for payment have.
_NO_ISSUER = "0"
_LAST_SHOWN = 4

_LETTERS = (string.ascii_letters + string.digits).encode()
_DIGITS = string.digits.encode()
_LOWER, _UPPER = string.ascii_lowercase.encode(), string.ascii_uppercase.encode()


def numbers(digits: int, decimals: int, count: int) -> list[bytes]:
    """Numbers of so many digits, and so many behind the point; neither starts nor ends with 0."""
    found = []
    for _ in range(count):
        whole = 10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1)) if digits else 0
        text = str(whole)
        if decimals:
            rest = secrets.randbelow(10 ** (decimals - 1)) * 10 + 1 + secrets.randbelow(9)
            text += f".{rest:0{decimals}}"
        found.append(text.encode())
    return found


def uuids(count: int) -> list[bytes]:
    """Version 4, variant 1 (RFC 9562)."""
    found = []
    for _ in range(count):
        word = secrets.token_hex(16)
        variant = "89ab"[secrets.randbelow(4)]
        found.append(
            f"{word[:8]}-{word[8:12]}-4{word[13:16]}-{variant}{word[17:20]}-{word[20:]}".encode()
        )
    return found


def dates(count: int) -> list[bytes]:
    """Days of the years 1000 to 9999."""
    return [_day(secrets.randbelow(DAYS)) for _ in range(count)]


def timestamps(zone: bytes, count: int) -> list[bytes]:
    """Whole seconds of those years, which any precision keeps."""
    found = []
    for _ in range(count):
        days, seconds = divmod(secrets.randbelow(DAYS * _DAY_SECONDS), _DAY_SECONDS)
        minutes, second = divmod(seconds, 60)
        clock = b"%02d:%02d:%02d" % (*divmod(minutes, 60), second)
        found.append(_day(days) + b" " + clock + zone)
    return found


def _day(number: int) -> bytes:
    return (_FIRST_DAY + timedelta(number)).isoformat().encode()


def addresses(count: int) -> list[bytes]:
    """IPv6 addresses as inet writes them: no group is 0, so that none is left out."""
    found = []
    for _ in range(count):
        groups = [f"{_LOCAL}{secrets.token_hex(1)}"]
        groups += [f"{1 + secrets.randbelow(0xFFFF):x}" for _ in range(7)]
        found.append(":".join(groups).encode())
    return found


def byte_strings(count: int) -> list[bytes]:
    """Sixteen bytes."""
    return [b"\\x" + secrets.token_hex(16).encode() for _ in range(count)]


def mails(size: int, count: int) -> list[bytes]:
    """Addresses of so many characters."""
    letters = size - len(_MAIL_DOMAIN)
    return [word + _MAIL_DOMAIN for word in words(_MAIL_LETTERS, letters, count)]


def phones(size: int, count: int) -> list[bytes]:
    """Numbers of so many characters."""
    digits = size - len(_PHONE_PREFIX)
    return [_PHONE_PREFIX + word for word in words(_DIGITS, digits, count)]


def lengths(values: Sequence[bytes]) -> list[bytes]:
    """Letters and digits, as many as each value has characters."""
    return [words(_LETTERS, len(value.decode()), 1)[0] for value in values]


def digits(values: Sequence[bytes]) -> list[bytes]:
    """Digits, as many as each value has characters."""
    return [words(_DIGITS, len(value.decode()), 1)[0] for value in values]


def shapes(values: Sequence[bytes]) -> list[bytes]:
    """A letter for a letter of its case, a digit for a digit, all else as it is."""
    texts = [value.decode() for value in values]
    size = sum(map(len, texts))
    drawn = {letters: iter(words(letters, size, 1)[0]) for letters in (_DIGITS, _LOWER, _UPPER)}

    def like(character: str) -> str:
        letters = _letters_for(character)
        return chr(next(drawn[letters])) if letters else character

    return ["".join(map(like, text)).encode() for text in texts]


@lru_cache(maxsize=4096)
def _letters_for(character: str) -> bytes:
    """What stands for a character; b'' where it stays."""
    if is_kept(character):
        return b""
    if unicodedata.category(character)[0] == "N":
        return _DIGITS
    return _UPPER if character.isupper() else _LOWER


def cards(values: Sequence[bytes]) -> list[bytes]:
    """Card numbers as long, with the same last four digits, which pass the check of Luhn."""
    return [_card(value.decode()) for value in values]


def _card(value: str) -> bytes:
    places = [place for place, character in enumerate(value) if character in string.digits]
    found = list(value)
    for place, digit in zip(places, words(_DIGITS, len(places) - _LAST_SHOWN, 1)[0], strict=False):
        found[place] = chr(digit)
    found[places[0]] = _NO_ISSUER
    # Whatever the others are, one digit makes the sum right.
    free = places[-_LAST_SHOWN - 1]
    for candidate in string.digits:
        found[free] = candidate
        if luhn([int(found[place]) for place in places]):
            break
    return "".join(found).encode()


def luhn(number: Sequence[int]) -> bool:
    """Whether a number passes the check of Luhn (ISO/IEC 7812-1, Annex B)."""
    total = sum(number[-1::-2])
    return (total + sum(sum(divmod(2 * digit, 10)) for digit in number[-2::-2])) % 10 == 0


# What depends on the value.
LIKE: dict[str, Callable[[Sequence[bytes]], list[bytes]]] = {
    "length": lengths,
    "digits": digits,
    "shape": shapes,
    "card": cards,
}
# What only has to be told how many.
PLAIN: dict[str, Callable[[int], list[bytes]]] = {
    "uuid": uuids,
    "date": dates,
    "timestamp": lambda count: timestamps(b"", count),
    "timestamptz": lambda count: timestamps(b"+00", count),
    "inet": addresses,
    "bytea": byte_strings,
}
# What has to be told how long, and how many.
SIZED: dict[str, Callable[[int, int], list[bytes]]] = {"email": mails, "phone": phones}
