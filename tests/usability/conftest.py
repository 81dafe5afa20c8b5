"""The catalog of A, and the plans of its analyst."""

import asyncio

import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.planner import CatalogPlanner
from tests.usability.plans import analyst_planner
from tests.world import pair
from tests.world.world import World


@pytest.fixture(scope="session")
def catalog(world: World) -> Catalog:
    """The snapshot of A."""
    return asyncio.run(read_catalog(world.dsn(), pair.A, 1))


@pytest.fixture(scope="module")
def planner(world: World, catalog: Catalog) -> CatalogPlanner:
    """Plans for the analyst where every class is a token."""
    return analyst_planner(world, catalog)
