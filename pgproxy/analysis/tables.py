"""FROM: tables, views, subqueries, functions and joins, as entries of the namespace."""

from typing import TYPE_CHECKING

from pgproxy.analysis.call import qualify
from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Relation
from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.functions import CATALOGS, ROWS
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, Position, Source, compute
from pgproxy.analysis.names import strings
from pgproxy.analysis.scope import CommonTable, Item, Scope, ScopeColumn

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk


def from_item(node: Node, walk: "Walk") -> list[Item]:
    """The namespace entries of one item of FROM.  Raises Refusal."""
    kind, body = next(iter(node.items()))
    rule = _RULES.get(kind)
    if rule is None:
        raise not_covered(f"{kind} in FROM", body)
    return rule(body, walk)


def _table(body: Node, walk: "Walk") -> list[Item]:
    name, alias = body["relname"], body.get("alias", {})
    common = walk.scope.tables.get(name) if "schemaname" not in body else None
    if common is not None:
        return [_common(name, common, alias)]
    relation = walk.context.names.relation(body)
    _check_kind(relation, body)
    # Written with its schema, the server cannot take it for another one.
    body["schemaname"] = relation.schema
    lineages = relation_lineage(relation, walk)
    if alias:
        names = _column_names([c.name for c in relation.columns], alias)
        shown, schema = alias["aliasname"], ""
    else:
        names = [c.name for c in relation.columns]
        shown, schema = relation.name, relation.schema
    path = (schema, shown) if schema else (shown,)
    columns = tuple(
        ScopeColumn(column, lineage, (*path, column))
        for column, lineage in zip(names, lineages, strict=True)
    )
    return [Item(shown, columns, schema, relation.oid)]


def relation_lineage(relation: Relation, walk: "Walk") -> list[Lineage]:
    """The lineage of each column of a relation, views looked through."""
    context = walk.context
    for column in relation.columns:
        context.see_type(column.type_oid)
    if relation.schema in SYSTEM_SCHEMAS:
        return [
            Lineage(constant=True, origins=_own(relation, c.attnum), type_oid=c.type_oid)
            for c in relation.columns
        ]
    context.report.relations.add(relation.oid)
    if relation.kind not in "vm":
        return [
            Lineage(_own(relation, c.attnum), origins=_own(relation, c.attnum), type_oid=c.type_oid)
            for c in relation.columns
        ]
    inner = context.view(relation.oid)
    return [
        _seen_through(_own(relation, c.attnum), lineage, c.type_oid)
        for c, lineage in zip(relation.columns, inner, strict=True)
    ]


def _seen_through(own: frozenset[Source], inner: Lineage, type_oid: int) -> Lineage:
    """A view's column: what its definition makes it, and itself, as it can have a class too."""
    return Lineage(
        inner.copied | own if inner.copied else inner.copied,
        inner.computed if inner.copied else inner.computed | own,
        inner.counted,
        inner.constant,
        inner.origins | own,
        type_oid,
    )


def _own(relation: Relation, attnum: int) -> frozenset[Source]:
    return frozenset({Source(relation.oid, attnum)})


def _check_kind(relation: Relation, body: Node) -> None:
    if relation.schema == "pg_catalog" and relation.name not in CATALOGS:
        raise refuse(
            "catalog",
            f'"{relation.schema}.{relation.name}" can show what is masked elsewhere',
            body,
            "It holds sampled values, settings or other people's statements.",
        )
    if relation.kind not in "rpvmf":
        raise not_covered(f'"{relation.name}", which is neither table nor view,', body)


def _common(name: str, table: CommonTable, alias: Node) -> Item:
    shown = alias.get("aliasname", name)
    names = _column_names([column for column, _ in table.columns], alias)
    columns = tuple(
        ScopeColumn(column, lineage, (shown, column))
        for column, (_, lineage) in zip(names, table.columns, strict=True)
    )
    return Item(shown, columns)


def _column_names(own: list[str], alias: Node) -> list[str]:
    names = strings(alias.get("colnames", ()))
    if len(names) > len(own):
        raise refuse(
            "syntax", f'table "{alias["aliasname"]}" has {len(own)} columns, not {len(names)}'
        )
    return names + own[len(names) :]


