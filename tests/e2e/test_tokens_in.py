"""Tokens that come back: in literals and parameters, text and binary, resolved where they meet."""

import asyncio
from collections.abc import Iterator
import re
import urllib.request

import asyncpg
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
    message,
    parse,
    query,
    rows,
)

LOGIN = (ANALYST.user, ANALYST.password)
KEYS = '  "shop.*.{id,customer_id,order_id,manager_id}": public\n'


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """Keys, e-mails and social security numbers are tokens: an integer, a text, a char(11)."""
    text = policy().replace(
        KEYS, f"  shop.customers.id: key\n  shop.orders.customer_id: key\n{KEYS}"
    )
    text = text.replace("ssn: {partial: {last: 4}}", "ssn: token\n      key: token")
    with Proxy(cluster, Wish(text)) as running:
        yield running


@pytest.fixture
def analyst(proxy: Proxy) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


@pytest.fixture
def client(proxy: Proxy) -> Iterator[RawClient]:
    with RawClient(proxy.host, proxy.port, LOGIN, DATABASE) as connection:
        yield connection


def straight(cluster: Cluster, sql: str) -> list[TupleRow]:
    with psycopg.connect(cluster.dsn(OWNER.user, OWNER.password, DATABASE)) as connection:
        return connection.execute(sql).fetchall()


def one(analyst: psycopg.Connection[TupleRow], column: str, table: str, n: int = 0) -> str:
    """The token of a column in some row."""
    key = "created_at" if table == "orders" else "id"
    sql = f"SELECT {column} FROM shop.{table} ORDER BY {key} LIMIT 1 OFFSET {n}"
    (row,) = analyst.execute(sql.encode()).fetchall()
    return str(row[0])


@pytest.mark.parametrize("column", ["email", "ssn"])
def test_token_in_a_literal_finds_its_row(
    analyst: psycopg.Connection[TupleRow], column: str
) -> None:
    token = one(analyst, column, "employees", 3)
    sql = f"SELECT id, {column} FROM shop.employees WHERE {column} = '{token}'"
    assert analyst.execute(sql.encode()).fetchall() == [(4, token)]


def test_token_of_an_integer_finds_its_rows_in_both_tables(
    cluster: Cluster, analyst: psycopg.Connection[TupleRow]
) -> None:
    token = int(one(analyst, "customer_id", "orders"))
    sql = f"SELECT id FROM shop.orders WHERE customer_id = {token}"
    orders = analyst.execute(sql.encode())
    found = [row[0] for row in orders.fetchall()]
    (row,) = straight(cluster, f"SELECT customer_id FROM shop.orders WHERE id = {found[0]}")
    assert token != row[0]
    expected = straight(cluster, f"SELECT id FROM shop.orders WHERE customer_id = {row[0]}")
    assert sorted(found) == sorted(r[0] for r in expected)
    email = analyst.execute("SELECT email FROM shop.customers WHERE id = %s", (token,)).fetchone()
    assert email is not None


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_token_in_a_parameter(analyst: psycopg.Connection[TupleRow], binary: bool) -> None:
    token, key = one(analyst, "email", "employees", 2), int(one(analyst, "customer_id", "orders"))
    form = "%b" if binary else "%t"
    for sql, given in (
        (f"SELECT count(*) FROM shop.employees WHERE email = {form}", token),
        (f"SELECT count(*) FROM shop.employees WHERE email = ANY({form})", [token, "x", None]),
        (f"SELECT count(*) FROM shop.customers WHERE id = {form}", key),
        (f"SELECT count(*) FROM shop.customers WHERE id = ANY({form})", [key, 3, None]),
    ):
        assert analyst.execute(sql.encode(), (given,)).fetchall() == [(1,)], sql


def test_asyncpg_prepares_and_binds_them(proxy: Proxy) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(proxy.dsn(ANALYST))
        try:
            listed = await connection.fetch("SELECT id, email FROM shop.employees ORDER BY id")
            found = await connection.prepare("SELECT id FROM shop.employees WHERE email = $1")
            for row in listed[:5]:
                assert await found.fetchval(row["email"]) == row["id"]
            several = await connection.fetch(
                "SELECT id FROM shop.employees WHERE email = ANY($1)",
                [row["email"] for row in listed[:7]],
            )
            assert sorted(row["id"] for row in several) == [row["id"] for row in listed[:7]]
        finally:
            await connection.close()

    asyncio.run(run())


