"""What a model is asked: the prompt, description, locale and schema of the policy, and how many.

So that it does not repeat itself it is shown some of the values it has made.  Nothing else is ever
in a request.
"""

from collections.abc import Sequence
from enum import StrEnum
import json
from typing import Any

from pgproxy.policy.pools import PoolRule

SHOWN = 40  # of the values made last, and of at most so many characters each:
SHOWN_CHARACTERS = 80

SYSTEM = (
    "You invent test data that looks real and belongs to nobody. Never use the name or the data of "
    "a real person. Answer with one JSON object and nothing else: "
    '{"values": [...]}, where every element satisfies the JSON schema that you are given. '
    "No two elements may be alike."
)


class Structured(StrEnum):
    """How an endpoint is made to answer in JSON."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    JSON_OBJECT_SCHEMA = "json_object_schema"  # the form of llama-cpp-python, among others
    NONE = "none"


def request(
    rule: PoolRule, model: str, structured: Structured, ask: int, made: Sequence[str]
) -> bytes:
    """The body of one request, as the chat completions form has it; asks for ``ask`` values."""
    document: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": _question(rule, ask, made)},
        ],
    }
    if structured is Structured.JSON_SCHEMA:
        shape = {"name": "values", "schema": _answer_schema(rule, ask)}
        document["response_format"] = {"type": "json_schema", "json_schema": shape}
    elif structured is Structured.JSON_OBJECT_SCHEMA:
        document["response_format"] = {"type": "json_object", "schema": _answer_schema(rule, ask)}
    elif structured is Structured.JSON_OBJECT:
        document["response_format"] = {"type": "json_object"}
    return json.dumps(document, ensure_ascii=False).encode()


def _question(rule: PoolRule, ask: int, made: Sequence[str]) -> str:
    lines = [f"Invent {ask} values.", f"What they are: {rule.prompt}"]
    if rule.description:
        lines.append(f"What they are for: {rule.description}")
    lines.append(f"Locale: {rule.locale}")
    lines.append(f"JSON schema of one value: {rule.schema}")
    if made:
        shown = [value[:SHOWN_CHARACTERS] for value in made[-SHOWN:]]
        lines.append(f"Already made, do not repeat: {json.dumps(shown, ensure_ascii=False)}")
    return "\n".join(lines)


def _answer_schema(rule: PoolRule, ask: int) -> dict[str, Any]:
    # As many as are asked for: a small model is soon content, with none even.
    values = {"type": "array", "items": json.loads(rule.schema), "minItems": ask, "maxItems": ask}
    return {
        "type": "object",
        "properties": {"values": values},
        "required": ["values"],
        "additionalProperties": False,
    }
