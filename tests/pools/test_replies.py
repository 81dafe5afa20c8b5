"""What is read out of an answer, and what is taken of it."""

from decimal import Decimal
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.pools import PoolRule
from pgproxy.pools.harvest import Harvest
from pgproxy.pools.replies import Reply, Trouble, Usage, read_reply, refusal
from pgproxy.pools.rounds import Rounds, Tally, pause
from pgproxy.pools.texts import sound
from tests.pools.endpoint import KEY, fails, says

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def rule(**schema: object) -> PoolRule:
    return PoolRule("pool", "pool.jsonl", "things", schema=json.dumps({"type": "string", **schema}))


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ('{"values": ["a", "b"]}', ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ('{"titles": ["a"], "n": 1}', ["a"]),
        ('```json\n{"values": ["a"]}\n```', ["a"]),
        ('Here you are:\n\n```\n["a"]\n```\nEnjoy!', ["a"]),
        ('```json\n["a"]', ["a"]),
        ('Sure! {"values": ["a"]} Anything else?', ["a"]),
        ('{"values": [1, 2.50, 1e3]}', [1, Decimal("2.50"), Decimal("1e3")]),
        ('{"values": ["a", "b"', None),
        ('{"values": "a"}', None),
        ('{"values": [NaN]}', None),
        ("[" * 200_000, None),
        ("[" + "9" * 5000 + "]", None),
        ("1. Baker\n2. Cook", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_the_values_in_an_answer(content: object, values: list[Any] | None) -> None:
    assert read_reply(says(content).body) == Reply(values, Usage(100, 40), cut=False)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"\xff", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}',
        b'{"choices": [5]}', b'{"choices": [{"message": null}]}', b"[" * 200_000,
    ],
)  # fmt: skip
def test_what_is_no_answer_may_be_one_the_next_time(body: bytes) -> None:
    with pytest.raises(Trouble) as caught:
        read_reply(body)
    assert caught.value.again


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_breaks_the_reader(body: bytes) -> None:
    for answer in (body, says(body.decode("latin-1")).body):
        try:
            read_reply(answer)
        except Trouble as trouble:
            assert trouble.again
    assert refusal(500, body, None).again


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 0}, Usage(3, 0)),
        ({"prompt_tokens": 3}, None),
        ({"prompt_tokens": -3, "completion_tokens": 1}, None),
        ({"prompt_tokens": True, "completion_tokens": 1}, None),
        ({"prompt_tokens": "3", "completion_tokens": 1}, None),
        (None, None),
        ([], None),
    ],
)
def test_tokens_are_counted_where_they_are_given(usage: object, expected: Usage | None) -> None:
    document = json.loads(says("[]", None, finish="length").body) | {"usage": usage}
    assert read_reply(json.dumps(document).encode()) == Reply([], expected, cut=True)


@pytest.mark.parametrize(
    ("status", "code", "again", "told"),
    [
        (400, "", False, "the endpoint answers 400; see models.model; an endpoint may want"),
        (
            401,
            "invalid_api_key",
            False,
            "the endpoint answers 401 (invalid_api_key); see models.key",
        ),
        (404, "model_not_found", False, "the endpoint answers 404 (model_not_found); see models"),
        (408, "", True, "the endpoint answers 408"),
        (429, "rate_limit_exceeded", True, "the endpoint answers 429 (rate_limit_exceeded)"),
        (429, "insufficient_quota", False, "the endpoint answers 429 (insufficient_quota)"),
        (500, KEY, True, "the endpoint answers 500"),
        (307, "", False, "the endpoint answers 307"),
    ],
)
def test_which_errors_may_pass(status: int, code: str, again: bool, told: str) -> None:
    trouble = refusal(status, fails(status, code).body, None)
    assert trouble.again is again
    assert trouble.message.startswith(told)
    assert "hunter2" not in trouble.message


def test_only_what_satisfies_the_schema_and_is_new_is_taken() -> None:
    harvest = Harvest(rule(maxLength=8, pattern="^[A-Z]"), ["Baker"])
    offered = ["Cook", "  COOK ", "BAKER", "miller", "Overlong one", 5, None, ["Cook"], "Chef\x1b"]
    assert harvest.take([*offered, " Chef ", "Waiter"], 2) == ["Cook", "Chef"]
    assert harvest.values == ["Baker", "Cook", "Chef"]
    assert (harvest.repeated, harvest.refused) == (2, 6)


@pytest.mark.parametrize(
    ("schema", "offered", "taken"),
    [
        ({"type": "integer", "minimum": 3}, [2, 3, Decimal("4.0"), 4.5, True, "5"], ["3", "4"]),
        (
            {"type": "number", "maximum": 100},
            [Decimal("1.50"), Decimal("1e2"), Decimal("1e999999"), Decimal("1E-99999"), -0],
            ["1.50", "100", "0"],
        ),
        ({"type": "integer"}, [10**70, 10**20, "x"], ["1" + "0" * 20]),
        ({"format": "date"}, ["2024-02-29", "2023-02-29", "soon"], ["2024-02-29"]),
        ({"enum": ["a", "b"]}, ["a", "c", "b"], ["a", "b"]),
        ({"minLength": 2}, ["a", " b ", "cc"], ["cc"]),
    ],
)
def test_the_schema_decides(
    schema: dict[str, object], offered: list[Any], taken: list[str]
) -> None:
    assert Harvest(rule(**schema), ()).take(offered, 99) == taken


@given(st.lists(JSON), st.integers(0, 5))
def test_whatever_is_offered_what_is_taken_is_sound_and_new(offered: list[Any], most: int) -> None:
    harvest = Harvest(rule(), ["made"])
    taken = harvest.take(offered, most)
    assert len(taken) <= most
    assert all(sound(value) and value == value.strip() for value in taken)
    assert harvest.take(taken, 99) == []


def test_a_build_asks_for_what_is_lacking_and_ends_when_nothing_comes() -> None:
    rounds = Rounds(goal=100, size=20)
    assert [rounds.ask(made) for made in (0, 90, 99)] == [20, 12, 3]
    for _ in range(4):
        rounds.heard(0, cut=False)
    assert not rounds.is_dry
    rounds.heard(1, cut=True)
    assert rounds.ask(0) == 10
    for _ in range(5):
        rounds.heard(0, cut=True)
    assert rounds.is_dry
    assert rounds.ask(0) == 1


@given(st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_a_pause_grows_spreads_and_ends(failures: int, dice: float, after: float | None) -> None:
    seconds = pause(failures, after, dice)
    assert 0.5 <= seconds <= 300
    assert pause(failures, None, 0) <= pause(failures + 1, None, 0) <= 30
    if after is not None:
        assert seconds >= min(after, 300)


def test_the_line_of_costs() -> None:
    tally = Tally(requests=3, failures=1)
    tally.count(Usage(1_000_000, 500_000))
    assert tally.line((Decimal("0.15"), Decimal("0.60"))) == (
        "3 requests (1 failed), 1,000,000 tokens in, 500,000 out; cost: 0.4500"
    )
    tally.count(None)
    assert tally.line(None).endswith(
        "and what 1 answers did not count; models.price_per_million would give the cost"
    )
