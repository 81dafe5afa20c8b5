"""Every conversation spoilt in every place: ``python -m tests.session.cuts [EVERY [NAME]]``.

The recorded conversations are played to a session once for each fault that a peer can make: each
leg ends before every byte, every message is said twice, not at all, or in its neighbour's place,
lies about its length, or carries another type.  With EVERY only each EVERYth of these is tried.

Nothing may escape the session, no fault of ours may be counted, no value of a masked column may
come out.  A leg that ends closes both; a client that has had whole messages only is told why.
"""

from collections import Counter
from collections.abc import Iterator
import sys
import time
from typing import Any

from pgproxy.wire.framing import HEADER
from tests.session.script import Script, messages
from tests.session.test_transcripts import (
    CANARY,
    RECORDED,
    answer,
    merged,
    started,
    without_tokens,
)
from tests.session.transcript import CLIENT, SERVER, Transcript

Steps = list[tuple[str, Any]]
SLOW_SECONDS = 2.0
LENGTHS = (0, 3, 4, 5, 255, 0x3FFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
LETTERS = b"1234ABCDEFGHIKNPQRSTVWXZcdfnpstv\0\xff"


def ends(conversation: Transcript) -> Iterator[tuple[str, str, Steps]]:
    """What is said before a leg ends: the fault, that leg, the steps."""
    steps = merged(conversation)
    for index, (way, what) in enumerate(steps):
        for cut in range(len(what)):
            said = [*steps[:index], (way, what[:cut])]
            yield f"{way} ended", way, said
            # The other leg ends while this one is within a message.
            yield f"{way} cut", SERVER if way == CLIENT else CLIENT, said


def faults(conversation: Transcript) -> Iterator[tuple[str, Steps]]:
    """The whole conversation with one message wrong."""
    steps = [step for step in conversation.steps if step[0] in (CLIENT, SERVER)]
    for index, (way, what) in enumerate(steps):
        before, after = steps[:index], steps[index + 1 :]
        yield "dropped", before + after
        yield "doubled", [*before, (way, what + what), *after]
        yield "swapped", [*before, *after[:1], (way, what), *after[1:]]
        other = SERVER if way == CLIENT else CLIENT
        yield "said by the other", [*before, (other, what), *after]
        if len(what) < HEADER:
            continue
        length = int.from_bytes(what[1:HEADER], "big")
        for lie in (*LENGTHS, length - 1, length + 1):
            size = (lie % 2**32).to_bytes(4, "big")
            yield "length", [*before, (way, what[:1] + size + what[HEADER:]), *after]
        for letter in LETTERS:
            yield "type", [*before, (way, bytes((letter,)) + what[1:]), *after]


def play(conversation: Transcript, steps: Steps) -> Script:
    """As far as the session goes; no leg is heard before it is there."""
    script = started(conversation)
    connected = False
    for way, what in steps:
        if script.closed is not None or (way == SERVER and not connected):
            continue
        session = script.session
        script.do(session.client_data(what) if way == CLIENT else session.upstream_data(what))
        connected = answer(script) or connected
    return script


def leave(script: Script, way: str) -> None:
    """That leg ends.  Raises AssertionError where the other would be left alone with it."""
    if script.closed is not None:
        return
    before = len(script.to_client)
    session = script.session
    script.do(session.client_closed() if way == CLIENT else session.upstream_closed())
    assert script.closed is not None, "a leg is left"
    assert session.closed, "a leg is left"
    if way == SERVER and session.masked and whole(script.to_client[:before]):
        assert script.to_client[before : before + 1] == b"E", "the client is not told"


def whole(said: bytes) -> bool:
    """Whether the client has had whole messages only."""
    try:
        messages(said.removeprefix(b"N"))
    except AssertionError:
        return False
    return True


def judge(script: Script, *, masked: bool) -> None:
    """Raises AssertionError for what must not be."""
    assert script.counters.faults == 0, "a fault of ours"
    assert not (masked and CANARY in script.to_client), "a value of a masked column"
    assert script.counters.sessions in (0, 1), "sessions are counted wrong"


def try_all(name: str, every: int = 1, first: int = 0) -> Counter[str]:
    """How many of each fault were tried.  Raises AssertionError at the first that is not borne."""
    conversation = without_tokens(RECORDED[name])
    masked = "unmasked" not in name
    cases = [(kind, way, steps) for kind, way, steps in ends(conversation)]
    cases += [(kind, "", steps) for kind, steps in faults(conversation)]
    tried: Counter[str] = Counter()
    for number in range(first, len(cases), every):
        kind, way, steps = cases[number]
        began = time.monotonic()
        try:
            script = play(conversation, steps)
            judge(script, masked=masked)
            leave(script, way or CLIENT)
            judge(script, masked=masked)
            assert script.counters.sessions == 0, "a session is left"
            assert time.monotonic() - began < SLOW_SECONDS, "it takes too long"
        except AssertionError as told:
            raise AssertionError(f"{name}, case {number}, {kind}: {told}") from told
        tried[kind] += 1
    return tried


def main() -> int:
    """Try, print how many, exit 1 where one was not borne."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    failed = 0
    for name in sys.argv[2:] or sorted(RECORDED):
        began = time.monotonic()
        try:
            tried = try_all(name, every)
        except AssertionError as told:
            print(told)
            failed = 1
            continue
        seconds = time.monotonic() - began
        print(f"{name}: {tried.total():,} faults in {seconds:.0f} s: {dict(tried)}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
