"""TLS on either leg, with real clients: asked for, unasked, required, renewed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
import os
from pathlib import Path
import signal
import socket
import ssl
import threading
import time

import asyncpg
import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy
from pgproxy.errors import Unavailable
from pgproxy.wire.startup import CancelRequest, SSLRequest, StartupMessage
from tests.certificates import Authority, Pair
from tests.e2e.raw import RawClient, fields, query
from tests.e2e.tls_front import TlsFront

MAILS = "SELECT email FROM shop.customers ORDER BY id LIMIT 3"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.sign("server", hosts=("127.0.0.1", "localhost"))


def tls(pair: Pair, more: str = "") -> str:
    return f'{{cert: "{pair.cert}", key: "{pair.key}"{more}}}'


@pytest.fixture(scope="module")
def proxy(cluster: Cluster, pair: Pair) -> Iterator[Proxy]:
    with Proxy(cluster, Wish(policy(), tls=tls(pair))) as running:
        yield running


def ask(dsn: str, sql: str = MAILS) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql.encode()).fetchall()


def with_tls(dsn: str, authority: Authority, more: str = "") -> str:
    return f"{dsn}?sslmode=verify-full&sslrootcert={authority.root}{more}"


@pytest.mark.parametrize("negotiation", ["postgres", "direct"])
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_libpq_verifies_us(
    proxy: Proxy, authority: Authority, negotiation: str, version: str
) -> None:
    more = f"&sslnegotiation={negotiation}&ssl_max_protocol_version={version}"
    masked = ask(with_tls(proxy.dsn(ANALYST), authority, more))
    assert all(str(row[0]).startswith("tok_") for row in masked)
    shown = ask(with_tls(proxy.dsn(OWNER), authority, more))
    assert all("@" in str(row[0]) for row in shown)


def test_plain_is_taken_where_it_may(proxy: Proxy) -> None:
    assert len(ask(f"{proxy.dsn(ANALYST)}?sslmode=disable")) == 3


def test_channel_binding_that_is_insisted_on_fails_as_it_must(
    proxy: Proxy, authority: Authority
) -> None:
    """The server has no TLS, so there is nothing to bind to."""
    with pytest.raises(psycopg.OperationalError, match="channel binding"):
        ask(with_tls(proxy.dsn(ANALYST), authority, "&channel_binding=require"))


def test_asyncpg_with_large_results(proxy: Proxy, authority: Authority) -> None:
    async def run() -> None:
        context = ssl.create_default_context(cafile=str(authority.root))
        connection = await asyncpg.connect(proxy.dsn(OWNER), ssl=context)
        try:
            sql = "SELECT repeat('x', 100000) FROM generate_series(1, 200)"
            rows = await connection.fetch(sql)
            assert sum(len(row[0]) for row in rows) == 20_000_000
            assert (
                await connection.fetchval("SELECT length($1::text)", "y" * 5_000_000) == 5_000_000
            )
        finally:
            await connection.close()

    asyncio.run(run())


def test_cancel_comes_over_tls(proxy: Proxy, authority: Authority) -> None:
    with psycopg.connect(with_tls(proxy.dsn(ANALYST), authority)) as connection:
        timer = threading.Timer(0.5, connection.cancel_safe)
        timer.start()
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)")
        assert time.monotonic() - began < 10
        timer.join()


# Raw sockets: what no client does


@pytest.fixture
def plain(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((proxy.host, proxy.port), 10) as connection:
        yield connection


def encrypted(
    sock: socket.socket, authority: Authority, protocols: list[str] | None = None
) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(authority.root))
    if protocols:
        context.set_alpn_protocols(protocols)
    return context.wrap_socket(sock, server_hostname="localhost")


def said(sock: socket.socket) -> dict[str, str]:
    """The error that the proxy ends with."""
    data = b""
    with suppress(ConnectionError):
        while part := sock.recv(65536):
            data += part
    assert data[:1] == b"E", data
    return fields(data[5:])


START = StartupMessage((3, 0), {"user": ANALYST.user, "database": DATABASE}).encode()


def test_plain_bytes_behind_the_request_end_it(plain: socket.socket) -> None:
    """Somebody in between could put statements there (CVE-2021-23214)."""
    plain.sendall(SSLRequest().encode() + START)
    assert said(plain)["C"] == "08P01"


@pytest.mark.parametrize("protocols", [None, ["http/1.1"]])
def test_unasked_tls_without_our_protocol_is_refused(
    plain: socket.socket, authority: Authority, protocols: list[str] | None
) -> None:
    with encrypted(plain, authority, protocols) as sock:
        assert "ALPN" in said(sock)["M"]


@pytest.mark.parametrize("protocols", [None, ["postgresql"]])
def test_request_within_tls_is_refused(
    plain: socket.socket, authority: Authority, protocols: list[str] | None
) -> None:
    plain.sendall(SSLRequest().encode())
    assert plain.recv(1) == b"S"
    with encrypted(plain, authority, protocols) as sock:
        sock.sendall(SSLRequest().encode())
        assert said(sock)["C"] == "08P01"


def test_unasked_tls_goes_on_as_a_start(plain: socket.socket, authority: Authority) -> None:
    with encrypted(plain, authority, ["postgresql"]) as sock:
        sock.sendall(START)
        assert sock.recv(1) == b"R"


def test_cancel_of_nobody_is_silent(plain: socket.socket, authority: Authority) -> None:
    with encrypted(plain, authority, ["postgresql"]) as sock:
        sock.sendall(CancelRequest(1, b"none").encode())
        assert sock.recv(1) == b""


@pytest.mark.parametrize("garbage", [b"\x16\3\1\0\5hello", b"\x16" + bytes(4000)])
def test_broken_handshake_ends_quietly(plain: socket.socket, garbage: bytes) -> None:
    plain.sendall(garbage)
    with suppress(ConnectionError):
        while plain.recv(4096):
            pass


# Required, with certificates, renewed


def test_required_tls_is_told_to_who_comes_without(cluster: Cluster, pair: Pair) -> None:
    with Proxy(cluster, Wish(policy(), tls=tls(pair, ", require: true"))) as own:
        with pytest.raises(psycopg.OperationalError, match="only connections with TLS"):
            ask(f"{own.dsn(ANALYST)}?sslmode=disable")
        assert len(ask(f"{own.dsn(ANALYST)}?sslmode=require")) == 3


def test_client_certificate_has_to_be_that_of_the_login(
    cluster: Cluster, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    mine, other = authority.sign(ANALYST.user), authority.sign("somebody")
    strange = Authority(tmp_path, "strange").sign(ANALYST.user)

    def dsn(own: Proxy, pair: Pair) -> str:
        files = f"&sslcert={pair.cert}&sslkey={pair.key}"
        return with_tls(own.dsn(ANALYST), authority, files)

    with Proxy(cluster, Wish(policy(), tls=tls(pair, f', client_ca: "{authority.root}"'))) as own:
        assert len(ask(dsn(own, mine))) == 3
        with pytest.raises(psycopg.OperationalError, match="not that of the login"):
            ask(dsn(own, other))
        for bad in (
            dsn(own, strange),
            with_tls(own.dsn(ANALYST), authority),
            f"{own.dsn(ANALYST)}?sslmode=disable",
        ):
            with pytest.raises(psycopg.OperationalError):
                ask(bad)


def test_certificate_is_renewed_and_nobody_is_dropped(
    cluster: Cluster, authority: Authority, tmp_path: Path
) -> None:
    own_authority = Authority(tmp_path)
    pair = own_authority.sign("server", hosts=("127.0.0.1",))
    with (
        Proxy(cluster, Wish(policy(), tls=tls(pair))) as own,
        psycopg.connect(with_tls(own.dsn(ANALYST), own_authority), autocommit=True) as before,
    ):
        old = _serial(own)
        own_authority.sign("server", hosts=("127.0.0.1",))
        os.kill(own.pid, signal.SIGHUP)
        _until(lambda: _serial(own) != old)
        assert len(before.execute(MAILS).fetchall()) == 3
        assert len(ask(with_tls(own.dsn(ANALYST), own_authority))) == 3
        renewed = _serial(own)
        pair.cert.write_text("broken")
        os.kill(own.pid, signal.SIGHUP)
        _until(lambda: "not reloaded" in own.log.read_text())
        assert _serial(own) == renewed


def _serial(own: Proxy) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["postgresql"])
    with (
        socket.create_connection((own.host, own.port), 10) as plain,
        context.wrap_socket(plain) as sock,
    ):
        return sock.getpeercert(binary_form=True) or b""


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Behind a balancer

HEADER = b"PROXY TCP4 192.0.2.7 10.0.0.1 57005 5432\r\n"
LOCAL = bytes.fromhex("0d0a0d0a000d0a515549540a 20 00 0000")


@pytest.fixture(scope="module")
def balanced(cluster: Cluster, pair: Pair) -> Iterator[Proxy]:
    """A proxy that is told who connects."""
    wish = Wish(policy(), tls=tls(pair), listen="proxy_header_from: [127.0.0.0/8]")
    with Proxy(cluster, wish) as running:
        yield running


def handshake(
    sock: socket.socket, authority: Authority, before: bytes
) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """TLS by hand; ``before`` goes out in one write with its first bytes."""
    context = ssl.create_default_context(cafile=str(authority.root))
    context.set_alpn_protocols(["postgresql"])
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    spoken = context.wrap_bio(coming, going, server_hostname="localhost")
    while True:
        try:
            spoken.do_handshake()
            sock.sendall(before + going.read())
            return spoken, coming, going
        except ssl.SSLWantReadError:
            sock.sendall(before + going.read())
            before = b""
            coming.write(sock.recv(65536))


def test_header_and_handshake_in_one_write(balanced: Proxy, authority: Authority) -> None:
    """Two event loops lose what was read before TLS begins; the client's own address is kept."""
    with socket.create_connection((balanced.host, balanced.port), 10) as plain:
        spoken, coming, going = handshake(plain, authority, HEADER)
        spoken.write(START)
        plain.sendall(going.read())
        while True:
            coming.write(plain.recv(65536))
            with suppress(ssl.SSLWantReadError):  # tickets come first
                assert spoken.read(1) == b"R"
                break


