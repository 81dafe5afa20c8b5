"""Arrays of tokens: element by element out, and back in conditions and writes."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER

pytestmark = pytest.mark.e2e

SETUP = """
CREATE TABLE shop.lists (id int, tags text[], refs int[], keys uuid[], codes char(8)[], own text);
INSERT INTO shop.lists VALUES
    (1, '{a,"b c",NULL}', '{1,2}', '{00000000-0000-0000-0000-00000000000a}', '{x,y}', 'a'),
    (2, '{{a,b},{c,d}}', '[0:1]={2,3}', NULL, '{}', 'c'),
    (3, '{}', NULL, '{}', NULL, NULL);
GRANT SELECT, INSERT, UPDATE ON shop.lists TO analyst;
"""
POLICY = """version: 1
classes:
  tag: {domain: word}
  own: {domain: word}
columns:
  shop.lists.tags: tag
  shop.lists.own: own
  shop.lists.{refs,keys,codes}: other
  "shop.*.*": public
roles:
  - role: analyst
    writes: tokens
    treat: {tag: token, own: token, other: token}
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
        connection.execute("DROP TABLE shop.lists")


def owner(cluster: Cluster) -> str:
    return cluster.dsn(OWNER.user, OWNER.password, DATABASE)


def rows(analyst: psycopg.Connection[TupleRow], *, binary: bool) -> list[TupleRow]:
    cursor = analyst.cursor(binary=binary)
    sql = "SELECT tags, refs, keys, codes, own FROM shop.lists WHERE id < 4 ORDER BY id"
    return cursor.execute(sql.encode()).fetchall()


def test_elements_are_tokens_and_the_array_keeps_its_form(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    first, second, third = rows(analyst, binary=False)
    assert rows(analyst, binary=True) == [first, second, third]
    tags, refs, keys, codes, own = first
    assert tags[0] == own
    assert tags[0].startswith("tok_")
    assert tags[1] not in ("b c", tags[0])
    assert tags[2] is None
    assert refs[1] == second[1][0]
    assert refs[1] != 2
    assert isinstance(keys[0], UUID)
    assert [len(code) for code in codes] == [8, 8]
    assert second[0][0][0] == tags[0]
    assert second[0][1][0] == second[4]
    assert second[2:4] == (None, [])
    assert third == ([], None, [], None, None)


@pytest.mark.parametrize("form", ["%t", "%b"])
def test_a_token_is_found_in_an_array(analyst: psycopg.Connection[TupleRow], form: str) -> None:
    first, second, _ = rows(analyst, binary=False)
    found = f"SELECT id FROM shop.lists WHERE {form} = ANY(tags) ORDER BY id"
    assert analyst.execute(found.encode(), (first[4],)).fetchall() == [(1,), (2,)]
    assert analyst.execute(found.encode(), (second[4],)).fetchall() == [(2,)]
    assert analyst.execute(found.encode(), ("a",)).fetchall() == []
    numbers = f"SELECT id FROM shop.lists WHERE {form} = ANY(refs)"
    assert analyst.execute(numbers.encode(), (first[1][0],)).fetchall() == [(1,)]
    literal = f"SELECT id FROM shop.lists WHERE '{second[4]}' = ANY(tags)"
    assert analyst.execute(literal.encode()).fetchall() == [(2,)]


def test_joins_by_unnest_and_equality_of_arrays_are_refused_or_cut(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    for sql in (
        "SELECT id FROM shop.lists WHERE tags = '{a}'",
        "SELECT id FROM shop.lists WHERE tags @> '{a}'",
        "SELECT id FROM shop.lists WHERE 'a' <> ALL(tags)",
        "SELECT id FROM shop.lists WHERE 'a' < ANY(tags)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute(sql.encode())
    taken = analyst.execute("SELECT tags[1], array_length(tags, 1) FROM shop.lists").fetchall()
    assert set(taken) == {(None, None)}


@pytest.mark.parametrize("form", ["%t", "%b", "array", "literal"])
def test_an_array_of_tokens_is_stored_as_its_values(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster, form: str
) -> None:
    first, second, _ = rows(analyst, binary=False)
    tokens = [first[4], None, second[4]]
    given = {
        "array": f"ARRAY['{tokens[0]}', NULL, '{tokens[2]}']".replace("NULL, ", ""),
        "literal": f"'{{{tokens[0]},NULL,{tokens[2]}}}'",
    }.get(form, form)
    parameters = (tokens,) if form.startswith("%") else ()
    sql = f"INSERT INTO shop.lists (id, tags) VALUES (9, {given}) RETURNING tags"
    (back,) = analyst.execute(sql.encode(), parameters).fetchone() or (None,)
    assert back == ([tokens[0], tokens[2]] if form == "array" else tokens)
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        stored = connection.execute("DELETE FROM shop.lists WHERE id = 9 RETURNING tags").fetchall()
    assert stored == [(["a", "c"] if form == "array" else ["a", None, "c"],)]


def test_an_array_with_a_value_of_the_readers_choice_is_refused(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    first, *_ = rows(analyst, binary=False)
    for given in (f"'{{{first[4]},raw}}'", f"ARRAY['{first[4]}', 'raw']", "'{{a}}'", "'x'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute(f"INSERT INTO shop.lists (id, tags) VALUES (9, {given})".encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("UPDATE shop.lists SET tags = %s", ([first[4], "raw"],))
