"""Treatments: each way to write one, and what is told about each way to get one wrong."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
import pytest

from pgproxy.config.treatments import OPTIONS, treatment
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
from tests.config.told import policy, treat, treat_told

KINDS = (
    "`first_name`, `last_name`, `name`, `gender`, `user_name`, `email`, `phone`, `street`, "
    "`address`, `city`, `postal_code`, `region`, `country`, `company`, `birth_date`, `card`, "
    "`iban` or `text`"
)

FORMATS = "`opaque`, `card`, `digits`, `length`, `shape`, `email`, `phone` or `uuid`"
ALL = (
    "`show`, `null`, `redact`, `partial`, `hash`, `token`, `synthetic`, `noise`, "
    "`bucket` or `shift`"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("show", Show()),
        ("{bucket: {size: 10}}", Bucket(Decimal(10))),
        ("{bucket: quarter}", Bucket(period="quarter")),
        ("{shift: {days: 30}}", Shift(30)),
        ("null", Null()),
        ('"null"', Null()),
        ("~", Null()),
        ("{null: {}}", Null()),
        ("redact", Redact("***")),
        ("{redact: {text: x}}", Redact("x")),
        ("{redact: {}}", Redact("***")),
        ("{partial: {last: 4}}", Partial(0, 4, "*")),
        ('{partial: {first: 1, last: 2, with: "#"}}', Partial(1, 2, "#")),
        ("hash", Hash(32)),
        ("{hash: {length: 64}}", Hash(64)),
        ("token", Token("opaque", "", True)),
        ("{token: {format: opaque, domain: person, reversible: true}}", Token("opaque", "person")),
        ("{token: {reversible: false}}", Token(reversible=False)),
        ("{token: {format: digits, vaultless: true}}", Token("digits", vaultless=True)),
        ("{synthetic: first_name}", Synthetic("first_name", "en")),
        ("{synthetic: last_name}", Synthetic("last_name", "en")),
        ("{synthetic: {kind: email, locale: en}}", Synthetic("email", "en")),
        ("{synthetic: {like: distribution}}", Like(Decimal("0.05"))),
        ("{synthetic: {like: distribution, ranks: 0.1}}", Like(Decimal("0.1"))),
        ("{noise: {range: 500}}", Noise(Decimal(500), None)),
        ("{noise: {range: 0.5}}", Noise(Decimal("0.5"), None)),
        ("{noise: {percent: 5}}", Noise(None, Decimal(5))),
    ],
)
def test_a_treatment_is_read(text: str, expected: Treatment) -> None:
    assert policy(treat(text)).roles[0].treat["email"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f": found nothing; expected a treatment: {ALL}"),
        ("5", f": found `5`; expected a treatment: {ALL}"),
        ("[token]", f": found a list; expected a treatment: {ALL}"),
        ("gibberish", f": found `gibberish`; expected a treatment: {ALL}"),
        ("tokn", ": found `tokn`, no treatment; did you mean `token`?"),
        ("Token", ": found `Token`, no treatment; did you mean `token`?"),
        ("mask", ": found `mask`, no treatment; did you mean `partial`?"),
        ("hide", ": found `hide`, no treatment; did you mean `null`?"),
        ("email", ": found `email`, a kind of synthetic; expected {synthetic: email}"),
        ("{tokn: {format: opaque}}", ": found `tokn`, no treatment; did you mean `token`?"),
        (
            "{token: {}, redact: {}}",
            ": found a mapping with 2 keys; expected one treatment, such as {partial: {last: 4}}",
        ),
        (
            "{}",
            ": found a mapping with 0 keys; expected one treatment, such as {partial: {last: 4}}",
        ),
        ("partial", ": `partial` needs options; expected {partial: {last: 4}}"),
        (
            "synthetic",
            (
                ": `synthetic` needs options; expected {synthetic: first_name}, or "
                "{synthetic: {like: distribution}}"
            ),
        ),
        (
            "{synthetic: {like: normal}}",
            ".synthetic.like: found `normal`; expected `distribution`",
        ),
        (
            "{synthetic: {like: distribution, ranks: 0.6}}",
            ".synthetic.ranks: found `0.6`; expected a number from 0.01 to 0.5",
        ),
        (
            "{synthetic: {like: distribution, kind: name}}",
            ".synthetic.kind: unknown key; expected `like` or `ranks`",
        ),
        ("noise", ": `noise` needs options; expected {noise: {range: 3}}"),
        ("{noise: 500}", ": found `500`; expected {noise: {range: 3}}"),
        ("{redact: xxx}", ': found `xxx`; expected {redact: {text: "***"}}'),
        ("{redact: }", ': found nothing; expected {redact: {text: "***"}}'),
        ("{token: email}", ": found `email`; expected {token: {domain: person}}"),
        ("{show: true}", ": found `true`; expected `show`, which has no options"),
    ],
)
def test_what_is_no_treatment_is_told_with_what_was_meant(text: str, expected: str) -> None:
    assert treat_told(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{show: {a: 1}}", ".show.a: unknown key; expected no key at all"),
        ("{redact: {text: 5}}", ".redact.text: found `5`; expected a text, in quotes"),
        ("{redact: {txt: a}}", ".redact.txt: unknown key; did you mean `text`?"),
        (
            "{partial: {}}",
            ".partial: keeps nothing; expected `first` or `last` above 0, such as {last: 4}",
        ),
        (
            "{partial: {first: 0}}",
            ".partial: keeps nothing; expected `first` or `last` above 0, such as {last: 4}",
        ),
        (
            "{partial: {last: -1}}",
            ".partial.last: found `-1`; expected a whole number from 0 to 1000",
        ),
        (
            "{partial: {last: 4, with: ab}}",
            '.partial.with: found `ab`; expected one character in quotes, such as "*"',
        ),
        (
            "{partial: {last: 4, with: 0}}",
            '.partial.with: found `0`; expected one character in quotes, such as "*"',
        ),
        ("{partial: {lats: 4}}", ".partial.lats: unknown key; did you mean `last`?"),
        ("{partial: {mask: x}}", ".partial.mask: unknown key; expected `first`, `last` or `with`"),
        ("{hash: {length: 0}}", ".hash.length: found `0`; expected a whole number from 1 to 64"),
        ("{hash: {length: 65}}", ".hash.length: found `65`; expected a whole number from 1 to 64"),
        ("{token: {domain: 5}}", ".token.domain: found `5`; expected a text, in quotes"),
        (
            "{token: {format: opake}}",
            f".token.format: found `opake`; expected {FORMATS}; did you mean `opaque`?",
        ),
        (
            "{token: {vaultless: true}}",
            (
                ".token: `vaultless` needs `format: digits` or `format: length`: texts of another "
                "form cannot be enciphered into one of their own"
            ),
        ),
        (
            "{token: {vaultless: true, format: digits, reversible: false}}",
            ".token: what is computed can be computed back; expected `reversible: true`",
        ),
        ("{token: {reversible: 1}}", ".token.reversible: found `1`; expected `true` or `false`"),
        (
            "{synthetic: frist_name}",
            (f": found `frist_name`; expected {KINDS}; did you mean `first_name`?"),
        ),
        (
            "{synthetic: {}}",
            f".synthetic.kind: missing; expected {KINDS}",
        ),
        (
            "{noise: {}}",
            ".noise: expected either `range` or `percent`, such as {range: 3}",
        ),
        (
            "{noise: {range: 1, percent: 1}}",
            ".noise: expected either `range` or `percent`, such as {range: 3}",
        ),
        ("{noise: {range: 0}}", ".noise.range: found `0`; expected a number above 0"),
        ("{noise: {range: -3}}", ".noise.range: found `-3`; expected a number above 0"),
        ("{noise: {range: '3'}}", '.noise.range: found `"3"`; expected a number above 0'),
        ("{noise: {range: true}}", ".noise.range: found `true`; expected a number above 0"),
        (
            "{noise: {percent: 101}}",
            ".noise.percent: found `101`; expected a number above 0, up to 100",
        ),
        ("{bucket: {size: 0}}", ".bucket.size: found `0`; expected a number above 0"),
        ("{shift: {days: 0}}", ".shift.days: found `0`; expected a whole number from 1 to 36500"),
        ("{bucket: week}", ": found `week`; expected `month`, `quarter` or `year`"),
        ("bucket", ": `bucket` needs options; expected {bucket: {size: 10}}, or {bucket: month}"),
    ],
)
def test_a_wrong_option_is_told(text: str, expected: str) -> None:
    assert treat_told(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{synthetic: {pool: cats}}",
            ".synthetic.pool: found `cats`, no pool; expected a name that stands in `pools`",
        ),
        ("{synthetic: {pool: }}", ".synthetic.pool: found nothing; expected a text"),
    ],
)
def test_a_pool_is_one_that_is_there(text: str, expected: str) -> None:
    assert treat_told(text) == [expected]


def test_every_mistake_in_one_treatment_is_told() -> None:
    assert treat_told("{token: {format: emial, domian: a, reversible: 3}}") == [
        f".token.format: found `emial`; expected {FORMATS}; did you mean `email`?",
        ".token.reversible: found `3`; expected `true` or `false`",
        ".token.domian: unknown key; did you mean `domain`?",
    ]


WORDS = st.sampled_from([*OPTIONS, "first", "last", "range", "kind", "name", "", "x"])
LEAVES = WORDS | st.integers(-2, 70) | st.booleans() | st.none() | st.decimals(allow_nan=True)
VALUES = st.recursive(LEAVES, lambda inner: st.dictionaries(WORDS, inner) | st.lists(inner))


@given(VALUES)
def test_any_value_is_a_treatment_or_told(value: object) -> None:
    try:
        found = treatment(value)
    except PydanticCustomError:
        return
    assert isinstance(found, Treatment)
    assert value is None or found.name in str(value)