@pytest.mark.parametrize("header", [HEADER, b"PROXY UNKNOWN\r\n", LOCAL])
def test_header_comes_before_the_start(balanced: Proxy, header: bytes) -> None:
    with socket.create_connection((balanced.host, balanced.port), 10) as plain:
        for byte in header + START:
            plain.sendall(bytes((byte,)))
        assert plain.recv(1) == b"R"


def test_without_its_header_nobody_gets_in(balanced: Proxy) -> None:
    with socket.create_connection((balanced.host, balanced.port), 10) as plain:
        plain.sendall(START)
        with suppress(ConnectionResetError):
            assert plain.recv(100) == b""
    with pytest.raises(psycopg.OperationalError):
        ask(f"{balanced.dsn(ANALYST)}?sslmode=disable")


def test_header_of_whom_we_do_not_trust_is_no_packet(proxy: Proxy) -> None:
    with socket.create_connection((proxy.host, proxy.port), 10) as plain:
        plain.sendall(HEADER + START)
        assert said(plain)["C"] == "08P01"


class Introduced(RawClient):
    """A client whose balancer says who it is."""

    def start(self) -> None:
        self.send(HEADER)
        super().start()


def test_audit_trail_names_the_client_and_not_the_balancer(balanced: Proxy) -> None:
    login = (ANALYST.user, ANALYST.password)
    with Introduced(balanced.host, balanced.port, login, DATABASE) as client:
        client.ask(query("SELECT 1"))
    _until(lambda: b'"client":"192.0.2.7:57005"' in balanced.audit.read_bytes())