def test_lists_inequalities_and_distinct(
    cluster: Cluster, analyst: psycopg.Connection[TupleRow]
) -> None:
    (whole,) = straight(cluster, "SELECT count(*) FROM shop.employees")[0]
    a, b = (one(analyst, "email", "employees", n) for n in (0, 1))
    for condition, expected in (
        (f"email IN ('{a}', '{b}')", 2),
        (f"email NOT IN ('{a}', '{b}')", whole - 2),
        (f"email <> '{a}'", whole - 1),
        (f"email = ANY ('{{{a},{b}}}')", 2),
        (f"email = ANY (ARRAY['{a}', 'x'])", 1),
        (f"email <> ALL ('{{{a},unknown}}')", whole - 1),
        (f"email IS NOT DISTINCT FROM '{a}'", 1),
        (f"email IS DISTINCT FROM '{a}'", whole - 1),
        (f"email IS DISTINCT FROM 'unknown {a[5:]}'", whole),
        (f"email IS NOT DISTINCT FROM 'unknown {a[5:]}'", 0),
        (f"(email, id) = ('{a}', 1)", 1),
        (f"email = '{a}' OR email = '{b}'", 2),
    ):
        sql = f"SELECT count(*) FROM shop.employees WHERE {condition}"
        assert analyst.execute(sql.encode()).fetchall() == [(expected,)], condition


@pytest.mark.parametrize("column", ["email", "ssn"])
def test_real_value_finds_nothing(
    cluster: Cluster, analyst: psycopg.Connection[TupleRow], column: str
) -> None:
    """What a reader was told by others is not confirmed: only tokens match."""
    told: list[str] = []
    analyst.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
    for (value,) in straight(cluster, f"SELECT {column} FROM shop.employees LIMIT 5"):
        sql = f"SELECT id FROM shop.employees WHERE {column} = "
        assert analyst.execute((sql + f"'{value}'").encode()).fetchall() == []
        assert analyst.execute((sql + "%s").encode(), (value,)).fetchall() == []
        assert analyst.execute((sql + "%b").encode(), (value,)).fetchall() == []
        every = f"SELECT id FROM shop.employees WHERE {column} = ANY(%s)"
        assert analyst.execute(every.encode(), ([value],)).fetchall() == []
    assert set(told) == {
        f"a value compared with shop.employees.{column} is no token of it: it matches nothing"
    }


def test_token_of_another_domain_finds_nothing(analyst: psycopg.Connection[TupleRow]) -> None:
    ssn = one(analyst, "ssn", "employees", 1)
    sql = "SELECT id FROM shop.employees WHERE email = %s"
    assert analyst.execute(sql, (ssn,)).fetchall() == []


def test_value_is_shown_nowhere(
    cluster: Cluster, proxy: Proxy, client: RawClient, analyst: psycopg.Connection[TupleRow]
) -> None:
    """Not by the server's views of its own session, not by a cursor's text, not by an error."""
    token = one(analyst, "email", "employees", 1)
    ((value,),) = straight(cluster, "SELECT email FROM shop.employees WHERE id = 2")
    client.seen = b""
    where = f"FROM shop.employees WHERE email = '{token}'"
    client.ask(query(f"PREPARE mine AS SELECT id {where}"))
    assert rows(client.ask(query("EXECUTE mine"))) == [[b"2"]]
    client.ask(query("BEGIN"))
    client.ask(query(f"DECLARE c CURSOR FOR SELECT id {where}"))
    assert rows(client.ask(query("FETCH ALL FROM c"))) == [[b"2"]]
    for sql in (
        "SELECT * FROM pg_cursors",
        "SELECT statement FROM pg_prepared_statements",
        "SELECT query FROM pg_stat_activity",
        "EXPLAIN EXECUTE mine",
        f"EXPLAIN SELECT id {where}",
        f"SELECT 1/(id - id) {where}",
        f"SELECT email::int {where}",
        f"SELECT '{token}' {where}",
    ):
        client.ask(query("SAVEPOINT s"))
        client.ask(query(sql))
        client.ask(query("ROLLBACK TO s"))
    assert value.encode() not in client.seen
    audit = (proxy.directory / "audit.jsonl").read_text()
    assert value not in audit
    assert token not in audit


def test_parameter_is_not_resolved_where_it_could_come_out(client: RawClient) -> None:
    for sql in (
        "SELECT $1 FROM shop.employees WHERE email = $1",
        "SELECT id FROM shop.employees WHERE email = $1 OR department = $1",
    ):
        replies = client.ask(parse("", sql), SYNC)
        assert fields(replies[0][1])["C"] == "42501", sql


