"""`writes: tokens` against a reader who may write: what is taken, and what fails, tells nothing."""

from collections.abc import Iterator
import time

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy

pytestmark = pytest.mark.e2e

SETUP = """
CREATE SCHEMA books;
CREATE TABLE books.pay (
    id int PRIMARY KEY, salary int, bonus int, grade int, note text,
    CHECK (bonus < salary), CHECK (grade > 0 AND salary > 0), CHECK (salary IS NOT NULL OR id > 0)
);
CREATE TABLE books.span (id int PRIMARY KEY, a date, b date, CHECK (a < b));
CREATE TABLE books.product (
    id int PRIMARY KEY, salary int, bonus int, worth int GENERATED ALWAYS AS (salary * bonus) STORED
);
CREATE TABLE books.indexed (id int PRIMARY KEY, salary int, bonus int);
CREATE INDEX ON books.indexed ((salary * bonus));
CREATE TABLE books.parent (id int PRIMARY KEY, salary int, bonus int);
CREATE TABLE books.child (CHECK (bonus < salary)) INHERITS (books.parent);
CREATE TABLE books.secrets (salary int PRIMARY KEY, word text UNIQUE);
CREATE TABLE books.referring (
    id int PRIMARY KEY,
    bonus int REFERENCES books.secrets ON UPDATE CASCADE,
    salary int REFERENCES books.secrets (salary)
);
CREATE TABLE books.wide (id int PRIMARY KEY, k bigint, word text, z timestamptz, n numeric(10, 2));
CREATE TABLE books.narrow (id int, k int, nick name, l timestamp, n numeric(10, 0), word text);
INSERT INTO books.pay VALUES (1, 54321, 1, 1), (2, 12345, 2, 1);
INSERT INTO books.span VALUES (1, '2000-01-05', '2001-03-04'), (2, '1999-01-01', '2010-02-02');
INSERT INTO books.secrets VALUES (54321, 'a'), (12345, 'b');
INSERT INTO books.wide VALUES (1, 5, 'short', '2000-01-05 10:00+00', 1.25),
    (2, 40000, repeat('x', 80), '2000-01-05 11:00+00', 2), (3, 5000000000, 'y', NULL, 3);
GRANT USAGE ON SCHEMA books TO analyst, catalog_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA books TO analyst;
"""
COLUMNS = """  books.*.{id,bonus,grade,note}: public
  books.*.salary: pay
  books.span.{a,b}: day
  books.*.{word,nick}: word
  books.*.{k,n}: key
  books.*.{z,l}: moment
"""


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """Everything masked in ``books`` is a token, and the analyst may write it."""
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    tokens = "".join(f"      {name}: token\n" for name in ("pay", "day", "word", "key", "moment"))
    text = policy().replace("  shop.customers.phone", f"{COLUMNS}  shop.customers.phone", 1)
    text = text.replace("      ssn:", f"{tokens}      ssn:", 1)
    text = text.replace("    treat:\n", "    writes: tokens\n    treat:\n", 1)
    with Proxy(cluster, Wish(text)) as running:
        yield running


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


@pytest.fixture
def analyst(proxy: Proxy) -> Iterator[psycopg.Connection[TupleRow]]:
    """In a transaction that is rolled back."""
    with psycopg.connect(proxy.dsn(ANALYST)) as connection:
        yield connection
        connection.rollback()


def fields(analyst: psycopg.Connection[TupleRow], column: str, table: str) -> list[object]:
    """Tokens of a column, by id."""
    sql = f"SELECT {column} FROM books.{table} ORDER BY id"
    return [row[0] for row in analyst.execute(sql.encode()).fetchall()]


TELLING = [
    "UPDATE books.pay SET bonus = 54320 WHERE id = 1",
    "UPDATE books.pay SET salary = %s WHERE id = 2",
    "INSERT INTO books.pay (id, salary, bonus) VALUES (9, %s, 54320)",
    "INSERT INTO books.pay (id, bonus) VALUES (1, 9) ON CONFLICT (id) DO UPDATE SET bonus = 54320",
    """MERGE INTO books.pay p USING (VALUES (1)) v (id) ON p.id = v.id
    WHEN MATCHED THEN UPDATE SET bonus = 54320""",
    "INSERT INTO books.product (id, salary, bonus) VALUES (1, %s, 40000)",
    "INSERT INTO books.indexed (id, salary, bonus) VALUES (1, %s, 40000)",
    "UPDATE books.parent SET bonus = 3",
    "INSERT INTO books.referring (id, bonus) VALUES (1, 54321)",
    "UPDATE books.referring SET bonus = 54321",
    "UPDATE books.secrets SET salary = %s",
]


@pytest.mark.parametrize("sql", TELLING)
def test_no_constraint_compares_a_chosen_value_with_a_masked_one(
    analyst: psycopg.Connection[TupleRow], sql: str
) -> None:
    given = fields(analyst, "salary", "pay")[:1] if "%s" in sql else None
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute(sql.encode(), given)


