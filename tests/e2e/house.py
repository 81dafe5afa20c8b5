"""A server with canaries in it, to be reached directly and through a masked session."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import itertools
import random
import time

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.statement import audit_sql
from pgproxy.demo.postgres import Cluster
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import ColumnPattern, Policy, Redact, RoleRule, Show, Token
from pgproxy.session.context import Planner, SessionContext
from pgproxy.session.counters import Counters
from pgproxy.treatment.fields import Keys, Treatments
from pgproxy.treatment.tokens import TokenMap
from pgproxy.wire import frontend
from tests.e2e.peers import Chop, Direct, Through
from tests.e2e.pipelines import DATABASE, LOGIN, SETUP

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

    def through(
        self, chop: Chop, planner: Callable[[CatalogPlanner], Planner] = lambda known: known
    ) -> Through:
        """Through a masked session."""
        tokens = TokenMap()

        def make(catalog: Catalog, rule: RoleRule, path: list[str]) -> Planner:
            return planner(CatalogPlanner(POLICY, rule, catalog, path))

        context = SessionContext(
            policy=POLICY,
            treatments=Treatments(Keys(b"k" * 32), tokens),
            tokens=tokens,
            counters=Counters(),
            make_planner=make,
            audit_sql=audit_sql,
            now=time.monotonic,
            catalog_holds=lambda database, version: True,
        )
        return Through(self.cluster.port, context, lambda: self.catalog, chop)


def open_house(cluster: Cluster) -> House:
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
