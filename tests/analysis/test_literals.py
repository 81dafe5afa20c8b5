"""Literals are found where the grammar has constants, and nowhere else."""

import pytest

from pgproxy.analysis.grammar import parse
from pgproxy.analysis.literals import Literal, shape_of, watch
from tests.shop_catalog import planner


@pytest.mark.parametrize(
    ("sql", "literals"),
    [
        (b"SELECT 1", [b"1"]),
        (b"SELECT 'it''s', 2.50, -7", [b"'it''s'", b"2.50", b"7"]),
        (b"SELECT $1, t1.c2, x'1F', E'a', N'b', U&'c' FROM t1 WHERE a=12", [b"12"]),
        (b"SELECT 'Zo\xc3\xab'", ["'Zo\u00eb'".encode()]),
        (b"SELECT id FROM t", None),
        (b"SELECT 'a\\'", None),
        (b"SELECT '\xff'", None),
        (b"SELECT 007", None),
        (b"SELECT 12345678901", None),
        (b"SELECT " + b"1, " * 70 + b"1", None),
        (b"SELECT 1" + b" " * 20_000, None),
    ],
)
def test_plain_literals(sql: bytes, literals: list[bytes] | None) -> None:
    shape = shape_of(sql)
    assert (list(shape.literals) if shape else None) == literals


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 /* 2 */",
        "SELECT 1 -- it's 'so'",
        "SELECT $$ 1 'a' $$, 2",
        "SELECT 'a'\n'b'",
        'SELECT "a 1", 1',
        "SELECT 1::float(53)",
        "SELECT b'1', E'2', 3",
    ],
)
def test_what_is_no_constant_of_the_tree_is_not_watched(sql: str) -> None:
    shape = shape_of(sql.encode())
    if shape is not None and len(shape.literals) > 0:
        (raw,) = parse(sql)
        before = repr(raw)
        assert watch(raw, shape) is None
        assert repr(raw) == before, "some were watched all the same"


def test_who_looks_is_seen() -> None:
    for look in (
        lambda body: body["ival"],
        lambda body: body.get("ival"),
        lambda body: list(body.items()),
        lambda body: list(body.values()),
        lambda body: body == {},
        repr,
        lambda body: body.copy(),
    ):
        literal = Literal({"ival": {"ival": 5}, "location": 3})
        assert "ival" in literal
        assert literal.get("sval") is None
        assert literal.get("location") == 3
        assert not literal.looked_at
        look(literal)
        assert literal.looked_at


def test_a_position_is_looked_at_and_stays_its_own() -> None:
    own = planner()
    for number in (1, 2, 1, 2):
        text = f"SELECT id, city FROM customers ORDER BY {number}".encode()
        assert own.plan(text).sql.endswith(b"ORDER BY %d" % number)


def test_a_token_in_a_condition_is_looked_at() -> None:
    own = planner()
    for token in ("a", "b", "c"):
        (statement,) = own.plan(
            f"SELECT id FROM customers WHERE email = '{token}'".encode()
        ).statements
        (given,) = statement.inputs
        assert given.literal == token


def test_bytes_that_are_no_text_are_refused_though_the_shape_is_known() -> None:
    own = planner()
    for literal in (b"a", b"b", b"c"):
        assert own.plan(b"SELECT id FROM customers WHERE city = '%b'" % literal).statements
    (statement,) = own.plan(b"SELECT id FROM customers WHERE city = '\xff'").statements
    assert statement.refusal is not None
    assert statement.refusal.sqlstate == "22021"
