"""What a masked role is shown is decided on the tables and views as they are, not as they were."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
import threading
import time

import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER
from pgproxy.net.catalog_queries import FINGERPRINT

HARMLESS = "CREATE OR REPLACE VIEW shop.fresh AS SELECT id, city::text AS label FROM shop.customers"
# Same names, same types: RowDescription does not tell one from the other.
HARMFUL = HARMLESS.replace("city::text AS label", "email::text AS label")
READ = "SELECT label FROM shop.fresh ORDER BY id LIMIT 5"
SECONDS = 4.0  # the window is a second; a busy machine is given more

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def view(cluster: Cluster, proxy: Proxy) -> Iterator[None]:
    cluster.load("DROP VIEW IF EXISTS shop.fresh", DATABASE)
    with psycopg.connect(proxy.dsn(OWNER), autocommit=True) as owner:
        owner.execute(HARMLESS)
        owner.execute("GRANT SELECT ON shop.fresh TO analyst")
    yield
    cluster.load("DROP VIEW IF EXISTS shop.fresh", DATABASE)


@contextmanager
def direct(cluster: Cluster) -> Iterator[Connection]:
    """The owner, without the proxy."""
    dsn = cluster.dsn(OWNER.user, OWNER.password, DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@contextmanager
def analyst(proxy: Proxy) -> Iterator[Connection]:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


def labels(connection: Connection, sql: str = READ) -> list[object]:
    return [row[0] for row in connection.execute(sql).fetchall()]


def emails(cluster: Cluster) -> list[object]:
    with direct(cluster) as owner:
        return labels(owner, "SELECT email FROM shop.customers ORDER BY id LIMIT 5")


@pytest.mark.usefixtures("view")
@pytest.mark.parametrize("prepared", [False, True], ids=["plain", "prepared"])
def test_view_replaced_through_the_proxy_is_seen_by_the_next_statement(
    cluster: Cluster, proxy: Proxy, prepared: bool
) -> None:
    known = set(emails(cluster))
    with analyst(proxy) as reader, psycopg.connect(proxy.dsn(OWNER), autocommit=True) as owner:
        reader.prepare_threshold = 0 if prepared else None
        for _ in range(5):
            owner.execute(HARMLESS)
            assert labels(reader)
            owner.execute(HARMFUL)
            try:
                seen = labels(reader)
            except psycopg.errors.FeatureNotSupported:
                assert prepared  # prepared on the old view: told to prepare it again
                reader.execute("DEALLOCATE ALL")
                seen = labels(reader)
            assert not known & set(seen)


@pytest.mark.usefixtures("view")
def test_view_replaced_in_a_transaction_is_seen_when_that_commits(
    cluster: Cluster, proxy: Proxy
) -> None:
    known = set(emails(cluster))
    with analyst(proxy) as reader, psycopg.connect(proxy.dsn(OWNER)) as owner:
        assert labels(reader)
        owner.execute(HARMFUL)
        owner.execute("SELECT 1")
        owner.commit()
        assert not known & set(labels(reader))


@pytest.mark.usefixtures("view")
def test_view_replaced_on_the_server_is_seen_within_about_a_second(
    cluster: Cluster, proxy: Proxy
) -> None:
    known = set(emails(cluster))
    with analyst(proxy) as reader, direct(cluster) as owner:
        assert labels(reader)
        owner.execute(HARMFUL)
        deadline = time.monotonic() + SECONDS
        while known & set(labels(reader)):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.usefixtures("view")
def test_new_session_does_not_start_on_what_the_look_before_has_found_old(
    cluster: Cluster, proxy: Proxy
) -> None:
    known = set(emails(cluster))
    with psycopg.connect(proxy.dsn(OWNER), autocommit=True) as owner:
        with analyst(proxy) as reader:
            assert labels(reader)
        owner.execute(HARMFUL)
        with analyst(proxy) as reader:
            assert not known & set(labels(reader))


def test_swapped_columns_are_not_mistaken_for_each_other(cluster: Cluster, proxy: Proxy) -> None:
    swap = (
        "ALTER TABLE shop.customers RENAME COLUMN email TO swap;"
        "ALTER TABLE shop.customers RENAME COLUMN city TO email;"
        "ALTER TABLE shop.customers RENAME COLUMN swap TO city"
    )
    read = "SELECT upper(city::text) FROM shop.customers ORDER BY id LIMIT 5"
    with direct(cluster) as owner, analyst(proxy) as reader, ExitStack() as back:
        cities = set(labels(owner, read))
        assert set(labels(reader, read)) == cities
        with psycopg.connect(proxy.dsn(OWNER), autocommit=True) as through:
            back.callback(through.execute, swap)
            through.execute(swap)
            # The name decides: what is called email now is masked, whatever it holds.
            seen = reader.execute("SELECT upper(email::text) FROM shop.customers LIMIT 5")
            assert not cities & {row[0] for row in seen.fetchall()}
            back.close()


def test_look_that_hangs_stops_masked_statements_and_no_others(
    cluster: Cluster, proxy: Proxy
) -> None:
    superuser = cluster.dsn(database=DATABASE)
    with (
        analyst(proxy) as reader,
        psycopg.connect(proxy.dsn(OWNER), autocommit=True) as owner,
        psycopg.connect(superuser) as locker,
    ):
        assert reader.execute("SELECT city FROM shop.customers LIMIT 1").fetchall()
        # Read by each look, and by no ordinary statement.
        locker.execute("LOCK TABLE pg_catalog.pg_db_role_setting IN ACCESS EXCLUSIVE MODE")
        time.sleep(5.0)
        slowest = 0.0
        refused: list[psycopg.Error] = []
        masked = threading.Thread(target=_refused, args=(reader, refused))
        masked.start()
        while masked.is_alive():
            started = time.monotonic()
            assert owner.execute("SELECT email FROM shop.customers LIMIT 1").fetchall()
            slowest = max(slowest, time.monotonic() - started)
            time.sleep(0.05)
        assert [error.sqlstate for error in refused] == ["58000"]
        assert slowest < 1.0
        locker.rollback()
        deadline = time.monotonic() + 10
        while not _answered(reader):
            assert time.monotonic() < deadline


def _refused(reader: Connection, refused: list[psycopg.Error]) -> None:
    try:
        reader.execute("SELECT city FROM shop.customers LIMIT 1").fetchall()
    except psycopg.Error as error:
        refused.append(error)


def _answered(reader: Connection) -> bool:
    refused: list[psycopg.Error] = []
    _refused(reader, refused)
    return not refused


def test_temporary_tables_and_truncate_do_not_change_the_fingerprint(
    cluster: Cluster,
) -> None:
    """Else an application at work would have the catalog read again and again."""
    with psycopg.connect(cluster.dsn(database=DATABASE), autocommit=True) as connection:
        before = _fingerprint(connection)
        connection.execute("CREATE TEMP TABLE fleeting (id serial PRIMARY KEY, t text)")
        connection.execute("TRUNCATE fleeting")
        connection.execute("ANALYZE shop.customers")
        assert _fingerprint(connection) == before
        connection.execute("CREATE TABLE shop.lasting (id int)")
        after = _fingerprint(connection)
        assert after != before
        connection.execute("TRUNCATE shop.lasting")
        assert _fingerprint(connection) == after
        connection.execute("DROP TABLE shop.lasting")
        assert _fingerprint(connection) == before


def _fingerprint(connection: Connection) -> object:
    row = connection.execute(FINGERPRINT.encode()).fetchone()
    assert row is not None
    return row[0]
