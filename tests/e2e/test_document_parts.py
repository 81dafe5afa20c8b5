"""JSON by path through the proxy: parts treated where they lie, and when they are asked for."""

from collections.abc import Iterator
import json

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER

pytestmark = pytest.mark.e2e

SETUP = """
CREATE TABLE shop.docs (id int, profile jsonb, raw json, hidden jsonb);
INSERT INTO shop.docs SELECT n, d, d::json, d FROM generate_series(1, 30) n,
    LATERAL (SELECT 'real' || n || '@corp.test' AS mail) m, LATERAL (SELECT jsonb_build_object(
        'plan', 'gold' || n,
        'contact', jsonb_build_object('email', mail, 'age', 20 + n),
        'items', jsonb_build_array(jsonb_build_object('email', mail, 'price', n), 7)) AS d) x;
GRANT SELECT ON shop.docs TO analyst;
"""
POLICY = """version: 1
columns:
  shop.docs.profile: public
  shop.docs.profile->contact->email: email
  shop.docs.profile->items->email: email
  shop.docs.profile->contact->age: age
  shop.docs.raw: public
  shop.docs.raw->contact: email
  shop.docs.raw->items: gone
  shop.docs.hidden->plan: public
  "shop.docs.id": public
roles:
  - role: analyst
    treat:
      email: token
      age: {noise: {range: 3}}
      gone: null
"""


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    with Proxy(cluster, Wish(POLICY)) as running:
        yield running
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute("DROP TABLE shop.docs")


@pytest.fixture
def analyst(proxy: Proxy) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_parts_of_a_document_are_treated_where_they_lie(
    analyst: psycopg.Connection[TupleRow], binary: bool
) -> None:
    sql = "SELECT id, profile, raw, hidden FROM shop.docs ORDER BY id"
    for n, profile, raw, hidden in analyst.cursor(binary=binary).execute(sql.encode()):
        token = profile["contact"]["email"]
        assert token.startswith("tok_")
        assert profile["items"] == [{"email": token, "price": n}, 7]
        assert profile["plan"] == f"gold{n}"
        assert 0 < abs(profile["contact"]["age"] - 20 - n) <= 3
        assert raw["contact"]["email"] == token
        assert raw["contact"]["age"] != 20 + n
        assert raw["items"] is None or "real" not in json.dumps(raw["items"])
        assert hidden == {"plan": f"gold{n}"}


def test_parts_that_are_asked_for_are_treated_too(analyst: psycopg.Connection[TupleRow]) -> None:
    sql = (
        "SELECT id, profile->'contact'->>'email', profile#>>'{contact,email}', profile->>'plan', "
        "profile->'contact', hidden->>'plan' FROM shop.docs ORDER BY id"
    )
    for n, one, other, plan, contact, shown in analyst.execute(sql.encode()):
        assert one == other == contact["email"]
        assert one.startswith("tok_")
        assert (plan, shown) == (f"gold{n}", f"gold{n}")


ATTACKS = [
    "SELECT profile::text FROM shop.docs",
    "SELECT profile->'contact'::text FROM shop.docs",
    "SELECT jsonb_pretty(profile) FROM shop.docs",
    "SELECT (profile || '{}')::text FROM shop.docs",
    "SELECT v FROM shop.docs, jsonb_each_text(profile->'contact') e(k, v)",
    "SELECT jsonb_path_query(profile, '$.contact.email') FROM shop.docs",
    "SELECT profile['contact']['email'] FROM shop.docs",
    "SELECT to_json(d) FROM shop.docs d",
    "SELECT id FROM shop.docs WHERE profile->'contact'->>'email' LIKE 'real1%'",
    'SELECT id FROM shop.docs WHERE profile @> \'{"contact": {"email": "real1@corp.test"}}\'',
    "SELECT id FROM shop.docs WHERE (profile->'contact'->>'age')::int > 30",
    "SELECT id FROM shop.docs ORDER BY profile->'contact'->>'age'",
    "SELECT hidden->'contact'->>'email' FROM shop.docs",
    "SELECT hidden FROM shop.docs",
    "SELECT raw->'contact'->>'email' FROM shop.docs",
    "SELECT profile->'items'->0->>'email' FROM shop.docs",
    "SELECT profile->(SELECT 'contact')->>'email' FROM shop.docs",
    "SELECT min(profile->'contact'->>'email') FROM shop.docs",
    "SELECT profile->'contact'->>'email' || '' FROM shop.docs",
]


@pytest.mark.parametrize("sql", ATTACKS)
def test_no_way_to_what_lies_there(analyst: psycopg.Connection[TupleRow], sql: str) -> None:
    try:
        rows = analyst.execute(sql.encode()).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return
    assert "corp.test" not in str(rows)
    if "ORDER BY" in sql:
        assert [row[0] for row in rows] != sorted((row[0] for row in rows), reverse=True)


@pytest.mark.parametrize("options", ["", "(FORMAT csv)"])
def test_copy(analyst: psycopg.Connection[TupleRow], options: str) -> None:
    with (
        analyst.cursor() as cursor,
        cursor.copy(f"COPY shop.docs TO STDOUT {options}".encode()) as copy,
    ):
        text = b"".join(bytes(piece) for piece in copy)
    assert b"corp.test" not in text
    assert text.count(b"tok_") == 30 * 3
