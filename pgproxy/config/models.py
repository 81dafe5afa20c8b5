"""``models`` in pgproxy.yaml: the endpoint that `pgproxy pool build` asks, and what it costs.

The proxy itself never asks it.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainValidator

from pgproxy.config.fields import (
    Section,
    Text,
    choice,
    integer,
    mismatch,
    number,
    service,
    wrong,
)
from pgproxy.pools.prompts import Structured

_PRICE = "a price for a million tokens, such as 0.15"


def _endpoint(value: object) -> str:
    example = "https://api.example.org/v1"
    found = service(value, example).rstrip("/")
    if "?" in found or "#" in found or not (found.isascii() and found.isprintable()):
        raise wrong(f"found something else; expected an address such as {example}")
    if found.endswith("/chat/completions"):
        raise wrong("ends with /chat/completions, which is put behind it; leave that out")
    return found


def _key(value: object) -> str:
    # Nothing of what was found is shown, not even a short word.
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
        raise wrong('found something else; expected the key, such as "${MODEL_KEY}"')
    if " " in value:
        raise wrong("a space stands in the key; expected the key alone, without `Bearer`")
    return value


def _price(value: object) -> Decimal:
    return Decimal(0) if value == 0 and value is not False else number(value, _PRICE)


def _count(low: int, high: int) -> PlainValidator:
    return PlainValidator(lambda value: integer(value, low, high))


def _model(value: object) -> str:
    expected = "the name of a model, as the endpoint lists it"
    if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable():
        return str(value)
    raise mismatch(value, expected)


class Price(Section):
    """Of a million tokens, in the currency of your choice."""

    input: Annotated[Decimal, PlainValidator(_price)] = Field(description=_PRICE)
    output: Annotated[Decimal, PlainValidator(_price)] = Field(description=_PRICE)


class Models(Section):
    """An endpoint that speaks the OpenAI chat completions form."""

    url: Annotated[str, PlainValidator(_endpoint)] = Field(
        description="an address such as https://api.example.org/v1"
    )
    model: Annotated[str, PlainValidator(_model)] = Field(
        description="the name of a model, as the endpoint lists it"
    )
    key: Annotated[Text | None, PlainValidator(_key)] = Field(default=None, repr=False)
    structured: Annotated[Structured, PlainValidator(choice(Structured))] = Structured.JSON_SCHEMA
    values_per_request: Annotated[int, _count(1, 500)] = 20
    timeout_seconds: Annotated[int, _count(1, 3600)] = 120
    retries: Annotated[int, _count(0, 100)] = 6
    price_per_million: Price | None = None