def test_a_constraint_made_meanwhile_counts(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    sql = "UPDATE books.wide SET id = id + 10 WHERE id = 1"
    analyst.execute(sql)
    analyst.rollback()
    name = "ALTER TABLE books.wide {} CONSTRAINT meanwhile"
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(f"{name.format('ADD')} CHECK (id > -k)".encode())
        try:
            deadline = time.monotonic() + 30
            while not refused(analyst, sql):
                assert time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            connection.execute(name.format("DROP").encode())


def refused(analyst: psycopg.Connection[TupleRow], sql: str) -> bool:
    try:
        analyst.execute(sql.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    finally:
        analyst.rollback()
    return False


def test_no_constraint_compares_two_tokens(analyst: psycopg.Connection[TupleRow]) -> None:
    one, other = fields(analyst, "a", "span")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"span\.a .*span\.b"):
        analyst.execute("INSERT INTO books.span VALUES (5, %s, %s)", (one, other))


def test_rows_of_copy_meet_no_such_constraint(analyst: psycopg.Connection[TupleRow]) -> None:
    statement = "COPY books.pay (id, salary, bonus) FROM STDIN"
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        analyst.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(b"7\t1\t54320\n")


@pytest.mark.parametrize(
    ("sql", "masked"),
    [
        ("INSERT INTO books.pay (id, bonus, grade) VALUES (9, 7, 1)", ""),
        ("INSERT INTO books.pay (id, salary, grade) VALUES (9, %s, 1)", "salary"),
        ("UPDATE books.pay SET grade = 2, note = 'x'", ""),
        ("INSERT INTO books.referring (id, salary) VALUES (1, %s)", "salary"),
        ("UPDATE books.product SET id = 3", ""),
    ],
)
def test_what_no_constraint_joins_is_written(
    analyst: psycopg.Connection[TupleRow], sql: str, masked: str
) -> None:
    analyst.execute(sql.encode(), fields(analyst, masked, "pay")[:1] if masked else None)


@pytest.mark.parametrize(
    "sql", ["SELECT 1 FROM books.wide WHERE k = {}", "UPDATE books.wide SET k = {}"]
)
@pytest.mark.parametrize("kind", ["int2", "int4"])
def test_a_cast_to_a_smaller_number_does_not_tell_how_large_a_value_is(
    analyst: psycopg.Connection[TupleRow], sql: str, kind: str
) -> None:
    for token in fields(analyst, "k", "wide"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), analyst.transaction():
            analyst.execute(sql.format(f"{token}::{kind}").encode())


@pytest.mark.parametrize(
    "sql", ["SELECT 1 FROM books.wide WHERE word = {}", "UPDATE books.wide SET word = {}"]
)
@pytest.mark.parametrize("kind", ["name", "pg_catalog.bpchar", "varchar(70)"])
def test_a_cast_to_a_shorter_text_does_not_tell_how_long_a_value_is(
    analyst: psycopg.Connection[TupleRow], sql: str, kind: str
) -> None:
    for token in fields(analyst, "word", "wide"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), analyst.transaction():
            analyst.execute(sql.format(f"'{token}'::{kind}").encode())


def test_a_number_that_a_driver_declares_too_small_is_still_its_value(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    # psycopg declares an integer by its size: tokens are smaller than the value can be.
    for sign in ("%b", "%t"):
        for number, token in enumerate(fields(analyst, "k", "wide"), 1):
            found = analyst.execute(
                f"SELECT id FROM books.wide WHERE k = {sign}".encode(), (token,)
            )
            assert found.fetchall() == [(number,)]
            found = analyst.execute(
                f"SELECT id FROM books.wide WHERE k = ANY ({sign})".encode(), ([token],)
            )
            assert found.fetchall() == [(number,)]
            sql = f"INSERT INTO books.wide (id, k) VALUES (9, {sign}) RETURNING k"
            assert analyst.execute(sql.encode(), (token,)).fetchone() == (token,)
            analyst.execute("DELETE FROM books.wide WHERE id = 9")


@pytest.mark.parametrize(("into", "of"), [("l", "z"), ("n", "n"), ("n", "k"), ("nick", "word")])
def test_no_value_is_moved_where_the_server_would_change_it(
    analyst: psycopg.Connection[TupleRow], into: str, of: str
) -> None:
    sql = f"INSERT INTO books.narrow ({into}) SELECT {of} FROM books.wide"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute(sql.encode())


def test_values_move_between_columns_of_one_kind(analyst: psycopg.Connection[TupleRow]) -> None:
    sql = "INSERT INTO books.narrow (id, k, word) SELECT id, k, word FROM books.wide WHERE id < 3"
    assert analyst.execute(sql).rowcount == 2
    assert fields(analyst, "k", "narrow") == fields(analyst, "k", "wide")[:2]
