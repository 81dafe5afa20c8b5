"""Whether a build begins, goes on, is done, or would change values; and what a model is told."""

from dataclasses import replace
import json

import pytest

from pgproxy.errors import PgproxyError
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.editions import Edition, Header
from pgproxy.pools.prompts import SHOWN, SHOWN_CHARACTERS, SYSTEM, Structured, request
from pgproxy.pools.recipes import Wanted, next_edition, recipe

RULE = PoolRule(
    "job_title", "j.jsonl", "jobs in a bakery", "for analysts", "en", '{"type": "string"}', 100
)
NOW = Wanted(100, False, "m2", "now")
OTHER = replace(RULE, prompt="jobs in a mill")


def made(edition: int, rule: PoolRule = RULE, count: int = 100) -> Header:
    return Header(rule.name, edition, recipe(rule), "m1", "then", count, "d")


def begun(edition: int, rule: PoolRule = RULE) -> Edition:
    return Edition(replace(made(edition, rule), count=0, digest=""), ("a",) * 7, 0)


FRESH = Header("job_title", 1, recipe(RULE), "m2", "now")
RENEW = replace(NOW, renew=True)


@pytest.mark.parametrize(
    ("wanted", "whole", "part", "expected"),
    [
        (NOW, None, None, FRESH),
        (RENEW, None, None, FRESH),
        (NOW, None, begun(1), begun(1).header),
        (RENEW, None, begun(1), begun(1).header),
        (RENEW, None, begun(1, OTHER), FRESH),
        (NOW, made(1), None, None),
        (RENEW, made(1), None, replace(FRESH, edition=2)),
        (RENEW, made(1, OTHER), None, replace(FRESH, edition=2)),
        (NOW, made(1), begun(2), begun(2).header),
        (RENEW, made(4), begun(5, OTHER), replace(FRESH, edition=5)),
        # What was left behind by a build that was killed after its last step.
        (NOW, made(2), begun(2), None),
        (RENEW, made(2), begun(1), replace(FRESH, edition=3)),
    ],
)
def test_the_edition_to_build(
    wanted: Wanted, whole: Header | None, part: Edition | None, expected: Header | None
) -> None:
    assert next_edition(RULE, wanted, whole, part) == expected


@pytest.mark.parametrize(
    ("wanted", "whole", "part", "message"),
    [
        (NOW, made(1, OTHER), None, "prompt, description, locale or schema has changed since"),
        (NOW, made(1, count=50), None, "it has 50 values, not 100"),
        (NOW, None, begun(1, OTHER), "has 7 values of another prompt"),
        (NOW, made(1), begun(2, OTHER), "has 7 values of another prompt"),
    ],
)
def test_values_change_only_with_renew(
    wanted: Wanted, whole: Header | None, part: Edition | None, message: str
) -> None:
    with pytest.raises(PgproxyError, match=message) as caught:
        next_edition(RULE, wanted, whole, part)
    assert "--renew" in caught.value.hint


def test_a_recipe_is_all_that_a_model_is_told_of_a_pool() -> None:
    others = [
        replace(RULE, name="x"),
        replace(RULE, prompt="x"),
        replace(RULE, description="x"),
        replace(RULE, locale="x"),
        replace(RULE, schema='{"type": "integer"}'),
    ]
    assert len({recipe(one) for one in [RULE, *others]}) == 6
    same = replace(RULE, schema='{ "type":"string" }', count=5, path="y", line=9)
    assert recipe(same) == recipe(RULE)


def test_a_request_holds_what_it_should_and_no_more() -> None:
    body = json.loads(request(RULE, "m1", Structured.JSON_SCHEMA, 7, ["Baker", "Ofenführer"]))
    assert body == {
        "model": "m1",
        "messages": [
            {"role": "system", "content": SYSTEM},
            {
                "role": "user",
                "content": "Invent 7 values.\n"
                "What they are: jobs in a bakery\n"
                "What they are for: for analysts\n"
                "Locale: en\n"
                'JSON schema of one value: {"type": "string"}\n'
                'Already made, do not repeat: ["Baker", "Ofenführer"]',
            },
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "values",
                "schema": {
                    "type": "object",
                    "properties": {
                        "values": {
                            "type": "array",
                            "items": {"type": "string"},
                            "minItems": 7,
                            "maxItems": 7,
                        }
                    },
                    "required": ["values"],
                    "additionalProperties": False,
                },
            },
        },
    }


def test_of_what_was_made_only_some_is_shown() -> None:
    values = [f"{number:03}" + "x" * 500 for number in range(100)]
    body = json.loads(request(RULE, "m1", Structured.NONE, 7, values))
    assert body.keys() == {"model", "messages"}
    shown = json.loads(body["messages"][1]["content"].rpartition("repeat: ")[2])
    assert shown == [value[:SHOWN_CHARACTERS] for value in values[-SHOWN:]]
    body = json.loads(request(RULE, "m1", Structured.JSON_OBJECT_SCHEMA, 7, ()))
    assert body["response_format"]["type"] == "json_object"
    assert body["response_format"]["schema"]["required"] == ["values"]
    body = json.loads(request(RULE, "m1", Structured.JSON_OBJECT, 7, ()))
    assert body["response_format"] == {"type": "json_object"}
    assert "repeat" not in body["messages"][1]["content"]
