"""Column references: what ``c.email``, ``email`` or a row ``c`` means, written unambiguously."""

from typing import TYPE_CHECKING

from pgproxy.analysis.context import not_covered
from pgproxy.analysis.lineage import Lineage, Node, Position
from pgproxy.analysis.names import UnknownName, string_nodes, strings
from pgproxy.analysis.scope import Item, ScopeColumn, quoted, system_column

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk


def column(walk: "Walk", node: Node, position: Position | None) -> Lineage:
    """The lineage of a ColumnRef; its use is noted unless ``position`` is None.

    Raises Refusal: 42703, 42P01, 42702 as the server would.
    """
    reference = node["ColumnRef"]
    fields, location = reference["fields"], reference.get("location", -1)
    names = strings(fields)
    if "A_Star" in fields[-1]:
        if not names:
            raise not_covered("* outside a select list", reference)
        found: ScopeColumn | Item = find_item(walk, names, location)
    else:
        found = _find(walk, names, location)
    if isinstance(found, Item):
        lineage = found.whole_row()
        reference["fields"] = [*string_nodes((found.written,)), *fields[len(names) :]]
        _check_row(walk, found, reference)
    else:
        lineage = found.lineage
        reference["fields"] = string_nodes(found.path)
    if position is not None:
        walk.use(position, lineage, node, ".".join(names))
    return lineage


def attribute(walk: "Walk", row: Node, step: Node) -> Node:
    """``(c).email`` as the plain column reference ``c.email``.  Raises Refusal."""
    reference = row["ColumnRef"]
    fields, location = reference["fields"], reference.get("location", -1)
    names = strings(fields)
    if len(names) == 1 and walk.scope.column(names[0], location) is not None:
        raise not_covered("(…).name of anything but a row of FROM", reference)
    item = find_item(walk, names, location)
    name = step["String"]["sval"]
    columns = item.find(name)
    if len(columns) != 1:
        raise _missing([*names, name], location)
    plain = {"fields": string_nodes(columns[0].path), "location": location}
    return {"ColumnRef": plain}


def _check_row(walk: "Walk", item: Item, reference: Node) -> None:
    """The server takes a lone name for a column first, at any level (manual 8.16.5)."""
    if not item.written or walk.scope.column(item.written, -1) is not None:
        raise not_covered("this way to name a row", reference)


def find_item(walk: "Walk", names: list[str], location: int) -> Item:
    """The entry of FROM that a (schema-)qualified name means.  Raises Refusal (42P01)."""
    item = None
    if len(names) <= 3:
        schema = names[-2] if len(names) > 1 else ""
        if len(names) < 3 or names[0] == walk.context.catalog.database:
            item = walk.scope.item(names[-1], schema, location)
    if item is None:
        raise UnknownName(
            "name",
            f"missing FROM-clause entry for table {quoted('.'.join(names))}",
            sqlstate="42P01",
            position=location + 1,
        )
    return item


def _find(walk: "Walk", names: list[str], location: int) -> ScopeColumn | Item:
    if len(names) == 1:
        found = walk.scope.column(names[0], location)
        # Only what is no column at any level can be a whole row (manual 8.16.5).
        whole = found or walk.scope.item(names[0], "", location)
        if whole is None:
            raise _missing(names, location)
        return whole
    item = find_item(walk, names[:-1], location)
    columns = item.find(names[-1]) or system_column(item, names[-1])
    if len(columns) != 1:
        raise _missing(names, location)
    return columns[0]


def _missing(names: list[str], location: int) -> UnknownName:
    shown = quoted(names[0]) if len(names) == 1 else ".".join(names)
    return UnknownName(
        "name", f"column {shown} does not exist", sqlstate="42703", position=location + 1
    )
