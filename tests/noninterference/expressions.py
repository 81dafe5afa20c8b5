"""Random expressions by kind of value, over the columns in scope."""

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests.noninterference.tables import Column

if TYPE_CHECKING:
    from tests.noninterference.generator import Generator

KINDS = ("int", "text", "number", "date", "time", "bool")

_CONSTANTS = {
    "int": ("0", "1", "2", "7", "100", "-3", "NULL::int"),
    "text": ("'a'", "'x%'", "''", "'Ulm'", "'@'", "NULL::text"),
    "number": ("0.5", "10", "99.99", "1e3", "NULL::numeric"),
    "date": ("date '2021-03-01'", "current_date", "date '1980-01-01'"),
    "time": ("timestamptz '2022-01-01 00:00+00'", "timestamptz '2020-06-01 12:00+00'"),
    "bool": ("true", "false", "NULL::bool"),
    "json": ("'{\"a\": 1}'::jsonb",),
    "array": ("ARRAY['a', 'b']",),
    "uuid": ("'00000000-0000-0000-0000-000000000000'::uuid",),
    "interval": ("interval '1 day'",),
    "bytea": ("'\\x00'::bytea",),
}

# Templates: {int}, {text} … become expressions of that kind.
_CALLS = {
    "int": (
        "length({text})",
        "({int} + {int})",
        "({int} % 7)",
        "abs({int})",
        "ascii({text})",
        "strpos({text}, {text})",
        "({int} / 0)",
        "{text}::int",
        "extract(year FROM {date})::int",
        "coalesce({int}, {int})",
        "nullif({int}, {int})",
        "greatest({int}, {int})",
        "(CASE WHEN {bool} THEN {int} ELSE {int} END)",
        "width_bucket({number}, 0, 1000, 10)",
        "hashtext({text})",
        "octet_length({text})",
        "array_length({array}, 1)",
        "({date} - {date})",
        "sign({number})::int",
        "count(*) OVER ()::int",
    ),
    "text": (
        "upper({text})",
        "left({text}, 3)",
        "({text} || {text})",
        "md5({text})",
        "{int}::text",
        "substr({text}, {int})",
        "coalesce({text}, {text})",
        "reverse({text})",
        "(CASE WHEN {bool} THEN {text} END)",
        "split_part({text}, '@', 2)",
        "{date}::text",
        "regexp_replace({text}, '[a-m]', '')",
        "to_char({number}, '999D9')",
        "concat({text}, {int})",
        "encode({text}::bytea, 'hex')",
        "{json}::text",
        "({json} ->> 'a')",
        "repeat({text}, 2)",
        "format('%s-%s', {text}, {int})",
        "lpad({text}, 12)",
        "translate({text}, 'abc', 'xyz')",
        "array_to_string({array}, ',')",
        "quote_literal({text})",
        "lower({text})",
        "nullif({text}, {text})",
        "string_agg({text}, ',') OVER ()",
    ),
    "number": (
        "({number} * 2)",
        "({number} / {int})",
        "round({number}, 1)",
        "{int}::numeric",
        "sqrt({number})",
        "coalesce({number}, {number})",
        "ln({number})",
        "({number} - {number})",
        "sum({number}) OVER ()",
        "avg({int}) OVER ()",
        "extract(epoch FROM {time})",
    ),
    "date": (
        "({date} + {int})",
        "date_trunc('month', {time})::date",
        "coalesce({date}, {date})",
        "greatest({date}, {date})",
        "({time})::date",
        "{text}::date",
    ),
    "time": (
        "date_trunc('day', {time})",
        "({time} + interval '1 hour')",
        "{date}::timestamptz",
        "coalesce({time}, {time})",
    ),
    "bool": (
        "({int} = {int})",
        "({int} < {int})",
        "({text} LIKE {text})",
        "({text} = {text})",
        "({text} IS NULL)",
        "({int} IS NOT NULL)",
        "({bool} AND {bool})",
        "({bool} OR {bool})",
        "(NOT {bool})",
        "({text} ~ '^[a-f]')",
        "({number} > {number})",
        "({date} < {date})",
        "({text} IN ({text}, {text}))",
        "({int} BETWEEN {int} AND {int})",
        "({text} ILIKE {text})",
        "({int} IS DISTINCT FROM {int})",
        "({text} = ANY ({array}))",
        "starts_with({text}, {text})",
        "(({int}, {text}) = ({int}, {text}))",
        "({text} > {text})",
        "({date} IS NULL)",
        "({number} IS NULL)",
        "({json} IS NULL)",
        "({array} @> ARRAY['a'])",
        "({json} ? 'a')",
        "({text} SIMILAR TO 'a%')",
        "({text} COLLATE \"C\" < 'm')",
        "({bool} IS TRUE)",
    ),
    "json": (
        "to_jsonb({text})",
        "jsonb_build_object('k', {text})",
        "coalesce({json}, {json})",
        "({json} -> 'a')",
    ),
    "array": ("string_to_array({text}, ',')", "ARRAY[{text}, {text}]", "({array} || {text})"),
}
_AGGREGATES = (
    "count(*)", "count({text})", "count(DISTINCT {text})", "min({text})", "max({int})",
    "sum({number})", "avg({int})", "bool_or({bool})", "string_agg({text}, ',')", "count({date})",
    "array_agg({int})", "count(*) FILTER (WHERE {bool})", "max({date})", "stddev({number})",
    "string_agg({text}, ',' ORDER BY {text})", "count(DISTINCT {int})", "min({number})",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY {number})", "jsonb_agg({text})", "every({bool})",
    "mode() WITHIN GROUP (ORDER BY {text})",
)  # fmt: skip
_WINDOWS = (
    "row_number() OVER (ORDER BY {int})", "rank() OVER (PARTITION BY {text} ORDER BY {date})",
    "count(*) OVER (PARTITION BY {text})", "lag({text}) OVER (ORDER BY {int})",
    "first_value({text}) OVER (PARTITION BY {int} ORDER BY {int})", "row_number() OVER ()",
    "ntile(3) OVER (ORDER BY {text})",
    "sum({int}) OVER (ORDER BY {date} ROWS 2 PRECEDING)",
    "lead({text}, 1, 'none') OVER (ORDER BY {int})", "dense_rank() OVER (ORDER BY {text})",
)  # fmt: skip


