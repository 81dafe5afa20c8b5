"""The planner against the cases in tests/lineage, and what no case file can say."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pgproxy.analysis.catalog import Catalog, Function, Relation
from pgproxy.analysis.lineage import Source
from pgproxy.policy.classes import Masks
from pgproxy.policy.plan import REFUSED_STATEMENT
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import ColumnPattern, Computed, Filters, RoleRule, Writes
from tests.shop_catalog import ANALYST, catalog, planner, policy

CASES = Path(__file__).parents[1] / "lineage"


@dataclass
class Case:
    """One statement and what is expected of it."""

    where: str
    sql: str
    expected: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read_cases(path: Path) -> list[Case]:
    cases: list[Case] = []
    sql: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark, rest = line[:3], line[3:].strip()
        if mark == "-->":
            cases[-1].expected.append(" | ".join(part.strip() for part in rest.split("|")))
        elif mark == "--!":
            cases[-1].sent.append(rest)
        elif mark == "--?":
            cases[-1].notices.append(rest)
        elif line and not line.startswith("--"):
            sql.append(line)
            if line.endswith(";"):
                cases.append(Case(f"{path.stem}:{number}", "\n".join(sql)))
                sql = []
    assert not sql, f"{path}: the last statement does not end"
    return cases


ALL_CASES = [case for path in sorted(CASES.glob("*.sql")) for case in read_cases(path)]


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.where)
def test_case(case: Case) -> None:
    plan = planner().plan(case.sql.encode())
    (statement,) = plan.statements
    if statement.refusal:
        assert [f"refused | {statement.refusal.reason}"] == case.expected, statement.refusal
        assert plan.sql.decode() == REFUSED_STATEMENT
        return
    found = [
        " | ".join((f.name, f.derivation, f.treatment.name, ", ".join(f.sources)))
        for f in statement.fields or ()
    ]
    assert found == case.expected
    sent = plan.sql.decode()
    for text in case.sent:
        assert text in sent, sent
    for text in case.notices:
        assert any(text in notice for notice in statement.notices), statement.notices
    # Walked once more, what we send means the same: nothing in it is left to a search_path.
    again = planner().plan(plan.sql)
    assert again.statements[0].refusal is None, again.statements[0].refusal


def test_case_files_are_read() -> None:
    assert len(ALL_CASES) > 100


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN",
        "START TRANSACTION READ ONLY",
        "COMMIT",
        "ROLLBACK TO SAVEPOINT x",
        "SET statement_timeout = 1000",
        "SET datestyle TO 'ISO, DMY'",
        "SET TIME ZONE 'UTC'",
        "SET NAMES 'utf8'",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "RESET ALL",
        "DISCARD ALL",
        "DEALLOCATE ALL",
        "CLOSE ALL",
        "UNLISTEN *",
    ],
)
def test_harmless_utility_statements_pass(sql: str) -> None:
    (statement,) = planner().plan(sql.encode()).statements
    assert statement.refusal is None
    assert not statement.touches_masked


def test_a_refusal_stops_the_string_where_it_stands() -> None:
    plan = planner().plan(b"SELECT 1; SELECT id FROM customers WHERE email > 'x'; SELECT 2")
    assert len(plan.statements) == 2
    assert plan.statements[0].refusal is None
    assert plan.statements[1].refusal is not None
    assert plan.sql.decode().endswith(f"; {REFUSED_STATEMENT}")


def test_empty_query() -> None:
    plan = planner().plan(b"  -- nothing\n")
    assert plan.statements == ()
    assert plan.sql == b""


def test_an_unknown_relation_is_stale_once() -> None:
    plans = planner()
    assert plans.plan(b"SELECT 1 FROM nowhere").stale
    assert plans.misses == 1
    assert plans.plan(b"SELECT 1 FROM nowhere").stale
    assert plans.misses == 2, "a stale plan must not be remembered"


def test_plans_are_remembered_by_text() -> None:
    plans = planner()
    first = plans.plan(b"SELECT email FROM customers")
    assert plans.plan(b"SELECT email FROM customers") is first
    assert plans.hits == 1


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        (b"SELECT '\xff'", "22021"),
        (b"SELECT 1\0; SELECT 2", "22021"),
        (b"SELECT " + b"(" * 5000 + b"1" + b")" * 5000, ""),
        (b"SELECT " + b"1+" * 50_000 + b"1", "54001"),
        (b"SELECT " + b"NOT " * 20_000 + b"true", "54001"),
        (b"SELECT 1 " + b"UNION ALL SELECT 1 " * 10_000, "54001"),
        (b"SELECT '" + b"x" * 300_000 + b"'", "54001"),
    ],
)
def test_hostile_texts_are_refused_not_fatal(sql: bytes, sqlstate: str) -> None:
    (statement,) = planner().plan(sql).statements
    if sqlstate:
        assert statement.refusal is not None
        assert statement.refusal.sqlstate == sqlstate


def test_positions_count_characters() -> None:
    (statement,) = planner().plan("SELECT 'ééé', nothing FROM customers".encode()).statements
    assert statement.refusal is not None
    assert statement.refusal.position == 15


def test_filters_values_compares_as_written() -> None:
    plans = planner(replace(ANALYST, filters=Filters.VALUES))
    (statement,) = plans.plan(b"SELECT id FROM customers WHERE email LIKE 'a%'").statements
    assert statement.refusal is None


def test_filters_refuse_refuses_equality_too() -> None:
    plans = planner(replace(ANALYST, filters=Filters.REFUSE))
    for sql in (
        b"SELECT DISTINCT email FROM customers",
        b"SELECT id FROM customers ORDER BY email",
        b"SELECT 1 FROM customers c JOIN orders o ON c.email = o.email",
    ):
        (statement,) = plans.plan(sql).statements
        assert statement.refusal is not None, sql


def test_a_class_has_filters_of_its_own() -> None:
    plans = planner(email=Filters.VALUES)
    (statement,) = plans.plan(b"SELECT id FROM customers WHERE email = 'x'").statements
    assert statement.refusal is None
    (statement,) = plans.plan(b"SELECT id FROM employees WHERE ssn = email").statements
    assert statement.refusal is not None


def test_computed_refuse() -> None:
    plans = planner(replace(ANALYST, computed=Computed.REFUSE))
    (statement,) = plans.plan(b"SELECT upper(email) FROM customers").statements
    assert statement.refusal is not None
    assert statement.refusal.reason == "masked_compute"


def test_origins_name_the_view_and_its_table() -> None:
    (statement,) = planner().plan(b"SELECT mail FROM emails").statements
    assert statement.fields is not None
    assert statement.fields[0].origins == {(100, 2), (200, 2)}


def test_a_shown_field_has_no_masked_origin() -> None:
    (statement,) = planner().plan(b"SELECT email IS NULL, id FROM customers").statements
    assert statement.fields is not None
    assert statement.fields[0].origins == frozenset()
    assert statement.fields[1].origins == {(100, 1)}


def test_a_parent_does_not_show_what_a_child_masks() -> None:
    base = policy()
    rules = replace(base, columns=(ColumnPattern("shop.customers_2020.city", "ssn"), *base.columns))
    plans = CatalogPlanner(rules, ANALYST, catalog(), ["shop"])
    (statement,) = plans.plan(b"SELECT city FROM customers").statements
    assert statement.fields is not None
    assert statement.fields[0].treatment.name == "partial"


def test_audit_text_holds_no_literal_and_no_comment() -> None:
    sql = b"SELECT id /* 111-22-3333 */ FROM customers WHERE city = '111-22-3333' -- 111-22-3333"
    (statement,) = planner().plan(sql).statements
    assert "111" not in statement.audit_sql
    assert "shop.customers" in statement.audit_sql


def test_refusals_name_column_rule_and_way_out() -> None:
    (statement,) = planner().plan(b"SELECT id FROM customers WHERE email LIKE 'a%'").statements
    assert statement.refusal is not None
    assert statement.refusal.sqlstate == "42501"
    assert "shop.customers.email" in statement.refusal.message
    assert statement.refusal.hint
    assert "'a%'" not in statement.refusal.message


# Functions that are no built-in ones

FUNCTIONS = (
    Function(1, "shop", "net", "f", (1700,), language="sql", body="SELECT round($1 / 1.19, 2)"),
    Function(
        2,
        "shop",
        "mail_of",
        "f",
        (23,),
        names=("cid",),
        language="sql",
        body="BEGIN ATOMIC SELECT c.email FROM shop.customers c WHERE c.id = cid; END",
    ),
    Function(
        3,
        "shop",
        "is_mail",
        "f",
        (25,),
        language="sql",
        body="SELECT count(*) FROM customers WHERE email = $1",
    ),
    Function(4, "shop", "tell", "f", (25,), returns=25, language="plpgsql"),
    Function(5, "shop", "tell", "f", (23,), returns=25, language="plpgsql"),
    Function(6, "shop", "wipe", "f", (), language="sql", body="DELETE FROM shop.orders"),
    Function(
        7,
        "shop",
        "named",
        "f",
        (25,),
        names=("place",),
        outputs=(("id", 23), ("mail", 25)),
        returns_set=True,
        language="sql",
        body="SELECT id, email FROM shop.customers WHERE city = place",
    ),
)


def with_functions() -> Catalog:
    found: dict[tuple[str, str], tuple[Function, ...]] = {}
    for function in FUNCTIONS:
        key = function.schema, function.name
        found[key] = (*found.get(key, ()), function)
    return replace(catalog(), functions=found)


def planned(sql: str, *trusted: str, rule: RoleRule = ANALYST) -> list[str]:
    """Treatments of the fields, or the reason of the refusal."""
    rules = replace(policy(rule), trusted_functions=trusted)
    plans = CatalogPlanner(rules, rule, with_functions(), ["shop", "public"])
    (statement,) = plans.plan(sql.encode()).statements
    if statement.refusal:
        return [f"refused: {statement.refusal.reason}"]
    return [field.treatment.name for field in statement.fields or ()]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT net(total) FROM orders", ["show"]),
        ("SELECT shop.mail_of(id) FROM customers", ["token"]),
        ("SELECT upper(mail_of(1))", ["null"]),
        ("SELECT is_mail('x')", ["refused: masked_equal"]),
        ("SELECT id, mail FROM named('Ulm')", ["show", "token"]),
        ("SELECT n.mail FROM named('Ulm') AS n WHERE n.mail LIKE 'a%'", ["refused: masked_test"]),
        ("SELECT tell('x')", ["refused: function"]),
        ("SELECT wipe()", ["refused: function"]),
        ("SELECT net(1, 2)", ["refused: function"]),
    ],
)
def test_a_function_in_sql_is_what_its_body_does(sql: str, expected: list[str]) -> None:
    assert planned(sql) == expected


def test_trust_covers_every_function_that_a_call_could_mean() -> None:
    assert planned("SELECT tell('x')", "shop.tell") == ["show"]
    assert planned("SELECT tell(email) FROM customers", "shop.tell") == ["null"]
    assert planned("SELECT tell('x')", "shop.tell(text)", "shop.tell(integer)") == ["show"]
    assert planned("SELECT tell('x')", "shop.tell(text)") == ["refused: function"]
    assert planned("SELECT tell('x')", "shop.tell(nonsense)", "other.tell") == ["refused: function"]


def test_a_generated_column_is_masked_as_what_it_is_computed_from() -> None:
    known = catalog()
    customers = known.relations["shop", "customers"]
    columns = tuple(
        replace(c, generated="left(email, 1)") if c.name == "city" else c for c in customers.columns
    )
    changed: dict[tuple[str, str], Relation] = {
        **known.relations,
        ("shop", "customers"): replace(customers, columns=columns),
    }
    snapshot = replace(known, relations=changed)
    plans = CatalogPlanner(policy(), ANALYST, snapshot, ["shop"])
    (statement,) = plans.plan(b"SELECT city, id FROM customers").statements
    assert [f.treatment.name for f in statement.fields or ()] == ["null", "show"]
    (statement,) = plans.plan(b"SELECT id FROM customers WHERE city = 'a'").statements
    assert statement.refusal is not None
    named = replace(
        policy(), columns=(ColumnPattern("shop.customers.city", "public"), *policy().columns)
    )
    plans = CatalogPlanner(named, ANALYST, snapshot, ["shop"])
    (statement,) = plans.plan(b"SELECT city FROM customers").statements
    assert [f.treatment.name for f in statement.fields or ()] == ["show"]


WRITER = replace(ANALYST, writes=Writes.TOKENS)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO orders (id, total) VALUES (1, 2) RETURNING id, email", ["show", "token"]),
        ("UPDATE orders SET total = total + 1 WHERE id = 3 RETURNING *", None),
        ("UPDATE orders o SET total = 1 FROM customers c WHERE c.id = o.customer_id", []),
        ("DELETE FROM orders WHERE id = 3", []),
        ("DELETE FROM orders WHERE email > 'x'", ["refused: masked_test"]),
        ("DELETE FROM orders WHERE email = 'x'", []),
        ("INSERT INTO orders (email) VALUES ('x')", []),
        ("INSERT INTO orders (email) VALUES ('x'), ($1), (NULL), (DEFAULT)", []),
        ("INSERT INTO orders (email) VALUES (lower('x'))", ["refused: masked_write"]),
        ("INSERT INTO orders (email) VALUES ('x' || $1)", ["refused: masked_write"]),
        ("INSERT INTO orders (email) SELECT 'x'", []),
        ("INSERT INTO orders (email) SELECT 'x' UNION ALL SELECT 'y'", ["refused: masked_write"]),
        ("INSERT INTO orders (email) SELECT DISTINCT 'x'", ["refused: masked_write"]),
        ("INSERT INTO orders (email) SELECT email FROM customers", []),
        (
            "INSERT INTO orders (email) SELECT upper(email) FROM customers",
            ["refused: masked_write"],
        ),
        (
            "INSERT INTO orders (email) SELECT coalesce(email, 'x') FROM customers",
            ["refused: masked_write"],
        ),
        ("INSERT INTO orders (made) SELECT email FROM customers", ["refused: masked_write"]),
        (
            "INSERT INTO orders (made) VALUES ((SELECT max(email) FROM customers))",
            ["refused: masked_write"],
        ),
        ("INSERT INTO orders (ship_name) VALUES ('x')", ["refused: masked_write"]),
        ("INSERT INTO orders (id) SELECT salary FROM employees", ["refused: masked_write"]),
        ("UPDATE orders SET email = 'x'", []),
        ("UPDATE orders SET email = $1::varchar WHERE email = $2", []),
        ("UPDATE orders SET email = $1 WHERE email = $1", ["refused: masked_equal"]),
        ("UPDATE orders SET email = $1, made = $1", ["refused: masked_equal"]),
        ("UPDATE orders SET email = $1::varchar(3)", ["refused: masked_write"]),
        ("UPDATE orders SET email = 5", ["refused: masked_write"]),
        ("UPDATE orders SET email = CASE WHEN id > 5 THEN 'x' END", ["refused: masked_write"]),
        ("UPDATE orders o SET email = c.email FROM customers c WHERE c.id = o.customer_id", []),
        ("UPDATE orders o SET made = c.email FROM customers c", ["refused: masked_write"]),
        ("UPDATE orders SET ship_name = ship_name", []),
        ("UPDATE orders SET ship_name = email", ["refused: masked_write"]),
        ("UPDATE employees SET salary = 5", ["refused: masked_write"]),
        ("INSERT INTO orders (id, email) VALUES (1, 'x') ON CONFLICT (email) DO NOTHING", []),
        (
            (
                "INSERT INTO orders (id, email) VALUES (1, 'x') ON CONFLICT (id) "
                "DO UPDATE SET email = excluded.email"
            ),
            [],
        ),
        (
            (
                "INSERT INTO orders (id, email) VALUES (1, 'x') ON CONFLICT (id) "
                "DO UPDATE SET made = excluded.email"
            ),
            ["refused: masked_write"],
        ),
        (
            (
                "INSERT INTO orders (id, email) VALUES (1, 'x') ON CONFLICT (id) "
                "DO UPDATE SET total = 1 WHERE excluded.email > 'a'"
            ),
            ["refused: masked_test"],
        ),
        (
            "INSERT INTO employees (id) VALUES (1) ON CONFLICT (salary) DO NOTHING",
            ["refused: masked_conflict"],
        ),
        (
            (
                "MERGE INTO orders o USING customers c ON o.id = c.id WHEN MATCHED THEN UPDATE SET "
                "email = c.email WHEN NOT MATCHED THEN INSERT (id, email) VALUES (c.id, 'x')"
            ),
            [],
        ),
        (
            (
                "MERGE INTO orders o USING customers c ON o.id = c.id WHEN NOT MATCHED THEN "
                "INSERT (id, made) VALUES (c.id, c.email)"
            ),
            ["refused: masked_write"],
        ),
        (
            "UPDATE orders SET total = (SELECT max(salary) FROM employees)",
            ["refused: masked_write"],
        ),
        ("UPDATE orders SET ship_name = NULL", []),
        ("UPDATE orders SET ship_name = DEFAULT", []),
        (
            (
                "MERGE INTO orders o USING employees e ON o.id = e.id "
                "WHEN MATCHED AND e.salary > 1 THEN DELETE"
            ),
            ["refused: masked_test"],
        ),
        (
            (
                "MERGE INTO orders o USING customers c ON o.id = c.id WHEN MATCHED THEN UPDATE SET "
                "total = 0 WHEN NOT MATCHED THEN INSERT (id) VALUES (c.id)"
            ),
            [],
        ),
        ("WITH w AS (DELETE FROM orders RETURNING id, email) SELECT * FROM w", ["show", "token"]),
    ],
)
def test_writes_where_the_policy_allows_them(sql: str, expected: list[str] | None) -> None:
    found = planned(sql, rule=WRITER)
    if expected is None:
        assert "refused" not in found[0]
    else:
        assert found == expected
    assert planned(sql)[0].startswith("refused: writes")


@pytest.mark.parametrize(("error", "sqlstate"), [(RecursionError, "54001"), (KeyError, "XX000")])
def test_a_fault_while_literals_are_looked_for_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], sqlstate: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("pgproxy.policy.planner.watch", fail)
    plans = planner()
    for number in (1, 2, 3):
        plan = plans.plan(f"SELECT id FROM customers WHERE id = {number}".encode())
        refusal = plan.statements[0].refusal
        # A shape is watched for when it comes again.
        assert (refusal.sqlstate if refusal else None) == (sqlstate if number > 1 else None)
        assert (plan.sql == REFUSED_STATEMENT.encode()) == (number > 1)


def test_a_generated_column_that_nobody_reads_is_computed_from_everything() -> None:
    known = catalog()
    customers = known.relations["shop", "customers"]
    (*others, city) = [c for c in customers.columns if c.name != "born"]
    columns = (*others, replace(city, generated="upper(email)"))
    snapshot = replace(
        known,
        relations={**known.relations, ("shop", "customers"): replace(customers, columns=columns)},
    )
    masks = Masks(policy(), ANALYST, snapshot)
    assert masks.mask(Source(customers.oid, city.attnum)) is not None
