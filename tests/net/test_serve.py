"""``pgproxy serve`` as a process: its signals, its orderly and disorderly ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import json
import os
import signal
import subprocess
import sys
from threading import Event, Thread
import time

import psycopg
import pytest

from pgproxy.demo import proxy as demo_proxy
from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster, free_port
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, OWNER

pytestmark = pytest.mark.e2e


@pytest.fixture
def serving(cluster: Cluster) -> Iterator[Proxy]:
    """A proxy of the test's own."""
    with Proxy(cluster, Wish(shop.policy())) as running:
        yield running


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def cancelled(connection: psycopg.Connection) -> Iterator[None]:
    """What it runs is cancelled, again and again: the first may come before the statement."""
    over = Event()

    def cancel() -> None:
        while not over.wait(0.2):
            connection.cancel_safe(timeout=10)

    thread = Thread(target=cancel)
    thread.start()
    try:
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            yield
    finally:
        over.set()
        thread.join()


def said(proxy: Proxy, text: str) -> bool:
    return text in proxy.log.read_text()


def test_statement_whose_answer_is_out_is_in_the_audit_even_after_kill_9(serving: Proxy) -> None:
    answered = 0
    with psycopg.connect(serving.dsn(ANALYST), autocommit=True) as connection:
        for number in range(200):
            connection.execute("SELECT id, email FROM customers WHERE id = %s", (number,))
            answered += 1
        os.kill(serving.pid, signal.SIGKILL)
        until(lambda: not serving.running)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    lines = [json.loads(line) for line in serving.audit.read_text().splitlines()]
    assert sum("customers" in line["sql"] for line in lines) == answered


def test_sigterm_lets_a_transaction_end_and_the_idle_go(serving: Proxy) -> None:
    idle = psycopg.connect(serving.dsn(OWNER), autocommit=True)
    busy = psycopg.connect(serving.dsn(OWNER))
    busy.execute("SELECT 1")
    os.kill(serving.pid, signal.SIGTERM)
    until(lambda: said(serving, "draining"))
    with pytest.raises(psycopg.errors.AdminShutdown):
        idle.execute("SELECT 1")
    assert busy.execute("SELECT 2").fetchone() == (2,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(serving.dsn(OWNER))
    assert serving.running
    busy.commit()
    until(lambda: not serving.running)
    assert said(serving, "stopping")
    for connection in (idle, busy):
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_sigint_ends_everything_at_once(serving: Proxy, number: signal.Signals) -> None:
    with psycopg.connect(serving.dsn(OWNER)) as busy:
        busy.execute("SELECT 1")
        os.kill(serving.pid, number)
        until(lambda: not serving.running, 5)
        with pytest.raises(psycopg.OperationalError):
            busy.execute("SELECT 1")


def test_second_sigterm_does_not_wait(serving: Proxy) -> None:
    with psycopg.connect(serving.dsn(OWNER)) as busy:
        busy.execute("SELECT 1")
        os.kill(serving.pid, signal.SIGTERM)
        until(lambda: said(serving, "draining"))
        os.kill(serving.pid, signal.SIGTERM)
        until(lambda: not serving.running, 5)
        with pytest.raises(psycopg.OperationalError):
            busy.execute("SELECT 1")


def test_sighup_reloads_the_policy_for_everyone(serving: Proxy) -> None:
    old = psycopg.connect(serving.dsn(ANALYST), autocommit=True)
    query = "SELECT first_name FROM customers WHERE id = 1"
    policy = serving.directory / "policy.yaml"
    text = policy.read_text()
    os.kill(serving.pid, signal.SIGHUP)
    until(lambda: said(serving, "the policy is unchanged"))
    assert old.execute(query).fetchone() != ("***",)
    policy.write_text(text.replace("version: 1", "version: one"))
    os.kill(serving.pid, signal.SIGHUP)
    until(lambda: said(serving, "not reloaded"))
    assert old.execute(query).fetchone() != ("***",)
    policy.write_text(text.replace("first_name: {synthetic: first_name}", "first_name: redact"))
    assert policy.read_text() != text
    os.kill(serving.pid, signal.SIGHUP)
    until(lambda: said(serving, "end with their transaction"))
    with pytest.raises(psycopg.errors.AdminShutdown):
        old.execute(query)
    old.close()
    with psycopg.connect(serving.dsn(ANALYST), autocommit=True) as new:
        assert new.execute(query).fetchone() == ("***",)


def test_audit_file_moved_away_is_made_anew_at_sighup(serving: Proxy) -> None:
    with psycopg.connect(serving.dsn(ANALYST), autocommit=True) as connection:
        connection.execute("SELECT 1")
        serving.audit.rename(serving.directory / "audit.1")
        os.kill(serving.pid, signal.SIGHUP)
        until(serving.audit.exists)
        connection.execute("SELECT 2")
    until(lambda: len(serving.audit.read_text().splitlines()) == 1)


def test_a_host_that_is_not_there_is_passed_over(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = f"{cluster.host}:{free_port()}"
    config = demo_proxy._CONFIG.replace("//{upstream}", f"//{dead},{{upstream}}")
    monkeypatch.setattr(demo_proxy, "_CONFIG", config)
    with Proxy(cluster, Wish(shop.policy())) as running:
        assert f"//{dead},{cluster.host}:" in running.config.read_text()
        for _ in range(3):
            with psycopg.connect(running.dsn(ANALYST), autocommit=True) as connection:
                connection.execute("SELECT email FROM customers")
                with cancelled(connection):
                    connection.execute("SELECT count(*) FROM generate_series(1, 100000000000)")


def test_start_names_kernel_and_place(serving: Proxy) -> None:
    until(lambda: said(serving, "catalog read"))
    assert said(serving, "kernel carries the rows")
    assert said(serving, f"listening on 127.0.0.1:{serving.port}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--workers", "2"], "cannot listen there: Address already in use"),
        ([], "address already in use"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_what_cannot_be_served_exits_2(serving: Proxy, arguments: list[str], expected: str) -> None:
    config = str(serving.config)
    done = subprocess.run(
        [sys.executable, "-m", "pgproxy", "serve", "-c", config, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
