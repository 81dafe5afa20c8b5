"""A client or a server goes away in every phase: nobody waits for ever, nothing is left over."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
import os
from pathlib import Path
import signal
import socket
import struct
import threading
import time

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, Login, policy
from tests.certificates import Authority
from tests.e2e.raw import RawClient, bind, execute, message, parse, query

SECONDS = 10.0
LONG = "SELECT count(*) FROM generate_series(1, 100000000000)"
ROWS = "SELECT g, repeat('x', 1000) FROM generate_series(1, 1000000) g"
Admin = psycopg.Connection[TupleRow]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Proxy]]:
    """A server that may be killed, and a proxy with TLS before it."""
    pair = Authority(tmp_path_factory.mktemp("certificates")).sign("server", hosts=("127.0.0.1",))
    with Cluster() as cluster:
        shop.load(cluster)
        tls = f'{{cert: "{pair.cert}", key: "{pair.key}"}}'
        with Proxy(cluster, Wish(policy(), tls=tls)) as proxy:
            yield cluster, proxy


def until(true: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def backends(admin: Admin, user: str) -> int:
    """How many sessions of a user the server has."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    (row,) = admin.execute(sql, (user,)).fetchall()
    return int(row[0])


def descriptors(proxy: Proxy) -> int:
    return len(list(Path(f"/proc/{proxy.pid}/fd").iterdir()))


@pytest.fixture
def quiet(own: tuple[Cluster, Proxy]) -> Iterator[Admin]:
    """After the test as many sessions and descriptors as before it."""
    cluster, proxy = own
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        for user in (OWNER.user, ANALYST.user):
            until(lambda user=user: backends(admin, user) == 0, "sessions of the test before")  # type: ignore[misc]
        before = descriptors(proxy)
        yield admin
        for user in (OWNER.user, ANALYST.user):
            until(lambda user=user: backends(admin, user) == 0, f"a session of {user} is left")  # type: ignore[misc]
        until(lambda: descriptors(proxy) <= before, "descriptors are left")


def reset(client: RawClient) -> None:
    """Leave as a killed process does: with RST."""
    linger = struct.pack("ii", 1, 0)
    client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client._socket.close()


def nothing(client: RawClient) -> None:
    """Idle."""


def in_block(client: RawClient) -> None:
    client.ask(query("BEGIN"), query("SELECT 1"), syncs=2)


def in_query(client: RawClient) -> None:
    client.send(query(LONG))


def in_portal(client: RawClient) -> None:
    client.send(parse("", ROWS), bind("", ""), execute("", 5), message(b"H"))
    client.until(b"s")


def in_rows_unread(client: RawClient) -> None:
    """The client stops reading in the middle of a result: the proxy does not read it either."""
    client.send(query(ROWS))
    client.until(b"D")


def in_copy_out(client: RawClient) -> None:
    client.send(query(f"COPY ({ROWS}) TO STDOUT"))
    client.until(b"d")


def in_half_a_message(client: RawClient) -> None:
    client.send(query("SELECT 1")[:7])


PHASES = [nothing, in_block, in_query, in_portal, in_rows_unread, in_copy_out, in_half_a_message]


@pytest.mark.parametrize("login", [OWNER, ANALYST], ids=["owner", "analyst"])
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__)
@pytest.mark.parametrize("leave", [reset, RawClient.__exit__], ids=["reset", "closed"])
def test_client_that_goes_takes_its_session_along(
    own: tuple[Cluster, Proxy],
    quiet: Admin,
    login: Login,
    phase: Callable[[RawClient], None],
    leave: Callable[..., None],
) -> None:
    _, proxy = own
    client = RawClient(proxy.host, proxy.port, (login.user, login.password), DATABASE)
    client.start()
    phase(client)
    until(lambda: backends(quiet, login.user) == 1, "no session")
    leave(client) if leave is reset else leave(client, None, None, None)


