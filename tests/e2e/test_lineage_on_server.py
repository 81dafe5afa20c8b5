"""The resolver against PostgreSQL: what we print runs, and its fields come from where we say.

PostgreSQL names the table and column of each plain field itself (RowDescription).  For every case
of tests/lineage that is allowed, the statement is described twice, as written and as we send it:
names and types must agree, and each origin the server names must be one the plan knows.
"""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.demo.postgres import Cluster
from pgproxy.net.introspection import read_catalog
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.session.inputs import Resolved, with_literals
from tests.policy.test_planner import ALL_CASES, Case
from tests.shop_catalog import ANALYST, TABLES, VIEWS, policy

ALLOWED = [c for c in ALL_CASES if not c.expected[0].startswith("refused")]


@pytest.fixture(scope="module")
def lineage(cluster: Cluster) -> Iterator[tuple[str, Catalog]]:
    """A database that holds what tests.shop_catalog describes, and its snapshot."""
    admin = cluster.dsn(database="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE lineage")
    dsn = cluster.dsn(database="lineage")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute("CREATE TYPE shop.mood AS ENUM ('happy')")
        connection.execute("CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0)")
        connection.execute("CREATE EXTENSION citext SCHEMA public")
        for name, columns in TABLES.items():
            plain = columns.replace("_text", "text[]")
            connection.execute(f"CREATE TABLE shop.{name} ({plain})")
        for name, (_, definition) in VIEWS.items():
            if name != "opaque":
                connection.execute(f"CREATE VIEW shop.{name} AS {definition}")
        connection.execute(
            "CREATE TABLE shop.members (id int, email text) PARTITION BY LIST (email)"
        )
        connection.execute("CREATE TABLE shop.members_a PARTITION OF shop.members DEFAULT")
        connection.execute("CREATE TABLE shop.customers_2020 () INHERITS (shop.customers)")
        connection.execute("CREATE TABLE public.customers (id int, email text)")
    yield dsn, asyncio.run(read_catalog(dsn, "lineage", 1))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE lineage WITH (FORCE)")


def describe(dsn: str, sql: str) -> list[tuple[str, int, int, int]]:
    """Name, type, origin table and column of each field, as the server's analysis has them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = shop, public")
        result = connection.pgconn.prepare(b"s", sql.encode())
        if b"unsupported XML feature" in result.error_message:
            pytest.skip("this server was built without XML")
        assert result.error_message == b"", result.error_message
        result = connection.pgconn.describe_prepared(b"s")
        return [
            (
                (result.fname(n) or b"").decode(),
                result.ftype(n),
                result.ftable(n),
                result.ftablecol(n),
            )
            for n in range(result.nfields)
        ]


@pytest.mark.parametrize("case", ALLOWED, ids=lambda case: case.where)
def test_the_server_agrees(lineage: tuple[str, Catalog], case: Case) -> None:
    dsn, catalog = lineage
    planner = CatalogPlanner(policy(), ANALYST, catalog, ["shop", "public"])
    plan = planner.plan(case.sql.encode())
    (statement,) = plan.statements
    assert statement.refusal is None, statement.refusal
    if statement.fields is None or statement.copy is not None:
        # No fields, or fields that the server does not describe: it only has to take the text.
        describe(dsn, with_literals(plan, Resolved({})).decode())
        return
    # A cast of a parameter of unknown type is the caller's business.
    written = describe(dsn, case.sql.rstrip(";"))
    sent = describe(dsn, with_literals(plan, Resolved({})).decode())
    assert [field[:2] for field in sent] == [field[:2] for field in written]
    assert [field[0] for field in sent] == [field.name for field in statement.fields]
    for (name, _, table, column), planned in zip(sent, statement.fields, strict=True):
        if table:
            assert (table, column) in planned.origins, name
    for (name, _, table, column), planned in zip(written, statement.fields, strict=True):
        if table and planned.treatment.name != "null":
            assert (table, column) in planned.origins, name
