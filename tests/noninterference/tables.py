"""What the generator knows of a database: relations, their columns and kinds of type."""

from dataclasses import dataclass

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog

# pg_type.oid → the kind of value the generator deals in.
_KINDS = {
    16: "bool",
    17: "bytea",
    20: "int",
    21: "int",
    23: "int",
    26: "int",
    25: "text",
    1042: "text",
    1043: "text",
    19: "text",
    700: "number",
    701: "number",
    1700: "number",
    1082: "date",
    1114: "time",
    1184: "time",
    1186: "interval",
    114: "json",
    3802: "json",
    2950: "uuid",
    1009: "array",
    1007: "array",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the generator sees it; ``kind`` is '' for a type that it only selects."""

    name: str
    kind: str
    masked: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A relation by its qualified name."""

    name: str
    columns: tuple[Column, ...]


def tables(catalog: Catalog, masked: set[str], schemas: set[str]) -> list[Table]:
    """The relations of some schemas; ``masked`` names columns as schema.table.column."""
    found: list[Table] = []
    for relation in catalog.relations.values():
        if relation.schema in SYSTEM_SCHEMAS or relation.schema not in schemas:
            continue
        if relation.kind not in "rpvm" or not relation.columns or relation.ancestors:
            continue
        columns = tuple(
            Column(
                column.name,
                _kind(catalog, column.type_oid),
                f"{relation.schema}.{relation.name}.{column.name}" in masked,
            )
            for column in relation.columns
        )
        found.append(Table(f"{relation.schema}.{relation.name}", columns))
    return sorted(found, key=lambda table: table.name)


def _kind(catalog: Catalog, oid: int) -> str:
    known = catalog.types_by_oid.get(oid)
    while known is not None and known.kind == "d":
        oid = known.base_oid
        known = catalog.types_by_oid.get(oid)
    return _KINDS.get(oid, "")
