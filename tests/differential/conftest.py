"""A proxy whose policy masks nothing for the role that talks."""

from collections.abc import Iterator

import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish


@pytest.fixture(scope="session")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """``pgproxy serve`` with the demo's policy."""
    with Proxy(cluster, Wish(shop.policy())) as running:
        yield running
