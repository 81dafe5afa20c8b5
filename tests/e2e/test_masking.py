"""What a masked role gets: treated values in both formats, refusals in their place, nothing raw."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
import datetime
import re
import struct

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy
from tests.e2e.raw import (
    SYNC,
    RawClient,
    bind,
    describe,
    execute,
    fields,
    kinds,
    message,
    parse,
    query,
    rows,
)

LOGIN = (ANALYST.user, ANALYST.password)
TOKEN = re.compile(r"tok_[0-9A-Za-z]{22}")


def ask(dsn: str, sql: str, *, binary: bool = False) -> list[TupleRow]:
    with psycopg.connect(dsn) as connection, connection.cursor(binary=binary) as cursor:
        return cursor.execute(sql).fetchall()


def raw_values(cluster: Cluster, sql: str) -> list[TupleRow]:
    return ask(cluster.dsn(OWNER.user, OWNER.password, DATABASE), sql)


@pytest.fixture
def client(proxy: Proxy) -> Iterator[RawClient]:
    with RawClient(proxy.host, proxy.port, LOGIN, DATABASE) as connection:
        yield connection


EMPLOYEES = "SELECT first_name, last_name, email, ssn, salary FROM shop.employees ORDER BY id"


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_each_treatment(cluster: Cluster, proxy: Proxy, binary: bool) -> None:
    raw = raw_values(cluster, EMPLOYEES)
    seen = ask(proxy.dsn(ANALYST), EMPLOYEES, binary=binary)
    assert len(seen) == len(raw)
    for (first, last, email, ssn, salary), (_, _, email0, ssn0, salary0) in zip(
        seen, raw, strict=True
    ):
        assert first.isalpha()
        assert last.replace("'", "").replace("-", "").isalpha()
        assert TOKEN.fullmatch(email)
        assert ssn == "*" * 7 + ssn0[-4:]
        assert 0 < abs(salary - salary0) <= 500
        assert email != email0
    assert [row[0] for row in seen] != [row[0] for row in raw]


def test_text_and_binary_agree(proxy: Proxy) -> None:
    for sql in (
        EMPLOYEES,
        "SELECT birth_date, phone, email FROM shop.customers ORDER BY id",
        "SELECT card_number, iban, amount FROM shop.payments ORDER BY id",
        "SELECT subject, body FROM shop.support_tickets ORDER BY id",
    ):
        dsn = proxy.dsn(ANALYST)
        assert ask(dsn, sql) == ask(dsn, sql, binary=True), sql


def test_nulls_stay_null_and_noise_stays_near(cluster: Cluster, proxy: Proxy) -> None:
    sql = "SELECT birth_date, phone FROM shop.customers ORDER BY id"
    for (day, phone), (day0, phone0) in zip(
        ask(proxy.dsn(ANALYST), sql), raw_values(cluster, sql), strict=True
    ):
        assert (day is None) == (day0 is None)
        assert (phone is None) == (phone0 is None)
        if day0:
            assert abs(day - day0) <= datetime.timedelta(days=365)


def test_unclassified_is_hidden_and_unnamed_class_redacted(proxy: Proxy) -> None:
    seen = ask(proxy.dsn(ANALYST), "SELECT subject, body FROM shop.support_tickets")
    assert {row[1] for row in seen} == {None}
    assert {row[0] for row in seen} == {"***"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT email FROM shop.customers",
        "SELECT c.email FROM shop.customers AS c JOIN shop.orders o ON o.customer_id = c.id",
        "SELECT mail FROM (SELECT email AS mail FROM shop.customers) s",
        "WITH t AS (SELECT * FROM shop.customers) SELECT email FROM t",
        "SELECT email FROM shop.customers UNION ALL SELECT email FROM shop.employees",
        "SELECT email FROM shop.customers UNION SELECT email FROM shop.employees",
        "SELECT email FROM shop.customer_orders",
        "SELECT manager_email FROM shop.employee_directory WHERE manager_email IS NOT NULL",
        "SELECT (SELECT email FROM shop.customers c WHERE c.id = o.customer_id) FROM shop.orders o",
        (
            "SELECT coalesce(e.email, c.email) FROM shop.employees e FULL JOIN shop.customers c"
            " USING (id)"
        ),
        "SELECT DISTINCT email FROM customers",
        "VALUES ((SELECT email FROM customers LIMIT 1))",
    ],
)
def test_tokens_hold_along_every_path(cluster: Cluster, proxy: Proxy, sql: str) -> None:
    raw = {row[0] for row in raw_values(cluster, sql)}
    for binary in (False, True):
        seen = [row[0] for row in ask(proxy.dsn(ANALYST), sql, binary=binary)]
        assert not raw & set(seen) - {None}
        assert all(value is None or TOKEN.fullmatch(value) for value in seen)


def test_equal_values_have_equal_tokens_everywhere(cluster: Cluster, proxy: Proxy) -> None:
    plain = ask(proxy.dsn(ANALYST), "SELECT id, email FROM shop.customers")
    known: dict[int, str] = dict(plain)
    assert len(set(known.values())) == len(known)
    joined = ask(proxy.dsn(ANALYST), "SELECT customer_id, email FROM shop.customer_orders")
    assert all(known[customer] == email for customer, email in joined)
    grouped = ask(
        proxy.dsn(ANALYST), "SELECT email, count(*) FROM shop.customer_orders GROUP BY email"
    )
    assert Counter(email for _, email in joined) == dict(grouped)


def test_tokens_survive_a_restart(cluster: Cluster) -> None:
    sql = "SELECT id, email, first_name FROM shop.customers ORDER BY id"
    with Proxy(cluster, Wish(policy())) as own:
        before = ask(own.dsn(ANALYST), sql)
        own.stop()
        own.start()
        assert ask(own.dsn(ANALYST), sql) == before


def test_no_value_in_any_file_of_the_proxy(cluster: Cluster, proxy: Proxy) -> None:
    ask(proxy.dsn(ANALYST), "SELECT * FROM shop.customers")
    ask(proxy.dsn(OWNER), "SELECT * FROM shop.customers WHERE email <> 'canary-4711@example.com'")
    secrets = [row[0].encode() for row in raw_values(cluster, "SELECT email FROM shop.customers")]
    for path in proxy.directory.iterdir():
        held = path.read_bytes()
        assert b"canary-4711" not in held, path.name
        assert not any(secret in held for secret in secrets), path.name


def test_computed_fields_are_null_with_a_notice(proxy: Proxy) -> None:
    notices: list[str] = []
    with psycopg.connect(proxy.dsn(ANALYST)) as connection:
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        found = connection.execute("SELECT upper(email), id FROM customers WHERE id = 1").fetchall()
    assert found == [(None, 1)]
    assert len(notices) == 1
    assert "upper" in notices[0]


def test_a_cast_cannot_fail_over_a_value(proxy: Proxy) -> None:
    # Run over a raw value this error would quote it.
    assert ask(proxy.dsn(ANALYST), "SELECT email::int FROM customers WHERE id = 1") == [(None,)]
    assert ask(proxy.dsn(ANALYST), "SELECT 1 / (salary - salary) FROM employees LIMIT 1") == [
        (None,)
    ]


def test_refusals_abort_the_transaction(client: RawClient) -> None:
    found = client.ask(
        query("BEGIN"),
        query("SELECT id FROM customers WHERE email > 'x'"),
        query("SELECT 1"),
        query("ROLLBACK"),
        query("SELECT 1"),
        syncs=5,
    )
    assert kinds(found) == "CZ" + "EZ" + "EZ" + "CZ" + "TDCZ"
    errors = [fields(body)["C"] for kind, body in found if kind == b"E"]
    assert errors == ["42501", "25P02"]
    assert [body for kind, body in found if kind == b"Z"] == [b"T", b"E", b"E", b"I", b"I"]


def test_a_refusal_takes_its_place_in_a_pipeline(client: RawClient) -> None:
    good, bad = (
        "SELECT id FROM orders WHERE id = 1",
        "SELECT id FROM orders o WHERE ship_name = 'x'",
    )
    found = client.ask(
        parse("", good),
        bind("", ""),
        execute(""),
        SYNC,
        parse("", bad),
        bind("", ""),
        execute(""),
        SYNC,
        parse("", good),
        bind("", ""),
        execute(""),
        SYNC,
        syncs=3,
    )
    assert kinds(found) == "12DCZ" + "EZ" + "12DCZ"


def test_a_refusal_in_the_middle_of_a_query_string(client: RawClient) -> None:
    found = client.ask(query("SELECT 1; SELECT id FROM customers WHERE email > 'x'; SELECT 2"))
    assert kinds(found) == "TDCEZ"


def test_rows_without_a_description_are_treated_too(client: RawClient) -> None:
    found = client.ask(
        parse("s", "SELECT id, email FROM customers ORDER BY id LIMIT 3"),
        bind("p", "s", 1, 0),
        execute("p", 2),
        execute("p"),
        SYNC,
    )
    assert kinds(found) == "12DDsDCZ"
    for number, (key, email) in enumerate(rows(found), 1):
        assert key == struct.pack("!i", number)
        assert TOKEN.fullmatch((email or b"").decode())


def test_a_statement_can_be_named_again(client: RawClient) -> None:
    first = client.ask(
        parse("", "SELECT id FROM customers"), parse("", "SELECT email FROM customers LIMIT 1"),
        bind("", ""), execute(""), SYNC,
    )  # fmt: skip
    assert kinds(first) == "112DCZ"
    assert TOKEN.fullmatch((rows(first)[0][0] or b"").decode())
    # The second Parse of a living name fails; the first statement stays what it was.
    second = client.ask(
        parse("a", "SELECT email FROM customers LIMIT 1"), SYNC,
        parse("a", "SELECT city FROM customers LIMIT 1"), SYNC,
        bind("", "a"), execute(""), SYNC, syncs=3,
    )  # fmt: skip
    assert kinds(second) == "1Z" + "EZ" + "2DCZ"
    assert TOKEN.fullmatch((rows(second)[0][0] or b"").decode())


def test_describe_tells_the_clients_types(client: RawClient) -> None:
    found = client.ask(
        parse("d", "SELECT email, upper(email) AS u FROM customers WHERE id = $1"),
        describe("S", "d"),
        SYNC,
    )
    assert kinds(found) == "1tTZ"
    assert b"email\0" in found[2][1]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY customers FROM STDIN",
        "COPY (SELECT email FROM customers) TO '/tmp/x'",
        "INSERT INTO products VALUES (1, 'a', 'b', 1, 1)",
        "CREATE TEMP TABLE x AS SELECT email FROM customers",
        "DO $$ BEGIN END $$",
        "SET search_path = public",
        "SET standard_conforming_strings = off",
        "SELECT set_config('search_path', 'x', false)",
        "SELECT * FROM pg_statistic",
        "SELECT query_to_xml('select email from shop.customers', true, false, '')",
        "NOTIFY x, 'y'",
        "SET ROLE owner_app",
    ],
)
def test_not_covered_is_refused(client: RawClient, sql: str) -> None:
    found = client.ask(query(sql))
    assert kinds(found) == "EZ"
    assert fields(found[0][1])["C"] == "42501"
    assert fields(found[0][1])["M"]


def test_function_call_is_refused(client: RawClient) -> None:
    found = client.ask(message(b"F", b"\0\0\x05\xd2" + b"\0\0" * 3))
    assert kinds(found) == "EZ"
    assert fields(found[0][1])["C"] == "42501"


def test_errors_of_masked_tables_keep_the_code_only(client: RawClient) -> None:
    found = client.ask(query("SELECT city::int FROM customers WHERE id = 1"))
    (error,) = [fields(body) for kind, body in found if kind == b"E"]
    assert error["C"] == "22P02"
    assert '"' not in error["M"], "the server's text quotes the value"
    assert not {"D", "W", "q", "s", "t", "c"} & error.keys()
    (error,) = [fields(b) for k, b in client.ask(query("SELECT 1/0")) if k == b"E"]
    assert error["M"] == "division by zero"


@pytest.mark.parametrize(
    "parameters",
    [
        {"options": "-c search_path=public"},
        {"replication": "database"},
        {"search_path": "public"},
        {"standard_conforming_strings": "off"},
        {"client_encoding": "SJIS"},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_start_up_parameters_are_vetted(proxy: Proxy, parameters: dict[str, str]) -> None:
    client = RawClient(proxy.host, proxy.port, LOGIN, DATABASE)
    client.parameters = parameters
    with pytest.raises(AssertionError, match=r"'C': '(42501|28000|0A000|08P01|22023)'"):
        client.start()


def test_a_login_without_entry_is_refused(cluster: Cluster, proxy: Proxy) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    try:
        with pytest.raises(AssertionError, match="28000"):
            RawClient(proxy.host, proxy.port, ("stranger", "x"), DATABASE).start()
    finally:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("DROP ROLE stranger")


@pytest.mark.parametrize(
    "grant", ["ALTER ROLE {} SUPERUSER", "ALTER ROLE {} BYPASSRLS", "GRANT pg_read_all_data TO {}"]
)
def test_a_masked_login_with_too_many_rights_is_refused(cluster: Cluster, grant: str) -> None:
    rules = policy().replace("role: analyst", "role: [analyst, mighty]")
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("CREATE ROLE mighty LOGIN PASSWORD 'x'")
        connection.execute(grant.format("mighty"))
        try:
            with (
                Proxy(cluster, Wish(rules)) as own,
                pytest.raises(AssertionError, match=r"28000|42501"),
            ):
                RawClient(own.host, own.port, ("mighty", "x"), DATABASE).start()
        finally:
            connection.execute("DROP ROLE mighty")


def test_second_lock_stops_a_result_that_is_not_the_planned_one(cluster: Cluster) -> None:
    """The catalog snapshot is stale: names mean other columns than those that were analysed."""
    swap = (
        "ALTER TABLE shop.customers RENAME COLUMN {0} TO t;"
        "ALTER TABLE shop.customers RENAME COLUMN {1} TO {0};"
        "ALTER TABLE shop.customers RENAME COLUMN t TO {1}"
    )
    with Proxy(cluster, Wish(policy())) as own, ExitStack() as own_client:
        assert ask(own.dsn(ANALYST), "SELECT city FROM customers WHERE id = 1")
        with psycopg.connect(cluster.dsn(database=DATABASE), autocommit=True) as admin:
            admin.execute(swap.format("city", "email"))
            try:
                for binary in (False, True):
                    with pytest.raises(psycopg.Error):
                        ask(own.dsn(ANALYST), "SELECT city FROM customers", binary=binary)
                client = own_client.enter_context(RawClient(own.host, own.port, LOGIN, DATABASE))
                # The nonces of the login and the cancel key may hold any byte.
                client.seen = b""
                client.send(
                    parse("", "SELECT city FROM customers"), bind("", ""), execute(""), SYNC
                )
                with pytest.raises(EOFError):
                    client.until(b"Z")
                assert b"@" not in client.seen
            finally:
                admin.execute(swap.format("email", "city"))
