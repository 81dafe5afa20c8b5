"""An answer is rows or the server's error; a session that fails is neither."""

import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.reader import ask
from pgproxy.errors import Unavailable

pytestmark = pytest.mark.e2e


def test_an_error_does_not_end_the_session(cluster: Cluster) -> None:
    dsn = cluster.dsn(shop.OWNER.user, shop.OWNER.password, shop.DATABASE)
    failed, fine = ask(
        dsn, ["SELECT no_such_column FROM customers", "SELECT 1 AS one, NULL AS two"]
    )
    assert failed.sqlstate == "42703"
    assert "no_such_column" in failed.message
    assert (fine.names, fine.rows) == (("one", "two"), ((1, None),))


def test_a_refused_login_is_told(cluster: Cluster) -> None:
    with pytest.raises(Unavailable, match="session failed"):
        ask(cluster.dsn("analyst", "wrong", shop.DATABASE), ["SELECT 1"])
