"""Who a row is about, as the field carries it (see ``policy.personas``), and what is drawn of them.

k5          the subject with the key 5; a key may be any text
kf␟DE␟5     gender and country told by other columns, with the ASCII unit separator between
vAda        no key: the value stands for itself
"""

from collections.abc import Callable
from typing import NamedTuple

from pgproxy.treatment.keys import Keys
from pgproxy.treatment.permutation import permutation

_SEPARATOR = b"\x1f"
_SHORT, _LONG = 1 << 32, 1 << 64


class Drawn(NamedTuple):
    """What everything that is told of a subject is made of.

    ``number`` is another one for every subject whose key is a whole number below 2^64, below 2^32
    for keys below that; for other keys it is a keyed hash of 64 bits, not below 2^32.
    """

    digest: bytes
    number: int
    gender: str
    country: str


def subjects(keys: Keys, persona: str) -> Callable[[bytes], Drawn]:
    """Field bytes → what is drawn; the same under the same secret for the same persona."""
    digest = keys.digest("persona", persona)
    key = keys.digest("persona number", persona)(b"")
    short, long = permutation(key, 32), permutation(key, 64)

    def drawn(carried: bytes) -> Drawn:
        parts = carried[1:].split(_SEPARATOR, 2) if carried[:1] == b"k" else []
        gender, country = (parts[0], parts[1]) if len(parts) == 3 else (b"", b"")
        subject = carried[:1] + parts[-1] if parts else carried
        found = digest(subject)
        number = int(subject[1:]) if _is_whole(subject) else _LONG
        if number < _SHORT:
            number = short(number)
        elif number < _LONG:
            # Cycle walking: on what is left of the numbers it is a permutation too.
            number = long(number)
            while number < _SHORT:
                number = long(number)
        else:
            number = _SHORT + int.from_bytes(found[-8:]) % (_LONG - _SHORT)
        return Drawn(found, number, gender.decode(errors="ignore"), country.decode(errors="ignore"))

    return drawn


def _is_whole(subject: bytes) -> bool:
    """Whether a key is a number as PostgreSQL writes it; 05 is a text."""
    digits = subject[1:]
    return (
        subject[:1] == b"k"
        and digits.isdigit()
        and len(digits) <= 20
        and (digits[:1] != b"0" or digits == b"0")
    )
