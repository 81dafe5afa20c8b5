"""One run: random statements asked on both sides, and what comes of it."""

import asyncio
from collections.abc import Iterator

from pgproxy.net.introspection import read_catalog
from tests.noninterference.generator import Generator
from tests.noninterference.tables import tables
from tests.world import pair
from tests.world.compare import Tally
from tests.world.world import World

# Tries that tell a random choice from a difference.
_TIMES = 4
# Of so many statements one is asked directly too.
_SAMPLE = 10


class Run:
    """Asks statements on both sides of a world, where every class is redacted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tally = Tally()
        self._masked = world.redacted
        self._direct = world.direct

    def ask(self, sql: str) -> None:
        """One statement on both sides."""
        one, other = (asker.ask(sql) for asker in self._masked[:2])
        self.tally.judge(sql, one, other, lambda: self._agree(sql))
        if not one.failed and self.tally.statements % _SAMPLE == 0:
            # The server itself takes its time over some of what is refused or cut here.
            first, second = (asker.ask(sql) for asker in self._direct[:2])
            self.tally.sampled += 1
            self.tally.telling += first != second

    def _agree(self, sql: str) -> bool:
        """Whether one side does not even agree with itself, or both do after all.

        What is left in random order and then cut off differs from one time to the next.
        """
        first, second, copy = self._masked
        ones = {asker.ask(sql).unordered for asker in (first, copy) * _TIMES}
        return len(ones) > 1 or any(second.ask(sql).unordered in ones for _ in range(4 * _TIMES))


def statements(world: World, seed: int, count: int) -> Iterator[str]:
    """Statements of our own grammar."""
    catalog = asyncio.run(read_catalog(world.dsn(), pair.A, 1))
    known = tables(catalog, pair.masked_columns(world.dsn()), {"shop", "hr"})
    generator = Generator(seed, known)
    for _ in range(count):
        yield generator.statement()
