"""Personas through the proxy: one subject, one person, in every table, format and client."""

import asyncio
from collections.abc import Iterator
import datetime

import asyncpg
import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER
from pgproxy.treatment.locales import locale, locale_of

pytestmark = pytest.mark.e2e

SETUP = """
CREATE TABLE shop.people (
    id int PRIMARY KEY, email varchar(80) UNIQUE, first_name varchar(40), last_name text,
    age int, height numeric(5, 1)
);
INSERT INTO shop.people SELECT
    n, 'real' || n || '@corp.test', 'Real' || n % 7, 'Person' || n % 11, 20 + n % 60, 150 + n % 50
    FROM generate_series(1, 400) n;
UPDATE shop.people SET last_name = NULL WHERE id = 5;
CREATE TABLE shop.calls (
    no int, person_id bigint, caller text, mail text, who name DEFAULT 'Real1'
);
INSERT INTO shop.calls SELECT n, nullif(n % 50, 0), 'Real' || n, 'real' || n || '@corp.test'
    FROM generate_series(1, 200) n;
CREATE TABLE shop.abroad (id bigint, sex char(1), land text, first text, mail text, born date,
    town text, zip text, note text);
INSERT INTO shop.abroad SELECT n, (ARRAY['f', 'm'])[1 + n % 2],
    (ARRAY['DE', 'Japan', 'xx'])[1 + n % 3],
    'Real' || n, 'real' || n || '@corp.test', date '2001-01-01' + n, 'Realtown', n::text,
    'Real' || n || ' called, see real@corp.test' FROM generate_series(1, 90) n;
GRANT SELECT ON shop.abroad TO analyst;
CREATE VIEW shop.seen AS SELECT email AS mail, id AS number, age FROM shop.people;
CREATE VIEW shop.seen_again (mail, n) AS SELECT s.mail, s.number FROM (SELECT * FROM shop.seen) s;
CREATE VIEW shop.unseen AS SELECT p.email AS mail, q.id FROM shop.people p JOIN shop.people q
    ON p.id = q.id;
GRANT SELECT, UPDATE ON shop.people, shop.calls TO analyst;
GRANT SELECT ON shop.seen, shop.seen_again, shop.unseen TO analyst;
"""
POLICY = """version: 1
columns:
  shop.people.email: email
  shop.calls.mail: email
  "shop.*.first_name": first
  shop.calls.who: first
  "shop.*.last_name": last
  shop.calls.caller: full
  shop.people.{age,height}: body
  shop.abroad.first: first
  shop.abroad.mail: email
  shop.abroad.born: born
  shop.abroad.town: town
  shop.abroad.zip: zip
  shop.abroad.note: note
  "shop.*.*": public
personas:
  person:
    "shop.people.*": id
    "shop.calls.*": {key: person_id}
  visitor:
    "shop.abroad.*": {key: id, gender: sex, country: land}
roles:
  - role: analyst
    writes: tokens
    treat:
      email: {synthetic: email}
      first: {synthetic: first_name}
      last: {synthetic: last_name}
      full: {synthetic: name}
      body: {noise: {range: 3}}
      born: {synthetic: birth_date}
      town: {synthetic: city}
      zip: {synthetic: postal_code}
      note: {synthetic: text}
"""
EVERY = "SELECT id, email, first_name, last_name FROM shop.people ORDER BY id"


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    with Proxy(cluster, Wish(POLICY)) as running:
        yield running
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute("DROP TABLE shop.people, shop.calls, shop.abroad CASCADE")


@pytest.fixture
def analyst(proxy: Proxy) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


def people(
    analyst: psycopg.Connection[TupleRow], *, binary: bool = False
) -> dict[int, tuple[str, str, str]]:
    found = analyst.cursor(binary=binary).execute(EVERY.encode()).fetchall()
    return {row[0]: (row[1], row[2], row[3]) for row in found}


def test_names_and_email_of_a_row_belong_together(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    found = people(analyst)
    assert people(analyst, binary=True) == found
    for number, (email, first, last) in found.items():
        assert not first.startswith("Real")
        assert email.startswith(f"{first.lower()}.")
        if number != 5:
            assert email.startswith(f"{first.lower()}.{last.lower()}"), email
    assert found[5][2] is None
    # Equal first names were spread over all there are.
    assert len({first for _, first, _ in found.values()}) > 100


def test_age_and_height_stay_near(analyst: psycopg.Connection[TupleRow], cluster: Cluster) -> None:
    sql = b"SELECT age, height FROM shop.people ORDER BY id"
    with psycopg.connect(owner(cluster)) as connection:
        real = connection.execute(sql).fetchall()
    for given, told in zip(real, analyst.execute(sql).fetchall(), strict=True):
        assert all(0 < abs(a - b) <= 3 for a, b in zip(given, told, strict=True))


def test_another_table_tells_of_the_same_people(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    known = people(analyst)
    calls = analyst.execute("SELECT person_id, caller, mail, who FROM shop.calls").fetchall()
    for person, caller, mail, who in calls:
        if person is None:
            # No subject: the value itself is the key.
            assert not caller.startswith("Real")
            continue
        email, first, last = known[person]
        assert mail == email
        assert who == first
        if last:
            assert caller == f"{first} {last}"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT email, id FROM (SELECT * FROM shop.people) AS source",
        "WITH a AS (SELECT * FROM shop.people), b AS (SELECT * FROM a) SELECT email, id FROM b",
        "SELECT c.mail, p.id FROM shop.calls c JOIN shop.people p ON p.id = c.person_id",
        "SELECT p.email, p.id FROM shop.people p, LATERAL (SELECT count(*) FROM shop.calls) x",
        "SELECT email, id FROM shop.people WHERE age IS NOT NULL LIMIT 50",
    ],
)
def test_however_it_is_asked(analyst: psycopg.Connection[TupleRow], sql: str) -> None:
    known = people(analyst)
    found = analyst.execute(sql.encode()).fetchall()
    assert found
    assert all(known[number][0] == email for email, number in found)


