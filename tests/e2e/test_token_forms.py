"""Tokens of every format and type, through the proxy: out in rows, and back in conditions."""

from collections.abc import Iterator

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER

# Name and type of a column, the format of its tokens, three values, and a test of a token in SQL.
COLUMNS = [
    ("plain", "text", "opaque", "'a', 'b', NULL", "TOKEN ~ '^tok_'"),
    ("short", "varchar(9)", "opaque", "'a', 'b', ''", "length(TOKEN) = 9"),
    ("size", "text", "length", "'ab', 'abcdef', 'Zoë'", "length(TOKEN) = length(size)"),
    ("shape", "varchar(12)", "shape", "'AB-12', 'cd 34', 'é5'", "TOKEN ~ '^[A-Za-z]'"),
    ("mail", "varchar(60)", "email", "'a@b.c', 'd@e.f', NULL", "TOKEN ~ '@example[.]com$'"),
    ("pin", "char(6)", "digits", "'1234', '000000', '77'", "TOKEN ~ '^[0-9]+ *$'"),
    ("card", "text", "card", "'4111 1111 1111 1234', '370000000000002', 'n/a'", "TOKEN ~ '^0'"),
    ("tel", "text", "phone", "'+49 30 1', '0049301', NULL", "TOKEN ~ '^[+]999[0-9]{11}$'"),
    ("code", "text", "uuid", "'a', 'b', 'c'", "TOKEN::uuid IS NOT NULL"),
    ("small", "int2", "email", "1, 2, 3", "TOKEN > 0"),
    ("whole", "int4", "card", "1, 2, 3", "TOKEN > 0"),
    ("big", "int8", "opaque", "1, 2, 3", "TOKEN > 0"),
    ("price", "numeric(7,2)", "opaque", "1.50, 20, NULL", "scale(TOKEN) = 2"),
    ("rate", "numeric", "opaque", "1.5, 'NaN', 7", "TOKEN > 999999999"),
    ("day", "date", "opaque", "'2020-02-29', '1970-01-01', NULL", "extract(year FROM TOKEN) > 999"),
    ("seen", "timestamp(0)", "opaque", "'2020-02-29 10:00', now(), NULL", "TOKEN > '1000-01-01'"),
    ("at", "timestamptz", "opaque", "'2020-02-29 10:00+00', now(), NULL", "TOKEN > '1000-01-01'"),
    ("ref", "uuid", "opaque", "gen_random_uuid(), gen_random_uuid(), NULL", "TOKEN IS NOT NULL"),
    ("host", "inet", "opaque", "'10.0.0.1', '::1/64', NULL", "family(TOKEN) = 6"),
    ("raw", "bytea", "opaque", "'a', 'b', ''", "length(TOKEN) = 16"),
]
NAMES = [name for name, *_ in COLUMNS]


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """A table with a column of each."""
    columns = ", ".join(f"{name} {kind}" for name, kind, *_ in COLUMNS)
    cluster.load(f"SET ROLE {OWNER.user}; CREATE TABLE shop.forms (id int, {columns});"
                 f"GRANT SELECT ON shop.forms TO {ANALYST.user}", DATABASE)  # fmt: skip
    lists = ", ".join(f"ARRAY[{values}]::{kind}[]" for _, kind, _, values, _ in COLUMNS)
    cluster.load(f"INSERT INTO shop.forms SELECT row_number() OVER (), u.* FROM unnest({lists}) u",
                 DATABASE)  # fmt: skip
    classes = "".join(f"  shop.forms.{name}: {name}\n" for name in NAMES)
    treated = "".join(f"      {name}: {{token: {{format: {f}}}}}\n" for name, _, f, *_ in COLUMNS)
    policy = (
        f'version: 1\ncolumns:\n{classes}  "shop.*.*": public\n'
        f"roles:\n  - role: analyst\n    treat:\n{treated}"
    )
    with Proxy(cluster, Wish(policy)) as running:
        yield running
    cluster.load("DROP TABLE shop.forms", DATABASE)


@pytest.fixture(scope="module")
def analyst(proxy: Proxy) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def owner(cluster: Cluster) -> Iterator[psycopg.Connection[TupleRow]]:
    dsn = cluster.dsn(OWNER.user, OWNER.password, DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def column(connection: psycopg.Connection[TupleRow], name: str, *, binary: bool) -> list[object]:
    cursor = connection.cursor(binary=binary)
    cursor.execute(f"SELECT {name} FROM shop.forms ORDER BY id".encode())
    return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(("name", "kind", "format", "values", "test"), COLUMNS, ids=NAMES)
def test_tokens_are_of_the_type_and_come_back(
    analyst: psycopg.Connection[TupleRow],
    owner: psycopg.Connection[TupleRow],
    name: str,
    kind: str,
    format: str,
    values: str,
    test: str,
) -> None:
    tokens = column(analyst, name, binary=False)
    assert column(analyst, name, binary=True) == tokens
    real = column(owner, name, binary=False)
    for n, (token, value) in enumerate(zip(tokens, real, strict=True), 1):
        if value is None or value == "n/a" or (name == "size" and not value):
            assert token is None
            continue
        assert token != value
        # A cast to char(n) could cut it: those are not looked into.
        base = "text" if kind.startswith("char") else kind.partition("(")[0]
        told = test.replace("TOKEN", f"(%s::{base})")
        sql = f"SELECT {told} FROM shop.forms WHERE id = {n}"
        (holds,) = owner.execute(sql.encode(), (token,)).fetchone() or (None,)
        assert holds, token
        for form in ("%t", "%b"):
            found = analyst.execute(
                f"SELECT id FROM shop.forms WHERE {name} = {form}::{base}".encode(), (token,)
            )
            assert found.fetchall() == [(n,)], form
        written = psycopg.sql.Literal(token).as_string(analyst).partition("::")[0]
        if kind != "bytea":
            found = analyst.execute(f"SELECT id FROM shop.forms WHERE {name} = {written}".encode())
            assert found.fetchall() == [(n,)], written
    kept = [token for token in tokens if token is not None]
    assert len(set(kept)) == len(kept)


@pytest.mark.parametrize("name", NAMES)
def test_a_real_value_finds_nothing(
    analyst: psycopg.Connection[TupleRow], owner: psycopg.Connection[TupleRow], name: str
) -> None:
    for value in column(owner, name, binary=False):
        if value is not None:
            sql = f"SELECT id FROM shop.forms WHERE {name} = %s".encode()
            assert analyst.execute(sql, (value,)).fetchall() == []
