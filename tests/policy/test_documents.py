"""Paths into documents: which of them decides, and what closes where they cannot lead anywhere."""

from dataclasses import replace

import pytest

from pgproxy.analysis.catalog import Catalog, Relation
from pgproxy.policy.places import NOWHERE, Places
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import (
    ClassRule,
    ColumnPattern,
    Computed,
    Filters,
    Paths,
    Policy,
    RoleRule,
    Show,
    Token,
    Writes,
)
from tests.shop_catalog import ANALYST, catalog, policy

COLUMNS = (ColumnPattern("shop.*.*", "public"),)


def plans(
    columns: dict[str, str],
    rule: RoleRule = ANALYST,
    known: Catalog | None = None,
    classes: tuple[ClassRule, ...] = (),
) -> CatalogPlanner:
    """A planner whose policy has these lines, and shows all else of the shop."""
    patterns = tuple(ColumnPattern(pattern, name) for pattern, name in columns.items())
    found = Policy({one.name: one for one in classes}, (*patterns, *COLUMNS), (rule,))
    return CatalogPlanner(found, rule, known or catalog(), ["shop"])


def treatments(planner: CatalogPlanner, sql: str) -> list[str]:
    (statement,) = planner.plan(sql.encode()).statements
    if statement.refusal:
        return [statement.refusal.reason]
    return [field.treatment.name for field in statement.fields or ()]


def inside(planner: CatalogPlanner, sql: str) -> list[tuple[str, str]]:
    """The paths of the only field of a statement, with their treatments."""
    (statement,) = planner.plan(sql.encode()).statements
    assert statement.fields is not None
    treatment = statement.fields[0].treatment
    assert isinstance(treatment, Paths)
    return [("->".join(one.path), one.treatment.name) for one in treatment.inside]


def test_the_most_specific_path_comes_first() -> None:
    found = Policy(
        {},
        (
            ColumnPattern("a.*.c->x", "glob"),
            ColumnPattern("a.b.c->*->y", "star"),
            ColumnPattern("a.b.c->x->y", "keys"),
            ColumnPattern("a.b.c->x", "exact"),
            ColumnPattern("a.b.d->x", "other"),
            ColumnPattern("a.b.c", "column"),
        ),
        (),
    )
    assert list(found.paths_of("a", "b", "c").items()) == [
        (("x", "y"), "keys"),
        (("*", "y"), "star"),
        (("x",), "exact"),
    ]
    assert found.paths_of("a", "z", "c") == {("x",): "glob"}
    assert found.class_of("a", "b", "c") == "column"
    assert found.class_of("a", "b", "d") == "unclassified"


def test_places_are_told_apart_as_far_as_patterns_go() -> None:
    places = Places([("a", "b"), ("a",)])
    a = places.member(places.top, "a")
    assert places.decided(a) == 1
    assert places.open(a) == ((0, ("b",)), (1, ()))
    assert places.decided(places.member(a, "b")) == 0
    assert places.decided(places.member(a, "x")) == 1
    assert places.element(a) == a
    assert places.member(places.top, "x") == NOWHERE
    assert places.decided(NOWHERE) is None


def test_roles_that_see_everything_see_documents_as_they_are() -> None:
    rule = RoleRule(("app",), otherwise=Show(), hide_unclassified=False)
    planner = plans({"shop.profiles.profile->a": "email"}, rule)
    assert treatments(planner, "SELECT profile, profile->>'a' FROM profiles") == ["show", "show"]


@pytest.mark.parametrize("column", ["id", "raw"])
def test_a_path_that_names_a_column_which_holds_no_documents_closes_it(column: str) -> None:
    known = catalog()
    assert treatments(plans({f"shop.profiles.{column}->a": "email"}), "TABLE profiles") == [
        "null" if column == "id" else "show",
        "show",
        "show",
        "show",
        "paths" if column == "raw" else "show",
    ]
    planner = plans({"shop.profiles.*->a": "email"}, known=known)
    assert treatments(planner, "TABLE profiles") == ["show", *["paths"] * 4]


def test_paths_of_a_partition_hold_for_its_parent_and_the_reverse() -> None:
    known = catalog()
    parent = known.relations["shop", "profiles"]
    child = replace(parent, oid=900, name="profiles_1", ancestors=(parent.oid,))
    known = replace(known, relations={**known.relations, ("shop", "profiles_1"): child})
    planner = plans(
        {"shop.profiles_1.profile->a": "email", "shop.profiles_1.profile->b": "public"},
        known=known,
    )
    for table in ("profiles", "profiles_1"):
        found = inside(planner, f"SELECT profile FROM {table}")
        assert found == [("a", "token"), ("b", "show")]
    planner = plans(
        {"shop.profiles.profile->a": "email", "shop.profiles_1.profile->a->b": "public"},
        known=known,
    )
    assert inside(planner, "SELECT profile FROM profiles") == [("a", "token")]


