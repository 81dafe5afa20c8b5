"""A proxy that is told of a distribution: NULL before, drawn from it after, never as stored."""

from collections.abc import Callable
import os
import signal
import time

import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy
from tests.fidelity.shop import Setting

pytestmark = pytest.mark.e2e

QUERY = "SELECT birth_date FROM shop.customers WHERE id < 40 ORDER BY id"
LIKE = "{synthetic: {like: distribution}}"


def seen(proxy: Proxy, *, binary: bool = False) -> list[object]:
    with psycopg.connect(proxy.dsn(ANALYST)) as connection:
        return [row[0] for row in connection.cursor(binary=binary).execute(QUERY)]


def drawn_by(proxy: Proxy) -> bool:
    try:
        return set(seen(proxy)) != {None}
    except psycopg.OperationalError:
        return False


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_reload_brings_what_was_learned(cluster: Cluster) -> None:
    rules = policy().replace("birth_date: {noise: {range: 365}}", f"birth_date: {LIKE}")
    with Proxy(cluster, Wish(rules)) as proxy:
        assert set(seen(proxy)) == {None}
        assert "class `birth_date` has no learned distribution" in proxy.log.read_text()
        with proxy.config.open("a") as file:
            file.write("profiles: profiles.json\n")
        files = Setting(proxy.config, cluster.dsn(OWNER.user, OWNER.password, DATABASE))
        done = files.run("learn")
        assert (done.returncode, done.stderr) == (0, "")
        os.kill(proxy.pid, signal.SIGHUP)
        eventually(lambda: "reloaded: " in proxy.log.read_text())
        # Sessions that began under the old rules are ended.
        eventually(lambda: drawn_by(proxy))
        drawn = seen(proxy)
        with psycopg.connect(files.url) as connection:
            stored = [row[0] for row in connection.execute(QUERY)]
        assert [value is None for value in drawn] == [value is None for value in stored]
        assert not [value for value, own in zip(drawn, stored, strict=True) if own and value == own]
        assert seen(proxy, binary=True) == drawn
        with (
            psycopg.connect(proxy.dsn(ANALYST)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT birth_date, count(*) FROM shop.customers GROUP BY 1")
