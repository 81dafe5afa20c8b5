"""The policy against a catalog: paths that lead into no documents."""

from pgproxy.config.live import compare
from pgproxy.policy.rules import ColumnPattern, Policy
from tests.shop_catalog import ANALYST, catalog


def told(*patterns: str) -> list[str]:
    lines = tuple(ColumnPattern(pattern, "email", n) for n, pattern in enumerate(patterns, 1))
    found = compare(Policy({}, lines, (ANALYST,)), catalog(), "policy.yaml")
    return [f"{one.line}: {one.message}" for one in found if "->" in one.message]


def test_a_path_into_a_column_without_documents_is_told() -> None:
    assert told("shop.tickets.{body,extra}->a", "shop.profiles.raw->b", "shop.tickets.*->c") == [
        "1: `shop.tickets.{body,extra}->a`: shop.tickets.body is no json or jsonb; it is hidden"
    ]


def test_a_path_into_a_column_that_is_not_there_is_told() -> None:
    (line,) = told("shop.tickets.extras->a")
    assert line.startswith("1: `shop.tickets.extras->a` matches no column of this database")
