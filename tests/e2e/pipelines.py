"""Pipelines a client may send, sensible or not, and what of the answers must be alike."""

from collections.abc import Iterator
import random
import re

from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import HEADER

CANARY = b"canary"
LOGIN = "fuzz"
DATABASE = "fuzzed"

SETUP = (
    f"CREATE ROLE {LOGIN} LOGIN PASSWORD '{LOGIN}'; CREATE DATABASE {DATABASE};",
    f"""
CREATE TABLE people (id int PRIMARY KEY, email text, city varchar(20), shoe int);
INSERT INTO people
    SELECT n, 'canary' || n, 'city' || n % 3, 90000 + n FROM generate_series(1, 40) n;
CREATE TABLE parents (id int PRIMARY KEY);
GRANT SELECT ON people, parents TO {LOGIN};
""",
)

# What both sides answer alike, but for the values of masked fields.
STATEMENTS = (
    b"SELECT id, email, shoe, city FROM people WHERE id <= 3 ORDER BY id",
    b"SELECT id, city FROM people WHERE id = 7",
    b"SELECT count(*) FROM people",
    b"SELECT email FROM people WHERE false",
    b"SELECT 1 / (id - 2) AS q, email FROM people WHERE id < 4 ORDER BY id",
    b"SELECT",
    b"",
    b"BEGIN",
    b"COMMIT",
    b"ROLLBACK",
    b"SAVEPOINT s",
    b"ROLLBACK TO s",
    b"DISCARD ALL",
    b"DEALLOCATE a",
    b"CLOSE ALL",
    b"SET statement_timeout = 60000",
    b"SHOW statement_timeout",
    b"SELECT 'x'::int",
    b"VALUES (1, 'a'), (2, NULL)",
    b"SELECT * FROM parents",
)
WITH_PARAMETER = b"SELECT id, email FROM people WHERE id < $1::int4 ORDER BY id"
TWICE = (
    b"SELECT id FROM people WHERE id < 3 ORDER BY id; SELECT email FROM people WHERE id = 1",
    b"BEGIN; SELECT shoe FROM people WHERE id = 5; COMMIT",
    b"SELECT id FROM people WHERE id = 1; SELECT 1 / (count(*) - 40) FROM people; SELECT 2",
    b"SELECT id FROM people WHERE id = 1;;SELECT 3",
)
# This we refuse: the direct side sends what the server itself refuses.
REFUSED = b"SELECT id FROM people WHERE email LIKE 'c%'"
STAND_IN = b"SELECT 'x'::pg_catalog.int4"
NAMES = (b"", b"a", b"b")
FORMATS = ((), (0,), (1,), (0, 1), (1, 0))

# Told apart by what the two sides make of them: a message, a Query, a Parse or a FunctionCall.
Asked = tuple[str, bytes]


def pipeline(dice: random.Random) -> list[Asked]:
    """One that ends in a Sync."""
    asked: list[Asked] = []
    for _ in range(dice.randrange(1, 14)):
        name, portal = dice.choice(NAMES), dice.choice(NAMES)
        kind = dice.choice("QPPPBBBBEEEEEDDCSSSHFRRR$cU")
        if kind == "Q":
            text = dice.choice((*STATEMENTS, *TWICE, REFUSED, TWICE[0] + b"; " + REFUSED))
            asked.append(("query", text))
        elif kind in "PRU":
            text = dice.choice((*STATEMENTS, *STATEMENTS, REFUSED, TWICE[0]))
            asked.append(("parse", name + b"\0" + text))
            if kind != "P":  # a whole round, as drivers do
                asked += _round(dice, frontend.Bind(portal, name, result_formats=_formats(dice)))
        elif kind == "$":
            asked.append(("parse", name + b"\0" + WITH_PARAMETER))
            value = b"\0\1\0\1\0\1\0\0\0\4" + dice.randrange(6).to_bytes(4, "big")
            asked += _round(dice, frontend.Bind(portal, name, value, _formats(dice)))
        elif kind == "F":
            asked.append(("call", b""))
        else:
            asked.append(("raw", _message(kind, dice, name, portal).encode()))
    return [*asked, ("raw", frontend.Sync().encode())]