def test_the_client_sees_the_columns_it_knows(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    def described(connection: psycopg.Connection[TupleRow]) -> list[tuple[object, ...]]:
        result = connection.execute("SELECT * FROM shop.people LIMIT 1").pgresult
        assert result is not None
        return [
            (result.fname(n), result.ftype(n), result.fmod(n), result.ftable(n),
             result.ftablecol(n), result.fsize(n))
            for n in range(result.nfields)
        ]  # fmt: skip

    with psycopg.connect(owner(cluster)) as connection:
        assert described(analyst) == described(connection)


def test_prepared_statements_cursors_and_execute(
    analyst: psycopg.Connection[TupleRow], proxy: Proxy
) -> None:
    known = people(analyst)

    async def run() -> None:
        connection = await asyncpg.connect(proxy.dsn(ANALYST))
        try:
            one = await connection.prepare("SELECT email, last_name FROM shop.people WHERE id = $1")
            assert [field.type.name for field in one.get_attributes()] == ["varchar", "text"]
            for number in (3, 4, 5):
                row = await one.fetchrow(number)
                assert row is not None
                assert tuple(row) == (known[number][0], known[number][2])
        finally:
            await connection.close()

    asyncio.run(run())
    with analyst.transaction(), analyst.cursor("named") as cursor:
        cursor.execute(EVERY.encode())
        assert [row[1] for row in cursor.fetchmany(3)] == [known[n][0] for n in (1, 2, 3)]
    analyst.execute("PREPARE one (int) AS SELECT email FROM shop.people WHERE id = $1")
    assert analyst.execute("EXECUTE one(7)").fetchall() == [(known[7][0],)]


@pytest.mark.parametrize("options", ["", "(FORMAT csv)", "(FORMAT binary)"])
def test_copy(analyst: psycopg.Connection[TupleRow], options: str) -> None:
    known = people(analyst)
    statement = f"COPY (SELECT id, email, first_name FROM shop.people) TO STDOUT {options}"
    with analyst.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        if "csv" in options:
            lines = b"".join(bytes(piece) for piece in copy).decode().splitlines()
            rows = [tuple(line.split(",")) for line in lines]
        else:
            copy.set_types(["int4", "varchar", "varchar"])
            rows = list(copy.rows())
    assert len(rows) == 400
    assert all(known[int(row[0])][:2] == (row[1], row[2]) for row in rows)


def test_where_there_is_no_key_the_value_is_it(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    found = analyst.execute("SELECT DISTINCT first_name FROM shop.people").fetchall()
    assert len(found) == 7
    counted = analyst.execute("SELECT first_name, count(*) FROM shop.people GROUP BY 1").fetchall()
    assert sorted(name for name, _ in counted) == sorted(name for (name,) in found)


def test_a_view_that_shows_the_key_tells_of_the_same_people(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    known = sorted(email for email, _, _ in people(analyst).values())
    for view in ("seen", "seen_again"):
        found = analyst.execute(f"SELECT mail FROM shop.{view}".encode()).fetchall()
        assert sorted(mail for (mail,) in found) == known
    found = analyst.execute("SELECT mail FROM shop.unseen").fetchall()
    assert len(found) == 400
    assert not {mail for (mail,) in found} & set(known)
    assert not any("corp.test" in mail for (mail,) in found)


def test_what_a_write_returns_is_the_same_person(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    known = people(analyst)
    sql = "UPDATE shop.people SET last_name = last_name WHERE id = 9 RETURNING id, first_name"
    (row,) = analyst.execute(sql.encode()).fetchall()
    assert row == (9, known[9][1])


def test_two_proxies_with_one_key_agree(
    analyst: psycopg.Connection[TupleRow], proxy: Proxy, cluster: Cluster
) -> None:
    known = people(analyst)
    key = (proxy.directory / "vault.key").read_text()
    with (
        Proxy(cluster, Wish(POLICY, vault=("sqlite:///vault.db", key))) as other,
        psycopg.connect(other.dsn(ANALYST)) as connection,
    ):
        assert people(connection) == known


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_gender_and_country_are_those_of_the_row(
    analyst: psycopg.Connection[TupleRow], binary: bool
) -> None:
    sql = "SELECT land, sex, first, mail, born, town, zip, note FROM shop.abroad ORDER BY id"
    rows = analyst.cursor(binary=binary).execute(sql.encode()).fetchall()
    hosts = {"DE": "beispiel.example", "Japan": "rei.example", "xx": "example.com"}
    for land, sex, first, mail, born, town, code, note in rows:
        where = locale(locale_of(land) or "en")
        names = where.female if sex == "f" else where.male
        (ascii_name,) = [name.ascii for name in names if name.written == first]
        assert mail.startswith(f"{ascii_name}.")
        assert mail.endswith(f"@{hosts[land]}")
        assert isinstance(born, datetime.date)
        assert born < datetime.date(2002, 1, 2)
        assert code in [city.postal_code for city in where.cities if city.name == town]
        assert "Real" not in note
        assert "@" not in note
    assert len({row[3] for row in rows}) == 90
