"""``serve --workers N``: work is spread, everyone answers for all, and the dead are replaced."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, OWNER, Login
from pgproxy.net.seats import Seats
from tests.net.test_serve import cancelled, said, until

pytestmark = pytest.mark.e2e

WORKERS = 2


@pytest.fixture
def serving(cluster: Cluster) -> Iterator[Proxy]:
    """A proxy of the test's own."""
    with Proxy(cluster, Wish(shop.policy(), workers=WORKERS)) as running:
        yield running


@contextmanager
def many(proxy: Proxy, login: Login, count: int) -> Iterator[list[psycopg.Connection]]:
    """So many connections at once; the chance that all go to one worker is 1 in 2**(count-1)."""
    with ExitStack() as stack:
        dsn = proxy.dsn(login)
        yield [stack.enter_context(closing(psycopg.connect(dsn))) for _ in range(count)]


def workers(proxy: Proxy) -> set[int]:
    children = Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children").read_text()
    return {int(pid) for pid in children.split()}


def sockets(pid: int) -> int:
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return sum(link.startswith("socket:") for link in links)


def metric(proxy: Proxy, name: str) -> float:
    with urlopen(f"{proxy.admin_url}metrics") as page:
        lines = page.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[1])


def ready(proxy: Proxy) -> bool:
    try:
        with urlopen(f"{proxy.admin_url}readyz") as page:
            return bool(page.status == 200)
    except (HTTPError, OSError):
        return False


def test_sessions_are_spread_and_counted_together(serving: Proxy) -> None:
    before = {pid: sockets(pid) for pid in workers(serving)}
    assert len(before) == WORKERS
    with many(serving, ANALYST, 24) as open_now:
        assert all(sockets(pid) > many for pid, many in before.items())
        for connection in open_now:
            connection.execute("SELECT id FROM customers LIMIT 1")
        for _ in range(6):  # whichever answers
            assert metric(serving, "pgproxy_sessions") == 24
            assert metric(serving, "pgproxy_sessions_total") == 24
    until(lambda: metric(serving, "pgproxy_sessions") == 0)
    with urlopen(serving.admin_url) as page:
        assert "<td>ever<td>24" in page.read().decode()
    assert ready(serving)


def test_workers_hand_out_one_token_for_a_value(serving: Proxy) -> None:
    seen = set()
    for _ in range(12):
        with psycopg.connect(serving.dsn(ANALYST)) as connection:
            seen.add(str(connection.execute("SELECT email FROM customers ORDER BY id").fetchall()))
    assert len(seen) == 1


def test_a_cancel_works_by_whichever_worker_gets_it(serving: Proxy) -> None:
    for _ in range(8):
        with psycopg.connect(serving.dsn(OWNER), autocommit=True) as connection:
            connection.execute("SET statement_timeout = '20s'")
            with cancelled(connection):
                connection.execute("SELECT pg_sleep(20)")


def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(serving: Proxy) -> None:
    survivors = 0
    with many(serving, OWNER, 24) as open_now:
        victim = min(workers(serving))
        os.kill(victim, signal.SIGKILL)
        for connection in open_now:
            with suppress(psycopg.OperationalError):
                connection.execute("SELECT 1")
                survivors += 1
    assert 0 < survivors < 24
    until(lambda: said(serving, "starting another"))
    until(lambda: len(workers(serving)) == WORKERS and ready(serving))
    assert victim not in workers(serving)
    for _ in range(12):
        with psycopg.connect(serving.dsn(ANALYST), connect_timeout=10) as connection:
            connection.execute("SELECT email FROM customers LIMIT 1")


def test_sigterm_drains_all_and_nothing_is_left(serving: Proxy) -> None:
    with many(serving, OWNER, 12) as open_now:
        for connection in open_now:
            connection.execute("SELECT 1")
        os.kill(serving.pid, signal.SIGTERM)
        until(lambda: serving.log.read_text().count("draining") == WORKERS)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((serving.host, serving.port), timeout=5)
        for connection in open_now:
            connection.execute("SELECT 1")
            connection.commit()
    until(lambda: not serving.running)
    assert serving.exit_code == 0


def test_workers_do_not_outlive_their_parent(serving: Proxy) -> None:
    alone = workers(serving)
    os.kill(serving.pid, signal.SIGKILL)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in alone))


def test_sighup_reloads_in_every_worker(serving: Proxy) -> None:
    policy = serving.directory / "policy.yaml"
    policy.write_text(shop.policy() + "\n# changed\n")
    os.kill(serving.pid, signal.SIGHUP)
    until(lambda: serving.log.read_text().count("reloaded") == WORKERS)


def test_what_keeps_workers_from_starting_ends_them_all(serving: Proxy) -> None:
    serving.stop()
    (serving.directory / "vault.key").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "pgproxy", "serve", "-c", str(serving.config), "--workers", "2"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "vault.key" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_that_cannot_start_again_is_tried_until_it_can(serving: Proxy) -> None:
    """The keys are away, and a worker dies: the others were ended for it."""
    key = serving.directory / "vault.key"
    away = key.rename(serving.directory / "vault.away")
    victim = min(workers(serving))
    (survivor,) = workers(serving) - {victim}
    os.kill(victim, signal.SIGKILL)
    until(lambda: serving.log.read_text().count("starting another") >= 2)
    assert survivor in workers(serving)
    away.rename(key)
    until(lambda: len(workers(serving)) == WORKERS and ready(serving))
    for _ in range(12):
        with psycopg.connect(serving.dsn(ANALYST), connect_timeout=10) as connection:
            connection.execute("SELECT email FROM customers LIMIT 1")


def test_clients_are_counted_over_all_workers() -> None:
    one, other = Seats.of(2)
    one.set(3)
    if not os.fork():
        other.set(4)
        os._exit(0)
    os.wait()
    assert one.taken() == 7
    one.set(0)
    assert other.taken() == 4
