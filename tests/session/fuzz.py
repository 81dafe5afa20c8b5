"""Mutated frames into a session, from both sides: ``python -m tests.session.fuzz [COUNT] [SEED]``.

A conversation that is known to be good is spoilt somewhere: a byte, a length, a piece gone, doubled
or moved to the other side.  Nothing may escape the session, no fault of ours may be counted, no raw
value may come out, and what is kept stays small.
"""

from collections import Counter
import random
import sys
import time

from pgproxy.session.effects import (
    ConnectUpstream,
    LoadCatalog,
    RefreshCatalog,
    ResolveTokens,
    ResolveValues,
)
from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import HEADER
from pgproxy.wire.startup import SSLRequest, StartupMessage
from tests.session import plans
from tests.session.plans import EMAIL, ID, MASKED, SHOWN, TOKENIZED, one, plan, refused, seen
from tests.session.script import (
    BOUND,
    DONE,
    NO_DATA,
    PARSED,
    READY,
    SYNC,
    WELCOME,
    Script,
    bind,
    error,
    execute,
    parse,
    query,
    row,
)

RAW = b"raw.secret@example.com"
TWO = backend.row_description([seen("id", ID, 23), seen("email", EMAIL)])
PLANS = {
    b"masked": plan(one(SHOWN, MASKED)),
    b"token": plan(one(SHOWN, TOKENIZED)),
    b"no rows": plan(one(rows=False)),
    b"refused": plan(refused()),
    b"two": plan(one(SHOWN, MASKED), one(rows=False), sql=b"PRINTED 0; PRINTED 1"),
}
TOKEN = b"tok_0123456789ABCDEFGHIJKL"
Step = tuple[str, bytes]
ROWS = row(b"1", RAW) + row(b"2", None) + row(b"3", RAW)


def conversation(rng: random.Random, user: str) -> list[Step]:
    """A good one, some of it at random."""
    start = StartupMessage((3, 0), {"user": user, "database": "shop"})
    steps: list[Step] = [("client", start.encode())]
    if rng.random() < 0.2:
        steps.insert(0, ("client", SSLRequest().encode()))
    steps.append(("server", WELCOME))
    for _ in range(rng.randrange(1, 5)):
        steps += rng.choice(TURNS)
    return steps


TURNS: list[list[Step]] = [
    [("client", query(b"masked")), ("server", TWO + ROWS + DONE + READY)],
    [("client", query(b"token")), ("server", TWO + ROWS + DONE + READY)],
    [("client", query(b"refused")), ("server", error("22P02") + READY)],
    [("client", query(b"no rows")), ("server", DONE + READY)],
    [("client", query(b"two")), ("server", TWO + ROWS + DONE + DONE + READY)],
    [
        ("client", parse(b"masked") + bind() + execute() + SYNC),
        ("server", PARSED + BOUND + TWO + ROWS + DONE + READY),
    ],
    [
        ("client", parse(b"masked", b"s") + SYNC + bind(b"s", b"p") + execute(b"p", 2) + SYNC),
        ("server", PARSED + READY + BOUND + TWO + ROWS + b"s\0\0\0\4" + READY),
    ],
    [
        ("client", parse(b"no rows") + bind() + execute() + SYNC),
        ("server", PARSED + BOUND + NO_DATA + DONE + READY),
    ],
    [("client", query(b"masked")), ("server", TWO + ROWS + error("22012") + READY)],
    [("client", frontend.Terminate().encode())],
]


def spoilt(steps: list[Step], rng: random.Random) -> list[Step]:
    """The same with one to three things wrong."""
    steps = list(steps)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(steps))
        side, data = steps[at]
        place = rng.randrange(len(data) + 1)
        kind = rng.randrange(7)
        if kind == 0 and data:
            place = min(place, len(data) - 1)
            data = data[:place] + bytes((rng.randrange(256),)) + data[place + 1 :]
        elif kind == 1:
            data = data[:place]
        elif kind == 2:
            data = data[:place] + rng.randbytes(rng.randrange(1, 9)) + data[place:]
        elif kind == 3 and len(data) > 5:
            size = rng.choice([0, 3, 4, 5, 255, 65536, 2**31 - 1, 2**32 - 1])
            data = data[:1] + size.to_bytes(4, "big") + data[5:]
        elif kind == 4:
            side = "client" if side == "server" else "server"
        elif kind == 5:
            steps.insert(at, (side, data))
        else:
            other = rng.choice(steps)[1]
            data = data[:place] + other[rng.randrange(len(other) + 1) :]
        steps[at] = side, data
    return steps


def run(steps: list[Step], rng: random.Random) -> str:
    """How it ends.  Raises AssertionError where it must not end so."""
    script = Script(PLANS)
    connected = {"client"}
    for side, data in steps:
        cut = rng.randrange(len(data) + 1) if rng.random() < 0.3 else len(data)
        for part in (data[:cut], data[cut:]):
            if script.session.closed or side not in connected:
                break
            feed = script.session.client_data if side == "client" else script.session.upstream_data
            script.do(feed(part))
            answer(script, connected, rng)
    assert script.counters.faults == 0, "a fault of ours"
    # In rows: a server that spoils its own errors, or lies before the login, may say anything.
    assert not any(RAW in body for body in rows(script.to_client)), "a raw value"
    return "closed" if script.session.closed else "open"


def rows(said: bytes) -> list[bytes]:
    """The bodies of whole DataRows; the answers to requests for encryption come before."""
    found: list[bytes] = []
    data = said.lstrip(b"NS") if said[:1] == b"N" and said[1:2] in b"NRE" else said
    while len(data) >= HEADER:
        end = 1 + int.from_bytes(data[1:HEADER], "big")
        if data[:1] == b"D":
            found.append(data[HEADER:end])
        data = data[end:]
    return found


def answer(script: Script, connected: set[str], rng: random.Random) -> None:
    """What the shell would answer at once."""
    while script.effects and not script.session.closed:
        effect = script.effects.pop(0)
        session = script.session
        if isinstance(effect, LoadCatalog | RefreshCatalog):
            script.do(session.catalog_ready(plans.catalog()))
        elif isinstance(effect, ConnectUpstream):
            connected.add("server")
            script.do(session.upstream_connected())
        elif isinstance(effect, ResolveTokens):
            known = tuple(dict.fromkeys(r.values, TOKEN) for r in effect.requests)
            failed = rng.random() < 0.1
            script.do(session.tokens_failed("away") if failed else session.tokens_ready(known))
        elif isinstance(effect, ResolveValues):
            script.do(session.values_ready(tuple({} for _ in effect.requests)))


def main() -> int:
    """Run, print how it went, exit 1 at the first that must not be."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    ends: Counter[str] = Counter()
    began = time.monotonic()
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        steps = spoilt(conversation(rng, rng.choice(["alice", "bob"])), rng)
        try:
            # Without masks raw values pass, as they must.
            masked = b"alice" in b"".join(data for _, data in steps)
            ends[run(steps, rng) if masked else plainly(steps, rng)] += 1
        except Exception as fault:
            print(f"\ncase {seed} {number}: {type(fault).__name__}: {fault}\n{steps}")
            return 1
        if number % 1000 == 0:
            print(f"\r{number:,} ", end="", file=sys.stderr)
    print(f"\r{count:,} conversations in {time.monotonic() - began:.0f} s: {dict(ends)}")
    return 0


def plainly(steps: list[Step], rng: random.Random) -> str:
    """As ``run``, for a role without masks."""
    try:
        return run(steps, rng)
    except AssertionError as told:
        if str(told) != "a raw value":
            raise
        return "open"


if __name__ == "__main__":
    sys.exit(main())
