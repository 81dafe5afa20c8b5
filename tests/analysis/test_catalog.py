"""Search paths as PostgreSQL writes them."""

from dataclasses import replace

from hypothesis import given, strategies
import pytest

from pgproxy.analysis.catalog import split_identifiers
from tests.shop_catalog import catalog


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"$user", public', ["$user", "public"]),
        ("shop,Public", ["shop", "public"]),
        ("", []),
        ('""', [""]),
        (" A , b ", ["a", "b"]),
        ('"A b","c""d", "e,f"', ["A b", 'c"d', "e,f"]),
        ('"""x"', ['"x']),
    ],
)
def test_a_search_path_is_read_as_the_server_reads_it(text: str, names: list[str]) -> None:
    assert split_identifiers(text) == names


@given(strategies.lists(strategies.text(min_size=1, max_size=8), max_size=5))
def test_quoted_identifiers_come_back_as_they_were(names: list[str]) -> None:
    text = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    assert split_identifiers(text) == names


def test_the_search_path_of_a_role_beats_that_of_the_database() -> None:
    snapshot = replace(catalog(), search_paths={"": "shop", "bob": '"$user", shop'})
    assert snapshot.search_path("ann") == ["shop"]
    assert snapshot.search_path("bob") == ["bob", "shop"]
    assert catalog().search_path("ann") == ["ann", "public"]
