"""A running world: the cluster with its three databases, proxies before it, sessions to them."""

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from tests.world import pair
from tests.world.compare import Asker

DATABASES = (pair.A, pair.B, pair.COPY)


class World:
    """Loads the databases into a running cluster; ``close`` ends what it started."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._stack = ExitStack()
        self._proxies: dict[str, Proxy] = {}
        pair.load(cluster)

    def close(self) -> None:
        """End sessions and proxies."""
        self._stack.close()

    def dsn(self, database: str = pair.A) -> str:
        """A URL of the superuser, straight to the server."""
        return self.cluster.dsn(database=database)

    def proxy(self, treatment: str) -> Proxy:
        """A proxy under a policy that gives every class one treatment."""
        if treatment not in self._proxies:
            proxy = Proxy(self.cluster, Wish(pair.policy(treatment)))
            self._proxies[treatment] = self._stack.enter_context(proxy)
        return self._proxies[treatment]

    def config(self, treatment: str) -> Path:
        """The pgproxy.yaml of that proxy."""
        return self.proxy(treatment).config

    def askers(self, port: int, login: shop.Login = shop.ANALYST) -> tuple[Asker, Asker, Asker]:
        """Sessions to A, B and the copy of A."""
        who = (login.user, login.password)
        found = tuple(Asker((self.cluster.host, port), who, name) for name in DATABASES)
        for asker in found:
            self._stack.callback(asker.close)
        one, other, copy = found
        return one, other, copy

    @cached_property
    def direct(self) -> tuple[Asker, Asker, Asker]:
        """The analyst without a proxy."""
        return self.askers(self.cluster.port)

    @cached_property
    def superuser(self) -> tuple[Asker, Asker, Asker]:
        """The superuser without a proxy."""
        login = shop.Login(self.cluster.superuser, self.cluster.password)
        return self.askers(self.cluster.port, login)

    @cached_property
    def redacted(self) -> tuple[Asker, Asker, Asker]:
        """The analyst where every class is redacted."""
        return self.askers(self.proxy("redact").port)

    @cached_property
    def tokens(self) -> tuple[Asker, Asker, Asker]:
        """The analyst where every class is a token."""
        return self.askers(self.proxy("token").port)