@dataclass(slots=True)
class Place:
    """Where an expression stands: the columns it may name, as ``alias.column``."""

    columns: list[tuple[str, Column]] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    condition: bool = False  # it decides which rows show: mostly over what is shown


def expression(generator: "Generator", place: Place, kind: str, depth: int) -> str:
    """An expression of a kind; columns first, then calls of calls."""
    random = generator.random
    roll = random.random()
    if depth <= 0 or roll < 0.45:
        return column(random, place, kind) or random.choice(_CONSTANTS.get(kind, ("NULL",)))
    if roll < 0.55:
        return random.choice(_CONSTANTS.get(kind, ("NULL",)))
    if roll < 0.62 and depth > 1:
        return generator.subquery(place, kind, depth - 1)
    if kind not in _CALLS:
        return random.choice(_CONSTANTS.get(kind, ("NULL",)))
    return fill(generator, place, random.choice(_CALLS[kind]), depth - 1)


def aggregate(generator: "Generator", place: Place, depth: int) -> str:
    """An aggregate over the columns of a place."""
    return fill(generator, place, generator.random.choice(_AGGREGATES), depth)


def window(generator: "Generator", place: Place, depth: int) -> str:
    """A window call over the columns of a place."""
    return fill(generator, place, generator.random.choice(_WINDOWS), depth)


def fill(generator: "Generator", place: Place, template: str, depth: int) -> str:
    """The template with its holes filled, from left to right."""
    parts = template.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        kind, brace, rest = part.partition("}")
        if brace and kind in _CONSTANTS:
            out += (expression(generator, place, kind, depth), rest)
        else:
            out.append("{" + part)
    return "".join(out)


def column(random: Random, place: Place, kind: str) -> str:
    """A column of a kind; in a condition one that is shown, nine times of ten."""
    fitting = [(name, c) for name, c in place.columns if c.kind == kind]
    if place.condition and random.random() < 0.9:
        fitting = [(name, c) for name, c in fitting if not c.masked]
    return random.choice(fitting)[0] if fitting else ""
