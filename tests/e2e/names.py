"""Pipelines of PREPARE, EXECUTE, DECLARE, FETCH and COPY among the protocol's own statements, and a
planner that knows just enough of them.
"""

import random
import re

from pgproxy.policy.plan import (
    REFUSED_STATEMENT,
    CopyFormat,
    NameAct,
    NameUse,
    QueryPlan,
    StatementPlan,
)
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.wire import frontend
from tests.e2e.pipelines import Asked

# The same types, so that the server takes one in place of the other.
QUERIES = (
    "SELECT id, email FROM people WHERE id <= 4 ORDER BY id",
    "SELECT id, city::text FROM people WHERE id <= 5 ORDER BY id",
    "SELECT shoe, email FROM people WHERE id = 3",
    "SELECT id, email, shoe FROM people WHERE id <= 2 ORDER BY id",
    "SELECT 10 / (id - 3) AS q, city::text FROM people WHERE id <= 4 ORDER BY id",
)
NAMES = ("a", "b")
FORMATS = ("text", "csv", "binary")
ENDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s")
_TYPES = {"id": (23, -1), "shoe": (23, -1), "q": (23, -1)}
_PATTERNS = {
    NameAct.PREPARE: re.compile(r"PREPARE (\w+) AS (?P<query>.*)"),
    NameAct.EXECUTE: re.compile(r"EXECUTE (\w+)"),
    NameAct.DEALLOCATE: re.compile(r"DEALLOCATE (\w+)"),
    NameAct.DECLARE: re.compile(
        r"DECLARE (\w+)[A-Z ]*?CURSOR(?P<hold> WITH HOLD)? FOR (?P<query>.*)"
    ),
    NameAct.FETCH: re.compile(r"FETCH [A-Z ]*\d+ (?:FROM )?(\w+)"),
    NameAct.MOVE: re.compile(r"MOVE [A-Z ]*\d+ (?:FROM )?(\w+)"),
    NameAct.CLOSE: re.compile(r"CLOSE (\w+)"),
    NameAct.DISCARD: re.compile(r"DISCARD ALL()"),
}
_COPY = re.compile(r"COPY \((.*)\) TO STDOUT \(FORMAT (\w+), HEADER (\w+)\)")


class NamesPlanner:
    """What has a name here, everything else as it is."""

    def __init__(self, planner: CatalogPlanner) -> None:
        self._planner = planner
        self.hits = self.misses = 0

    def plan(self, sql: bytes) -> QueryPlan:
        """The plan for a query string."""
        texts = [text.strip() for text in sql.decode().split(";")]
        if not any(_COPY.match(text) or _use(text) for text in texts):
            return self._planner.plan(sql)
        plans, sent = [], []
        for text in filter(None, texts):
            plan = self._statement(text)
            plans.append(plan)
            sent.append(REFUSED_STATEMENT if plan.refusal else text)
            if plan.refusal:
                break
        return QueryPlan(tuple(plans), "; ".join(sent).encode())

    def _statement(self, text: str) -> StatementPlan:
        copy = _COPY.match(text)
        if copy:
            rows = self._inner(copy[1]).fields or ()
            types = tuple(_TYPES.get(field.name, (25, -1)) for field in rows)
            form = (b",", b"") if copy[2] == "csv" else (b"\t", b"\\N")
            made = CopyFormat(copy[2], *form, header=copy[3] == "true", types=types)
            return StatementPlan("Copy", "", rows, copy=made)
        use = _use(text)
        if use is None:
            return self._inner(text)
        act, found = use
        groups = found.groupdict()
        inner = self._inner(groups["query"]) if "query" in groups else None
        name = "" if found[1] == "ALL" else found[1]
        made_use = NameUse(act, name, inner, bool(groups.get("hold")))
        return StatementPlan(act.value, "", touches_masked=False, name_use=made_use)

    def _inner(self, text: str) -> StatementPlan:
        plan = self._planner.plan(text.encode())
        return plan.statements[0]


