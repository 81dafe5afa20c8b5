"""A running proxy before the shop, for tests that come from outside."""

from collections.abc import Iterator

import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from tests.e2e.house import House, open_house


@pytest.fixture(scope="session")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """``pgproxy serve`` with the demo's policy."""
    with Proxy(cluster, Wish(shop.policy())) as running:
        yield running


@pytest.fixture(scope="session")
def house(cluster: Cluster) -> House:
    """Canaries, and a way around us."""
    return open_house(cluster)
