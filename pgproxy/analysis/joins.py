"""Joins: what each side shows, what USING merges, what ON may name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.lineage import Node, Position
from pgproxy.analysis.names import string_nodes, strings
from pgproxy.analysis.scope import Item, ScopeColumn

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

FromItem = Callable[[Node, "Walk"], list[Item]]


def join(body: Node, walk: "Walk", from_item: FromItem) -> list[Item]:
    """The namespace entries of a JoinExpr.  Raises Refusal."""
    left = from_item(body["larg"], walk)
    # A LATERAL item on the right sees the left side, and what stands before the join.
    with _showing(walk, walk.scope.items + left):
        right = from_item(body["rarg"], walk)
    merged = _merged_names(body, left, right)
    pairs = [(_one(name, left), _one(name, right)) for name in merged]
    for one, other in pairs:
        node: Node = {"ColumnRef": {"fields": string_nodes((one.name,))}}
        walk.use_equal(node, one.lineage, other.lineage, one.name)
    # ON sees the two sides of its own join and nothing else of this level (parse_clause.c).
    with _showing(walk, left + right):
        if "quals" in body:
            walk(body["quals"], Position.TEST)
    return _joined(body, left, right, pairs, walk)


def _joined(
    body: Node,
    left: list[Item],
    right: list[Item],
    pairs: list[tuple[ScopeColumn, ScopeColumn]],
    walk: "Walk",
) -> list[Item]:
    merged = {one.name for one, _ in pairs}
    columns = tuple(_merge(one, other, body) for one, other in pairs) + tuple(
        column
        for item in left + right
        if item.shows_columns
        for column in item.columns
        if column.name not in merged
    )
    using = (
        [_using_alias(body["join_using_alias"], columns[: len(pairs)], walk)]
        if ("join_using_alias" in body)
        else []
    )
    alias = body.get("alias")
    if alias:
        return [_renamed(alias, columns, walk)]
    hidden = [item._replace(shows_columns=False) for item in left + right]
    return [*hidden, *using, Item("", columns)]


def _using_alias(alias: Node, merged: tuple[ScopeColumn, ...], walk: "Walk") -> Item:
    """``JOIN … USING (id) AS j``: ``j`` shows the merged columns, the sides stay visible."""
    shown = alias["aliasname"]
    alias["aliasname"] = written = walk.context.alias(shown)
    columns = tuple(column._replace(path=(written, column.name)) for column in merged)
    return Item(shown, columns, written, shows_columns=False)


def _renamed(alias: Node, columns: tuple[ScopeColumn, ...], walk: "Walk") -> Item:
    """``(a JOIN b …) AS j (x, y)``: the sides are hidden behind one name."""
    given = strings(alias.get("colnames", ()))
    names = given + [column.name for column in columns[len(given) :]]
    if len(given) > len(columns) or len(set(names)) < len(names):
        raise not_covered("a join alias with as many names", alias)
    shown = alias["aliasname"]
    alias["aliasname"] = written = walk.context.alias(shown)
    renamed = tuple(
        ScopeColumn(name, column.lineage, (written, name))
        for name, column in zip(names, columns, strict=True)
    )
    return Item(shown, renamed, written)


def _merge(one: ScopeColumn, other: ScopeColumn, body: Node) -> ScopeColumn:
    """The column that USING shows once: either side's, of a full join the first not NULL."""
    lineage = one.lineage.either(other.lineage)
    kind = body.get("jointype", "JOIN_INNER")
    if one.lineage.type_oid and one.lineage.type_oid == other.lineage.type_oid:
        side = {"JOIN_INNER": one, "JOIN_LEFT": one, "JOIN_RIGHT": other}.get(kind)
        if side is not None:
            return ScopeColumn(one.name, lineage, side.path)
    return ScopeColumn(one.name, lineage, (one.name,))


def _merged_names(body: Node, left: list[Item], right: list[Item]) -> list[str]:
    if body.get("isNatural"):
        mine = [c.name for item in left if item.shows_columns for c in item.columns]
        theirs = {c.name for item in right if item.shows_columns for c in item.columns}
        names = [name for name in mine if name in theirs]
        # Written out: which columns two tables share must not be decided anew by the server.
        del body["isNatural"]
        if names:
            body["usingClause"] = string_nodes(names)
        else:
            body["quals"] = {"A_Const": {"boolval": {"boolval": True}}}
    names = strings(body.get("usingClause", ()))
    sides = [column for item in left + right if item.shows_columns for column in item.columns]
    if any(column.path[-1] != column.name for column in sides if column.name in names):
        raise not_covered("USING over a column that is shown twice")
    return names


def _one(name: str, side: list[Item]) -> ScopeColumn:
    found = [column for item in side if item.shows_columns for column in item.find(name)]
    if len(found) != 1:
        what = "does not exist" if not found else "is ambiguous"
        raise refuse("name", f'column "{name}" of USING {what} in a side of the join')
    return found[0]


@contextmanager
def _showing(walk: "Walk", items: list[Item]) -> Iterator[None]:
    """The namespace holds just these entries, for as long as a part of the join is walked."""
    before = walk.scope.items
    walk.scope.items = items
    try:
        yield
    finally:
        walk.scope.items = before
