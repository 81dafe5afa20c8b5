"""Planners, shared by the sessions that plan alike: what one has planned serves the next.

A planner belongs to one policy, one snapshot, one entry and one search_path.  Those of a snapshot
that was replaced stay for the sessions that still hold them, and leave here, oldest first.
"""

from pgproxy.analysis.catalog import Catalog
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import Policy, RoleRule
from pgproxy.session.context import Planner

_KEPT = 64

_Key = tuple[int, int, tuple[str, ...]]


class Planners:
    """Makes planners for one policy; see ``session.context.PlannerFactory``."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        # Catalog and rule are held beside the planner, so that their ids stay their own.
        self._made: dict[_Key, tuple[Catalog, RoleRule, CatalogPlanner]] = {}

    def __call__(self, catalog: Catalog, rule: RoleRule, search_path: list[str]) -> Planner:
        """The planner of these; a new one where there is none."""
        key = id(catalog), id(rule), tuple(search_path)
        known = self._made.get(key)
        if known is None:
            planner = CatalogPlanner(self._policy, rule, catalog, search_path)
            known = catalog, rule, planner
            while len(self._made) >= _KEPT:
                del self._made[next(iter(self._made))]
            self._made[key] = known
        return known[2]
