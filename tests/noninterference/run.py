"""One run: a cluster with the three databases, a proxy before it, sessions to all of them."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.net.introspection import read_catalog
from tests.noninterference.generator import Generator
from tests.noninterference.tables import tables
from tests.world import pair
from tests.world.compare import Asker, Tally

# Tries that tell a random choice from a difference.
_TIMES = 4


class Run:
    """Asks statements on both sides; a context manager.  ``cluster``: one that is running."""

    def __init__(self, treatment: str, cluster: Cluster | None = None) -> None:
        self._treatment = treatment
        self._stack = ExitStack()
        self._given = cluster
        self.tally = Tally()
        self.dsn = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            cluster = self._given
            if cluster is None:
                cluster = stack.enter_context(Cluster())
                shop.load(cluster)
            pair.load(cluster)
            proxy = stack.enter_context(Proxy(cluster, Wish(pair.policy(self._treatment))))
            self.dsn = cluster.dsn(database=pair.A)
            login = (shop.ANALYST.user, shop.ANALYST.password)

            def asker(port: int, database: str) -> Asker:
                found = Asker((cluster.host, port), login, database)
                stack.callback(found.close)
                return found

            names = (pair.A, pair.B, pair.COPY)
            self._masked = [asker(proxy.port, name) for name in names]
            self._direct = [asker(cluster.port, name) for name in names[:2]]
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def ask(self, sql: str) -> None:
        """One statement on both sides."""
        one, other = (asker.ask(sql) for asker in self._masked[:2])
        self.tally.judge(sql, one, other, lambda: self._agree(sql))
        if not one.failed and self._direct[0].ask(sql) != self._direct[1].ask(sql):
            self.tally.telling += 1

    def _agree(self, sql: str) -> bool:
        """Whether one side does not even agree with itself, or both do after all.

        What is left in random order and then cut off differs from one time to the next.
        """
        first, second, copy = self._masked
        ones = {asker.ask(sql).unordered for asker in (first, copy) * _TIMES}
        return len(ones) > 1 or second.ask(sql).unordered in ones


def statements(run: Run, seed: int, count: int) -> Iterator[str]:
    """Statements of our own grammar."""
    catalog = asyncio.run(read_catalog(run.dsn, pair.A, 1))
    known = tables(catalog, pair.masked_columns(run.dsn), {"shop"})
    generator = Generator(seed, known)
    for _ in range(count):
        yield generator.statement()
