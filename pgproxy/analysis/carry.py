"""Columns carried along: at an output field, other columns of the row that its value comes from.

    SELECT c.email FROM (SELECT email FROM customers) c

Asked for ``id`` beside ``email``, the subquery gets one more field and ``c`` shows it.  Works on a
tree that has been analysed: every column is written with its alias, no two aliases are alike, and
stars are written out, so that a field more shows nowhere.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pgproxy.analysis.catalog import Catalog, Relation
from pgproxy.analysis.lineage import Node, Source
from pgproxy.analysis.names import string_nodes, strings

# What may stand in a query whose rows are those of its FROM, one for one.
_PLAIN = frozenset(
    {
        "targetList",
        "fromClause",
        "whereClause",
        "sortClause",
        "limitOffset",
        "limitCount",
        "limitOption",
        "lockingClause",
        "windowClause",
        "withClause",
        "op",
    }
)
_NAME = "carried"
Path = tuple[str, ...]


class Carrier:
    """The columns carried through one statement."""

    def __init__(self, statement: Node, catalog: Catalog) -> None:
        self._statement = statement
        self._catalog = catalog
        self._added: dict[tuple[int, Path], str] = {}

    def beside(self, level: Node, number: int, source: Source, names: Sequence[str]) -> list[Path]:
        """How to write, in ``level``, the columns ``names`` of the row of field ``number``.

        The field is a copy of ``source``; [] where these columns cannot be had.
        """
        if not is_plain(level) or number >= len(level["targetList"]):
            return []
        reference = _reference(level["targetList"][number]["ResTarget"]["val"])
        found = [self._path(level, reference, source, name) for name in names]
        return [path for path in found if path] if all(found) else []

    def _path(self, level: Node, reference: Path, source: Source, name: str) -> Path:
        if len(reference) != 2:
            return ()
        alias, column = reference
        for kind, item in _items(level):
            if item.get("alias", {}).get("aliasname") == alias:
                if kind == "RangeVar" and "schemaname" in item:
                    return self._of_table(item, column, source, name)
                query = self._query(item)
                if query is None or self._whole_row(alias):
                    return ()
                return self._of_query(query, item, column, source, name)
        return ()

    def _of_table(self, item: Node, column: str, source: Source, name: str) -> Path:
        relation = self._catalog.by_oid[source.relation]
        if (item["schemaname"], item["relname"]) != (relation.schema, relation.name):
            return ()
        shown = _shown(item, relation)
        own = next((c.name for c in relation.columns if c.attnum == source.attnum), "")
        if name not in shown or shown.get(own) != column:
            return ()
        return item["alias"]["aliasname"], shown[name]

    def _query(self, item: Node) -> Node | None:
        """The body of a subquery of FROM, or of the WITH query that an item names."""
        if "subquery" in item:
            found: Node | None = item["subquery"].get("SelectStmt")
            return found
        for table in _common_tables(self._statement):
            if table["ctename"] == item.get("relname"):
                plain = not {"search_clause", "cycle_clause", "aliascolnames"} & table.keys()
                return table["ctequery"].get("SelectStmt") if plain else None
        return None

    def _of_query(self, query: Node, item: Node, column: str, source: Source, name: str) -> Path:
        if not is_plain(query):
            return ()
        names = [target["ResTarget"].get("name", "") for target in query["targetList"]]
        shown = strings(item["alias"].get("colnames", ()))
        shown += names[len(shown) :]
        if shown.count(column) != 1:
            return ()
        (path,) = self.beside(query, shown.index(column), source, [name]) or ((),)
        if not path:
            return ()
        added = self._added.get((id(query), path))
        if added is None:
            added = f"{_NAME} {len(self._added) + 1}"
            if added in names or added in shown:
                return ()
            self._added[id(query), path] = added
            target = {"name": added, "val": {"ColumnRef": {"fields": string_nodes(path)}}}
            query["targetList"].append({"ResTarget": target})
        return item["alias"]["aliasname"], added

    def _whole_row(self, alias: str) -> bool:
        """Whether a row is used as a value: it may not get wider."""
        return any(
            strings(node["ColumnRef"]["fields"][:1]) == [alias]
            and (len(node["ColumnRef"]["fields"]) == 1)
            for node in _nodes(self._statement, "ColumnRef")
        )


def is_plain(level: Node) -> bool:
    """Whether a query gives the rows of its FROM, no two of them made one."""
    return (
        level.keys() <= _PLAIN
        and level.get("op", "SETOP_NONE") == "SETOP_NONE"
        and bool(level.get("targetList"))
    )


def _reference(value: Node) -> Path:
    fields = value.get("ColumnRef", {}).get("fields", [])
    return tuple(strings(fields)) if all("String" in field for field in fields) else ()


def _items(level: Node) -> Iterator[tuple[str, Node]]:
    """The items of FROM, those of joins too; one behind the alias of a join is not seen there."""
    open_items: list[Node] = list(level.get("fromClause", ()))
    while open_items:
        ((kind, body),) = open_items.pop().items()
        if kind == "JoinExpr" and "alias" not in body:
            open_items += (body["larg"], body["rarg"])
        elif kind == "RangeTableSample":
            open_items.append(body["relation"])
        elif kind in ("RangeVar", "RangeSubselect"):
            yield kind, body


def _shown(item: Node, relation: Relation) -> dict[str, str]:
    """For each column of a table the name that its alias gives it."""
    names = [column.name for column in relation.columns]
    given = strings(item["alias"].get("colnames", ()))
    return dict(zip(names, given + names[len(given) :], strict=True))


def _common_tables(statement: Node) -> Iterator[Node]:
    for node in _nodes(statement, "CommonTableExpr"):
        yield node["CommonTableExpr"]


def _nodes(tree: Any, kind: str) -> Iterator[Node]:
    if isinstance(tree, dict):
        if kind in tree:
            yield tree
        tree = list(tree.values())
    for part in tree if isinstance(tree, list) else ():
        yield from _nodes(part, kind)
