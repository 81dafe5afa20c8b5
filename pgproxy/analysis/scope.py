"""Scope: what names mean at one place of a query, as PostgreSQL's parse_relation.c has it.

SELECT c.email FROM customers c         the item ``c`` shows its columns, by name and by ``c.``
SELECT * FROM a JOIN b USING (id)       the join shows ``id`` once; ``a.`` and ``b.`` still work
SELECT (SELECT c.id) FROM customers c   what a level does not know it asks its parent
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pgproxy.analysis.lineage import NOTHING, Lineage, Source, compute
from pgproxy.errors import Refusal

# Columns every table has without showing them (manual, section 5.6).
SYSTEM_COLUMNS = {"tableoid": -6, "cmax": -5, "xmax": -4, "cmin": -3, "xmin": -2, "ctid": -1}


class ScopeColumn(NamedTuple):
    """A column as one item of FROM shows it; ``path`` is how to write it without ambiguity."""

    name: str
    lineage: Lineage
    path: tuple[str, ...]


class Item(NamedTuple):
    """One entry of the namespace.  A join without alias has columns but no name.

    ``written`` is the alias it has in the statement we send.  ``schema`` is set for a table without
    alias, which can also be named ``schema.table``; ``relation`` is its OID when it is one of the
    catalog's, for system columns and whole rows; ``partitioned_by`` the keys of its partitions.
    """

    name: str
    columns: tuple[ScopeColumn, ...]
    written: str = ""
    schema: str = ""
    relation: int = 0
    shows_columns: bool = True
    partitioned_by: frozenset[Source] = NOTHING

    def find(self, name: str) -> list[ScopeColumn]:
        """The columns of that name; two where a join shows both."""
        return [column for column in self.columns if column.name == name]

    def whole_row(self) -> Lineage:
        """The lineage of the row as one value."""
        row = compute(*(column.lineage for column in self.columns))
        own = frozenset({Source(self.relation, 0)}) if self.relation else NOTHING
        shape = tuple((column.name, column.lineage.type_oid) for column in self.columns)
        return Lineage(computed=row.sources, constant=True, origins=own, row=shape)


@dataclass(frozen=True, slots=True)
class CommonTable:
    """A WITH query as the levels below it see it; None: it is there, but not walked yet."""

    written: str
    columns: tuple[tuple[str, Lineage], ...] | None


@dataclass(slots=True)
class Scope:
    """The namespace of one query level."""

    parent: "Scope | None" = None
    tables: Mapping[str, CommonTable] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)

    def levels(self) -> Iterator["Scope"]:
        """This level, then the ones around it."""
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def column(self, name: str, location: int) -> ScopeColumn | None:
        """What an unqualified column name means; None when it is no column at any level."""
        for level in self.levels():
            found = [
                column
                for item in level.items
                if item.shows_columns
                for column in (item.find(name) or system_column(item, name))
            ]
            if len(found) > 1:
                raise ambiguous(f"column reference {quoted(name)} is ambiguous", location)
            if found:
                return found[0]
        return None

    def item(self, name: str, schema: str, location: int) -> Item | None:
        """The entry a qualified name refers to; None when there is none at any level."""
        for level in self.levels():
            found = None
            for item in level.items:
                if item.name == name and (not schema or item.schema == schema):
                    if found is not None:
                        shown = f"table reference {quoted(name)} is ambiguous"
                        raise ambiguous(shown, location, "42P09")
                    found = item
            if found is None and not schema:
                # By the alias we gave it: a recursive query is walked again, rewritten.
                found = next((item for item in level.items if item.written == name), None)
            if found is not None:
                return found
        return None


def system_column(item: Item, name: str) -> list[ScopeColumn]:
    """ctid, tableoid … of a table in the namespace."""
    attnum = SYSTEM_COLUMNS.get(name)
    if attnum is None or not item.relation:
        return []
    origins = frozenset({Source(item.relation, attnum)})
    # In which partition a row lies is what its key says.
    told = item.partitioned_by if name in ("tableoid", "ctid") else NOTHING
    lineage = Lineage(computed=told, constant=True, origins=origins)
    return [ScopeColumn(name, lineage, (item.written, name))]


def ambiguous(message: str, location: int, sqlstate: str = "42702") -> Refusal:
    """The server's own error for a name with two meanings."""
    return Refusal("name", message, sqlstate=sqlstate, position=location + 1)


def quoted(name: str) -> str:
    """An identifier for a message, as the server quotes it there."""
    return f'"{name}"'
