"""Plans for one masked session: its planner, on the newest catalog snapshot it has been given."""

from pgproxy.analysis.catalog import Catalog
from pgproxy.policy.plan import QueryPlan
from pgproxy.session.context import Identity, Planner, SessionContext


class Planning:
    """The search_path is that of the login's start: it is pinned there, and SET of it refused."""

    def __init__(self, context: SessionContext, identity: Identity, catalog: Catalog) -> None:
        self._context = context
        self._identity = identity
        self._path = catalog.search_path(identity.server_login)
        self.version = catalog.version
        self.planner = self._make(catalog)

    @property
    def database(self) -> str:
        """Whose catalog it is."""
        return self._identity.database

    @property
    def holds(self) -> bool:
        """Whether the snapshot may be planned on right now."""
        return self._context.catalog_holds(self.database, self.version)

    def renew(self, catalog: Catalog) -> None:
        """Plan on this snapshot from now on, if it is newer."""
        if catalog.version > self.version:
            self.version = catalog.version
            self.planner = self._make(catalog)

    def plan(self, sql: bytes) -> QueryPlan:
        """The plan for a query string."""
        counters, planner = self._context.counters, self.planner
        misses = planner.misses
        started = self._context.now()
        plan = planner.plan(sql)
        if planner.misses == misses:
            counters.plan_cache["hit"] += 1
        else:
            counters.plan_cache["miss"] += 1
            counters.plan_seconds += max(0.0, self._context.now() - started)
        return plan

    def _make(self, catalog: Catalog) -> Planner:
        identity = self._identity
        return self._context.make_planner(catalog, identity.rule, list(self._path))
