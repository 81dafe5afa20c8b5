"""`writes: tokens`: what goes into a column is the value that its token stands for."""

import asyncio
from collections.abc import Iterator
import os
import re
import subprocess

import asyncpg
import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, policy

pytestmark = pytest.mark.e2e

SETUP = """
CREATE TABLE shop.leads (
    id int PRIMARY KEY, email varchar(60) UNIQUE, customer_id int, note text, secret text
);
CREATE TABLE shop.archive (id int, email text, customer_id int);
CREATE FUNCTION shop.polish(text) RETURNS text LANGUAGE plpgsql AS
    'BEGIN RETURN upper($1); END';
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.leads, shop.archive TO analyst;
"""
COLUMNS = """  shop.leads.{id,note}: public
  shop.archive.id: public
  shop.leads.secret: ssn
  shop.*.customer_id: key
  shop.customers.id: key
"""


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """E-mails and customers' keys are tokens, and the analyst may write them."""
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    text = policy().replace("  shop.customers.phone", f"{COLUMNS}  shop.customers.phone", 1)
    text = text.replace("version: 1\n", "version: 1\ntrusted_functions: [shop.polish]\n", 1)
    text = text.replace("      ssn:", "      key: token\n      ssn:", 1)
    text = text.replace("    treat:\n", "    writes: tokens\n    treat:\n", 1)
    assert "key: token" in text
    assert "writes: tokens" in text
    with Proxy(cluster, Wish(text)) as running:
        yield running


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


@pytest.fixture
def analyst(proxy: Proxy, cluster: Cluster) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute("TRUNCATE shop.leads, shop.archive")
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


def stored(cluster: Cluster, sql: str) -> list[TupleRow]:
    with psycopg.connect(owner(cluster)) as connection:
        return connection.execute(sql.encode()).fetchall()


def customers(analyst: psycopg.Connection[TupleRow], count: int = 3) -> list[tuple[str, int]]:
    """Tokens of e-mail and key of some customers."""
    sql = "SELECT email, id FROM shop.customers ORDER BY created_at, city LIMIT %s"
    return [(row[0], row[1]) for row in analyst.execute(sql, (count,)).fetchall()]


def copy_lines(analyst: psycopg.Connection[TupleRow], statement: str, lines: str) -> None:
    with analyst.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(lines)


EVERY = "SELECT email, customer_id FROM shop.leads ORDER BY id"
# The leads that are customers, e-mail and key of one person.
REAL = "SELECT count(*) FROM shop.leads l JOIN shop.customers c ON (c.id, c.email) = (l.customer_id, l.email)"  # noqa: E501


@pytest.mark.parametrize("form", ["literal", "text", "binary"])
def test_insert_stores_the_values_and_returns_the_tokens(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, form: str
) -> None:
    for number, (email, key) in enumerate(customers(analyst)):
        if form == "literal":
            sql = f"INSERT INTO shop.leads VALUES ({number}, '{email}', {key}) RETURNING email, *"
            back = analyst.execute(sql.encode()).fetchone()
        else:
            sign = "%b" if form == "binary" else "%t"
            sql = f"INSERT INTO shop.leads VALUES (%s, {sign}, {sign}) RETURNING email, *"
            back = analyst.execute(sql.encode(), (number, email, key)).fetchone()
        assert back == (email, number, email, key, None, None)
    assert stored(cluster, REAL) == [(3,)]
    assert analyst.execute(EVERY).fetchall() == customers(analyst)


