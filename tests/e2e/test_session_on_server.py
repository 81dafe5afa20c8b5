"""Pipelines against PostgreSQL itself: through a masked session the server's answers must come in
the same order, of the same types, with the same codes and numbers of rows, as without us.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import itertools
import random
import time

import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.statement import audit_sql
from pgproxy.demo.postgres import Cluster
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import ColumnPattern, Policy, Redact, RoleRule, Show, Token
from pgproxy.session.context import SessionContext
from pgproxy.session.counters import Counters
from pgproxy.treatment.fields import Keys, Treatments
from pgproxy.treatment.tokens import TokenMap
from pgproxy.wire import frontend
from tests.e2e.peers import Chop, Direct, Through
from tests.e2e.pipelines import CANARY, DATABASE, LOGIN, SETUP, pipeline, shapes, spelled

pytestmark = pytest.mark.e2e

POLICY = Policy(
    classes={},
    columns=(
        ColumnPattern("public.people.email", "email"),
        ColumnPattern("public.people.shoe", "shoe"),
        ColumnPattern("public.*.*", "public"),
    ),
    roles=(
        RoleRule((LOGIN,), {"email": Token(), "shoe": Redact(), "public": Show()}),
        RoleRule(("postgres",), otherwise=Show(), hide_unclassified=False),
    ),
)
RESET = frontend.Query(b"ROLLBACK").encode() + frontend.Query(b"DISCARD ALL").encode()


@dataclass(frozen=True)
class House:
    """A server with canaries in it, and what a session before it needs."""

    cluster: Cluster
    catalog: Catalog

    def direct(self) -> Direct:
        """Without us."""
        return Direct(self.cluster.port)

    def through(self, chop: Chop) -> Through:
        """Through a masked session."""
        tokens = TokenMap()
        context = SessionContext(
            policy=POLICY,
            treatments=Treatments(Keys(b"k" * 32), tokens),
            tokens=tokens,
            counters=Counters(),
            make_planner=lambda catalog, rule, path: CatalogPlanner(POLICY, rule, catalog, path),
            audit_sql=audit_sql,
            now=time.monotonic,
            catalog_holds=lambda database, version: True,
        )
        return Through(self.cluster.port, context, lambda: self.catalog, chop)


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> House:
    """The server, its catalog read once."""
    cluster.load(SETUP[0])
    cluster.load(SETUP[1], DATABASE)
    url = cluster.dsn(database=DATABASE)
    return House(cluster, asyncio.run(read_catalog(url, DATABASE, 1)))


def cutter(dice: random.Random, how: str) -> Callable[[bytes], list[bytes]]:
    """How bytes are cut up on their way."""

    def chop(data: bytes) -> list[bytes]:
        if how == "whole":
            return [data]
        if how == "single":
            return [data[n : n + 1] for n in range(len(data))]
        edges = sorted({0, len(data), *(dice.randrange(len(data) + 1) for _ in range(6))})
        return [data[a:b] for a, b in itertools.pairwise(edges)]

    return chop


@pytest.mark.parametrize(("how", "rounds"), [("whole", 150), ("random", 100), ("single", 40)])
def test_any_pipeline_is_answered_in_the_servers_own_order(
    house: House, how: str, rounds: int
) -> None:
    for seed in range(rounds // 10):
        dice = random.Random(f"{how} {seed}")
        direct, through = house.direct(), house.through(cutter(dice, how))
        try:
            for _ in range(10):
                asked = pipeline(dice)
                expected = direct.run(spelled(asked, direct=True) + RESET)
                heard = through.run(spelled(asked, direct=False) + RESET)
                assert CANARY not in heard
                assert shapes(heard) == shapes(expected), asked
        finally:
            direct.close()
            through.close()
