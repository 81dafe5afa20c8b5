"""Pipelines against PostgreSQL itself: through a masked session the server's answers must come in
the same order, of the same types, with the same codes and row counts, as they do without us.
"""

import asyncio
from collections.abc import Callable, Iterator
import random
import socket
from urllib.parse import quote

import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.statement import audit_sql
from pgproxy.demo.postgres import Cluster
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import ColumnPattern, Policy, Redact, RoleRule, Show, Token
from pgproxy.session.context import SessionContext
from pgproxy.session.counters import Counters
from pgproxy.session.effects import (
    Close,
    ConnectUpstream,
    Effect,
    LoadCatalog,
    RefreshCatalog,
    ResolveTokens,
    ToClient,
    ToUpstream,
)
from pgproxy.session.session import Session
from pgproxy.treatment.fields import Keys, Treatments
from pgproxy.treatment.tokens import TokenMap
from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import HEADER
from pgproxy.wire.startup import StartupMessage

pytestmark = pytest.mark.e2e

PASSWORD = "fuzz"
CANARY = b"canary"
DATABASE = "fuzzed"
END = frontend.Query(b"SELECT 4711 AS the_end").encode()

SETUP = """
CREATE TABLE people (id int PRIMARY KEY, email text, city varchar(20), shoe int);
INSERT INTO people SELECT n, 'canary' || n || '@x', 'city' || n % 3, n FROM generate_series(1, 40) n;
CREATE TABLE parents (id int PRIMARY KEY);
GRANT SELECT ON people, parents TO fuzz;
"""
POLICY = Policy(
    classes={},
    columns=(
        ColumnPattern("public.people.email", "email"),
        ColumnPattern("public.people.shoe", "shoe"),
        ColumnPattern("public.*.*", "public"),
    ),
    roles=(RoleRule(("fuzz",), {"email": Token(), "shoe": Redact(), "public": Show()}),),
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
    b"SET statement_timeout = 60000",
    b"SHOW statement_timeout",
    b"SELECT 'x'::int",
    b"VALUES (1, 'a'), (2, NULL)",
    b"SELECT * FROM parents",
)
PARAMETERS = (b"SELECT id, email FROM people WHERE id < $1::int4 ORDER BY id",)
TWICE = (
    b"SELECT id FROM people WHERE id < 3 ORDER BY id; SELECT email FROM people WHERE id = 1",
    b"BEGIN; SELECT shoe FROM people WHERE id = 5; COMMIT",
    b"SELECT id FROM people WHERE id = 1; SELECT 1 / (count(*) - 40) FROM people; SELECT 2",
    b"SELECT id FROM people WHERE id = 1;;SELECT 3",
)
# These we refuse: the direct side gets what the server itself refuses in their place.
REFUSED = b"SELECT id FROM people WHERE email LIKE 'c%'"
STAND_IN = b"SELECT 'x'::pg_catalog.int4"
NAMES = (b"", b"a", b"b")


class Wire:
    """A connection of raw messages."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def read(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, "the server left"
        return data


class Direct:
    """PostgreSQL without us."""

    def __init__(self, port: int) -> None:
        self.wire = Wire(port)
        self.wire.socket.sendall(start_packet())
        self.buffer = b""
        while not self.buffer.endswith(backend.ready_for_query()):
            self.buffer += self.wire.read()

    def run(self, asked: bytes, chop: Callable[[bytes], list[bytes]]) -> bytes:
        """The answers to these messages."""
        self.buffer = b""
        self.wire.socket.sendall(asked)
        while not ended(self.buffer):
            self.buffer += self.wire.read()
        return self.buffer

    def close(self) -> None:
        self.wire.socket.close()


class Through:
    """PostgreSQL behind a session; carries its effects out."""

    def __init__(self, port: int, context: SessionContext, catalogs: Callable[[], Catalog]) -> None:
        self.port = port
        self.wire: Wire | None = None
        self.catalogs = catalogs
        self.session = Session(context)
        self.heard = b""
        self.done = False
        self.do(self.session.client_data(start_packet()))
        while not self.heard.endswith(backend.ready_for_query()):
            assert self.wire
            self.do(self.session.upstream_data(self.wire.read()))
        assert self.session.ready

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, ToClient):
                self.heard += effect.data
            elif isinstance(effect, ToUpstream):
                assert self.wire
                self.wire.socket.sendall(effect.data)
            elif isinstance(effect, ConnectUpstream):
                self.wire = Wire(self.port)
                self.do(self.session.upstream_connected())
            elif isinstance(effect, LoadCatalog | RefreshCatalog):
                self.do(self.session.catalog_ready(self.catalogs()))
            elif isinstance(effect, ResolveTokens):
                made = tuple(
                    {v: b"tok_%022d" % n for n, v in enumerate(request.values)}
                    for request in effect.requests
                )
                self.do(self.session.tokens_ready(made))
            elif isinstance(effect, Close):
                self.done = True

    def run(self, asked: bytes, chop: Callable[[bytes], list[bytes]]) -> bytes:
        """The answers to these messages, cut up on their way in both directions."""
        self.heard = b""
        for piece in chop(asked):
            self.do(self.session.client_data(piece))
        while not ended(self.heard):
            assert not self.done, f"the session has ended: {shapes(self.heard)[-1]}"
            assert self.wire
            for piece in chop(self.wire.read()):
                self.do(self.session.upstream_data(piece))
        return self.heard

    def close(self) -> None:
        if self.wire:
            self.wire.socket.close()


def start_packet() -> bytes:
    return StartupMessage((3, 0), {"user": "fuzz", "database": DATABASE}).encode()


def messages(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while len(data) >= HEADER:
        end = 1 + int.from_bytes(data[1:HEADER], "big")
        if end > len(data):
            return
        yield data[:1], data[HEADER:end]
        data = data[end:]


def ended(data: bytes) -> bool:
    """The end marker's row, and ReadyForQuery behind it."""
    found = list(messages(data))
    return len(found) > 3 and found[-1][0] == b"Z" and (b"D", b"\0\1\0\0\0\0044711") in found


