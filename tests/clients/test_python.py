"""Drivers and libraries of Python."""

from collections.abc import Callable
import importlib
import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from pgproxy.demo.shop import ANALYST, OWNER
from tests.clients.battery import (
    STATEMENTS,
    TOKEN,
    Ask,
    Rows,
    check_analyst,
    check_owner,
    texts,
)
from tests.clients.conftest import Place, Places


def needed(name: str) -> Any:
    """The module, or the test is left out."""
    return pytest.importorskip(name, reason=f"{name} is not installed")


def psycopg2(place: Place, sql: str) -> Rows:
    with needed("psycopg2").connect(place.url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return texts(cursor.fetchall())


def psycopg2_named_cursor(place: Place, sql: str) -> Rows:
    with needed("psycopg2").connect(place.url) as connection, connection.cursor("named") as cursor:
        cursor.itersize = 7
        cursor.execute(sql)
        return texts(list(cursor))


def psycopg2_copy(place: Place, sql: str) -> Rows:
    import io

    with needed("psycopg2").connect(place.url) as connection, connection.cursor() as cursor:
        out = io.StringIO()
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT", out)
    lines = out.getvalue().splitlines()
    return texts([[None if v == "\\N" else v for v in line.split("\t")] for line in lines])


def psycopg3(place: Place, sql: str) -> Rows:
    with needed("psycopg").connect(place.url) as connection:
        return texts(connection.execute(sql).fetchall())


def psycopg3_binary(place: Place, sql: str) -> Rows:
    with needed("psycopg").connect(place.url) as connection:
        return texts(connection.cursor(binary=True).execute(sql).fetchall())


def psycopg3_pipeline(place: Place, sql: str) -> Rows:
    with needed("psycopg").connect(place.url) as connection, connection.pipeline():
        cursors = [connection.execute(sql) for _ in range(3)]
        found = [texts(cursor.fetchall()) for cursor in cursors]
    assert found[0] == found[1] == found[2]
    return found[0]


def psycopg3_prepared(place: Place, sql: str) -> Rows:
    with needed("psycopg").connect(place.url) as connection:
        found = [texts(connection.execute(sql, prepare=True).fetchall()) for _ in range(8)]
    assert all(rows == found[0] for rows in found)
    return found[0]


def psycopg3_server_cursor(place: Place, sql: str) -> Rows:
    with needed("psycopg").connect(place.url) as connection, connection.cursor("c") as cursor:
        cursor.execute(sql)
        return texts([*cursor.fetchmany(3), *cursor.fetchall()])


def psycopg3_copy(place: Place, sql: str) -> Rows:
    with (
        needed("psycopg").connect(place.url) as connection,
        connection.cursor().copy(f"COPY ({sql}) TO STDOUT") as copy,
    ):
        return texts(list(copy.rows()))


def asyncpg(place: Place, sql: str) -> Rows:
    import asyncio

    async def run() -> Rows:
        connection = await needed("asyncpg").connect(place.url)
        try:
            rows = await connection.fetch(sql)
            async with connection.transaction():
                pages = [row async for row in connection.cursor(sql, prefetch=9)]
            assert rows == pages
            return texts(rows)
        finally:
            await connection.close()

    return asyncio.run(run())


def pg8000(place: Place, sql: str) -> Rows:
    module = needed("pg8000.dbapi")
    connection = module.connect(
        place.login.user,
        host=place.host,
        port=place.port,
        database=place.database,
        password=place.login.password,
    )
    try:
        cursor = connection.cursor()
        cursor.execute(sql)
        return texts(cursor.fetchall())
    finally:
        connection.close()


def alchemy(driver: str) -> Ask:
    """SQLAlchemy on a driver."""

    def ask(place: Place, sql: str) -> Rows:
        module = needed("sqlalchemy")
        needed(driver)
        url = place.url.replace("postgresql:", f"postgresql+{driver}:")
        engine = module.create_engine(url, connect_args=_TIMES.get(driver, {}))
        try:
            with engine.connect() as connection:
                return texts(connection.execute(module.text(sql)).fetchall())
        finally:
            engine.dispose()

    ask.__name__ = f"sqlalchemy_{driver}"
    return ask


_TIMES: dict[str, dict[str, Any]] = {}


def pandas(place: Place, sql: str) -> Rows:
    module, alchemy_ = needed("pandas"), needed("sqlalchemy")
    engine = alchemy_.create_engine(place.url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        frame = module.read_sql(alchemy_.text(sql), engine)
    finally:
        engine.dispose()
    plain = frame.astype(object).where(frame.notna(), None)
    return texts([[_whole(v) for v in row] for row in plain.values.tolist()])


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def polars(engine: str) -> Ask:
    """polars by way of a reader of its own."""

    def ask(place: Place, sql: str) -> Rows:
        module = needed("polars")
        needed({"connectorx": "connectorx", "adbc": "adbc_driver_postgresql"}[engine])
        frame = module.read_database_uri(sql, place.url, engine=engine)
        return texts([[_whole(v) for v in row] for row in frame.rows()])

    ask.__name__ = f"polars_{engine}"
    return ask


def adbc(place: Place, sql: str) -> Rows:
    module = needed("adbc_driver_postgresql.dbapi")
    with module.connect(place.url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return texts(cursor.fetchall())


CLIENTS: list[Callable[[Place, str], Rows]] = [
    psycopg2,
    psycopg2_named_cursor,
    psycopg2_copy,
    psycopg3,
    psycopg3_binary,
    psycopg3_pipeline,
    psycopg3_prepared,
    psycopg3_server_cursor,
    psycopg3_copy,
    asyncpg,
    pg8000,
    alchemy("psycopg2"),
    alchemy("psycopg"),
    alchemy("pg8000"),
    pandas,
    polars("connectorx"),
    polars("adbc"),
    adbc,
]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_rows(places: Places, client: Ask, statement: str) -> None:
    sql, masked = STATEMENTS[statement]
    check_owner(places, client, sql)
    check_analyst(places, client, sql, masked)


def test_sqlalchemy_reflects_the_same_schema(places: Places) -> None:
    module = needed("sqlalchemy")

    def schema(place: Place) -> dict[str, Any]:
        engine = module.create_engine(place.url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            inspector = module.inspect(engine)
            return {
                name: (
                    [(c["name"], str(c["type"]), c["nullable"]) for c in
                     inspector.get_columns(name, "shop")],
                    inspector.get_pk_constraint(name, "shop"),
                    inspector.get_foreign_keys(name, "shop"),
                    inspector.get_indexes(name, "shop"),
                    inspector.get_unique_constraints(name, "shop"),
                )
                for name in inspector.get_table_names("shop")
            }  # fmt: skip
        finally:
            engine.dispose()

    straight = schema(places.straight(OWNER))
    assert len(straight) > 5
    assert schema(places.through(OWNER)) == straight
    assert schema(places.through(ANALYST)) == straight


def test_sqlalchemy_orm_with_parameters(places: Places) -> None:
    module, orm = needed("sqlalchemy"), needed("sqlalchemy.orm")

    def names(place: Place) -> list[tuple[int, str]]:
        engine = module.create_engine(place.url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            table = module.Table("customers", module.MetaData(schema="shop"), autoload_with=engine)
            query = (
                module.select(table.c.id, table.c.email)
                .where(table.c.id.in_([3, 5, 7]), table.c.city.is_not(None))
                .order_by(table.c.id)
            )
            with orm.Session(engine) as session:
                found = [(row.id, row.email) for row in session.execute(query)]
                email = found[1][1]
                one = session.execute(module.select(table.c.id).where(table.c.email == email))
                assert one.scalars().all() == [5]
            return found
        finally:
            engine.dispose()

    assert names(places.through(OWNER)) == names(places.straight(OWNER))
    masked = names(places.through(ANALYST))
    assert [n for n, _ in masked] == [3, 5, 7]
    assert all(TOKEN.fullmatch(email) for _, email in masked)


DJANGO = """
import json, sys
from django.conf import settings
place = json.loads(sys.argv[1])
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **place}})
import django
django.setup()
from django.db import connection, models, transaction

class Customer(models.Model):
    id = models.IntegerField(primary_key=True)
    email = models.TextField()
    city = models.TextField()
    class Meta:
        app_label = "shop"
        managed = False
        db_table = '"shop"."customers"'

some = list(Customer.objects.filter(id__lte=5).order_by("id").values_list("id", "email", "city"))
with transaction.atomic():
    found = Customer.objects.get(email=some[2][1]).id
    pages = [c.id for c in Customer.objects.order_by("id").iterator(chunk_size=3)][:4]
with connection.cursor() as cursor:
    tables = sorted(t.name for t in connection.introspection.get_table_list(cursor))
count = Customer.objects.values("city").annotate(n=models.Count("id")).count()
print(json.dumps([some, found, pages, tables, count]))
"""


def test_django_orm_and_introspection(places: Places) -> None:
    needed("django")

    def run(place: Place) -> Any:
        settings = {
            "HOST": place.host,
            "PORT": place.port,
            "NAME": place.database,
            "USER": place.login.user,
            "PASSWORD": place.login.password,
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DJANGO, json.dumps(settings)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    straight, owner = run(places.straight(OWNER)), run(places.through(OWNER))
    assert owner == straight
    masked = run(places.through(ANALYST))
    assert masked[1:] == straight[1:]
    assert [(n, c) for n, _, c in masked[0]] == [(n, c) for n, _, c in straight[0]]
    assert all(TOKEN.fullmatch(email) for _, email, _ in masked[0])


@pytest.mark.parametrize("name", ["psycopg", "psycopg2"])
def test_errors_are_the_drivers_own(places: Places, name: str) -> None:
    module = needed(name)
    errors = importlib.import_module(f"{name}.errors")
    for place in (places.straight(ANALYST), places.through(ANALYST)):
        connection = module.connect(place.url)
        try:
            cursor = connection.cursor()
            with pytest.raises(errors.UndefinedColumn):
                cursor.execute("SELECT nothing FROM shop.customers")
            with pytest.raises(errors.InFailedSqlTransaction):
                cursor.execute("SELECT 1")
            connection.rollback()
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [(1,)]
        finally:
            connection.close()


@pytest.mark.parametrize("version", ["3.0", "3.2", "latest"])
def test_versions_of_the_protocol(places: Places, version: str) -> None:
    """The keys of 3.2 are long: they too cancel what runs."""
    module = needed("psycopg")
    for login in (OWNER, ANALYST):
        url = f"{places.through(login).url}?max_protocol_version={version}"
        straight = f"{places.straight(login).url}?max_protocol_version={version}"
        with module.connect(url) as one, module.connect(straight) as other:
            assert one.pgconn.full_protocol_version == other.pgconn.full_protocol_version
            timer = threading.Timer(0.3, one.cancel_safe)
            timer.start()
            with pytest.raises(module.errors.QueryCanceled):
                one.execute("SELECT count(*) FROM generate_series(1, 10000000000)")
            timer.join()
