"""Search paths as PostgreSQL writes them."""

from dataclasses import replace

import pytest

from pgproxy.analysis.catalog import split_identifiers
from tests.shop_catalog import catalog


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"$user", public', ["$user", "public"]),
        ("shop,Public", ["shop", "public"]),
        ('"Odd ""name""" , x', ['Odd "name"', "x"]),
        ('"a, b",c', ["a, b", "c"]),
        ("", []),
        ('""', []),
        ('"open', []),
    ],
)
def test_split_identifiers(text: str, names: list[str]) -> None:
    assert split_identifiers(text) == names


def test_search_path_of_a_role_beats_that_of_the_database() -> None:
    snapshot = replace(catalog(), search_paths={"": "shop", "bob": '"$user", shop'})
    assert snapshot.search_path("ann") == ["shop"]
    assert snapshot.search_path("bob") == ["bob", "shop"]
    assert catalog().search_path("ann") == ["ann", "public"]
