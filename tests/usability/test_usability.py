"""Every honest statement: planned as the files say, and run beside the server itself."""

from collections import Counter
import re

import pytest

from pgproxy.policy.plan import StatementPlan
from pgproxy.policy.planner import CatalogPlanner
from tests.e2e.raw import rows
from tests.usability.corpus import Case, corpus, written
from tests.world.compare import Answer
from tests.world.world import World

CASES = corpus()


def plan_of(planner: CatalogPlanner, case: Case) -> StatementPlan:
    (statement,) = planner.plan(case.sql.encode()).statements
    return statement


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.where)
def test_it_just_works(world: World, planner: CatalogPlanner, case: Case) -> None:
    plan = plan_of(planner, case)
    assert plan.refusal is None, plan.refusal
    treatments = None if plan.fields is None else [f.treatment.name for f in plan.fields]
    assert written(treatments) == case.expected
    straight, masked = world.direct[0].ask(case.sql), world.tokens[0].ask(case.sql)
    for asker in (world.direct[0], world.tokens[0]):
        asker.ask("DISCARD ALL")
    assert straight.failed == "", "the server does not take it"
    assert masked.failed == ""
    assert described(straight) == described(masked)
    if not case.volatile:
        assert tag(straight) == tag(masked)
        shown = [n for n, name in enumerate(treatments or ()) if name == "show"]
        assert values(straight, shown) == values(masked, shown)


# Catalogs differ from one database to the other in OIDs, sizes and transaction ids.
OF_TABLES = [
    case
    for case in CASES
    if not case.volatile and not re.search("pg_|information_schema|current_database", case.sql)
]


@pytest.mark.parametrize("case", OF_TABLES, ids=lambda case: case.where)
def test_what_is_shown_does_not_depend_on_masked_values(
    world: World, planner: CatalogPlanner, case: Case
) -> None:
    """The server itself gives the same on B, which differs from A in masked values only."""
    fields = plan_of(planner, case).fields or ()
    shown = [n for n, field in enumerate(fields) if field.treatment.name == "show"]
    here, there = world.direct[0].ask(case.sql), world.direct[1].ask(case.sql)
    for asker in world.direct[:2]:
        asker.ask("DISCARD ALL")
    assert values(here, shown) == values(there, shown)
    assert tag(here) == tag(there)


def described(answer: Answer) -> list[object]:
    """Names and types of the fields, without where they come from."""
    return [[(f[0], *f[2:]) for f in eval(body)] for kind, body in answer.messages if kind == b"T"]


def tag(answer: Answer) -> list[bytes]:
    return [body for kind, body in answer.messages if kind == b"C"]


def values(answer: Answer, fields: list[int]) -> Counter[tuple[bytes | None, ...]]:
    """The rows, of these fields only, in any order."""
    return Counter(tuple(row[n] for n in fields) for row in rows(list(answer.messages)))


def test_nearly_all_of_it_is_allowed(planner: CatalogPlanner) -> None:
    assert len(CASES) >= 200
    refused = [case.where for case in CASES if plan_of(planner, case).refusal]
    assert len(refused) <= len(CASES) * 5 // 100
