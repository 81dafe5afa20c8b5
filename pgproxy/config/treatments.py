"""What stands under ``treat``: a treatment's name, or its name with options, as rules.

What design.md names but is not built yet is refused by name: never read as something weaker.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from pgproxy.config.fields import (
    NESTED,
    Section,
    Text,
    integer,
    listed,
    mismatch,
    nearest,
    number,
    one_of,
    shown,
    wrong,
)
from pgproxy.policy.pools import Pool
from pgproxy.policy.rules import (
    Bucket,
    Hash,
    Like,
    Noise,
    Null,
    Partial,
    Redact,
    Shift,
    Show,
    Synthetic,
    Token,
    Treatment,
)
from pgproxy.treatment.locales import LOCALES
from pgproxy.treatment.person import MAKERS
from pgproxy.treatment.token_kinds import FORMATS
from pgproxy.treatment.vaultless_kinds import FORMATS as VAULTLESS

SYNTHETIC = (*MAKERS, "text")
PERIODS = ("month", "quarter", "year")

# What people call a treatment in other tools.
_OTHER_NAMES = {
    "allow": "show",
    "plain": "show",
    "hide": "null",
    "none": "null",
    "drop": "null",
    "mask": "partial",
    "tokenize": "token",
    "tokenise": "token",
    "pseudonym": "token",
    "encrypt": "token",
    "fake": "synthetic",
    "random": "synthetic",
    "hmac": "hash",
    "sha256": "hash",
    "jitter": "noise",
    "generalize": "bucket",
}


class Options(Section):
    """The options of one treatment, and the treatment they make."""

    def build(self) -> Treatment:
        raise NotImplementedError


class ShowOptions(Options):
    def build(self) -> Treatment:
        return Show()


class NullOptions(Options):
    def build(self) -> Treatment:
        return Null()


class RedactOptions(Options):
    text: Text = Redact().text

    def build(self) -> Treatment:
        return Redact(self.text)


def _whole(low: int, high: int) -> PlainValidator:
    return PlainValidator(lambda value: integer(value, low, high))


def _one_character(value: object) -> str:
    if isinstance(value, str) and len(value) == 1 and value.isprintable():
        return value
    raise mismatch(value, 'one character in quotes, such as "*"')


class PartialOptions(Options):
    first: Annotated[int, _whole(0, 1000)] = 0
    last: Annotated[int, _whole(0, 1000)] = 0
    mask: Annotated[str, PlainValidator(_one_character)] = Field(default="*", alias="with")

    @model_validator(mode="after")
    def _keeps_something(self) -> "PartialOptions":
        if self.first == self.last == 0:
            raise wrong("keeps nothing; expected `first` or `last` above 0, such as {last: 4}")
        return self

    def build(self) -> Treatment:
        return Partial(self.first, self.last, self.mask)


class HashOptions(Options):
    length: Annotated[int, _whole(1, 64)] = Hash().length

    def build(self) -> Treatment:
        return Hash(self.length)


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise mismatch(value, "`true` or `false`")


class TokenOptions(Options):
    format: Annotated[str, PlainValidator(lambda value: one_of(value, FORMATS))] = "opaque"
    domain: Text = ""
    reversible: Annotated[bool, PlainValidator(_truth)] = True
    vaultless: Annotated[bool, PlainValidator(_truth)] = False

    @model_validator(mode="after")
    def _can_be_computed(self) -> "TokenOptions":
        if self.vaultless and self.format not in VAULTLESS:
            raise wrong(
                "`vaultless` needs `format: digits` or `format: length`: texts of another form "
                "cannot be enciphered into one of their own"
            )
        if self.vaultless and not self.reversible:
            raise wrong("what is computed can be computed back; expected `reversible: true`")
        return self

    def build(self) -> Treatment:
        return Token(self.format, self.domain, self.reversible, self.vaultless)


def _locale(value: object) -> str:
    return one_of(value, LOCALES)


class SyntheticOptions(Options):
    kind: Annotated[str, PlainValidator(lambda value: one_of(value, SYNTHETIC))] = Field(
        description=listed(SYNTHETIC)
    )
    locale: Annotated[str, PlainValidator(_locale)] = "en"

    def build(self) -> Treatment:
        return Synthetic(self.kind, self.locale)


class PoolOptions(Options):
    """A synthetic value from a pool: its name alone; ``config.pools`` puts the values in."""

    pool: Text

    def build(self) -> Treatment:
        return Synthetic("pool", pool=Pool(self.pool))


def _ranks(value: object) -> Decimal:
    expected = "a number from 0.01 to 0.5"
    found = number(value, expected)
    if not Decimal("0.01") <= found <= Decimal("0.5"):
        raise mismatch(value, expected)
    return found


class LikeOptions(Options):
    """``synthetic`` with ``like``: drawn from what `pgproxy learn` has learned of the column."""

    like: Annotated[str, PlainValidator(lambda value: one_of(value, ("distribution",)))]
    ranks: Annotated[Decimal, PlainValidator(_ranks)] = Like().ranks

    def build(self) -> Treatment:
        return Like(self.ranks)


def _percent(value: object) -> Decimal:
    found = number(value, "a number above 0, up to 100")
    if found > 100:
        raise mismatch(value, "a number above 0, up to 100")
    return found


class NoiseOptions(Options):
    range: Annotated[
        Decimal | None, PlainValidator(lambda value: number(value, "a number above 0"))
    ] = None
    percent: Annotated[Decimal | None, PlainValidator(_percent)] = None

    @model_validator(mode="after")
    def _one(self) -> "NoiseOptions":
        if (self.range is None) == (self.percent is None):
            raise wrong("expected either `range` or `percent`, such as {range: 3}")
        return self

    def build(self) -> Treatment:
        return Noise(self.range, self.percent)


class BucketOptions(Options):
    size: Annotated[Decimal, PlainValidator(lambda value: number(value, "a number above 0"))]

    def build(self) -> Treatment:
        return Bucket(self.size)


class ShiftOptions(Options):
    days: Annotated[int, _whole(1, 36500)]

    def build(self) -> Treatment:
        return Shift(self.days)


OPTIONS: Mapping[str, type[Options]] = {
    "show": ShowOptions,
    "null": NullOptions,
    "redact": RedactOptions,
    "partial": PartialOptions,
    "hash": HashOptions,
    "token": TokenOptions,
    "synthetic": SyntheticOptions,
    "noise": NoiseOptions,
    "bucket": BucketOptions,
    "shift": ShiftOptions,
}

# Treatments that need options, and how they are written.
_WRITTEN = {
    "partial": "{partial: {last: 4}}",
    "synthetic": "{synthetic: first_name}, or {synthetic: {like: distribution}}",
    "noise": "{noise: {range: 3}}",
    "bucket": "{bucket: {size: 10}}, or {bucket: month}",
    "shift": "{shift: {days: 30}}",
}

# The others that have some.
_OPTIONAL = {
    "redact": '{redact: {text: "***"}}',
    "hash": "{hash: {length: 32}}",
    "token": "{token: {domain: person}}",
}


def treatment(value: object) -> Treatment:
    """A treatment as it stands in the file: ``redact``, ``{partial: {last: 4}}``."""
    if value is None:  # a plain `null` in YAML
        return Null()
    if isinstance(value, dict) and len(value) == 1:
        ((name, options),) = value.items()
        return _with_options(_known(name), options)
    if isinstance(value, dict):
        raise wrong(
            f"found {shown(value)} with {len(value)} keys; expected one treatment, such as "
            "{partial: {last: 4}}"
        )
    if not isinstance(value, str):
        raise mismatch(value, f"a treatment: {listed(list(OPTIONS))}")
    name = _known(value)
    if name in _WRITTEN:
        raise wrong(f"`{name}` needs options; expected {_WRITTEN[name]}")
    return OPTIONS[name]().build()


def _known(name: str) -> str:
    if name in OPTIONS:
        return name
    meant = _OTHER_NAMES.get(name.lower()) or nearest(name, list(OPTIONS))
    if name in SYNTHETIC:
        raise wrong(f"found `{name}`, a kind of synthetic; expected {{synthetic: {name}}}")
    if meant:
        raise wrong(f"found {shown(name)}, no treatment; did you mean `{meant}`?")
    raise mismatch(name, f"a treatment: {listed(list(OPTIONS))}")


def _with_options(name: str, options: object) -> Treatment:
    if name == "synthetic" and isinstance(options, str):
        return Synthetic(one_of(options, SYNTHETIC))
    if name == "bucket" and isinstance(options, str):
        return Bucket(period=one_of(options, PERIODS))
    if not isinstance(options, dict):
        example = _WRITTEN.get(name) or _OPTIONAL.get(name)
        raise mismatch(options, example if example else f"`{name}`, which has no options")
    model = OPTIONS[name]
    if name == "synthetic":
        model = LikeOptions if "like" in options else PoolOptions if "pool" in options else model
    try:
        return model.model_validate(options).build()
    except ValidationError as error:
        nested = {"name": name, "model": model, "error": error}
        # Not chained: pydantic's exception holds the values.
        raise PydanticCustomError(NESTED, "options", nested) from None