def _use(text: str) -> tuple[NameAct, re.Match[str]] | None:
    for act, pattern in _PATTERNS.items():
        found = pattern.fullmatch(text)
        if found:
            return act, found
    return None


def _sql(dice: random.Random) -> str:
    name, query = dice.choice(NAMES), dice.choice(QUERIES)
    return dice.choice(
        (
            f"PREPARE {name} AS {query}",
            f"PREPARE {name} AS {query}",
            f"DEALLOCATE {name}; PREPARE {name} AS {query}",
            f"PREPARE {name} AS {query}; EXECUTE {name}",
            f"EXECUTE {name}",
            f"EXECUTE {name}",
            f"EXECUTE {name}",
            f"DEALLOCATE {name}",
            "DEALLOCATE ALL",
            f"DECLARE {name} CURSOR FOR {query}",
            f"DECLARE {name} CURSOR FOR {query}; FETCH 1 {name}",
            f"DECLARE {name} SCROLL CURSOR WITH HOLD FOR {query}",
            f"DECLARE {name} BINARY CURSOR FOR {query}",
            f"CLOSE {name}; DECLARE {name} CURSOR FOR {query}",
            f"FETCH {dice.choice((0, 1, 2, 9))} {name}",
            f"FETCH {dice.choice((1, 2))} FROM {name}",
            f"FETCH BACKWARD 1 {name}",
            f"MOVE {dice.choice((1, 9))} {name}",
            f"CLOSE {name}",
            "CLOSE ALL",
            "DISCARD ALL",
            f"COPY ({query}) TO STDOUT (FORMAT {dice.choice(('text', 'csv'))}, HEADER true)",
            f"COPY ({query}) TO STDOUT (FORMAT {dice.choice(FORMATS)}, HEADER false)",
            query,
        )
    )


def pipeline(dice: random.Random) -> list[Asked]:
    """One that ends in a Sync."""
    asked: list[Asked] = []
    if dice.random() < 0.6:
        asked.append(("query", b"BEGIN"))
    for _ in range(dice.randrange(1, 16)):
        # PostgreSQL itself does not survive EXECUTE of a named BEGIN, nor an Execute of the unnamed
        # portal when a Query has failed in the block.
        name, portal = dice.choice(("", *NAMES)), dice.choice(("", *NAMES))
        match dice.choice("QQQQTPRRRRBEEEDCS"):
            case "Q":
                asked.append(("query", _sql(dice).encode()))
            case "T":
                asked.append(("query", dice.choice(ENDS).encode()))
            case "P":
                asked.append(("parse", f"{name}\0{_sql(dice)}".encode()))
            case "R":
                asked.append(("parse", f"{name}\0{_sql(dice)}".encode()))
                asked += [("raw", step.encode()) for step in _round(dice, portal, name)]
            case "B":
                asked.append(("raw", _bind(dice, portal, name).encode()))
            case "E":
                rows = dice.choice((0, 1, 2))
                portal = dice.choice(NAMES)
                asked.append(("raw", frontend.Execute(portal.encode(), rows).encode()))
            case "D":
                kind, name = dice.choice((b"S", b"P")), dice.choice(NAMES)
                asked.append(("raw", frontend.Describe(kind, name.encode()).encode()))
            case "C":
                kind = dice.choice((b"S", b"P"))
                asked.append(("raw", frontend.Close(kind, name.encode()).encode()))
            case _:
                asked.append(("raw", frontend.Sync().encode()))
    return [*asked, ("raw", frontend.Sync().encode())]


def _bind(dice: random.Random, portal: str, name: str) -> frontend.Bind:
    formats = dice.choice(((), (0,), (1,)))
    return frontend.Bind(portal.encode(), name.encode(), result_formats=formats)


def _round(dice: random.Random, portal: str, name: str) -> list[frontend.Message]:
    steps: list[frontend.Message] = [_bind(dice, portal, name)]
    if dice.random() < 0.3:
        steps.append(frontend.Describe(frontend.PORTAL, portal.encode()))
    if dice.random() < 0.8:
        steps.append(frontend.Execute(portal.encode(), dice.choice((0, 0, 1, 2))))
    return steps
