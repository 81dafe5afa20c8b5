"""The two encoders of parse trees against each other, on good trees and on bad ones."""

from collections.abc import Callable
import random
from types import ModuleType
from typing import Any

import msgspec
from pglast import parser
import pytest

from pgproxy.analysis import _trees_py, trees
from pgproxy.analysis.grammar import schema
from pgproxy.compiled import choose
from tests.analysis.test_grammar import statements

TREES = [msgspec.json.decode(parser.parse_sql_json(sql)) for sql in statements()]


@pytest.fixture(scope="module")
def compiled() -> ModuleType:
    """The compiled encoder; the test is skipped where it was not built."""
    name, module = choose("pgproxy.analysis._trees", _trees_py, "")
    if name != "compiled":
        pytest.skip("the compiled encoder is not built")
    return module


def outcome(call: Callable[..., object], *arguments: object) -> tuple[str, object]:
    """What a call gives, or the kind of what it raises."""
    try:
        return "value", call(*arguments)
    except Exception as error:
        return type(error).__name__, None


def test_every_tree_is_encoded_alike(compiled: ModuleType) -> None:
    fields = schema()["ParseResult"]
    for tree in TREES:
        assert compiled.encode(fields, tree) == _trees_py.encode(fields, tree)


def test_every_tree_is_the_same_as_itself_only(compiled: ModuleType) -> None:
    for n, tree in enumerate(TREES):
        for other in TREES[max(0, n - 3) : n + 3]:
            expected = _trees_py.same(tree, other)
            assert expected == (tree["stmts"] == other["stmts"] or tree is other)
            assert compiled.same(tree, other) == expected


@pytest.mark.parametrize("seed", range(40))
def test_spoiled_trees_are_judged_alike(compiled: ModuleType, seed: int) -> None:
    rng = random.Random(seed)
    fields = schema()["ParseResult"]
    for tree in TREES:
        spoiled = msgspec.json.decode(msgspec.json.encode(tree))
        spoil(spoiled, rng)
        assert compiled.same(tree, spoiled) == _trees_py.same(tree, spoiled)
        assert compiled.same(spoiled, tree) == _trees_py.same(spoiled, tree)
        ours, reference = (
            outcome(compiled.encode, fields, spoiled),
            outcome(_trees_py.encode, fields, spoiled),
        )
        # What each says of a value of a wrong type is its own; none of them takes it.
        assert (ours[0] == "value") <= (reference[0] == "value")
        if ours[0] == "value":
            assert ours == reference


def spoil(tree: Any, rng: random.Random) -> None:
    """One change somewhere: a key gone, renamed or doubled, a value of another kind."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            places.append((node, key))
            if isinstance(value, dict | list):
                walk(value)

    walk(tree)
    node, key = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        del node[key]
    elif kind == 1:
        node[key] = rng.choice([{}, [], "x", 7, -1, True, None, "SETOP_NONE", [[]], 2**70])
    elif kind == 2 and isinstance(node, dict):
        node[rng.choice(["location", "sval", "fields", "funcname", "nonsense"])] = node[key]
    elif kind == 3 and isinstance(node, list):
        node.append(node[key])
    elif isinstance(node, dict):
        node["list_start"] = 3


def test_offsets_and_empty_lists_say_nothing(compiled: ModuleType) -> None:
    for module in (compiled, _trees_py):
        assert module.same({"a": 1, "location": 3, "b": []}, {"location": 4, "a": 1})
        assert not module.same({"a": 1, "b": []}, {"a": 1, "b": [1]})
        assert not module.same({"a": 1}, {"a": True})
        assert not module.same({"a": [1]}, {"a": {}})
        assert not module.same({"a": 1}, {"a": 1, "b": ""})


def test_endless_nesting_is_an_error(compiled: ModuleType) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"Node": deep}
    fields: _trees_py.Fields = {}
    fields["Node"] = 0, b"\x0a", fields
    for module in (compiled, _trees_py):
        with pytest.raises(RecursionError):
            module.encode(fields, deep)
        with pytest.raises(RecursionError):
            module.same(deep, {"Node": deep})
    while deep:
        deep = deep["Node"]


def test_compiled_is_what_runs_where_it_was_built(compiled: ModuleType) -> None:
    assert trees.encode in (compiled.encode, _trees_py.encode)
