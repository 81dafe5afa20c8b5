"""What is filled into a template is what would have been planned for that text."""

from dataclasses import replace
import random

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.literals import Shape, shape_of
from pgproxy.policy.plan import QueryPlan
from pgproxy.policy.templates import Templates
from tests.attacks.corpus import corpus as attacks
from tests.noninterference.generator import Generator
from tests.noninterference.tables import tables
from tests.usability.corpus import corpus
from tests.usability.plans import analyst_planner
from tests.world import pair
from tests.world.world import World

_STRINGS = (
    b"",
    b"x",
    b"it''s",
    "Łódź".encode(),
    b"2024-02-29",
    b"t",
    b"{}",
    b"$1",
    b"pgproxy 1900000000",
)
_NUMBERS = (b"0", b"1", b"7", b"42", b"999999999")


class _Never(Templates):
    """A planner with it looks at every text."""

    def find(self, sql: bytes, shape: Shape) -> None:
        return None


def variants(shape: Shape, seed: int) -> list[bytes]:
    """The statement with other literals."""
    chance = random.Random(seed)
    found = []
    for _ in range(3):
        text = shape.key[1]
        for literal, rest in zip(shape.literals, shape.key[2:], strict=True):
            if literal[:1] == b"'":
                other = b"'%b'" % chance.choice(_STRINGS)
            else:
                other = chance.choice(_NUMBERS) + (b".50" if b"." in literal else b"")
            text += (literal if chance.random() < 0.3 else other) + rest
        found.append(text)
    return found


def told(plan: QueryPlan) -> object:
    """All that a plan says."""
    refusals = [
        (one.reason, one.message, one.hint, one.position)
        for one in (statement.refusal for statement in plan.statements)
        if one is not None
    ]
    return plan.sql, plan.stale, refusals, [replace(s, refusal=None) for s in plan.statements]


def test_every_statement_is_filled_as_it_is_planned(world: World, catalog: Catalog) -> None:
    quick, slow = analyst_planner(world, catalog), analyst_planner(world, catalog)
    slow._templates = _Never()
    known = tables(catalog, pair.masked_columns(world.dsn()), {"shop", "hr"})
    generator = Generator(5, known)
    statements = [case.sql for case in corpus()]
    statements += [step for attack in attacks() for step in attack.steps]
    statements += [generator.statement() for _ in range(400)]
    filled = 0
    for number, statement in enumerate(statements):
        shape = shape_of(statement.encode())
        if shape is None:
            continue
        quick.plan(statement.encode())
        for variant in variants(shape, number):
            other = shape_of(variant)
            filled += other is not None and quick._templates.find(variant, other) is not None
            assert told(quick.plan(variant)) == told(slow.plan(variant)), variant
    assert filled > 500