def _subquery(body: Node, walk: "Walk") -> list[Item]:
    query = body["subquery"].get("SelectStmt")
    if query is None:
        raise not_covered("a subquery in FROM that is no SELECT")
    # Without LATERAL a subquery does not see its neighbours, only what is around this level.
    parent = walk.scope if body.get("lateral") else walk.scope.parent
    fields = walk.context.select(query, Scope(parent, walk.scope.tables))
    alias = body.get("alias", {})
    shown = alias.get("aliasname", "")
    names = _column_names([field.name for field in fields], alias)
    path = (shown,) if shown else ()
    columns = tuple(
        ScopeColumn(name, field.lineage, (*path, name))
        for name, field in zip(names, fields, strict=True)
    )
    return [Item(shown, columns)]


def _function(body: Node, walk: "Walk") -> list[Item]:
    calls = body.get("functions", [])
    items = calls[0]["List"]["items"] if len(calls) == 1 else []
    if len(items) != 2 or "FuncCall" not in items[0] or items[1] or "coldeflist" in body:
        raise not_covered("this form of function in FROM")
    function = items[0]["FuncCall"]
    name = qualify(function)
    if name not in ROWS:
        raise refuse("function", f"function {name} in FROM is not covered", function)
    arguments = function.get("args", [])
    parts = [walk(argument, Position.TEST) for argument in arguments]
    if name == "unnest" and len(parts) != 1:
        raise not_covered("unnest of several arrays", function)
    alias = body.get("alias", {})
    shown = alias.get("aliasname", name)
    own = [shown, "ordinality"] if body.get("ordinality") else [shown]
    names = _column_names(own, alias) if alias else own
    lineages = [compute(*parts), CONSTANT]
    columns = tuple(
        ScopeColumn(column, lineage, (shown, column))
        for column, lineage in zip(names, lineages, strict=False)
    )
    return [Item(shown, columns)]


def _join(body: Node, walk: "Walk") -> list[Item]:
    left = from_item(body["larg"], walk)
    # A LATERAL item on the right sees the left side of its join.
    with _visible(walk, left):
        right = from_item(body["rarg"], walk)
    merged = _merged_names(body, left, right)
    pairs = [(_one(name, left), _one(name, right)) for name in merged]
    for one, other in pairs:
        node: Node = {"ColumnRef": {"fields": [{"String": {"sval": one.name}}]}}
        walk.context.use_equal(node, one.lineage, other.lineage, one.name)
    with _visible(walk, left + right):
        if "quals" in body:
            walk(body["quals"], Position.TEST)
    return _joined(body, left, right, pairs)


def _joined(
    body: Node, left: list[Item], right: list[Item], pairs: list[tuple[ScopeColumn, ScopeColumn]]
) -> list[Item]:
    merged = {one.name for one, _ in pairs}
    shared = tuple(_merge(one, other, body) for one, other in pairs)
    rest = tuple(
        column
        for item in left + right
        if item.shows_columns
        for column in item.columns
        if column.name not in merged
    )
    alias = body.get("alias")
    if alias:
        names = _column_names([column.name for column in shared + rest], alias)
        shown = alias["aliasname"]
        columns = tuple(
            ScopeColumn(name, column.lineage, (shown, name))
            for name, column in zip(names, shared + rest, strict=True)
        )
        return [Item(shown, columns)]
    if "join_using_alias" in body:
        raise not_covered("JOIN … USING (…) AS")
    hidden = [
        Item(i.name, i.columns, i.schema, i.relation, shows_columns=False) for i in left + right
    ]
    return [*hidden, Item("", shared + rest)]


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
    if not body.get("isNatural"):
        return strings(body.get("usingClause", ()))
    mine = [c.name for item in left if item.shows_columns for c in item.columns]
    theirs = {c.name for item in right if item.shows_columns for c in item.columns}
    return [name for name in mine if name in theirs]


def _one(name: str, side: list[Item]) -> ScopeColumn:
    found = [column for item in side if item.shows_columns for column in item.find(name)]
    if len(found) != 1:
        what = "does not exist" if not found else "is ambiguous"
        raise refuse("name", f'column "{name}" of USING {what} in a side of the join')
    return found[0]


class _visible:
    """Shows the namespace of a join's sides while its own parts are walked."""

    def __init__(self, walk: "Walk", items: list[Item]) -> None:
        self._scope, self._items = walk.scope, items

    def __enter__(self) -> None:
        self._scope.items.extend(self._items)

    def __exit__(self, *_: object) -> None:
        del self._scope.items[len(self._scope.items) - len(self._items) :]


_RULES = {
    "RangeVar": _table,
    "RangeSubselect": _subquery,
    "RangeFunction": _function,
    "JoinExpr": _join,
}
