"""Vaultless and one-way tokens through the proxy: out, and back where they can."""

from collections.abc import Iterator
import datetime

import psycopg
from psycopg.rows import TupleRow
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER

pytestmark = pytest.mark.e2e

SETUP = """
CREATE TABLE shop.computed (id int, pin varchar(12), code char(8), n bigint, day date, ref uuid,
    small int2, tags text[], once text);
INSERT INTO shop.computed VALUES
    (1, '123456', 'AbC12', 77, '2020-02-29', '00000000-0000-0000-0000-000000000001', 5,
     '{1234567,12}', 'a'),
    (2, '000000123456', 'AbC12xyz', 2147483647, '1999-12-31', NULL, 6, '{}', 'b'),
    (3, '12345', 'x y z', -1, 'infinity', NULL, NULL, NULL, 'a');
GRANT SELECT, INSERT, DELETE ON shop.computed TO analyst;
"""
POLICY = """version: 1
columns:
  shop.computed.{pin,day,small,tags}: digits
  shop.computed.code: length
  shop.computed.{n,ref}: digits
  shop.computed.once: once
  "shop.*.*": public
roles:
  - role: analyst
    writes: tokens
    treat:
      digits: {token: {format: digits, vaultless: true}}
      length: {token: {format: length, vaultless: true}}
      once: {token: {reversible: false}}
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
        connection.execute("DROP TABLE shop.computed")


@pytest.fixture
def analyst(proxy: Proxy) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        yield connection


def rows(analyst: psycopg.Connection[TupleRow], *, binary: bool = False) -> list[TupleRow]:
    sql = "SELECT pin, code, n, day, ref, small, tags FROM shop.computed ORDER BY id"
    return analyst.cursor(binary=binary).execute(sql.encode()).fetchall()


def test_tokens_have_the_form_and_come_back(analyst: psycopg.Connection[TupleRow]) -> None:
    first, second, third = rows(analyst)
    assert rows(analyst, binary=True) == [first, second, third]
    assert [len(row[0]) for row in (first, second)] == [6, 12]
    assert len(first[1].rstrip()) == 5
    assert isinstance(first[3], datetime.date)
    assert [len(tag or "") for tag in first[6]] == [7, 0]
    assert (first[0], first[2], first[5]) != ("123456", 77, 5)
    assert first[5] is None
    assert third[:4] == (None, None, None, None)
    for at, name in enumerate(("pin", "code", "n", "day", "ref")):
        for form in ("%t", "%b"):
            sql = f"SELECT id FROM shop.computed WHERE {name} = {form}".encode()
            given = first[at].rstrip() if name == "code" else first[at]
            assert analyst.execute(sql, (given,)).fetchall() == [(1,)], name


def test_they_are_the_same_for_a_vault_that_has_never_seen_them(
    analyst: psycopg.Connection[TupleRow], proxy: Proxy, cluster: Cluster
) -> None:
    key = (proxy.directory / "vault.key").read_text()
    with (
        Proxy(cluster, Wish(POLICY, vault=("sqlite:///other.db", key))) as other,
        psycopg.connect(other.dsn(ANALYST)) as connection,
    ):
        assert rows(connection) == rows(analyst)


def test_a_token_is_stored_as_its_value(
    analyst: psycopg.Connection[TupleRow], cluster: Cluster
) -> None:
    first, *_ = rows(analyst)
    analyst.execute(
        "INSERT INTO shop.computed (id, pin, n, day) VALUES (9, %s, %s, %s)",
        (first[0], first[2], first[3]),
    )
    with psycopg.connect(owner(cluster), autocommit=True) as connection:
        stored = connection.execute("DELETE FROM shop.computed WHERE id = 9 RETURNING pin, n, day")
        assert stored.fetchall() == [("123456", 77, datetime.date(2020, 2, 29))]


def test_one_way_tokens_show_equality_and_resolve_to_nothing(
    analyst: psycopg.Connection[TupleRow],
) -> None:
    found = [row[0] for row in analyst.execute("SELECT once FROM shop.computed ORDER BY id")]
    assert found[0] == found[2] != found[1]
    assert found[0].startswith("tok_")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("SELECT 1 FROM shop.computed WHERE once = %s", (found[0],))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        analyst.execute("INSERT INTO shop.computed (id, once) VALUES (9, %s)", (found[0],))
    grouped = analyst.execute("SELECT once, count(*) FROM shop.computed GROUP BY once").fetchall()
    assert sorted(grouped) == sorted([(found[0], 2), (found[1], 1)])
