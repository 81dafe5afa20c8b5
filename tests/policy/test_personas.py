"""Personas: where the key of a subject is sent in the place of a value, and where it cannot be."""

from dataclasses import replace

import pytest

from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.plan import StatementPlan
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import Filters, RoleRule
from tests.shop_catalog import ANALYST, catalog, policy

PERSONAS = (
    PersonaPattern("customer", "shop.customers.*", "id"),
    PersonaPattern("customer", "shop.orders.ship_*", "customer_id"),
    PersonaPattern("employee", "shop.employees.first_name", "id", country="email"),
)


def plan(sql: str, rule: RoleRule = ANALYST) -> tuple[StatementPlan, str]:
    rules = replace(policy(rule), personas=PERSONAS)
    planned = CatalogPlanner(rules, rule, catalog(), ["shop"]).plan(sql.encode())
    (statement,) = planned.statements
    assert statement.refusal is None, statement.refusal
    return statement, planned.sql.decode()


def keyed(sql: str, rule: RoleRule = ANALYST) -> list[str]:
    """The persona of each field, '' where it has none."""
    fields = plan(sql, rule)[0].fields or ()
    return [field.subject.persona if field.subject else "" for field in fields]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT first_name, id, city FROM customers", ["customer", "", ""]),
        ("SELECT * FROM customers", ["", "", "customer", "customer", "", ""]),
        ("SELECT c.first_name FROM customers c JOIN orders o ON o.id = c.id", ["customer"]),
        ("SELECT o.ship_name FROM customers c LEFT JOIN orders o ON o.id = c.id", ["customer"]),
        ("SELECT x.a FROM customers x (i, e, a)", ["customer"]),
        ("SELECT n FROM (SELECT first_name AS n FROM customers LIMIT 3) s", ["customer"]),
        ("SELECT s.x FROM (SELECT first_name FROM customers) s (x)", ["customer"]),
        ("SELECT * FROM (SELECT * FROM (SELECT first_name FROM customers) a) b", ["customer"]),
        ("WITH w AS (SELECT first_name FROM customers) SELECT * FROM w", ["customer"]),
        ("WITH w AS (SELECT ship_name FROM orders) SELECT a.*, b.* FROM w a, w b",
         ["customer", "customer"]),
        ("SELECT first_name FROM customers TABLESAMPLE system (50)", ["customer"]),
        ("SELECT first_name FROM customers ORDER BY id LIMIT 1", ["customer"]),
        ("SELECT first_name, rank() OVER (ORDER BY id) FROM customers", ["customer", ""]),
        ("SELECT first_name FROM employees", ["employee"]),
        ("COPY customers TO STDOUT", ["", "", "customer", "customer", "", ""]),
        ("COPY (SELECT first_name FROM customers) TO STDOUT", ["customer"]),
        # There the value is the key.
        ("SELECT DISTINCT first_name FROM customers", [""]),
        ("SELECT first_name FROM customers GROUP BY first_name", [""]),
        ("SELECT first_name FROM customers UNION ALL SELECT first_name FROM employees", [""]),
        ("SELECT n FROM (SELECT DISTINCT first_name AS n FROM customers) s", [""]),
        ("SELECT (SELECT first_name FROM customers LIMIT 1)", [""]),
        ("SELECT upper(first_name) FROM customers", [""]),
        ("SELECT coalesce(first_name, 'x') FROM customers", [""]),
        ("SELECT s.first_name, s IS NULL FROM (SELECT first_name FROM customers) s", ["", ""]),
        ("SELECT j.n FROM (customers JOIN tickets USING (id)) AS j (a, b, n)", [""]),
        ("EXPLAIN SELECT first_name FROM customers", [""]),
    ],
)  # fmt: skip
def test_where_the_key_can_be_had(sql: str, expected: list[str]) -> None:
    assert keyed(sql) == expected


def test_prepared_and_declared_queries_have_them_too() -> None:
    for sql in ("PREPARE p AS SELECT first_name FROM customers",
                "DECLARE c CURSOR FOR SELECT first_name FROM customers"):  # fmt: skip
        statement, sent = plan(sql)
        assert statement.name_use is not None
        assert statement.name_use.plan is not None
        assert [field.subject is None for field in statement.name_use.plan.fields or ()] == [False]
        assert "'k'" in sent


def test_what_is_sent() -> None:
    _, sent = plan("SELECT first_name FROM customers")
    assert sent == (
        "SELECT CASE WHEN customers.first_name IS NOT NULL"
        " THEN COALESCE('k' OPERATOR(pg_catalog.||) customers.id::pg_catalog.text,"
        " 'v' OPERATOR(pg_catalog.||) customers.first_name::pg_catalog.text) END AS first_name"
        " FROM shop.customers customers"
    )
    _, sent = plan("SELECT w.n FROM (SELECT first_name AS n FROM employees) w")
    assert 'employees.id AS "carried 1"' in sent
    assert 'employees.email AS "carried 2"' in sent
    assert "w.\"carried 1\"::pg_catalog.text, 'v'" in sent
    assert "COALESCE(w.\"carried 2\"::pg_catalog.text, '')" in sent


def test_the_field_is_described_as_its_column_and_says_whose_it_is() -> None:
    statement, _ = plan("SELECT first_name, last_name FROM customers")
    (first, _) = statement.fields or ()
    assert first.subject is not None
    assert (first.subject.type_oid, first.subject.type_size) == (1043, -1)
    assert first.subject.origin == (100, 3)
    assert first.origins == frozenset()
    assert first.domain == "persona customer"
    assert first.reason.endswith("of a persona, customer")
    statement, _ = plan("SELECT DISTINCT first_name FROM customers")
    (first,) = statement.fields or ()
    assert first.reason.endswith("of a persona, customer, keyed by the value itself here")
    assert first.domain == "name"


def test_order_by_the_field_keeps_its_meaning() -> None:
    free = replace(ANALYST, filters=Filters.VALUES)
    assert keyed("SELECT id, first_name FROM customers ORDER BY 2", free) == ["", ""]
    assert keyed("SELECT id, first_name FROM customers ORDER BY 1", free) == ["", "customer"]


def test_a_statement_with_other_literals_is_not_mixed_up() -> None:
    rules = replace(policy(ANALYST), personas=PERSONAS)
    planner = CatalogPlanner(rules, ANALYST, catalog(), ["shop"])
    for number in range(5):
        sql = f"SELECT first_name FROM customers WHERE id = {number} AND city = 'k'"
        sent = planner.plan(sql.encode()).sql.decode()
        assert sent.count("'k' OPERATOR") == 1
        assert f"OPERATOR(pg_catalog.=) {number} AND" in sent
        assert sent.endswith("OPERATOR(pg_catalog.=) 'k'")
