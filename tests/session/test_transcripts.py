"""Recorded conversations, replayed: wherever the reads were cut, the same bytes come out."""

from collections.abc import Iterable, Iterator
import itertools
from pathlib import Path
import random
from typing import Any

from hypothesis import given, settings, strategies
import pytest

from pgproxy.session.effects import ConnectUpstream, LoadCatalog, RefreshCatalog
from pgproxy.treatment.tokens import TokenSpace
from tests.session import plans
from tests.session.script import Script
from tests.session.transcript import CLIENT, SERVER, TO_CLIENT, TO_SERVER, Transcript, lines, read

FOLDER = Path(__file__).parent.parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))
RECORDED = {path.stem: read(path) for path in FILES}
CANARY = b"canary"
SPACE = TokenSpace("email", "text")


def replay(transcript: Transcript, steps: Iterable[tuple[str, Any]]) -> Script:
    """The session at the end of these steps."""
    script = started(transcript)
    for way, what in steps:
        if way == CLIENT:
            script.client(what)
        elif way == SERVER:
            script.server(what)
        elif way == "tokens" and script.session.upstream_blocked:
            script.do(script.session.tokens_ready(what))
        answer(script)
    return script


def answer(script: Script) -> bool:
    """What the shell would answer at once; whether the server's leg was opened."""
    opened = False
    for effect in list(script.effects):
        if isinstance(effect, ConnectUpstream):
            opened = True
            script.do(script.session.upstream_connected())
        elif isinstance(effect, LoadCatalog | RefreshCatalog):
            script.do(script.session.catalog_ready(plans.catalog()))
        script.effects.remove(effect)
    return opened


def merged(transcript: Transcript) -> list[tuple[str, Any]]:
    """What came in: neighbours of one direction are one piece."""
    pieces: list[tuple[str, Any]] = []
    for way, what in transcript.steps:
        if way not in (CLIENT, SERVER, "tokens"):
            continue
        if pieces and pieces[-1][0] == way != "tokens":
            pieces[-1] = way, pieces[-1][1] + what
        else:
            pieces.append((way, what))
    return pieces


def single(steps: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Each byte on its own."""
    for way, what in steps:
        if way == "tokens":
            yield way, what
        else:
            yield from ((way, what[n : n + 1]) for n in range(len(what)))


def same(transcript: Transcript, script: Script) -> bool:
    """Whether all came out as it was recorded."""
    return script.to_client == transcript.said(TO_CLIENT) and (
        script.to_upstream == transcript.said(TO_SERVER)
    )


@pytest.fixture(params=sorted(RECORDED))
def recorded(request: pytest.FixtureRequest) -> Transcript:
    """One recorded conversation."""
    return RECORDED[request.param]


def test_there_are_conversations() -> None:
    assert len(FILES) >= 4


def test_a_file_reads_back_as_it_was_written(recorded: Transcript) -> None:
    path = next(p for p in FILES if RECORDED[p.stem] is recorded)
    wanted = [line for line in path.read_text().splitlines() if line[0] in "<>"]
    found: list[str] = []
    first = {CLIENT: True, TO_SERVER: True}
    for way, data in recorded.steps:
        if way != "tokens":
            found += lines(way, data, first=first.get(way, False))
            first[way] = first.get(way, False) and data[4:6] == b"\x04\xd2"
    assert found == wanted


def test_a_conversation_comes_out_as_it_was_recorded(recorded: Transcript) -> None:
    script = replay(recorded, recorded.steps)
    assert script.to_client == recorded.said(TO_CLIENT)
    assert script.to_upstream == recorded.said(TO_SERVER)


def test_single_bytes_come_out_the_same(recorded: Transcript) -> None:
    # Rows one by one ask for their tokens one by one, which the recording did at once.
    recorded = without_tokens(recorded)
    assert same(recorded, replay(recorded, single(merged(recorded))))


def test_each_single_cut_comes_out_the_same(recorded: Transcript) -> None:
    recorded = without_tokens(recorded)
    steps = merged(recorded)
    for index, (way, what) in enumerate(steps):
        cuts = range(1, len(what)) if way != "tokens" else ()
        for cut in cuts:
            halves = [(way, what[:cut]), (way, what[cut:])]
            assert same(recorded, replay(recorded, [*steps[:index], *halves, *steps[index + 1 :]]))


@settings(max_examples=30)
@given(strategies.sampled_from(sorted(RECORDED)), strategies.integers(0, 2**32))
def test_random_cuts_come_out_the_same(name: str, seed: int) -> None:
    recorded = without_tokens(RECORDED[name])
    dice = random.Random(seed)
    steps: list[tuple[str, Any]] = []
    for way, what in merged(recorded):
        if way == "tokens":
            steps.append((way, what))
            continue
        edges = sorted({0, len(what), *(dice.randrange(len(what) + 1) for _ in range(4))})
        steps += [(way, what[a:b]) for a, b in itertools.pairwise(edges)]
    assert same(recorded, replay(recorded, steps))


@pytest.mark.parametrize("name", [name for name in RECORDED if "unmasked" not in name])
def test_no_value_of_a_masked_column_reaches_the_client(name: str) -> None:
    recorded = RECORDED[name]
    assert CANARY in recorded.said(SERVER)
    assert CANARY not in recorded.said(TO_CLIENT)
    assert CANARY not in replay(recorded, single(merged(recorded))).to_client


@pytest.mark.parametrize("name", [name for name in RECORDED if "unmasked" in name])
def test_without_masks_every_byte_is_the_peers_own(name: str) -> None:
    recorded = RECORDED[name]
    assert recorded.said(CLIENT) == recorded.said(TO_SERVER)
    assert recorded.said(SERVER) == recorded.said(TO_CLIENT)


@pytest.mark.parametrize("name", [name for name in RECORDED if "unmasked" not in name])
def test_a_conversation_that_is_shuffled_never_lets_a_value_through(name: str) -> None:
    recorded = without_tokens(RECORDED[name])
    steps = merged(recorded)
    for seed in range(60):
        dice = random.Random(seed)
        mixed = list(steps)
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(8, len(mixed))
            match dice.randrange(3):
                case 0:
                    del mixed[at]
                case 1:
                    mixed.insert(at, mixed[dice.randrange(8, len(mixed))])
                case _:
                    way, what = mixed[at]
                    place = dice.randrange(len(what) + 1)
                    damage = bytes((dice.randrange(256),))
                    mixed[at] = way, what[:place] + damage + what[place + 1 :]
        assert CANARY not in lenient(recorded, mixed).to_client


def lenient(transcript: Transcript, steps: Iterable[tuple[str, Any]]) -> Script:
    """As far as the session goes."""
    script = started(transcript)
    for way, what in steps:
        if script.closed is None and what:
            script.do(
                script.session.client_data(what)
                if way == CLIENT
                else script.session.upstream_data(what)
            )
            answer(script)
    return script


def without_tokens(transcript: Transcript) -> Transcript:
    """The same with all tokens known from the start: asked for nothing, however reads are cut."""
    known: dict[bytes, bytes] = {}
    for way, what in transcript.steps:
        if way == "tokens":
            for learnt in what:
                known |= learnt
    steps = [step for step in transcript.steps if step[0] != "tokens"]
    return Transcript(transcript.plans, steps, known)


def started(transcript: Transcript) -> Script:
    """A session that knows these tokens."""
    script = Script(transcript.plans)
    script.tokens.learn(SPACE, transcript.known)
    return script
