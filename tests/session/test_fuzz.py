"""A short run of ``fuzz``: nothing escapes a session, whoever sends it what."""

import random

import pytest

from tests.session.fuzz import conversation, plainly, run, spoilt


@pytest.mark.parametrize("seed", range(8))
def test_spoilt_conversations(seed: int) -> None:
    for number in range(500):
        rng = random.Random(f"{seed} {number}")
        steps = conversation(rng, rng.choice(["alice", "bob"]))
        steps = spoilt(steps, rng)
        masked = b"alice" in b"".join(data for _, data in steps)
        (run if masked else plainly)(steps, rng)


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_conversations_that_are_not_spoilt_go_through(user: str) -> None:
    ends = set()
    for number in range(200):
        rng = random.Random(f"good {number}")
        steps = conversation(rng, user)
        sent = b"".join(data for _, data in steps)
        # Where the client leaves, or the vault may be away, the session ends.
        if not any(data.startswith(b"X") for _, data in steps) and b"token" not in sent:
            ends.add((run if user == "alice" else plainly)(steps, rng))
    assert ends == {"open"}
