"""Two proxies on one PostgreSQL vault: the same tokens; rows stop while it is away, then go on."""

from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys

import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy
from pgproxy.vault.keys import new_key_file

pytestmark = pytest.mark.e2e

VAULT = "vault_of_two"
EMAILS = "SELECT email FROM shop.customers ORDER BY id"


def rows(dsn: str, sql: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [one for (one,) in connection.execute(sql.encode()).fetchall()]


@pytest.fixture
def proxies(cluster: Cluster) -> Iterator[tuple[Proxy, Proxy]]:
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {VAULT} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {VAULT}")
        admin.execute("DROP ROLE IF EXISTS keeper")
        admin.execute("CREATE ROLE keeper LOGIN PASSWORD 'kept'")
        admin.execute(f"GRANT CREATE ON DATABASE {VAULT} TO keeper")
    wish = Wish(policy(), vault=(cluster.dsn("keeper", "kept", VAULT), new_key_file()))
    with Proxy(cluster, wish) as one, Proxy(cluster, wish) as two:
        yield one, two


def allow(cluster: Cluster, yes: bool) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {VAULT} ALLOW_CONNECTIONS {yes}")
        if not yes:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{VAULT}' AND pid <> pg_backend_pid()"
            )


def test_one_token_for_all_and_nothing_raw_while_it_is_away(
    cluster: Cluster, proxies: tuple[Proxy, Proxy]
) -> None:
    one, two = proxies
    raw = rows(cluster.dsn(OWNER.user, OWNER.password, DATABASE), EMAILS)
    tokens = rows(one.dsn(ANALYST), f"{EMAILS} LIMIT 100")
    assert not set(tokens) & set(raw)
    allow(cluster, False)
    try:
        assert rows(one.dsn(ANALYST), f"{EMAILS} LIMIT 100") == tokens  # it has seen them
        with psycopg.connect(two.dsn(ANALYST), autocommit=True) as asking:
            with pytest.raises(psycopg.Error, match="vault cannot be reached") as caught:
                asking.execute(EMAILS.encode())
            assert (caught.value.sqlstate or "")[:2] in ("53", "57", "58")
            assert not any(value in str(caught.value) for value in raw)
        assert rows(two.dsn(OWNER), EMAILS) == raw
    finally:
        allow(cluster, True)
    assert rows(two.dsn(ANALYST), f"{EMAILS} LIMIT 100") == tokens
    assert rows(one.dsn(ANALYST), EMAILS) == rows(two.dsn(ANALYST), EMAILS)
    found = f"SELECT id::text FROM shop.customers WHERE email = '{tokens[7]}'"
    assert rows(one.dsn(ANALYST), found) == rows(two.dsn(ANALYST), found) != []


def test_its_status_is_printed(proxies: tuple[Proxy, Proxy]) -> None:
    rows(proxies[0].dsn(ANALYST), EMAILS)
    command = [sys.executable, "-m", "pgproxy", "vault", "status", "-c", str(proxies[1].config)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert "tokens" in done.stdout
    assert "kept" not in done.stdout + done.stderr