def _formats(dice: random.Random) -> tuple[int, ...]:
    return dice.choice(FORMATS)


def _round(dice: random.Random, bind: frontend.Bind) -> list[Asked]:
    steps: list[frontend.Message] = [bind]
    if dice.random() < 0.5:
        steps.append(frontend.Describe(frontend.PORTAL, bind.portal))
    steps.append(frontend.Execute(bind.portal, dice.choice((0, 0, 1, 2))))
    return [("raw", step.encode()) for step in steps]


def _message(kind: str, dice: random.Random, name: bytes, portal: bytes) -> frontend.Message:
    match kind:
        case "B":
            return frontend.Bind(portal, name, result_formats=_formats(dice))
        case "E":
            return frontend.Execute(portal, dice.choice((0, 0, 1, 2, 40)))
        case "D":
            return frontend.Describe(dice.choice((b"S", b"P")), name)
        case "C":
            return frontend.Close(dice.choice((b"S", b"P")), name)
        case "H":
            return frontend.Flush()
        case "c":
            copies = (frontend.CopyData(b"x"), frontend.CopyDone(), frontend.CopyFail(b"x"))
            return dice.choice(copies)
    return frontend.Sync()


def spelled(asked: list[Asked], *, direct: bool) -> bytes:
    """The messages; where we refuse, the direct side sends what the server refuses."""
    parts = []
    for kind, text in asked:
        if kind == "raw":
            parts.append(text)
            continue
        if direct:
            text = text.replace(REFUSED, STAND_IN)
        if kind == "call":
            call = frontend.Query(STAND_IN) if direct else frontend.FunctionCall(1598)
            parts.append(call.encode())
        elif kind == "query":
            parts.append(frontend.Query(text).encode())
        else:
            name, _, sql = text.partition(b"\0")
            parts.append(frontend.Parse(name, sql).encode())
    return b"".join(parts)


def messages(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The (letter, body) pairs of the whole messages."""
    while len(data) >= HEADER:
        end = 1 + int.from_bytes(data[1:HEADER], "big")
        if end > len(data):
            return
        yield data[:1], data[HEADER:end]
        data = data[end:]


def _values(row: bytes) -> Iterator[bytes | None]:
    at = 2
    while at < len(row):
        length = int.from_bytes(row[at : at + 4], "big", signed=True)
        at += 4
        yield None if length < 0 else row[at : at + length]
        at += max(0, length)


def _shape(value: bytes | None) -> bytes | None:
    """The value, or what all masked ones have in common with what they stand for."""
    if value is None:
        return None
    if value.startswith((CANARY, b"tok_")):
        return b"email"
    shoe = value in (b"0", b"\0\0\0\0") or value.startswith((b"900", b"\0\1\x5f"))
    return b"shoe" if shoe else value


def _copied(response: bytes, body: bytes) -> Iterator[object]:
    """The fields of a row of COPY; those of the tests need no quotes and no escapes."""
    if response[:1] == b"\0":
        yield from map(_shape, re.split(rb"[\t,\n]", body))
        return
    header, body = (body[:19], body[19:]) if body.startswith(b"PGCOPY") else (b"", body)
    yield header
    yield from map(_shape, _values(body)) if body != b"\xff\xff" else (body,)


def shapes(data: bytes) -> list[tuple[object, ...]]:
    """What must be alike: order, types, codes, tags, statuses, layouts, values that are shown."""
    found: list[tuple[object, ...]] = []
    copied = b""
    for letter, body in messages(data):
        if letter == b"E":
            fields = backend.parse_error(body)
            found.append((letter, fields["V"], fields["C"].replace(b"42501", b"22P02")))
        elif letter == b"T":
            described = backend.parse_row_description(body)
            found.append((letter, *((f.name, f.type_oid, f.typmod, f.format) for f in described)))
        elif letter == b"D":
            found.append((letter, *map(_shape, _values(body))))
        elif letter == b"H":
            copied = body
            found.append((letter, body))
        elif letter == b"d":
            found.append((letter, *_copied(copied, body)))
        elif letter not in (b"N", b"S"):
            found.append((letter, body))
    return found
