"""A service logs in for users of the proxy's own; passwords are prepared as the server does it."""

from collections.abc import Iterator
import json

import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, CATALOG_READER, OWNER, Login, policy
from pgproxy.session.scram import Verifier
from pgproxy.session.service import PasswordKeys, new_verifier

pytestmark = pytest.mark.e2e

MAILS = "SELECT email, session_user::text FROM shop.customers ORDER BY id LIMIT 3"
SERVICE = Login("front", "the service's own")

# Users that only the proxy knows, by the names of the policy's entries.
MASKED = Login("analyst", "not the server's")
SHOWN = Login("app", "nor this")
NAMELESS = Login("nameless", "has no entry")


def auth(service: Login, *users: Login) -> str:
    known = ", ".join(f'{u.user}: "{new_verifier(u.password, b"0123456789abcdef")}"' for u in users)
    told = f'{{user: {service.user}, password: "{service.password}"}}'
    return f"{{method: scram, users: {{{known}}}, service: {told}}}"


@pytest.fixture(scope="module")
def role(cluster: Cluster) -> Iterator[Cluster]:
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute("CREATE ROLE front LOGIN PASSWORD 'the service''s own' IN ROLE analyst")
        yield cluster
        admin.execute("DROP ROLE front")


@pytest.fixture(scope="module")
def proxy(role: Cluster) -> Iterator[Proxy]:
    with Proxy(role, Wish(policy(), auth=auth(SERVICE, MASKED, SHOWN, NAMELESS))) as running:
        yield running


def ask(proxy: Proxy, login: Login, sql: str = MAILS) -> list[tuple[object, ...]]:
    with psycopg.connect(proxy.dsn(login)) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_each_user_sees_what_the_policy_says_of_its_name(proxy: Proxy) -> None:
    assert all(str(mail).startswith("tok_") and who == "front" for mail, who in ask(proxy, MASKED))
    assert all("@" in str(mail) and who == "front" for mail, who in ask(proxy, SHOWN))
    lines = proxy.audit.read_text().splitlines()
    logins = [json.loads(line)["login"] for line in lines]
    assert {MASKED.user, SHOWN.user} <= set(logins)
    assert SERVICE.user not in logins


def test_a_user_that_the_policy_does_not_name_is_refused(proxy: Proxy) -> None:
    """The service is a member of analyst: that is no entry for whoever comes by it."""
    with pytest.raises(psycopg.OperationalError, match='names role "nameless"'):
        ask(proxy, NAMELESS)


@pytest.mark.parametrize("login", [ANALYST, OWNER, CATALOG_READER, SERVICE, Login("no", "one")])
def test_passwords_of_the_server_open_nothing(proxy: Proxy, login: Login) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(proxy, login)


def test_the_rights_of_the_service_are_vetted(role: Cluster) -> None:
    powerful = Login(role.superuser, role.password)
    with (
        Proxy(role, Wish(policy(), auth=auth(powerful, MASKED, SHOWN))) as running,
        pytest.raises(psycopg.OperationalError, match="SUPERUSER"),
    ):
        ask(running, MASKED)


def test_the_database_is_the_clients(proxy: Proxy) -> None:
    """Left out, it is named as the client, not as the service."""
    with pytest.raises(psycopg.OperationalError, match='database "analyst" does not exist'):
        psycopg.connect(
            host=proxy.host, port=proxy.port, user=MASKED.user, password=MASKED.password
        )


def test_a_wrong_password_of_the_service_is_the_proxys_fault(role: Cluster) -> None:
    wrong = Login(SERVICE.user, "wrong")
    with (
        Proxy(role, Wish(policy(), auth=auth(wrong, MASKED))) as running,
        pytest.raises(psycopg.OperationalError) as caught,
    ):
        ask(running, MASKED)
    assert "the proxy could not log in" in str(caught.value)
    assert SERVICE.user not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    [
        "plain",
        " with blanks ",
        "K\u00f6ln",
        "Ko\u0308ln",
        "no\u00adhyphen",
        "\u00a0hard\u2003blank",
        "\u2168 \ufb01",
        "\u0627\u0644\u0639",
        "\u0627a\u0627",
        "a\u0001b",
        "\u00ad",
        "\U0001f512",
        "x" * 600,
    ],
)
def test_passwords_are_prepared_as_the_server_does_it(cluster: Cluster, password: str) -> None:
    with psycopg.connect(cluster.dsn()) as admin:
        literal = psycopg.sql.Literal(password)
        admin.execute(psycopg.sql.SQL("CREATE ROLE prepared PASSWORD {}").format(literal))
        row = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'prepared'")
        (text,) = row.fetchone() or ("",)
        admin.rollback()
    stored = Verifier.parse(text)
    assert stored is not None
    assert str(stored) == text
    assert PasswordKeys(password).matching(stored.salt, stored.iterations).verifier == stored