def test_execute_cannot_give_a_value_to_a_bound_statement(
    cluster: Cluster, client: RawClient
) -> None:
    """SQL's EXECUTE reaches statements of the protocol: their parameters would go as they are."""
    ((value,),) = straight(cluster, "SELECT email FROM shop.employees WHERE id = 2")
    client.ask(parse("find", "SELECT id FROM shop.employees WHERE email = $1"), SYNC)
    replies = client.ask(query(f"EXECUTE find('{value}')"))
    assert rows(replies) == []
    assert fields(replies[0][1])["C"] == "42501"


def with_parameter(portal: str, statement: str, value: str) -> bytes:
    """A Bind with one parameter in text."""
    body = f"{portal}\0{statement}\0".encode() + b"\0\0\0\1"
    return message(b"B", body + len(value.encode()).to_bytes(4, "big") + value.encode() + b"\0\0")


@pytest.mark.parametrize("asks_first", [True, False])
def test_bind_of_a_name_that_another_statement_kept(
    cluster: Cluster, proxy: Proxy, analyst: psycopg.Connection[TupleRow], asks_first: bool
) -> None:
    """A Parse that fails leaves the old statement: the next Bind means that one."""
    token = one(analyst, "email", "employees", 1)
    ((value,),) = straight(cluster, "SELECT email FROM shop.employees WHERE id = 2")
    find = "SELECT id FROM shop.employees WHERE email = $1"
    echo = "SELECT $1::text"
    first, second = (find, echo) if asks_first else (echo, find)
    given = value if asks_first else token
    with RawClient(proxy.host, proxy.port, LOGIN, DATABASE) as client:
        client.ask(parse("s", first), SYNC)
        client.seen = b""
        # The second Parse is refused by the server, the name is taken; all of it is one write.
        client.send(parse("s", second), SYNC, with_parameter("", "s", given), execute(""), SYNC)
        try:
            replies = client.until(times=2)
        except EOFError:
            replies = []
        shown = rows(replies)
        assert shown in ([], [[given.encode()]] if not asks_first else [])
        if not asks_first:
            assert value.encode() not in client.seen


def test_pipeline_of_many_binds(client: RawClient, analyst: psycopg.Connection[TupleRow]) -> None:
    tokens = [one(analyst, "email", "employees", n) for n in range(6)]
    client.send(
        parse("s", "SELECT id FROM shop.employees WHERE email = $1"),
        SYNC,
        *(m for t in tokens for m in (with_parameter("", "s", t), execute(""), SYNC)),
    )
    assert rows(client.until(times=7)) == [[b"%d" % n] for n in range(1, 7)]


def test_describe_comes_as_from_the_server(client: RawClient) -> None:
    """Parameter types and fields are those of the statement as it was given."""
    replies = client.ask(
        parse("", "SELECT id FROM shop.customers WHERE id = $1 AND email = $2"),
        describe("S", ""),
        SYNC,
    )
    kinds = [kind for kind, _ in replies]
    assert kinds == [b"1", b"t", b"T", b"Z"]
    assert replies[1][1] == b"\0\2" + (23).to_bytes(4, "big") + (25).to_bytes(4, "big")


def test_malformed_parameters_are_the_servers_business(client: RawClient) -> None:
    client.ask(parse("s", "SELECT id FROM shop.customers WHERE id = $1"), SYNC)
    wrong = message(b"B", b"\0s\0" + b"\0\1\0\1\0\1" + b"\0\0\0\2ab" + b"\0\0")
    replies = client.ask(wrong, execute(""), SYNC)
    assert replies[0][0] in (b"2", b"E")
    assert rows(replies) == []
    none = client.ask(bind("", "s"), SYNC)
    assert fields(none[0][1])["C"] == "08P01"


def test_it_is_counted(proxy: Proxy, analyst: psycopg.Connection[TupleRow]) -> None:
    def total(name: str) -> float:
        with urllib.request.urlopen(f"{proxy.admin_url}metrics") as page:
            found = re.search(rf"^pgproxy_{name}_total (\S+)$", page.read().decode(), re.MULTILINE)
        assert found
        return float(found[1])

    token = one(analyst, "email", "employees", 1)
    known, unknown = total("tokens_resolved"), total("tokens_unknown")
    analyst.execute("SELECT id FROM shop.employees WHERE email IN (%s, 'x', 'y')", (token,))
    assert total("tokens_resolved") == known + 1
    assert total("tokens_unknown") == unknown + 2
