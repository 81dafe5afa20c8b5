"""Tokens as the data path sees them: name spaces, what is known, and what must be asked for.

The vault makes tokens; this file only remembers and asks.  Values and tokens are canonical bytes:
the text form PostgreSQL would send for the value with ISO settings, whatever the wire format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TokenSpace:
    """One name space of tokens: a domain of the policy, and the kind of token it yields.

    ``kind`` is ``text`` (26 characters), ``text/N`` (N characters, for columns shorter than that),
    ``integer`` (1 … 2^31-1, so that int4 and int8 columns join) or ``smallint`` (1 … 32767).
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
    """What this process knows already: value → token, per space, bounded by ``capacity`` entries.

    When full, the older half is forgotten at once: forgetting costs a round trip to the vault,
    never a wrong answer.
    """

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = capacity
        self._spaces: dict[TokenSpace, dict[bytes, bytes]] = {}
        self._entries = 0

    def space(self, space: TokenSpace) -> Mapping[bytes, bytes]:
        """The known tokens of one space, to look many values up in."""
        return self._spaces.setdefault(space, {})

    def learn(self, space: TokenSpace, tokens: Mapping[bytes, bytes]) -> None:
        """Remember tokens the vault has made durable."""
        known = self._spaces.setdefault(space, {})
        before = len(known)
        known.update(tokens)
        self._entries += len(known) - before
        if self._entries > self._capacity:
            self._forget()

    def __len__(self) -> int:
        return self._entries

    def _forget(self) -> None:
        for known in self._spaces.values():
            for value in list(known)[: (len(known) + 1) // 2]:
                del known[value]
        self._entries = sum(len(known) for known in self._spaces.values())
