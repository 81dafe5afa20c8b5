"""pydantic's complaints become ours: place, line, the right key, and nothing of the input."""

import json
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, PlainValidator

from pgproxy.config.fields import Port, Section, Text
from pgproxy.config.findings import validate
from pgproxy.config.policy import read_policy
from pgproxy.config.yaml import Document, read
from tests.config.told import lines, proxy_told


class Leaf(Section):
    size: Port = 1
    weight: Annotated[int, PlainValidator(int)] = Field(default=0, alias="with")


class Branch(Section):
    leaf: Leaf = Leaf()
    leaves: dict[str, Leaf] = Field(default_factory=dict)


class Tree(Section):
    name: Text = Field(description="a name")
    branches: list[Branch] = Field(default_factory=list)
    kind: Text = Field(default="")


def told(text: str) -> list[str]:
    document = read("tree.yaml", text.encode(), {})
    assert validate(Tree, document, {}) is None
    return lines(document)


def test_a_right_file_becomes_its_model() -> None:
    document = read("tree.yaml", b"name: oak\nbranches: [{leaf: {with: 3}}]\n", {})
    tree = validate(Tree, document, {})
    assert tree is not None
    assert tree.branches[0].leaf.weight == 3


def test_the_path_and_line_are_those_of_the_key() -> None:
    text = "branches:\n  - leaf: {}\n  - leaves:\n      green:\n        size: x\nname: oak\n"
    assert told(text) == [
        "5: branches[1].leaves.green.size: found `x`; expected a whole number from 0 to 65535"
    ]


def test_a_missing_key_is_told_on_the_line_of_what_lacks_it() -> None:
    assert told("\n\nkind: x\n") == ["1: name: missing; expected a name"]


def test_an_unknown_key_gets_the_nearest_key_of_its_own_section() -> None:
    text = "name: oak\nbranches:\n  - leafs: {}\n  - leaf: {wiht: 1}\n  - leaves: {a: {sise: 1}}\n"
    assert told(text) == [
        "3: branches[0].leafs: unknown key; did you mean `leaf`?",
        "4: branches[1].leaf.wiht: unknown key; did you mean `with`?",
        "5: branches[2].leaves.a.sise: unknown key; did you mean `size`?",
    ]


def test_a_key_of_another_section_is_told_where_it_belongs() -> None:
    assert told("name: oak\nsize: 3\n") == [
        "2: size: unknown key here; `size` belongs under `branches.leaf` or `branches.leaves`"
    ]


def test_what_should_be_a_section_is_told_with_its_keys() -> None:
    assert told("name: oak\nbranches: [{leaf: 5, leaves: 5}, x]\n") == [
        "2: branches[0].leaf: found `5`; expected a mapping with `size` and `with`",
        "2: branches[0].leaves: found `5`; expected a mapping",
        "2: branches[1]: found `x`; expected a mapping with `leaf` and `leaves`",
    ]


def test_a_broken_value_is_told_once() -> None:
    assert told("name: !tag oak\nbranches: !tag []\n") == [
        "1: name: tags (`!name`) are not read here; write the plain value",
        "2: branches: tags (`!name`) are not read here; write the plain value",
    ]


def test_a_file_that_could_not_be_read_is_not_validated() -> None:
    document = Document("tree.yaml")
    document.reject((), "the file is empty")
    assert validate(Tree, document, {}) is None
    assert lines(document) == ["1: the file is empty"]


KEYS = st.sampled_from(
    ["version", "columns", "roles", "role", "treat", "email", "a.b.c", "listen", "port", "vault"]
)
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["email", "token", "a"])
VALUES = st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v))


@given(st.dictionaries(KEYS, VALUES))
def test_any_shape_of_file_is_told_and_never_breaks(values: dict[str, Any]) -> None:
    text = json.dumps(values)  # JSON is YAML
    assert proxy_told(text)
    document = read("policy.yaml", text.encode())
    assert (read_policy(document) is None) == bool(document.findings)
