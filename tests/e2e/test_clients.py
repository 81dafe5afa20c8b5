"""psql, psycopg 3 and asyncpg through the proxy: logged in as themselves, with direct answers."""

import asyncio
from collections.abc import Callable
import os
import subprocess
import threading

import asyncpg
import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, Login

STATEMENTS = (
    "SELECT * FROM shop.customers ORDER BY id",
    "SELECT * FROM shop.payments ORDER BY id",
    (
        "SELECT country, count(*), avg(extract(year FROM birth_date)) FROM shop.customers"
        " GROUP BY country ORDER BY country"
    ),
    (
        "SELECT c.first_name, sum(o.total) FROM shop.customers c JOIN shop.orders o"
        " ON o.customer_id = c.id GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"
    ),
    "SELECT NULL, true, 1.5::float8, '{1,2}'::int[], '{\"a\": 1}'::jsonb, 'x'::bytea",
)
# Nothing masked in them: an analyst too gets what the server says.
SHOWN = (
    "SELECT * FROM shop.products ORDER BY id",
    "SELECT city, country FROM shop.customers ORDER BY id",
    (
        "SELECT o.status, count(*), sum(i.quantity * i.price) FROM shop.orders o"
        " JOIN shop.order_items i ON i.order_id = o.id GROUP BY o.status ORDER BY 1"
    ),
    (
        "SELECT date_trunc('month', created_at) AS month, count(*), sum(total),"
        " row_number() OVER (ORDER BY date_trunc('month', created_at)) FROM shop.orders"
        " GROUP BY 1 ORDER BY 1"
    ),
    (
        "WITH big AS (SELECT * FROM shop.orders WHERE total > 100) SELECT ship_city, max(total)"
        " FROM big WHERE created_at >= '2020-01-01' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5 OFFSET 1"
    ),
    "SELECT count(*), count(email), count(DISTINCT email) FROM shop.customers",
    "SELECT version(), current_user, current_database(), 1 + 1",
)


def direct(cluster: Cluster, login: Login) -> str:
    return cluster.dsn(login.user, login.password, DATABASE)


def psql(cluster: Cluster, dsn: str, *arguments: str, stdin: str = "") -> str:
    result = subprocess.run(
        [str(cluster.psql), "-X", dsn, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PGCONNECT_TIMEOUT": "20", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    "script",
    [
        *STATEMENTS,
        r"\d",
        r"\d shop.customers",
        r"\du",
        r"\copy shop.products to stdout csv",
        (
            "BEGIN;\nINSERT INTO shop.products VALUES (999, 'x', 'y', 1, 1);\n"
            "SELECT count(*) FROM shop.products;\nROLLBACK;"
        ),
        "SELECT nothing;\nSELECT 1/0;\n\\echo done",
        "SELECT id FROM shop.customers WHERE id < $1 \\bind 3 \\g",
    ],
)
def test_psql_as_owner_sees_no_difference(cluster: Cluster, proxy: Proxy, script: str) -> None:
    through = psql(cluster, proxy.dsn(OWNER), stdin=script)
    assert through == psql(cluster, direct(cluster, OWNER), stdin=script)


@pytest.mark.parametrize("sql", SHOWN)
def test_psql_as_analyst_sees_what_is_shown(cluster: Cluster, proxy: Proxy, sql: str) -> None:
    through = psql(cluster, proxy.dsn(ANALYST), "-c", sql)
    assert through == psql(cluster, direct(cluster, ANALYST), "-c", sql)


def test_psql_prints_refusal_with_position_and_hint(cluster: Cluster, proxy: Proxy) -> None:
    said = psql(
        cluster, proxy.dsn(ANALYST), "-c", "SELECT id FROM shop.customers WHERE email > 'x'"
    )
    assert "ERROR:  " in said
    assert "shop.customers.email" in said
    assert "HINT:  " in said
    assert "LINE 1: SELECT id FROM shop.customers WHERE email > 'x'" in said


def test_wrong_password_is_the_servers_error(cluster: Cluster, proxy: Proxy) -> None:
    wrong = Login("analyst", "wrong")
    through = psql(cluster, proxy.dsn(wrong), "-c", "SELECT 1")
    there = psql(cluster, direct(cluster, wrong), "-c", "SELECT 1")
    assert "password authentication failed" in through
    assert through.replace(str(proxy.port), "") == there.replace(str(cluster.port), "")


def test_unknown_user_and_database_are_the_servers_errors(cluster: Cluster, proxy: Proxy) -> None:
    for login, database in ((Login("nobody_here", "x"), DATABASE), (OWNER, "nowhere")):
        said = psql(cluster, proxy.dsn(login, database), "-c", "SELECT 1")
        there = psql(cluster, cluster.dsn(login.user, login.password, database), "-c", "SELECT 1")
        assert said.replace(str(proxy.port), "") == there.replace(str(cluster.port), "")


Ask = Callable[[str, str], list[TupleRow]]


def psycopg_text(dsn: str, sql: str) -> list[TupleRow]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql).fetchall()