def test_several_rows_executemany_and_update(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    some = customers(analyst, 5)
    (a, key_a), (b, key_b), *rest = some
    sql = f"INSERT INTO shop.leads VALUES (0, '{a}', {key_a}), (1, $1, {key_b}), (9, NULL, DEFAULT)"
    analyst.execute(sql.replace("$1", "%s").encode(), (b,))
    with analyst.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO shop.leads (id, email, customer_id) VALUES (%s, %s, %s)",
            [(number, *one) for number, one in enumerate(rest, 2)],
        )
    assert stored(cluster, REAL) == [(5,)]
    spare, spare_key = customers(analyst, 6)[5]
    found = analyst.execute(
        "UPDATE shop.leads SET email = %s, customer_id = %s WHERE email = %s RETURNING id",
        (spare, spare_key, a),
    ).fetchall()
    assert found == [(0,)]
    assert stored(cluster, REAL) == [(5,)]


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("UPDATE shop.leads l SET note = 'x' FROM shop.customers c WHERE c.email = l.email", True),
        ("DELETE FROM shop.leads l USING shop.customers c WHERE c.email = l.email", False),
        (
            "DELETE FROM shop.leads l USING shop.customers c WHERE c.email = l.email RETURNING 1",
            True,
        ),
        ("UPDATE shop.leads SET note = 'x' WHERE email IN ('a', 'b')", True),
        ("UPDATE shop.leads SET note = 'x' WHERE email = 'a' OR email = 'b'", True),
        ("UPDATE shop.leads SET note = 'x' WHERE email = 'a' RETURNING id", False),
    ],
)
def test_the_order_of_masked_values_does_not_show_in_what_is_written(
    analyst: psycopg.Connection[TupleRow], sql: str, refused: bool
) -> None:
    if refused:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="order"):
            analyst.execute(sql.encode())
    else:
        analyst.execute(sql.encode())


MANY = [
    # SQLAlchemy's insertmanyvalues
    """SELECT a::INTEGER, p0::VARCHAR, p1::INTEGER FROM (VALUES (1, {a}::VARCHAR, {k}, 0),
    (2, {b}::VARCHAR, {l}, 1)) AS imp_sen(a, p0, p1, sen_counter) ORDER BY sen_counter""",
    "SELECT * FROM (VALUES (1, {a}, {k}), (2, {b}, {l})) AS v (id, email, key)",
    "SELECT v.id, v.email, key FROM (VALUES (1, {a}, {k}), (2, {b}, {l})) AS v (id, email, key)",
    # Django's bulk_create
    "SELECT * FROM UNNEST(('{{1,2}}')::integer[], {ab}::varchar[], ({kl}::int4[])::integer[])",
    "SELECT i, e, k FROM unnest({kl}::int[], ARRAY[{a}, {b}], ARRAY[1, 2]) AS u (k, e, i)",
]


@pytest.mark.parametrize("query", MANY)
@pytest.mark.parametrize("form", ["literal", "text", "binary"])
def test_rows_of_mappers_are_written(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, query: str, form: str
) -> None:
    (a, k), (b, l), _ = customers(analyst)  # noqa: E741
    sql = f"INSERT INTO shop.leads (id, email, customer_id) {query} RETURNING id, email"
    given = {"a": a, "k": k, "b": b, "l": l, "ab": [a, b], "kl": [k, l]}
    if form == "literal":
        with psycopg.ClientCursor(analyst) as cursor:
            cursor.execute(re.sub(r"\{(\w+)\}", r"%(\1)s", sql).format().encode(), given)
            back = cursor.fetchall()
    else:
        sign = "b" if form == "binary" else "t"
        named = re.sub(r"\{(\w+)\}", rf"%(\1){sign}", sql).format()
        back = analyst.execute(named.encode(), given).fetchall()
    assert back == [(1, a), (2, b)]
    assert stored(cluster, REAL) == [(2,)]
    assert analyst.execute(EVERY).fetchall() == [(a, k), (b, l)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT n, e FROM (VALUES (1, 'x', 0)) AS v (n, e, c) ORDER BY c",
        "SELECT n, e FROM unnest('{1}'::int[], '{x}'::text[]) AS u (n, e)",
        "SELECT n, e FROM unnest('{1}'::int[], '{{TOKEN}}'::text[]) AS u (n, e)",
        "SELECT n, e FROM unnest('{1}'::int[], '{TOKEN}'::text[]) AS u (n, e) WHERE e > 'b'",
        "SELECT n, e FROM unnest('{1}'::int[], '{TOKEN}'::text[]) AS u (n, e) ORDER BY e",
        "SELECT length(e), e FROM unnest('{1}'::int[], '{TOKEN}'::text[]) AS u (n, e)",
        "SELECT n, e FROM (VALUES (1, 'TOKEN')) AS v (n, e) WHERE e > 'b'",
        "SELECT length(e), e FROM (VALUES (1, 'TOKEN')) AS v (n, e)",
        "SELECT n, e FROM (VALUES (1, 'TOKEN', 'b')) AS v (n, e, c) ORDER BY e",
        "SELECT n, e::varchar(3) FROM (VALUES (1, 'TOKEN')) AS v (n, e)",
        "SELECT n, e::varchar FROM (VALUES (1, 'TOKEN'::name)) AS v (n, e)",
    ],
)
def test_rows_in_which_a_value_is_more_than_written_are_refused(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, query: str
) -> None:
    token, _ = customers(analyst)[0]
    sql = f"INSERT INTO shop.leads (id, email) {query.replace('TOKEN', token)}"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute(sql.encode())
    assert stored(cluster, EVERY) == []


