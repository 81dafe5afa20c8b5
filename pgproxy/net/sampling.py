"""Samples of stored texts for ``pgproxy discover``; what they look like is kept, they are not."""

from collections.abc import Iterator, Sequence

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Column, Relation
from pgproxy.config.sensitive import by_values
from pgproxy.net.introspection import Connection
from pgproxy.net.stored_data import quoted
from pgproxy.treatment.shape import TEXTS
from pgproxy.wire import values

_SAMPLED = TEXTS | {values.NUMERIC, values.INT8}
_COMMENTS = """
SELECT objoid::oid::int8 AS relation, objsubid AS attnum, description
FROM pg_description WHERE classoid = 'pg_class'::regclass AND objsubid > 0
"""


async def comments(connection: Connection) -> dict[tuple[int, int], str]:
    """The comment of each column that has one."""
    rows = await connection.fetch(_COMMENTS)
    return {(row["relation"], row["attnum"]): row["description"] for row in rows}


async def looks(
    connection: Connection, catalog: Catalog, sample: int
) -> dict[tuple[int, int], tuple[str, float]]:
    """What the values of each column look like: a class, and the share of values that do."""
    found: dict[tuple[int, int], tuple[str, float]] = {}
    for relation in tables(catalog):
        columns = [
            column for column in relation.columns if catalog.base_type(column.type_oid) in _SAMPLED
        ]
        if columns:
            rows = await connection.fetch(_query(relation, columns, sample))
            for number, column in enumerate(columns):
                look = by_values(str(row[number]) for row in rows if row[number] is not None)
                if look[0]:
                    found[relation.oid, column.attnum] = look
    return found


def tables(catalog: Catalog) -> Iterator[Relation]:
    """Those with rows of their own, partitions left out: they are as their parents."""
    for relation in sorted(catalog.relations.values(), key=lambda one: (one.schema, one.name)):
        own = relation.kind in "rpf" and not relation.ancestors
        if own and relation.schema not in SYSTEM_SCHEMAS:
            yield relation


def _query(relation: Relation, columns: Sequence[Column], sample: int) -> str:
    # A value is looked at, not kept: its first characters say what it is.
    texts = ", ".join(f"left({quoted(column.name)}::text, 200)" for column in columns)
    return f"SELECT {texts} FROM {quoted(relation.schema)}.{quoted(relation.name)} LIMIT {sample}"