def psycopg_binary(dsn: str, sql: str) -> list[TupleRow]:
    with psycopg.connect(dsn) as connection, connection.cursor(binary=True) as cursor:
        return cursor.execute(sql, prepare=True).fetchall()


def psycopg_pipeline(dsn: str, sql: str) -> list[TupleRow]:
    with psycopg.connect(dsn, autocommit=True) as connection, connection.pipeline():
        cursors = [connection.execute(sql) for _ in range(3)]
        found = [cursor.fetchall() for cursor in cursors]
    assert found[0] == found[1] == found[2]
    return found[0]


def asyncpg_prepared(dsn: str, sql: str) -> list[TupleRow]:
    async def ask() -> list[TupleRow]:
        connection = await asyncpg.connect(dsn)
        try:
            statement = await connection.prepare(sql)
            first = [tuple(row) for row in await statement.fetch()]
            assert first == [tuple(row) for row in await statement.fetch()]
            return first
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("ask", [psycopg_text, psycopg_binary, psycopg_pipeline, asyncpg_prepared])
@pytest.mark.parametrize("sql", STATEMENTS)
def test_drivers_as_owner(cluster: Cluster, proxy: Proxy, ask: Ask, sql: str) -> None:
    assert ask(proxy.dsn(OWNER), sql) == ask(direct(cluster, OWNER), sql)


@pytest.mark.parametrize("ask", [psycopg_text, psycopg_binary, psycopg_pipeline, asyncpg_prepared])
@pytest.mark.parametrize("sql", SHOWN)
def test_drivers_as_analyst(cluster: Cluster, proxy: Proxy, ask: Ask, sql: str) -> None:
    assert ask(proxy.dsn(ANALYST), sql) == ask(direct(cluster, ANALYST), sql)


@pytest.mark.parametrize("login", [OWNER, ANALYST], ids=lambda login: login.user)
def test_transactions(proxy: Proxy, login: Login) -> None:
    with psycopg.connect(proxy.dsn(login)) as connection:
        before = connection.execute("SELECT count(*) FROM shop.orders").fetchone()
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1/0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        with connection.transaction():
            connection.execute("SELECT 1")
            with pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
                connection.execute("SELECT 1/0")
            after = connection.execute("SELECT count(*) FROM shop.orders").fetchone()
        assert after == before


def test_writes_of_the_owner_arrive(cluster: Cluster, proxy: Proxy) -> None:
    sql = "INSERT INTO shop.products VALUES (%s, 'Lamp', 'lighting', 1.5, 3) RETURNING name"
    with psycopg.connect(proxy.dsn(OWNER)) as connection:
        assert connection.execute(sql, (4711,)).fetchone() == ("Lamp",)
    with psycopg.connect(direct(cluster, OWNER)) as connection:
        row = connection.execute("DELETE FROM shop.products WHERE id = 4711 RETURNING id")
        assert row.fetchone() == (4711,)


def test_asyncpg_parameters_and_transactions(cluster: Cluster, proxy: Proxy) -> None:
    sql = "SELECT id, city FROM shop.customers WHERE id = ANY($1::int[]) AND city <> $2 ORDER BY id"

    async def ask(dsn: str) -> list[TupleRow]:
        connection = await asyncpg.connect(dsn)
        try:
            async with connection.transaction():
                rows = await connection.fetch(sql, [1, 2, 3, 5], "nowhere")
                rows += await connection.fetch(sql, [7, 8], "nowhere")
            return [tuple(row) for row in rows]
        finally:
            await connection.close()

    assert asyncio.run(ask(proxy.dsn(ANALYST))) == asyncio.run(ask(direct(cluster, ANALYST)))


def test_asyncpg_pool_resets_its_connections(proxy: Proxy) -> None:
    async def ask() -> int:
        async with asyncpg.create_pool(proxy.dsn(OWNER), min_size=1, max_size=2) as pool:
            return sum([await pool.fetchval("SELECT 1") for _ in range(5)])

    assert asyncio.run(ask()) == 5


def test_cancel_reaches_the_server(proxy: Proxy) -> None:
    with psycopg.connect(proxy.dsn(OWNER), autocommit=True) as connection:
        connection.execute("SET statement_timeout = '20s'")
        timer = threading.Timer(0.3, connection.cancel_safe)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            connection.execute("SELECT pg_sleep(15)")
        timer.join()
