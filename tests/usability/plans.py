"""Plans for the analyst of the world where every class is a token."""

from pgproxy.analysis.catalog import Catalog
from pgproxy.config.load import load
from pgproxy.policy.planner import CatalogPlanner
from tests.world.world import World


def analyst_planner(world: World, catalog: Catalog) -> CatalogPlanner:
    """A new planner, under the policy of the proxy that runs."""
    assert world.tokens
    config = load(world.config("token"))
    rule = config.policy.rule_for(["analyst"])
    assert rule is not None
    return CatalogPlanner(config.policy, rule, catalog, ["shop", "public"])
