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
        for part in found.columns:
            walk.context.see_type(part.lineage.type_oid)
        reference["fields"] = [*string_nodes((found.written,)), *fields[len(names) :]]
        _check_row(walk, found, reference)
    else:
        lineage = found.lineage
        reference["fields"] = string_nodes(found.path)
        walk.context.see_type(lineage.type_oid)
    if position is not None:
        walk.use(position, lineage, node, ".".join(names))
    return lineage


def attribute(walk: "Walk", row: Node, step: Node) -> Node | None:
    """``(c).email`` as the plain column reference ``c.email``; None where ``c`` is a column.

    Raises Refusal.
    """
    reference = row["ColumnRef"]
    fields, location = reference["fields"], reference.get("location", -1)
    names = strings(fields)
    if "A_Star" not in fields[-1] and is_column(walk, names, location):
        return None
    item = find_item(walk, names, location)
    name = step["String"]["sval"]
    columns = item.find(name)
    if len(columns) != 1:
        raise _missing([*names, name], location)
    plain = {"fields": string_nodes(columns[0].path), "location": location}
    return {"ColumnRef": plain}


def attribute_of_row(walk: "Walk", row: Node, name: str) -> Node | None:
    """``email(c)`` where ``c`` is a row of FROM with such a column, as ``c.email``; else None."""
    reference = row["ColumnRef"]
    names = strings(reference["fields"])
    if len(names) != 1 or "A_Star" in reference["fields"][-1]:
        return None
    if is_column(walk, names, -1) or walk.scope.item(names[0], "", -1) is None:
        return None
    found = find_item(walk, names, -1).find(name)
    if len(found) != 1:
        return None
    fields = string_nodes(found[0].path)
    return {"ColumnRef": {"fields": fields, "location": reference.get("location", -1)}}


def is_column(walk: "Walk", names: list[str], location: int) -> bool:
    """Whether names mean a column, not a row; the server tries both in this order."""
    if len(names) == 1:
        return walk.scope.column(names[0], location) is not None
    item = walk.scope.item(names[-2], names[-3] if len(names) > 2 else "", location)
    return item is not None and bool(item.find(names[-1]) or system_column(item, names[-1]))


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
