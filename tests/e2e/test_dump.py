"""pg_dump as a masked role: a dump that restores, constraints and all, with nothing raw in it."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
import subprocess

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, policy

KEYS = '  "shop.*.{id,customer_id,order_id,manager_id}": public\n'
STAGING = "staging"

# Values that no dump may hold: those of every class.
RAW = """
    SELECT email FROM shop.customers UNION SELECT email FROM shop.employees
    UNION SELECT ssn FROM shop.employees UNION SELECT phone FROM shop.customers
    UNION SELECT card_number FROM shop.payments UNION SELECT iban FROM shop.payments
    UNION SELECT body FROM shop.support_tickets
"""

MORE = """
    CREATE TABLE shop.visits (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer_id int NOT NULL REFERENCES shop.customers,
        email text NOT NULL REFERENCES shop.customers (email),
        number bigserial,
        part int GENERATED ALWAYS AS (customer_id % 7) STORED
    );
    INSERT INTO shop.visits (customer_id, email) SELECT id, email FROM shop.customers;
    CREATE VIEW shop.visitors AS SELECT DISTINCT email FROM shop.visits;
    CREATE INDEX visits_email ON shop.visits (lower(email));
    GRANT SELECT ON ALL TABLES IN SCHEMA shop TO analyst;
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA shop TO analyst;
"""
GONE = "DROP TABLE shop.visits CASCADE"


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """Keys of customers are tokens on both sides; nothing is NULL that may not be."""
    text = policy().replace(
        KEYS,
        f"  shop.*.customer_id: key\n  shop.customers.id: key\n  shop.*.number: number\n{KEYS}",
    )
    subject = "  shop.support_tickets.subject:"
    text = text.replace(subject, f"  shop.support_tickets.body: free_text\n{subject}")
    text = text.replace("ssn: {partial: {last: 4}}", "ssn: token\n      key: token")
    with psycopg.connect(cluster.dsn(database=DATABASE), autocommit=True) as admin:
        admin.execute(MORE)
        with Proxy(cluster, Wish(text)) as running:
            yield running
        admin.execute(GONE)


def dump(cluster: Cluster, dsn: str, *options: str) -> str:
    done = subprocess.run(
        [cluster.bin / "pg_dump", dsn, "--no-owner", "--no-privileges", *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PGOPTIONS": ""},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def restored(cluster: Cluster, text: str) -> Iterator[psycopg.Connection[TupleRow]]:
    """An empty database with a dump in it; any error of the restore fails."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {STAGING}")
        try:
            done = subprocess.run(
                [cluster.psql, cluster.dsn(database=STAGING), "-qX", "-v", "ON_ERROR_STOP=1"],
                input=text,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            with psycopg.connect(cluster.dsn(database=STAGING), autocommit=True) as staging:
                yield staging
        finally:
            admin.execute(f"DROP DATABASE {STAGING} WITH (FORCE)")


CONSTRAINTS = r"""
    SELECT (SELECT relname::text FROM pg_class c WHERE c.oid = conrelid), conname::text,
           contype::text, regexp_replace(pg_get_constraintdef(oid), 'shop\.', '', 'g')
    FROM pg_constraint WHERE connamespace = 'shop'::regnamespace ORDER BY 1, 2
"""
COUNTS = """
    SELECT (SELECT count(*) FROM shop.customers), (SELECT count(*) FROM shop.orders),
           (SELECT count(*) FROM shop.visits), (SELECT count(*) FROM shop.payments),
           (SELECT count(*) FROM shop.support_tickets)
"""
JOINED = "SELECT count(*) FROM shop.visits v JOIN shop.customers c ON c.id = v.customer_id"


def test_dump_restores_with_every_constraint_and_nothing_raw(
    cluster: Cluster, proxy: Proxy
) -> None:
    text = dump(cluster, proxy.dsn(ANALYST))
    with psycopg.connect(cluster.dsn(database=DATABASE)) as source:
        raw = {str(row[0]) for row in source.execute(RAW) if row[0]}
        wanted = source.execute(CONSTRAINTS).fetchall()
        counts = source.execute(COUNTS).fetchall()
        keys = source.execute("SELECT id FROM shop.customers").fetchall()
    assert len(raw) > 500
    found = sorted(value for value in raw if f"\t{value}\t" in text or f"\t{value}\n" in text)
    assert found == []
    with restored(cluster, text) as staging:
        assert staging.execute(CONSTRAINTS).fetchall() == wanted
        assert staging.execute(COUNTS).fetchall() == counts
        assert (
            staging.execute(JOINED).fetchone()
            == staging.execute(f"{JOINED} AND v.email = c.email").fetchone()
        )
        assert staging.execute("SELECT max(id) < 1000 FROM shop.customers").fetchone() == (False,)
        assert staging.execute("SELECT count(*) FROM shop.visitors").fetchone() == counts[0][:1]
        # A sequence goes on where it was, unless what it feeds is masked: then it is as new.
        assert staging.execute("SELECT last_value FROM shop.visits_id_seq").fetchone() == (
            len(keys),
        )
        assert staging.execute(
            "SELECT last_value, is_called FROM shop.visits_number_seq"
        ).fetchone() == (1, False)


@pytest.mark.parametrize("options", [("--inserts",), ("--column-inserts", "--rows-per-insert=50")])
def test_dump_as_inserts_restores_too(
    cluster: Cluster, proxy: Proxy, options: tuple[str, ...]
) -> None:
    with restored(cluster, dump(cluster, proxy.dsn(ANALYST), *options)) as staging:
        assert staging.execute(JOINED).fetchone() != (0,)


def test_schema_alone_is_that_of_the_server(cluster: Cluster, proxy: Proxy) -> None:
    through = dump(cluster, proxy.dsn(ANALYST), "--schema-only", "--schema=shop")
    straight = dump(cluster, cluster.dsn(database=DATABASE), "--schema-only", "--schema=shop")
    assert comparable(through) == comparable(straight)


def comparable(text: str) -> list[str]:
    """A dump without what is drawn anew each time."""
    return [line for line in text.splitlines() if not line.startswith("\\")]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT is_called FROM shop.visits_id_seq", [(True,)]),
        ("SELECT last_value, is_called FROM shop.visits_number_seq", [(None, None)]),
        ("SELECT * FROM pg_get_sequence_data('shop.visits_number_seq'::regclass)", [(1, False)]),
        (
            (
                "SELECT a.last_value, sequence.is_called FROM pg_class AS sequence_1"
                " JOIN LATERAL pg_get_sequence_data(sequence_1.oid) AS sequence (a, is_called)"
                " ON true"
                " CROSS JOIN pg_get_sequence_data(sequence_1.oid) AS a"
                " WHERE relname = 'visits_number_seq'"
            ),
            [(1, False)],
        ),
        (
            (
                "SELECT count(*) FROM pg_sequence, pg_get_sequence_data(seqrelid) AS d"
                " WHERE d.last_value > 1 AND seqrelid = 'shop.visits_number_seq'::regclass"
            ),
            [(0,)],
        ),
    ],
)
def test_sequence_that_feeds_a_masked_column_tells_nothing(
    proxy: Proxy, sql: str, expected: list[TupleRow]
) -> None:
    with psycopg.connect(proxy.dsn(ANALYST)) as connection:
        assert connection.execute(sql.encode()).fetchall() == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (pg_get_sequence_data('shop.visits_number_seq'::regclass)).last_value",
        "SELECT pg_sequence_last_value('shop.visits_number_seq'::regclass)",
        "SELECT currval('shop.visits_number_seq')",
        "SELECT * FROM ROWS FROM (pg_get_sequence_data('shop.visits_number_seq'::regclass)) d",
        (
            "SELECT * FROM pg_get_sequence_data('shop.visits_number_seq'::regclass)"
            " WITH ORDINALITY d"
        ),
    ],
)
def test_other_ways_to_ask_a_sequence_are_refused(proxy: Proxy, sql: str) -> None:
    with (
        psycopg.connect(proxy.dsn(ANALYST)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(sql.encode())
