"""Columns carried along: at an output field, other columns of the row that its value comes from.

    SELECT c.email FROM (SELECT email FROM customers) c

Asked for ``id`` beside ``email``, the subquery gets one more field and ``c`` shows it.  Works on a
tree that has been analysed: every column is written with its alias, no two aliases are alike, and
stars are written out, so that a field more shows nowhere.
"""

from collections.abc import Callable, Iterator, Sequence
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
_AROUND_QUERY = ("PrepareStmt", "DeclareCursorStmt", "CopyStmt")
Path = tuple[str, ...]


# The analysed definition of a view by its OID; None where it is not known.
ViewQuery = Callable[[int], Node | None]


class Carrier:
    """The columns carried through one statement; ``fixed``: no field may be added to it."""

    def __init__(
        self, statement: Node, catalog: Catalog, view_query: ViewQuery, *, fixed: bool = False
    ) -> None:
        self._statement = statement
        self._catalog = catalog
        self._view_query = view_query
        self._fixed = fixed
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
        relation = self._catalog.relations.get((item["schemaname"], item["relname"]))
        if relation is None or relation.oid != source.relation:
            return self._of_view(relation, item, column, source, name) if relation else ()
        shown = _shown(item, relation)
        own = next((c.name for c in relation.columns if c.attnum == source.attnum), "")
        if name not in shown or shown.get(own) != column:
            return ()
        return item["alias"]["aliasname"], shown[name]

    def _of_view(self, view: Relation, item: Node, column: str, source: Source, name: str) -> Path:
        """A view can only be asked for what it shows."""
        query = self._view_query(view.oid) if view.kind in "vm" else None
        shown = list(_shown(item, view).values())
        if query is None or shown.count(column) != 1:
            return ()
        inside = Carrier(query, self._catalog, self._view_query, fixed=True)
        paths = inside.beside(query, shown.index(column), source, [name])
        number = _target(query, paths[0]) if paths else -1
        return (item["alias"]["aliasname"], shown[number]) if number >= 0 else ()

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
        there = _target(query, path)
        added = shown[there] if there >= 0 else self._added.get((id(query), path))
        if added is None:
            if self._fixed:
                return ()
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


def _target(query: Node, path: Path) -> int:
    """Which field of a query is just that column; -1 for none."""
    for number, target in enumerate(query["targetList"]):
        if _reference(target["ResTarget"]["val"]) == path:
            return number
    return -1


def query_of(statement: Node) -> Node | None:
    """The SELECT whose fields a statement gives, behind PREPARE, DECLARE and COPY; else None.

    RETURNING is as a SELECT from what is written and read.
    """
    ((kind, body),) = statement.items()
    if kind == "SelectStmt":
        found: Node = body
        return found
    if "returningClause" in body:
        read = [*body.get("fromClause", ()), *body.get("usingClause", ())]
        return {
            "targetList": body["returningClause"]["exprs"],
            "fromClause": [{"RangeVar": body["relation"]}, *read],
            "withClause": body.get("withClause", {}),
        }
    return query_of(body["query"]) if kind in _AROUND_QUERY and "query" in body else None


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