def shapes(data: bytes) -> list[tuple[object, ...]]:
    """What must be alike: types, order, codes, tags, statuses, layouts, numbers of fields."""
    found: list[tuple[object, ...]] = []
    for letter, body in messages(data):
        if letter == b"E":
            fields = backend.parse_error(body)
            code = fields["C"].replace(b"42501", b"22P02")
            found.append((letter, fields["V"], code))
        elif letter == b"T":
            described = backend.parse_row_description(body)
            found.append((letter, *((f.name, f.type_oid, f.typmod, f.format) for f in described)))
        elif letter == b"D":
            found.append((letter, body[:2]))
        elif letter not in (b"N", b"S"):
            found.append((letter, body))
    return found


def pipeline(dice: random.Random) -> list[tuple[str, bytes]]:
    """Messages that a client may send, sensible or not; ends after a Sync."""
    asked: list[tuple[str, bytes]] = []
    for _ in range(dice.randrange(1, 14)):
        name = dice.choice(NAMES)
        portal = dice.choice(NAMES)
        text = dice.choice((*STATEMENTS, *STATEMENTS, REFUSED))
        kind = dice.choice("QPPPBBBBEEEEEDDCSSSHFT$cX")
        if kind == "Q":
            text = dice.choice((*STATEMENTS, *TWICE, REFUSED, TWICE[0] + b"; " + REFUSED))
            asked.append(("query", text))
        elif kind == "T":  # a whole round, as drivers do
            asked.append(("parse", name + b"\0" + text))
            asked.append(("raw", frontend.Bind(portal, name, b"\0\0\0\0", formats(dice)).encode()))
            asked.append(("raw", frontend.Describe(b"P", portal).encode()))
            asked.append(("raw", frontend.Execute(portal, dice.choice((0, 0, 1, 2))).encode()))
        elif kind == "$":
            asked.append(("parse", name + b"\0" + PARAMETERS[0]))
            value = b"\0\1\0\1\0\1\0\0\0\4" + dice.randrange(6).to_bytes(4, "big")
            asked.append(("raw", frontend.Bind(portal, name, value, formats(dice)).encode()))
        else:
            asked.append(small(kind, dice, name, portal) or ("parse", name + b"\0" + text))
    return [*asked, ("raw", frontend.Sync().encode())]


def formats(dice: random.Random) -> tuple[int, ...]:
    return dice.choice(((), (0,), (1,), (0, 1), (1, 0)))


def small(
    kind: str, dice: random.Random, name: bytes, portal: bytes
) -> tuple[str, bytes] | None:
    made: frontend.Message
    match kind:
        case "B":
            made = frontend.Bind(portal, name, b"\0\0\0\0", formats(dice))
        case "E":
            made = frontend.Execute(portal, dice.choice((0, 0, 1, 2, 40)))
        case "D":
            made = frontend.Describe(dice.choice((b"S", b"P")), name)
        case "C":
            made = frontend.Close(dice.choice((b"S", b"P")), name)
        case "S":
            made = frontend.Sync()
        case "H":
            made = frontend.Flush()
        case "F":
            return "call", b""
        case "c":
            made = dice.choice(
                (frontend.CopyData(b"x"), frontend.CopyDone(), frontend.CopyFail(b"x"))
            )
        case _:
            return None
    return "raw", made.encode()


def spelled(asked: list[tuple[str, bytes]], *, direct: bool) -> bytes:
    """The messages; where we refuse, the direct side sends what the server refuses."""
    parts = []
    for kind, text in asked:
        if kind == "raw":
            parts.append(text)
        elif kind == "call":
            stand_in = frontend.Query(STAND_IN).encode()
            parts.append(stand_in if direct else frontend.FunctionCall(1598).encode())
        else:
            if direct:
                text = text.replace(REFUSED, STAND_IN)
            if kind == "query":
                parts.append(frontend.Query(text).encode())
            else:
                name, _, sql = text.partition(b"\0")
                parts.append(frontend.Parse(name, sql).encode())
    return b"".join(parts)


@pytest.fixture(scope="module")
def fuzzed(cluster: Cluster) -> Iterator[Cluster]:
    """A database with canaries in it, and a login that needs no password to it from here."""
    cluster.run_sql(SETUP)
    yield cluster


def cutter(dice: random.Random, how: str) -> Callable[[bytes], list[bytes]]:
    """How bytes are cut up on their way."""

    def chop(data: bytes) -> list[bytes]:
        if how == "whole":
            return [data]
        if how == "bytes":
            return [data[n : n + 1] for n in range(len(data))]
        cuts = sorted(dice.randrange(len(data)) for _ in range(5))
        edges = [0, *cuts, len(data)]
        return [data[a:b] for a, b in zip(edges, edges[1:], strict=False) if a < b]

    return chop
