"""Where a part of a JSON document lies, as far as path patterns tell it from others.

A key leads on in every pattern that has it, or ``*``, next.  An array is looked through: all that
leads into it leads into each element, past a ``*`` too, which stands for an element as well.
"""

from collections.abc import Sequence

from pgproxy.policy.rules import ANY, KeyPath

# By pattern, how many of its keys have been met.  What no pattern can reach is NOWHERE.
Place = tuple[tuple[int, int], ...]
NOWHERE: Place = ()


class Places:
    """The places that some patterns tell apart; of the patterns, the first that ends decides."""

    def __init__(self, patterns: Sequence[KeyPath]) -> None:
        self._patterns = patterns
        self._keys = frozenset(key for pattern in patterns for key in pattern)
        self._stepped: dict[tuple[Place, str | None], Place] = {}
        self.top = self._without_beaten({(number, 0) for number in range(len(patterns))})

    def member(self, place: Place, key: str) -> Place:
        """The place of the member of an object."""
        return self._step(place, key if key in self._keys else "")

    def element(self, place: Place) -> Place:
        """The place of the elements of an array."""
        return self._step(place, None)

    def decided(self, place: Place) -> int | None:
        """The pattern that decides here, and below where no other one leads on."""
        last = place[-1] if place else None
        return last[0] if last and not self._left(*last) else None

    def open(self, place: Place) -> tuple[tuple[int, KeyPath], ...]:
        """Patterns with what is left of them; that which decides, with nothing, is the last."""
        return tuple((number, self._left(number, met)) for number, met in place)

    def _left(self, number: int, met: int) -> KeyPath:
        return self._patterns[number][met:]

    def _step(self, place: Place, key: str | None) -> Place:
        known = self._stepped.get((place, key))
        if known is None:
            known = self._stepped[place, key] = self._stepped_from(place, key)
        return known

    def _stepped_from(self, place: Place, key: str | None) -> Place:
        found: set[tuple[int, int]] = set()
        for number, met in place:
            left = self._left(number, met)
            if not left or key is None:
                found.add((number, met))
            if left and (left[0] == ANY or left[0] == key):
                found.add((number, met + 1))
        return self._without_beaten(found)

    def _without_beaten(self, found: set[tuple[int, int]]) -> Place:
        """Behind a pattern that has ended no later one has a say, nor other readings of itself."""
        ended = min((one for one, met in found if not self._left(one, met)), default=None)
        kept = [
            (one, met)
            for one, met in found
            if ended is None or one < ended or (one == ended and not self._left(one, met))
        ]
        return tuple(sorted(kept))
