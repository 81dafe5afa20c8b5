"""Logins that the proxy checks itself, with real clients: TLS on both sides, no password known."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import asyncpg
import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy
from tests.certificates import Authority, Pair
from tests.e2e.tls_front import TlsFront

MAILS = "SELECT email FROM shop.customers ORDER BY id LIMIT 3"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.sign("server", hosts=("127.0.0.1", "localhost"))


def method(cluster: Cluster, more: str = "") -> str:
    """``auth``: the server's own store, read by a login that may."""
    user = f"{cluster.superuser}:{cluster.password}"
    url = f"postgresql://{user}@{cluster.host}:{cluster.port}/postgres"
    return f'{{method: scram, url: "{url}"{more}}}'


def stored(cluster: Cluster, user: str) -> str:
    with psycopg.connect(cluster.dsn()) as admin:
        row = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (user,))
        (text,) = row.fetchone() or ("",)
    return str(text)


@pytest.fixture(scope="module")
def proxy(cluster: Cluster, authority: Authority, pair: Pair) -> Iterator[Proxy]:
    """TLS on both legs, two certificates."""
    ours = authority.sign("proxy", hosts=("127.0.0.1", "localhost"))
    with TlsFront(cluster.port, pair) as front:
        wish = Wish(
            policy(),
            tls=f'{{cert: "{ours.cert}", key: "{ours.key}"}}',
            upstream=(front.port, f"sslmode=verify-full&sslrootcert={authority.root}"),
            auth=method(cluster),
        )
        with Proxy(cluster, wish) as running:
            yield running


def ask(dsn: str, sql: str = MAILS) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql.encode()).fetchall()


@pytest.mark.parametrize("binding", ["disable", "prefer", "require"])
def test_tls_on_both_sides(proxy: Proxy, authority: Authority, binding: str) -> None:
    more = f"?sslmode=verify-full&sslrootcert={authority.root}&channel_binding={binding}"
    masked = ask(proxy.dsn(ANALYST) + more)
    assert all(str(row[0]).startswith("tok_") for row in masked)
    assert all("@" in str(row[0]) for row in ask(proxy.dsn(OWNER) + more))
    who = ask(proxy.dsn(OWNER) + more, "SELECT session_user::text, current_user::text")
    assert who == [(OWNER.user, OWNER.user)]


def test_plain_client_before_a_server_with_tls(proxy: Proxy) -> None:
    assert len(ask(f"{proxy.dsn(ANALYST)}?sslmode=disable")) == 3


@pytest.mark.parametrize("version", ["3.0", "latest"])
def test_versions_of_the_protocol(proxy: Proxy, version: str) -> None:
    dsn = f"{proxy.dsn(ANALYST)}?max_protocol_version={version}"
    with psycopg.connect(dsn) as connection:
        assert connection.pgconn.full_protocol_version == 30000
        assert len(connection.execute(MAILS).fetchall()) == 3


def test_asyncpg_knows_no_binding(proxy: Proxy) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(proxy.dsn(ANALYST), ssl="require")
        assert len(await connection.fetch(MAILS)) == 3
        await connection.close()

    asyncio.run(run())


def test_wrong_password_and_unknown_user_are_told_alike(proxy: Proxy, cluster: Cluster) -> None:
    told = []
    for user, password in ((ANALYST.user, "wrong"), ("nobody at all", "wrong")):
        with pytest.raises(psycopg.OperationalError) as caught:
            psycopg.connect(
                host=proxy.host, port=proxy.port, user=user, password=password, dbname=DATABASE
            )
        told.append(str(caught.value).replace(user, "USER"))
    assert told[0] == told[1]
    assert 'password authentication failed for user "USER"' in told[0]


def test_changed_password_holds_at_once(proxy: Proxy, cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute("CREATE ROLE fickle LOGIN PASSWORD 'old' IN ROLE analyst")
        try:
            dsn = f"host={proxy.host} port={proxy.port} user=fickle dbname={DATABASE} password="
            # The snapshot does not know the role yet: connect again, it says.
            with suppress(psycopg.OperationalError):
                ask(f"{dsn}old")
            assert len(ask(f"{dsn}old")) == 3
            admin.execute("ALTER ROLE fickle PASSWORD 'new'")
            assert len(ask(f"{dsn}new")) == 3
            with pytest.raises(psycopg.OperationalError):
                ask(f"{dsn}old")
            admin.execute("ALTER ROLE fickle VALID UNTIL '2001-01-01'")
            with pytest.raises(psycopg.OperationalError):
                ask(f"{dsn}new")
            admin.execute("ALTER ROLE fickle VALID UNTIL 'infinity' PASSWORD NULL")
            with pytest.raises(psycopg.OperationalError):
                ask(f"{dsn}")
        finally:
            admin.execute("DROP ROLE fickle")


def test_server_that_ends_the_kept_connection_costs_nobody_a_login(
    proxy: Proxy, cluster: Cluster
) -> None:
    assert len(ask(proxy.dsn(ANALYST))) == 3
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND application_name = 'pgproxy catalog'"
        )
    assert len(ask(proxy.dsn(ANALYST))) == 3


def test_users_of_the_file(cluster: Cluster) -> None:
    """What the server stores, in the configuration: nobody needs to read pg_authid."""
    users = f'users: {{{ANALYST.user}: "{stored(cluster, ANALYST.user)}"}}'
    with Proxy(cluster, Wish(policy(), auth=f"{{method: scram, {users}}}")) as own:
        assert len(ask(own.dsn(ANALYST))) == 3
        # The catalog's login may not read what is stored of anybody else.
        with pytest.raises(psycopg.OperationalError, match="cannot be checked"):
            ask(own.dsn(OWNER))
        assert "may not read pg_authid" in own.log.read_text()


def test_stored_keys_that_are_not_the_servers(cluster: Cluster) -> None:
    other = stored(cluster, OWNER.user)
    users = f'users: {{{ANALYST.user}: "{other}"}}'
    with Proxy(cluster, Wish(policy(), auth=f"{{method: scram, {users}}}")) as own:
        dsn = f"host={own.host} port={own.port} user={ANALYST.user} dbname={DATABASE}"
        with pytest.raises(psycopg.OperationalError, match="cannot be carried on"):
            ask(f"{dsn} password={OWNER.password}")


def test_no_secret_is_put_down(proxy: Proxy, cluster: Cluster) -> None:
    ask(proxy.dsn(ANALYST))
    verifier = stored(cluster, ANALYST.user)
    for path in proxy.directory.iterdir():
        if path.name not in ("pgproxy.yaml",) and path.is_file():
            data = path.read_bytes()
            for part in verifier.encode().replace(b":", b"$").split(b"$")[2:]:
                assert part not in data, path.name