# The server's side


def test_server_is_spoken_to_over_tls(cluster: Cluster, authority: Authority, pair: Pair) -> None:
    with TlsFront(cluster.port, pair) as front:
        options = f"sslmode=verify-full&sslrootcert={authority.root}"
        with Proxy(cluster, Wish(policy(), upstream=(front.port, options))) as own:
            assert all(str(row[0]).startswith("tok_") for row in ask(own.dsn(ANALYST)))
            with psycopg.connect(own.dsn(OWNER)) as connection:
                sql = "SELECT sum(length(repeat('x', 100000))) FROM generate_series(1, 10)"
                assert connection.execute(sql).fetchone() == (1_000_000,)
                assert len(connection.execute("SELECT repeat('x', 3000000)").fetchall()) == 1
                before = front.encrypted
                timer = threading.Timer(0.3, connection.cancel_safe)
                timer.start()
                with pytest.raises(psycopg.errors.QueryCanceled):
                    connection.execute("SELECT pg_sleep(30)")
                timer.join()
                assert front.encrypted == before + 1


@pytest.mark.parametrize("wrong", ["authority", "host", "answer", "more"])
def test_server_that_cannot_be_trusted_is_not_spoken_to(
    cluster: Cluster, authority: Authority, pair: Pair, tmp_path: Path, wrong: str
) -> None:
    shown = authority.sign("elsewhere", hosts=("db.test",)) if wrong == "host" else pair
    root = Authority(tmp_path, "strange").root if wrong == "authority" else authority.root
    answer = {"answer": b"N", "more": b"SR"}.get(wrong, b"S")
    with TlsFront(cluster.port, shown, answer=answer) as front:
        options = f"sslmode=verify-full&sslrootcert={root}"
        with Proxy(cluster, Wish(policy(), upstream=(front.port, options))) as own:
            with pytest.raises(psycopg.OperationalError, match="cannot be reached"):
                ask(own.dsn(ANALYST))
            assert "no connection to the server: " in own.log.read_text()


def test_two_certificates_and_a_passed_login_are_refused_when_configured(
    cluster: Cluster, authority: Authority, pair: Pair
) -> None:
    options = f"sslmode=verify-full&sslrootcert={authority.root}"
    wish = Wish(policy(), tls=tls(pair), upstream=(cluster.port, options))
    with pytest.raises(Unavailable, match="TLS on both sides"), Proxy(cluster, wish):
        pass
