"""Documents by path through the proxy: text, binary and COPY, and what finds its way back."""

from collections.abc import Iterator
import json
from typing import Any

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER

pytestmark = pytest.mark.e2e

SETUP = """
CREATE TABLE shop.files (id int, doc jsonb, plain json, folded jsonb, many jsonb[], email text);
INSERT INTO shop.files VALUES
    (1, '{"plan": "pro", "contact": {"email": "a@x", "n": 7}, "items": [{"email": "b@x"}, 5]}',
        '{"z": 1.50,  "contact": {"email": "a@x"}, "z": "\\ud800"}',
        '{"plan": "pro", "ssn": "1", "contact": {"email": "a@x", "city": "Rome"}}',
        ARRAY['{"email": "a@x"}', NULL, '7']::jsonb[], 'a@x'),
    (2, '{"plan": "free", "contact": {"email": null}}', '[]', '"secret"', '{}', 'b@x'),
    (3, NULL, NULL, NULL, NULL, NULL);
CREATE VIEW shop.cards AS SELECT id, doc->'contact' AS card, doc#>>'{contact,email}' AS mail
    FROM shop.files;
GRANT SELECT ON shop.files, shop.cards TO analyst;
"""
POLICY = """version: 1
classes:
  email: {domain: person}
columns:
  shop.files.{doc,plain}: public
  "shop.files.*->contact->email": email
  shop.files.doc->items->email: email
  shop.files.doc->contact->n: number
  shop.files.folded->plan: public
  shop.files.many->email: email
  shop.files.email: email
  shop.files.{id,many}: public
roles:
  - role: analyst
    treat: {email: token, number: {bucket: {size: 5}}}
"""


@pytest.fixture(scope="module")
def analyst(cluster: Cluster) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute(SETUP.encode())
    with (
        Proxy(cluster, Wish(POLICY)) as running,
        psycopg.connect(running.dsn(ANALYST), autocommit=True) as connection,
    ):
        yield connection
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        connection.execute("DROP TABLE shop.files CASCADE")


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


def ask(
    analyst: psycopg.Connection[TupleRow], sql: str, *, binary: bool = False
) -> list[tuple[Any, ...]]:
    return analyst.cursor(binary=binary).execute(sql.encode()).fetchall()


@pytest.mark.parametrize("binary", [False, True])
def test_only_what_the_paths_reach_is_treated(
    analyst: psycopg.Connection[TupleRow], binary: bool
) -> None:
    sql = "SELECT doc, plain, folded, email FROM shop.files ORDER BY id"
    first, second, third = ask(analyst, sql, binary=binary)
    token, other = first[3], second[3]
    assert token.startswith("tok_")
    assert first[0] == {
        "plan": "pro",
        "contact": {"email": token, "n": 5},
        "items": [{"email": other}, 5],
    }
    assert first[1]["contact"] == {"email": token}
    assert first[2] == {"plan": "pro", "contact": {"email": token}}
    assert second[:3] == ({"plan": "free", "contact": {"email": None}}, [], None)
    assert third == (None, None, None, None)


def test_spelling_and_order_are_kept(analyst: psycopg.Connection[TupleRow]) -> None:
    cursor = psycopg.RawCursor(analyst)
    with cursor.copy("COPY (SELECT plain FROM shop.files WHERE id = 1) TO STDOUT") as copy:
        line = b"".join(bytes(block) for block in copy).decode()
    assert line.startswith('{"z": 1.50, "contact": {"email": "tok_')
    assert line.endswith('"z": "\\\\ud800"}\n')


@pytest.mark.parametrize("binary", [False, True])
def test_parts_have_the_treatment_of_their_path(
    analyst: psycopg.Connection[TupleRow], binary: bool
) -> None:
    sql = """SELECT doc->'contact'->>'email', doc->'items'->0->>'email', doc->'contact',
        doc->>'plan', doc->>'contact', folded->>'ssn', email FROM shop.files ORDER BY id"""
    first, second, _ = ask(analyst, sql, binary=binary)
    token, other = first[6], second[6]
    assert first[:6] == (token, other, {"email": token, "n": 5}, "pro", None, None)
    assert ask(analyst, "SELECT card, mail FROM shop.cards WHERE id = 1", binary=binary) == [
        ({"email": token, "n": 5}, token)
    ]


def test_shown_parts_filter_and_group(analyst: psycopg.Connection[TupleRow]) -> None:
    assert ask(analyst, "SELECT id FROM shop.files WHERE doc->>'plan' = 'pro'") == [(1,)]
    assert ask(analyst, "SELECT id FROM shop.files WHERE doc->>'plan' = 'free'") == [(2,)]
    plans = "SELECT doc->>'plan', count(*) FROM shop.files GROUP BY 1 ORDER BY 1"
    assert ask(analyst, plans) == [("free", 1), ("pro", 1), (None, 1)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(analyst, "SELECT id FROM shop.files WHERE doc->'contact'->>'email' LIKE 'a%'")


@pytest.mark.parametrize("form", ["TEXT", "CSV", "BINARY"])
def test_copy_treats_documents(analyst: psycopg.Connection[TupleRow], form: str) -> None:
    sql = (
        f"COPY (SELECT id, doc, doc->'contact'->>'email' FROM shop.files) TO STDOUT (FORMAT {form})"
    )
    with analyst.cursor().copy(sql.encode()) as copy:
        data = b"".join(bytes(block) for block in copy)
    assert b"@x" not in data
    assert data.count(b"tok_") == 3
    if form == "BINARY":
        return
    with analyst.cursor().copy(b"COPY (SELECT doc FROM shop.files WHERE id = 2) TO STDOUT") as copy:
        line = b"".join(bytes(block) for block in copy)
    assert json.loads(line) == {"plan": "free", "contact": {"email": None}}


@pytest.mark.parametrize("binary", [False, True])
def test_arrays_of_documents_are_treated_too(
    analyst: psycopg.Connection[TupleRow], binary: bool
) -> None:
    sql = "SELECT many, email FROM shop.files ORDER BY id"
    (many, token), (none, _), _ = ask(analyst, sql, binary=binary)
    assert many == [{"email": token}, None, 7]
    assert none == []
