"""GROUP BY, ORDER BY, DISTINCT ON: clauses that may name the fields of the select list."""

from typing import TYPE_CHECKING

from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.lineage import Node, OutputField, Position, Use

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk


def group_by(body: Node, fields: list[OutputField], walk: "Walk") -> None:
    """Walk GROUP BY with its grouping sets.  Raises Refusal."""
    for item in body.get("groupClause", ()):
        _group_item(item, body, fields, walk)


def _group_item(item: Node, body: Node, fields: list[OutputField], walk: "Walk") -> None:
    if "GroupingSet" in item:
        for part in item["GroupingSet"].get("content", ()):
            _group_item(part, body, fields, walk)
        return
    if "RowExpr" in item:
        for part in item["RowExpr"].get("args", ()):
            _group_item(part, body, fields, walk)
        return
    index = _position(item, len(fields))
    if index is None and _lone_name(item) and not _is_input(item, walk):
        # GROUP BY takes a name for an input column first, for an output alias second (manual,
        # SELECT).
        index = _alias(item, fields)
    walk(item if index is None else _expression(body, index), Position.GROUP)


def distinct_on(clause: list[Node], body: Node, fields: list[OutputField], walk: "Walk") -> None:
    """Walk DISTINCT ON, which names fields as ORDER BY does.  Raises Refusal."""
    for item in clause:
        index = _position(item, len(fields))
        if index is None:
            index = _alias(item, fields)
        # Which row of several it keeps depends on their order, so it is more than a grouping.
        walk(item if index is None else _expression(body, index), Position.SORT)


def _expression(body: Node, index: int) -> Node:
    expression: Node = body["targetList"][index]["ResTarget"]["val"]
    return expression


def order_by(body: Node, fields: list[OutputField], walk: "Walk") -> None:
    """Walk ORDER BY of a simple SELECT; its items can be dropped by the plan."""
    items = body.get("sortClause", [])
    for item in items:
        index = _output(item, fields)
        if index is not None:
            _by_position(item, index)
            _use_order(walk.context, fields[index], items, item)
            continue
        uses = walk.context.report.uses
        before = len(uses)
        walk(item["SortBy"]["node"], Position.ORDER)
        uses[before:] = [
            use._replace(items=items, item=item)
            if use.position is Position.ORDER and use.items is None
            else use
            for use in uses[before:]
        ]


def order_set_operation(body: Node, fields: list[OutputField], context: Context) -> None:
    """Walk ORDER BY of a set operation or VALUES, which knows output fields only."""
    items = body.get("sortClause", [])
    for item in items:
        index = _output(item, fields)
        if index is None:
            raise not_covered("an expression in ORDER BY of a set operation")
        _by_position(item, index)
        _use_order(context, fields[index], items, item)


def _by_position(item: Node, index: int) -> None:
    # A number means the same wherever the list of fields is the same.
    item["SortBy"]["node"] = {"A_Const": {"ival": {"ival": index + 1}}}


def _output(item: Node, fields: list[OutputField]) -> int | None:
    """The field an ORDER BY item names, if it does: an output alias comes first here."""
    sort = item["SortBy"]
    if "useOp" in sort:
        raise not_covered("ORDER BY … USING", sort)
    index = _position(sort["node"], len(fields))
    return _alias(sort["node"], fields) if index is None else index


def _use_order(context: Context, field: OutputField, items: list[Node], item: Node) -> None:
    if field.lineage.sources:
        context.report.uses.append(
            Use(Position.ORDER, field.lineage, {}, field.name, items=items, item=item)
        )


def _position(node: Node, count: int) -> int | None:
    constant = node.get("A_Const")
    if constant is None:
        return None
    if "ival" not in constant:
        raise refuse("syntax", "non-integer constant in GROUP BY or ORDER BY", constant)
    number: int = constant["ival"].get("ival", 0)
    if not 1 <= number <= count:
        raise refuse("syntax", f"position {number} is not in select list", constant)
    return number - 1


def _lone_name(node: Node) -> str:
    fields = node.get("ColumnRef", {}).get("fields", ())
    return fields[0]["String"]["sval"] if len(fields) == 1 and "String" in fields[0] else ""


def _is_input(node: Node, walk: "Walk") -> bool:
    # Of this level only: a column of an outer query does not beat an alias here.
    name = _lone_name(node)
    return any(item.find(name) for item in walk.scope.items if item.shows_columns)


def _alias(node: Node, fields: list[OutputField]) -> int | None:
    name = _lone_name(node)
    found = [index for index, field in enumerate(fields) if field.name == name] if name else []
    if len(found) > 1 and len({fields[index] for index in found}) > 1:
        raise refuse("name", f'"{name}" is ambiguous', node["ColumnRef"])
    return found[0] if found else None
