"""``pools`` in policy.yaml: what each is made of, and where its values are kept.

A value is a text or a number, so its schema has the keywords of those and no others: none that
another file or another host could be named with.
"""

from decimal import Decimal
import json
import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, model_validator

from pgproxy.config.crosscheck import pools_named
from pgproxy.config.fields import (
    FilePath,
    Section,
    Text,
    integer,
    listed,
    mismatch,
    nearest,
    one_of,
    shown,
    wrong,
)
from pgproxy.config.yaml import Document
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.texts import MAX_CHARACTERS

MAX_COUNT = 100_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_TYPES = ("string", "integer", "number")
_FORMATS = ("date", "email", "ipv4", "ipv6", "uuid")
_OF_TEXTS = ("minLength", "maxLength", "pattern", "format")
_OF_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def pool_name(value: object) -> str:
    """The name of a pool: a word, for it is typed on the command line."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise mismatch(value, "a name for the pool: letters, digits, `_` and `-`")
    return value


def _whole(low: int, high: int) -> PlainValidator:
    return PlainValidator(lambda value: integer(value, low, high))


def _bound(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise mismatch(value, "a number")
    if not -(10**18) < value < 10**18:
        raise mismatch(value, "a number below 10^18")
    return value if isinstance(value, int) else float(value)


def _step(value: object) -> int | float:
    if (found := _bound(value)) > 0:
        return found
    raise mismatch(value, "a number above 0")


def _pattern(value: object) -> str:
    expected = 'a regular expression in quotes, such as "^[A-Z]"'
    if not isinstance(value, str) or not value:
        raise mismatch(value, expected)
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        raise wrong(f"no regular expression can be read from it; expected {expected}") from None
    return str(value)


def _enum(value: object) -> list[Any]:
    expected = "a list of texts or numbers"
    if not isinstance(value, list) or not value:
        raise mismatch(value, expected)
    return [str(one) if isinstance(one, str) else _bound(one) for one in value]


Bound = Annotated[int | float | None, PlainValidator(_bound)]
Length = Annotated[int | None, _whole(0, MAX_CHARACTERS)]


class ValueSchema(Section):
    """The JSON Schema of one value; the keywords mean what JSON Schema says."""

    type: Annotated[str, PlainValidator(lambda value: one_of(value, _TYPES))] = "string"
    minLength: Length = None
    maxLength: Length = None
    pattern: Annotated[str | None, PlainValidator(_pattern)] = None
    format: Annotated[str | None, PlainValidator(lambda value: one_of(value, _FORMATS))] = None
    enum: Annotated[list[Any] | None, PlainValidator(_enum)] = None
    minimum: Bound = None
    maximum: Bound = None
    exclusiveMinimum: Bound = None
    exclusiveMaximum: Bound = None
    multipleOf: Annotated[int | float | None, PlainValidator(_step)] = None
    description: Text | None = None

    @model_validator(mode="after")
    def _belongs(self) -> "ValueSchema":
        others = _OF_NUMBERS if self.type == "string" else _OF_TEXTS
        for name in others:
            if getattr(self, name) is not None:
                own = _OF_TEXTS if self.type == "string" else _OF_NUMBERS
                message = f"`{name}` does not go with type `{self.type}`"
                raise wrong(f"{message}; expected {listed(own, 'and')}")
        return self

    def text(self) -> str:
        """As JSON, the same for the same schema."""
        return json.dumps(self.model_dump(exclude_none=True), sort_keys=True)


class PoolEntry(Section):
    """One entry of ``pools``."""

    file: FilePath = Field(description="a path such as pools/job_title.jsonl")
    prompt: Text = Field(description="what the values are, such as `job titles in a bakery`")
    description: Text = ""
    locale: Text = "en"
    count: Annotated[int, _whole(1, MAX_COUNT)] = 200
    shape: ValueSchema = Field(default=ValueSchema(), alias="schema")


def pool_rule(name: str, entry: PoolEntry, line: int) -> PoolRule:
    """An entry as a rule."""
    return PoolRule(
        name=name,
        path=str(entry.file),
        prompt=entry.prompt,
        description=entry.description,
        locale=entry.locale,
        schema=entry.shape.text(),
        count=entry.count,
        line=line,
    )


def check_pools(document: Document) -> None:
    """A treatment that names a pool which is not there; two pools that share a file."""
    pools = document.value.get("pools") if isinstance(document.value, dict) else None
    known = list(pools) if isinstance(pools, dict) else []
    for path, name in pools_named(document):
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean `{near}`?" if near else "expected a name that stands in `pools`"
            document.report(path, f"found {shown(name)}, no pool; {hint}")
    first: dict[str, str] = {}
    for name in known:
        entry = pools[name] if isinstance(pools, dict) else None
        file = entry.get("file") if isinstance(entry, dict) else None
        if isinstance(file, str) and first.setdefault(file, name) != name:
            message = f"pool `{first[file]}` has this file; expected one of its own"
            document.report(("pools", name, "file"), message)