def test_a_generated_document_that_is_computed_from_masked_columns_stays_hidden() -> None:
    known = catalog()
    table = known.relations["shop", "profiles"]
    columns = tuple(
        replace(c, generated="profile || '{}'::jsonb") if c.name == "hidden" else c
        for c in table.columns
    )
    relations = {**known.relations, ("shop", "profiles"): replace(table, columns=columns)}
    planner = plans(
        {"shop.profiles.profile->a": "email", "shop.profiles.hidden->b": "email"},
        known=replace(known, relations=relations),
    )
    assert treatments(planner, "SELECT hidden, hidden->>'x' FROM profiles") == ["null", "null"]


def test_the_options_of_the_classes_inside_hold() -> None:
    lines = {"shop.profiles.profile->a": "email"}
    rule = replace(ANALYST, filters=Filters.VALUES, writes=Writes.TOKENS)
    asked = "SELECT id FROM profiles WHERE profile @> '{}'"
    assert treatments(plans(lines, rule), asked) == ["show"]
    strict = ClassRule("email", "email", Filters.REFUSE, Computed.REFUSE, Writes.REFUSE)
    planner = plans(lines, rule, classes=(strict,))
    assert treatments(planner, asked) == ["masked_test"]
    assert treatments(planner, "SELECT profile || '{}' FROM profiles") == ["masked_compute"]
    assert treatments(planner, "UPDATE profiles SET profile = '{}'") == ["masked_write"]
    assert treatments(planner, "SELECT id FROM profiles WHERE profile->>'b' = 'x'") == ["show"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE profiles SET profile = '{\"a\": 1}'",
        "UPDATE profiles SET profile = profile->'b'",
        "UPDATE profiles SET hidden = profile",
        "UPDATE profiles SET profile['a'] = '1'",
        "INSERT INTO profiles (profile) VALUES ($1)",
        "INSERT INTO tickets (body) SELECT profile->>'a' FROM profiles",
        "INSERT INTO tickets (extra) SELECT profile FROM profiles",
    ],
)
def test_documents_with_paths_are_not_written(sql: str) -> None:
    rule = replace(ANALYST, writes=Writes.TOKENS)
    planner = plans({"shop.profiles.profile->a": "email"}, rule)
    assert treatments(planner, sql) in (["masked_write"], ["not_covered"])


def test_a_part_may_be_moved_to_where_it_gets_the_same_token() -> None:
    rule = replace(ANALYST, writes=Writes.TOKENS)
    lines = {"shop.profiles.profile->a": "email", "shop.tickets.body": "email"}
    sql = "INSERT INTO tickets (body) SELECT profile->>'a' FROM profiles"
    assert treatments(plans(lines, rule), sql) == []


def test_plans_are_not_shared_by_statements_with_other_keys() -> None:
    planner = CatalogPlanner(policy(), ANALYST, catalog(), ["shop"])
    for _ in range(3):
        for key, expected in (("plan", "show"), ("name", "synthetic"), ("contact", "null")):
            assert treatments(planner, f"SELECT profile->>'{key}' FROM profiles") == [expected]
            assert treatments(planner, f"SELECT extra->>'{key}' FROM tickets") == ["show"]
    (statement,) = planner.plan(b"SELECT profile, hidden FROM profiles").statements
    assert statement.fields is not None
    assert [field.class_name for field in statement.fields] == ["mixed", "mixed"]


def test_what_clients_name_is_not_remembered() -> None:
    planner = plans({"shop.profiles.profile->a": "email"})
    for n in range(50):
        treatments(planner, f"SELECT profile->>'k{n}' FROM profiles")
    masks = planner._masks
    assert not any(source.path for source in (*masks._known, *masks._names))


def test_an_operator_of_somebody_is_not_taken_for_the_server_s() -> None:
    known = catalog()
    theirs = replace(known, operators={**known.operators, "->>": frozenset({(3802, 25)})})
    planner = plans({"shop.profiles.profile->a": "email"}, known=theirs)
    plan = planner.plan(b"SELECT profile->>'a' FROM profiles")
    assert b"OPERATOR(pg_catalog.->>)" in plan.sql
    native = replace(known, native_operators={"->>": frozenset({(3802, 25)})})
    planner = plans({"shop.profiles.profile->a": "email"}, known=native)
    assert treatments(planner, "SELECT profile->>'b' FROM profiles") == ["null"]


def test_a_table_of_tokens_and_documents_join_by_equal_tokens() -> None:
    planner = plans({"shop.profiles.profile->a": "email", "shop.customers.email": "email"})
    sql = "SELECT profile->>'a' FROM profiles UNION SELECT email FROM customers"
    assert treatments(planner, sql) == ["token"]
    (statement,) = planner.plan(b"SELECT profile->>'a' FROM profiles").statements
    assert statement.fields is not None
    assert statement.fields[0].treatment == Token()
    assert statement.fields[0].origins == frozenset()


def test_relations_with_paths_are_masked_relations() -> None:
    planner = plans({"shop.profiles.profile->a": "email"})
    (statement,) = planner.plan(b"SELECT id FROM profiles").statements
    assert statement.touches_masked
    assert isinstance(catalog().relations["shop", "profiles"], Relation)
