"""The proxy as a process: it says where it listens, keeps its secrets to itself, and goes."""

import json
from pathlib import Path
import socket
import stat

import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster, port_is_free
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.reader import ask
from pgproxy.errors import Unavailable

pytestmark = pytest.mark.e2e


def test_it_serves_on_the_port_it_names_and_leaves_it(cluster: Cluster) -> None:
    with Proxy(cluster, Wish(shop.policy())) as proxy:
        port, directory = proxy.port, proxy.directory
        (answer,) = ask(proxy.dsn(shop.OWNER), ["SELECT 1 AS one"])
        assert answer.rows == ((1,),)
        assert f"listening on 127.0.0.1:{port}" in proxy.log.read_text()
        assert [json.loads(line) for line in proxy.audit.read_text().splitlines()]
    assert port_is_free(port)
    assert not directory.exists()


def test_its_files_are_closed_to_others(cluster: Cluster) -> None:
    with Proxy(cluster, Wish(shop.policy())) as proxy:
        files: list[Path] = [proxy.directory, proxy.directory / "vault.key", proxy.config]
        assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files] == [0, 0, 0]


def test_a_policy_it_cannot_take_is_told_with_its_words(cluster: Cluster) -> None:
    proxy = Proxy(cluster, Wish("version: 1\nno_such_key: 1\n"))
    with pytest.raises(Unavailable, match="no_such_key"):
        proxy.__enter__()


def test_tokens_survive_its_restart(cluster: Cluster) -> None:
    question = ["SELECT email FROM customers ORDER BY id LIMIT 20"]
    with Proxy(cluster, Wish(shop.policy())) as proxy:
        before = ask(proxy.dsn(shop.ANALYST), question)
        proxy.stop()
        assert not proxy.running
        proxy.start()
        assert ask(proxy.dsn(shop.ANALYST), question) == before
    assert all(str(row[0]).startswith("tok_") for row in before[0].rows)


def test_a_port_that_was_taken_meanwhile_is_given_up_or_told(cluster: Cluster) -> None:
    """Free when the demo looked, taken when the proxy bound it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Proxy(cluster, Wish(shop.policy(), port)) as proxy:
            assert proxy.port != port
        with pytest.raises(Unavailable, match=str(port)):
            Proxy(cluster, Wish(shop.policy(), port, insist=True)).__enter__()