def test_copy_in_that_is_left_is_given_up(own: tuple[Cluster, Proxy], quiet: Admin) -> None:
    _, proxy = own
    client = RawClient(proxy.host, proxy.port, (OWNER.user, OWNER.password), DATABASE)
    client.start()
    client.ask(query("CREATE TABLE IF NOT EXISTS shop.left_in (a int)"))
    client.send(query("COPY shop.left_in FROM STDIN"), message(b"d", b"1\n"))
    client.until(b"G")
    reset(client)
    until(lambda: backends(quiet, OWNER.user) == 0, "a session is left")
    with psycopg.connect(proxy.dsn(OWNER), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM shop.left_in").fetchone() == (0,)
        connection.execute("DROP TABLE shop.left_in")


@pytest.mark.parametrize("login", [OWNER, ANALYST], ids=["owner", "analyst"])
def test_tls_client_that_goes_without_a_word(
    own: tuple[Cluster, Proxy], quiet: Admin, login: Login
) -> None:
    _, proxy = own
    connection = psycopg.connect(f"{proxy.dsn(login)}?sslmode=require", autocommit=True)
    connection.pgconn.send_query(LONG.encode())
    connection.pgconn.flush()
    until(lambda: backends(quiet, login.user) == 1, "no session")
    os.close(os.dup(connection.fileno()))
    sock = socket.socket(fileno=os.dup(connection.fileno()))
    sock.shutdown(socket.SHUT_RDWR)
    sock.close()
    with suppress(psycopg.Error):
        connection.close()


@pytest.mark.parametrize("login", [OWNER, ANALYST], ids=["owner", "analyst"])
@pytest.mark.parametrize(
    "phase", [nothing, in_block, in_query, in_portal], ids=lambda p: p.__name__
)
def test_backend_that_is_terminated_says_so(
    own: tuple[Cluster, Proxy],
    quiet: Admin,
    login: Login,
    phase: Callable[[RawClient], None],
) -> None:
    # Not while it sends rows that nobody reads: then the server itself leaves without a word.
    _, proxy = own
    with RawClient(proxy.host, proxy.port, (login.user, login.password), DATABASE) as client:
        phase(client)
        until(lambda: backends(quiet, login.user) == 1, "no session")
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
        quiet.execute(sql, (login.user,))
        client.seen = b""
        with suppress(EOFError, ConnectionResetError):
            while True:
                client.next()
    assert b"C57P01\0" in client.seen


@pytest.mark.parametrize("login", [OWNER, ANALYST], ids=["owner", "analyst"])
def test_backend_that_is_killed_ends_its_client(own: tuple[Cluster, Proxy], login: Login) -> None:
    """The whole server goes through recovery; who comes then is served."""
    cluster, proxy = own

    def served() -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(proxy.dsn(login)) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    until(served, "the server does not answer", 30)
    with RawClient(proxy.host, proxy.port, (login.user, login.password), DATABASE) as client:
        client.send(query(LONG))
        with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
            sql = "SELECT pid FROM pg_stat_activity WHERE usename = %s"
            until(lambda: len(admin.execute(sql, (login.user,)).fetchall()) == 1, "no session")
            (row,) = admin.execute(sql, (login.user,)).fetchall()
            os.kill(int(row[0]), signal.SIGKILL)
            with suppress(EOFError, ConnectionResetError):
                while True:
                    client.next()
    # Without masks the end is the server's: it says nothing, for it was killed.
    assert (b"C08006\0" in client.seen) == (login is ANALYST)
    until(served, "the server does not come back", 30)


def test_server_that_is_frozen_holds_up_nobody_else(own: tuple[Cluster, Proxy]) -> None:
    """One backend stands still; its client is cut off by itself, the others go on."""
    cluster, proxy = own
    with (
        psycopg.connect(cluster.dsn(), autocommit=True) as admin,
        psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as frozen,
        psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as other,
    ):
        (pid,) = frozen.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        os.kill(int(pid), signal.SIGSTOP)
        try:
            frozen.pgconn.send_query(b"SELECT 1")
            frozen.pgconn.flush()
            began = time.monotonic()
            for _ in range(20):
                assert other.execute("SELECT 1").fetchone() == (1,)
            assert time.monotonic() - began < 5
            frozen.close()
        finally:
            os.kill(int(pid), signal.SIGCONT)
        until(lambda: backends(admin, ANALYST.user) == 1, "the frozen session is left")


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_storm_of_connects(own: tuple[Cluster, Proxy], quiet: Admin, mode: str) -> None:
    """150 at one time, as many as the server takes: all are served, none is left."""
    _, proxy = own
    served, failed = [], []

    def one() -> None:
        try:
            url = f"{proxy.dsn(ANALYST)}?sslmode={mode}"
            with psycopg.connect(url, connect_timeout=30) as connection:
                served.append(connection.execute("SELECT 1").fetchone())
        except psycopg.Error as error:
            failed.append(str(error))

    threads = [threading.Thread(target=one) for _ in range(150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert served == [(1,)] * 150


@pytest.mark.parametrize(
    "said",
    [b"", b"\0", b"\0\0\0\x08\x04\xd2\x16\x2f", b"\x16\3\1", b"\0\0\1\0\0\3\0\0user\0"],
    ids=["nothing", "a byte", "asked for TLS", "a bit of TLS", "half a packet"],
)
def test_one_that_dawdles_before_the_login_is_no_burden(
    own: tuple[Cluster, Proxy], quiet: Admin, said: bytes
) -> None:
    """A hundred of them at one time: others are served, and in the end they are gone."""
    _, proxy = own
    with ExitStack() as stack:
        for _ in range(100):
            slow = stack.enter_context(socket.create_connection((proxy.host, proxy.port), 20))
            slow.sendall(said)
        with psycopg.connect(proxy.dsn(OWNER)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_slow_reader_costs_bounded_memory(own: tuple[Cluster, Proxy], quiet: Admin) -> None:
    """A gigabyte for one who reads a little: masked or not, over TLS or not."""
    _, proxy = own

    def resident() -> int:
        status = Path(f"/proc/{proxy.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    before = resident()
    with ExitStack() as stack:
        for login in (OWNER, ANALYST):
            for mode in ("disable", "require"):
                url = f"{proxy.dsn(login)}?sslmode={mode}"
                slow = psycopg.connect(url, autocommit=True)
                stack.callback(slow.close)
                slow.pgconn.send_query(ROWS.encode())
                slow.pgconn.flush()
        time.sleep(2)
        assert resident() - before < 64 * 1024
        for login in (OWNER, ANALYST):
            with psycopg.connect(proxy.dsn(login)) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
