"""Where clients connect: the server, and a proxy before it."""

from collections.abc import Iterator
from dataclasses import dataclass
import re

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import DATABASE, Login, policy


@dataclass(frozen=True)
class Place:
    """A host, a port and who logs in there."""

    host: str
    port: int
    login: Login
    database: str = DATABASE

    @property
    def url(self) -> str:
        """As libpq and most others take it."""
        who = f"{self.login.user}:{self.login.password}"
        return f"postgresql://{who}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class Places:
    """Both ways to the shop."""

    cluster: Cluster
    proxy: Proxy

    def straight(self, login: Login) -> Place:
        """To the server itself."""
        return Place(self.cluster.host, self.cluster.port, login)

    def through(self, login: Login) -> Place:
        """Through the proxy."""
        return Place(self.proxy.host, self.proxy.port, login)


@pytest.fixture(scope="session")
def places(cluster: Cluster) -> Iterator[Places]:
    """``pgproxy serve`` with the demo's policy."""
    bench = "columns:\n  shop.pgbench_accounts.abalance: salary\n  shop.pgbench_*.*: public\n"
    with Proxy(cluster, Wish(re.sub("^columns:.*\n", bench, policy(), flags=re.M))) as running:
        yield Places(cluster, running)