def test_merge_returns_the_source_first(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    if analyst.info.server_version < 170000:
        pytest.skip("MERGE … RETURNING came with PostgreSQL 17")
    analyst.execute("INSERT INTO shop.leads (id) VALUES (1)")
    back = analyst.execute(
        "MERGE INTO shop.leads l USING (VALUES (1, 'of')) v (one, two) ON l.id = v.one "
        "WHEN MATCHED THEN UPDATE SET note = 'seen' RETURNING *"
    ).fetchone()
    assert back == (1, "of", 1, None, None, "seen", None)


def test_the_order_of_rows_that_stand_in_a_statement_is_kept(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    # The same text but for the literals, one in order as it stands and one not.
    sql = "SELECT n::int FROM (VALUES (%s, %s), (%s, %s)) AS v (n, c) ORDER BY c"
    for given in (
        (1, 0, 2, 1),
        (1, 1, 2, 0),
        (1, 0, 2, 1),
        (1, 1, 2, 0),
        (1, 0, 2, 1),
        (1, 1, 2, 0),
    ):
        text = f"INSERT INTO shop.leads (id) {sql % given} RETURNING id"
        back = [row[0] for row in analyst.execute(text.encode()).fetchall()]
        assert back == ([1, 2] if given[1] == 0 else [2, 1])
        analyst.execute("DELETE FROM shop.leads")


def test_upsert_and_merge(analyst: psycopg.Connection[TupleRow], cluster: Cluster) -> None:
    (a, key_a), (b, key_b), _ = customers(analyst)
    sql = (
        "INSERT INTO shop.leads (id, email, customer_id) VALUES (1, %s, %s) "
        "ON CONFLICT (email) DO UPDATE SET id = 7, customer_id = excluded.customer_id"
    )
    for _ in range(2):
        analyst.execute(sql, (a, key_a))
    assert analyst.execute("SELECT id FROM shop.leads").fetchall() == [(7,)]
    analyst.execute(
        "MERGE INTO shop.leads l USING (VALUES (7), (8)) v (id) ON l.id = v.id "
        "WHEN MATCHED THEN UPDATE SET note = 'seen' "
        f"WHEN NOT MATCHED THEN INSERT (id, email, customer_id) VALUES (8, '{b}', {key_b})".encode()
    )
    assert stored(cluster, REAL) == [(2,)]
    copied = "INSERT INTO shop.archive SELECT id, email, customer_id FROM shop.leads"
    assert analyst.execute(copied).rowcount == 2
    found = "SELECT count(*) FROM shop.archive JOIN shop.customers USING (email)"
    assert stored(cluster, found) == [(2,)]


@pytest.mark.parametrize(
    "options", ["", "(FORMAT csv)", "(FORMAT csv, HEADER on)", "CSV HEADER", "(FORMAT binary)"]
)
def test_copy_stores_the_values(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, options: str
) -> None:
    some = customers(analyst, 40)
    statement = f"COPY shop.leads (id, email, customer_id) FROM STDIN {options}"
    with analyst.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        if "csv" in options.lower():
            if "HEADER" in options:
                copy.write("id,email,customer_id\r\n")
            for number, (email, key) in enumerate(some):
                copy.write(f'{number},"{email}",{key}\r\n')
        else:
            copy.set_types(["int4", "varchar", "int4"])
            for number, one in enumerate(some):
                copy.write_row((number, *one))
    assert stored(cluster, REAL) == [(40,)]
    assert analyst.execute(EVERY).fetchall() == some


def test_copy_of_asyncpg_and_psql(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, proxy: Proxy
) -> None:
    some = customers(analyst, 6)

    async def run() -> str:
        connection = await asyncpg.connect(proxy.dsn(ANALYST))
        try:
            return await connection.copy_records_to_table(
                "leads",
                schema_name="shop",
                records=[(number, *one) for number, one in enumerate(some[:3])],
                columns=["id", "email", "customer_id"],
            )
        finally:
            await connection.close()

    assert asyncio.run(run()) == "COPY 3"
    lines = "".join(f"{n}\t{email}\t{key}\n" for n, (email, key) in enumerate(some[3:], 3))
    said = subprocess.run(
        [
            cluster.psql,
            proxy.dsn(ANALYST),
            "-qc",
            "\\copy shop.leads (id, email, customer_id) from stdin",
        ],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PSQLRC": "/nonexistent"},
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert stored(cluster, REAL) == [(6,)]


DICTIONARY = [
    "INSERT INTO shop.leads (id, email) VALUES (1, 'ada.lovelace@example.com') RETURNING email",
    "INSERT INTO shop.leads (id, email) VALUES (1, 'tok_0123456789ABCDEFGHIJKL')",
    "INSERT INTO shop.leads (id, email) SELECT 1, 'ada.lovelace@example.com'",
    "UPDATE shop.leads SET email = 'ada.lovelace@example.com'",
    "UPDATE shop.leads SET customer_id = 1",
    "UPDATE shop.leads SET email = note",
    "UPDATE shop.leads SET note = email",
    "UPDATE shop.leads SET secret = 'x'",
    "INSERT INTO shop.leads (id, note) SELECT 2, email FROM shop.customers LIMIT 1",
    "INSERT INTO shop.leads (id, email) SELECT 2, upper(email) FROM shop.customers LIMIT 1",
    "INSERT INTO shop.archive (email, customer_id) SELECT last_name, 1 FROM shop.customers",
    """MERGE INTO shop.leads l USING shop.customers c ON false WHEN NOT MATCHED
    THEN INSERT (id, note) VALUES (3, c.email)""",
]


@pytest.mark.parametrize("sql", DICTIONARY)
def test_no_value_of_the_readers_choice_gets_a_token(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, sql: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute(sql.encode())
    assert stored(cluster, EVERY) == []


def test_a_parameter_or_a_row_of_the_readers_choice_is_refused(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    token, key = customers(analyst)[0]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"shop\.leads\.email is no tok"):
        analyst.execute("INSERT INTO shop.leads (id, email) VALUES (1, %s)", ("raw@example.com",))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is no token"):
        copy_lines(
            analyst, "COPY shop.leads (id, email) FROM STDIN", f"1\t{token}\n2\traw@example.com\n"
        )
    assert stored(cluster, EVERY) == []
    # The token of another domain is none here.
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("INSERT INTO shop.leads (id, email) VALUES (1, %s)", (str(key),))


def test_rows_that_would_end_elsewhere_for_the_server_are_refused(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    token, _ = customers(analyst)[0]
    for line in (f"1\t{token}\rx\ty\n", f"1\rx\t{token}\n", f"\\061\t{token}\n", f"1\t{token}\n\r"):
        with pytest.raises(psycopg.Error) as caught:
            copy_lines(analyst, "COPY shop.leads (id, email) FROM STDIN", line)
        assert caught.value.sqlstate in ("22P04", "42501")
    assert stored(cluster, EVERY) == []
    assert analyst.execute("SELECT 1").fetchone() == (1,)


def test_copy_of_what_is_not_masked_goes_as_it_comes(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    statement = "COPY shop.leads (id, note) FROM STDIN (FORMAT csv, FORCE_NULL (note), HEADER)"
    with analyst.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write('id,note\n1,""\n2,b\n')
    assert stored(cluster, "SELECT id, note FROM shop.leads ORDER BY 1") == [(1, None), (2, "b")]


def test_the_unique_column_tells_no_more_than_its_tokens(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    email, _ = customers(analyst)[0]
    analyst.execute("INSERT INTO shop.leads (id, email) VALUES (1, %s)", (email,))
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        analyst.execute("INSERT INTO shop.leads (id, email) VALUES (2, %s)", (email,))
    assert "@" not in str(caught.value)
    assert caught.value.diag.message_detail is None


def test_a_trusted_function_may_compute_what_is_written(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    analyst.execute("INSERT INTO shop.leads (id, note) VALUES (1, shop.polish('x'))")
    assert stored(cluster, "SELECT note FROM shop.leads") == [("X",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("UPDATE shop.leads SET note = shop.polish(email)")
