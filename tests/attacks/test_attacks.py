"""Every attack of the corpus: proven to leak, then proven closed."""

from collections import Counter

import pytest

from tests.attacks.corpus import Attack, corpus
from tests.world.compare import Asker, Transcript, play, same_up_to_names
from tests.world.world import World

ATTACKS = corpus()


def run(
    attack: Attack, askers: tuple[Asker, Asker, Asker], *, extended: bool = False
) -> list[Transcript]:
    """What A, B and the copy of A answer."""
    together = "alone" not in attack.options
    return [play(a, attack.steps, together=together, extended=extended) for a in askers]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(world: World, attack: Attack) -> None:
    if "same" not in attack.options:
        straight = world.superuser if "superuser" in attack.options else world.direct
        one, other, copy = run(attack, straight)
        assert one.unordered == copy.unordered, "the attack does not repeat"
        assert one != other, "the attack tells nothing"
    for extended in (True, False):
        one, other, copy = run(attack, world.redacted, extended=extended)
        # What is left in random order and then cut off does not even repeat.
        closed = one.unordered == other.unordered or one.unordered != copy.unordered
        assert closed, "not closed"
        assert one.refused or "same" not in attack.options
    one, other, copy = run(attack, world.tokens)
    closed = same_up_to_names(one, other) or not same_up_to_names(one, copy)
    assert closed, "not closed by tokens"


def test_the_corpus_is_large_and_named() -> None:
    assert len(ATTACKS) >= 400
    assert [name for name, times in Counter(a.name for a in ATTACKS).items() if times > 1] == []
    assert all(attack.steps for attack in ATTACKS)
