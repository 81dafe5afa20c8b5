"""Tokens as the data path sees them: name spaces, what is known, and what must be asked for.

The vault makes tokens; this file only remembers and asks.  Values and tokens are canonical bytes:
the text form PostgreSQL would send for the value with ISO settings, whatever the wire format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgproxy.wire.known import Known

# Two columns of a million distinct values fit.
CAPACITY = 192 << 20


# Ends the domain of tokens that cannot be resolved.
ONE_WAY = " (one way)"


@dataclass(frozen=True, slots=True)
class TokenSpace:
    """One name space of tokens: a domain of the policy, and the kind of token it yields.

    Of a domain that ends in ``ONE_WAY`` the vault keeps no values.

    ``kind`` is ``text`` (26 characters), ``text/N`` (N characters, for columns shorter than that),
    ``integer`` (1 … 2^31-1, so that int4 and int8 columns join), ``smallint`` (1 … 32767),
    ``number/I.F`` (I digits before the point, F behind it), ``date`` or another type, or a format,
    ``email/N`` and ``phone/N`` with their length (see ``token_kinds``).
    """

    domain: str
    kind: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Distinct canonical values of one space that have no known token yet."""

    space: TokenSpace
    values: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ValueRequest:
    """Distinct tokens of one space, as a client gave them: what do they stand for?"""

    space: TokenSpace
    tokens: tuple[bytes, ...] = field(repr=False)


class TokenMap:
    """What this process knows already: value → token, per space, in about ``capacity`` bytes.

    Forgetting costs a round trip to the vault, never a wrong answer.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._spaces: dict[TokenSpace, Known] = {}

    def space(self, space: TokenSpace) -> Known:
        """The known tokens of one space, to look many values up in."""
        known = self._spaces.get(space)
        if known is None:
            known = self._spaces[space] = Known(self._capacity)
        return known

    def learn(self, space: TokenSpace, tokens: Mapping[bytes, bytes]) -> None:
        """Remember tokens the vault has made durable."""
        self.space(space).learn(tokens)
        if self.size > self._capacity:
            max(self._spaces.values(), key=lambda known: known.size).rotate()

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(known.size for known in self._spaces.values())

    def __len__(self) -> int:
        return sum(map(len, self._spaces.values()))
