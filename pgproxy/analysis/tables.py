"""FROM: tables, views, subqueries, functions and joins, as entries of the namespace."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Column, Relation
from pgproxy.analysis.catalog_rows import guarded_query, guarded_sequence
from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.from_function import function_columns, name_columns, table_of_values
from pgproxy.analysis.functions import OF_SEQUENCES
from pgproxy.analysis.joins import join
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, Position, Source
from pgproxy.analysis.names import string_nodes, strings
from pgproxy.analysis.scope import CommonTable, Item, Scope, ScopeColumn
from pgproxy.analysis.system_catalogs import BY_RELATION, NULLED, SHOWN

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk


def from_item(node: Node, walk: "Walk") -> list[Item]:
    """The namespace entries of one item of FROM.  Raises Refusal."""
    kind, body = next(iter(node.items()))
    if kind == "RangeVar":
        guarded = _guarded(node, walk)
        if guarded is not None:
            return [guarded]
    if kind == "RangeFunction":
        sequence = _sequence(node, walk)
        if sequence is not None:
            return sequence
    rule = _RULES.get(kind)
    if rule is None:
        raise not_covered(f"{kind} in FROM", body)
    return rule(body, walk)


def table(body: Node, walk: "Walk") -> list[Item]:
    """The namespace entry of a table, view or WITH query.  Raises Refusal."""
    name, alias = body["relname"], body.get("alias", {})
    common = walk.scope.tables.get(name) if "schemaname" not in body else None
    if common is not None:
        # A name of its own, that no table has: only our WITH query can be meant by it.
        body["relname"] = common.written
        return [_item(alias.get("aliasname", name), body, _known(common, name), walk)]
    relation = walk.context.names.relation(body)
    _check_kind(relation, body)
    # Written with its schema, the server cannot take it for another one.
    body["schemaname"] = relation.schema
    names = [column.name for column in relation.columns]
    pairs = list(zip(names, relation_lineage(relation, walk), strict=True))
    item = _item(alias.get("aliasname", relation.name), body, pairs, walk)
    return [
        item._replace(
            schema="" if alias else relation.schema,
            relation=relation.oid,
            partitioned_by=frozenset().union(*_keys_below(relation, walk.context.catalog)),
        )
    ]


def partition_keys(relation: Relation, catalog: Catalog) -> Iterator[frozenset[Source]]:
    """The partition keys that decide which rows this partition holds."""
    for oid in relation.ancestors:
        parent = catalog.by_oid.get(oid)
        if parent is not None and parent.partition_key:
            yield parent.key_sources()


def _keys_below(relation: Relation, catalog: Catalog) -> Iterator[frozenset[Source]]:
    """The partition keys that decide in which of its partitions a row lies."""
    for table_or_child in (relation, *catalog.children.get(relation.oid, ())):
        if table_or_child.partition_key:
            yield table_or_child.key_sources()


def _guarded(node: Node, walk: "Walk") -> Item | None:
    """A catalog relation with columns that show in some rows only: read by way of a subquery."""
    body = node["RangeVar"]
    if "schemaname" not in body and body["relname"] in walk.scope.tables:
        return None
    if body["relname"] not in BY_RELATION:
        return None
    relation = walk.context.names.relation(body)
    if relation.schema != "pg_catalog":
        return None
    shown = body.get("alias", {}).get("aliasname", relation.name)
    alias = {"alias": body["alias"]} if "alias" in body else {}
    query = guarded_query(relation, walk.context)
    node.clear()
    node["RangeSubselect"] = {"subquery": {"SelectStmt": query}, **alias}
    pairs = [(c.name, _described(relation, c)) for c in relation.columns]
    item = _item(shown, node["RangeSubselect"], pairs, walk)
    schema = "" if alias else relation.schema
    return item._replace(schema=schema, relation=relation.oid)


def _known(common: CommonTable, name: str) -> list[tuple[str, Lineage]]:
    if common.columns is None:
        raise refuse("not_covered", f'"{name}" is used in WITH RECURSIVE before it is defined')
    return list(common.columns)


def _item(shown: str, body: Node, pairs: list[tuple[str, Lineage]], walk: "Walk") -> Item:
    """The entry for a FROM item that shows these columns, written under an alias of its own.

    No two aliases of a statement are alike: if we and the server ever disagreed on what a name
    means, the server would find nothing under it, in place of something else.
    """
    alias = body.get("alias", {})
    names = _column_names([name for name, _ in pairs], alias)
    written, distinct = walk.context.alias(shown), _distinct(names)
    body["alias"] = {"aliasname": written}
    if "colnames" in alias or distinct != names:
        body["alias"]["colnames"] = string_nodes(distinct)
    columns = tuple(
        ScopeColumn(name, lineage, (written, path))
        for name, path, (_, lineage) in zip(names, distinct, pairs, strict=True)
    )
    return Item(shown, columns, written)


def _distinct(names: list[str]) -> list[str]:
    """The names, later ones changed where they repeat: an alias can tell them apart."""
    taken = set(names)
    found: list[str] = []
    for name in names:
        path, number = name, 1
        while path in found or (path != name and path in taken):
            path, number = f"{name[:50]}_{number}", number + 1
        found.append(path)
    return found


def relation_lineage(relation: Relation, walk: "Walk") -> list[Lineage]:
    """The lineage of each column of a relation, views looked through."""
    context = walk.context
    if relation.schema in SYSTEM_SCHEMAS:
        return [_described(relation, column) for column in relation.columns]
    context.report.relations.add(relation.oid)
    if relation.kind not in "vm":
        for key in partition_keys(relation, walk.context.catalog):
            # Which rows are in a partition is what its bounds say of their keys.
            walk.use(Position.TEST, Lineage(key), {}, relation.name)
        for together, first in _orders(relation, walk):
            scanned = Lineage(together, origins=frozenset({first}))
            walk.use(Position.SCAN, scanned, {}, relation.name)
        return [
            Lineage(_own(relation, c.attnum), origins=_own(relation, c.attnum), type_oid=c.type_oid)
            for c in relation.columns
        ]
    view = context.view(relation.oid)
    for lineage in view.compared:
        walk.use(Position.VIEW, lineage, {}, relation.name)
    for lineage in view.scanned:
        walk.use(Position.SCAN, lineage, {}, relation.name)
    return [
        _seen_through(_own(relation, c.attnum), lineage, c.type_oid)
        for c, lineage in zip(relation.columns, view.columns, strict=True)
    ]


def _orders(relation: Relation, walk: "Walk") -> Iterator[tuple[frozenset[Source], Source]]:
    """Columns by which its rows, or those of a child, may be read in order, and the first of them.

    Column 0 in the first place: they always come so.
    """
    always = Source(relation.oid, 0)
    for table_or_child in (relation, *walk.context.catalog.children.get(relation.oid, ())):
        names = {c.attnum: c.name for c in table_or_child.columns}
        for order in table_or_child.orders:
            attnums = relation.attnums(names[n] for n in order.columns if n in names)
            first = relation.attnums([names[order.first]] if order.first in names else ())
            leading = Source(relation.oid, next(iter(first), -1))
            found = frozenset(Source(relation.oid, attnum) for attnum in attnums)
            yield found, always if order.lies_so else leading
    # Partitions are read one after the other, in the order of their bounds.
    for key in _keys_below(relation, walk.context.catalog):
        yield key, always


def _described(relation: Relation, column: Column) -> Lineage:
    """A column of the system's catalog: shown, but for those that hold what is other people's."""
    own = _own(relation, column.attnum)
    if column.name in NULLED.get(relation.name, ()):
        return Lineage(own, origins=own, type_oid=column.type_oid)
    return Lineage(constant=True, origins=own, type_oid=column.type_oid)


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
    if relation.schema == "pg_catalog" and relation.name not in SHOWN:
        raise refuse(
            "catalog",
            f'"{relation.schema}.{relation.name}" can show what is masked elsewhere',
            body,
            "It holds sampled values, settings or other people's statements.",
        )
    if relation.kind not in "rpvmfS":
        raise not_covered(f'"{relation.name}", which is neither table nor view,', body)


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
    lateral = bool(body.get("lateral"))
    walk.context.report.lateral |= lateral
    parent = walk.scope if lateral else walk.scope.parent
    fields = walk.context.select(query, Scope(parent, walk.scope.tables))
    pairs = [(field.name, field.lineage) for field in fields]
    return [_item(body.get("alias", {}).get("aliasname", ""), body, pairs, walk)]


def _sequence(node: Node, walk: "Walk") -> list[Item] | None:
    """A function in FROM that tells of a sequence: read by way of a subquery."""
    body = node["RangeFunction"]
    calls = [entry["List"]["items"][0].get("FuncCall", {}) for entry in body.get("functions", ())]
    *schema, name = (strings(calls[0].get("funcname", ())) if len(calls) == 1 else []) or [""]
    if name not in OF_SEQUENCES or schema not in ([], ["pg_catalog"]):
        return None
    (argument,) = calls[0]["args"] if len(calls[0].get("args", ())) == 1 else (None,)
    if argument is None or body.keys() & {"ordinality", "coldeflist", "is_rowsfrom"}:
        raise not_covered(f"this form of {name}", calls[0])
    walk(argument, Position.TEST)
    alias = {"alias": body["alias"]} if "alias" in body else {}
    query = guarded_sequence(argument, walk.context)
    node.clear()
    node["RangeSubselect"] = {"lateral": True, "subquery": {"SelectStmt": query}, **alias}
    pairs = [("last_value", CONSTANT), ("is_called", CONSTANT)]
    shown = alias.get("alias", {}).get("aliasname", name)
    return [_item(shown, node["RangeSubselect"], pairs, walk)]


def _function(body: Node, walk: "Walk") -> list[Item]:
    shown, pairs, defined = function_columns(body, walk)
    if defined and "colnames" in body.get("alias", {}):
        raise not_covered("names beside a column definition list")
    item = _item(shown, body, pairs, walk)
    name_columns(body, [column.path[-1] for column in item.columns], defined)
    return [item]


def _values_of(kind: str) -> "Rule":
    def rule(body: Node, walk: "Walk") -> list[Item]:
        pairs = table_of_values(kind, body, walk)
        shown = body.get("alias", {}).get("aliasname", kind.lower())
        return [_item(shown, body, pairs, walk)]

    return rule


def _sample(body: Node, walk: "Walk") -> list[Item]:
    """TABLESAMPLE: only the two methods of the server itself, an extension's could do anything."""
    method = strings(body["method"])
    if method not in (["system"], ["bernoulli"]):
        raise not_covered(f"TABLESAMPLE {'.'.join(method)}", body)
    items = from_item(body["relation"], walk)
    for argument in [*body.get("args", ()), *filter(None, [body.get("repeatable")])]:
        walk(argument, Position.TEST)
    return items


def _join(body: Node, walk: "Walk") -> list[Item]:
    return join(body, walk, from_item)


Rule = Callable[[Node, "Walk"], list[Item]]

_RULES: dict[str, Rule] = {
    "RangeVar": table,
    "RangeSubselect": _subquery,
    "RangeFunction": _function,
    "RangeTableSample": _sample,
    "RangeTableFunc": _values_of("RangeTableFunc"),
    "JsonTable": _values_of("JsonTable"),
    "JoinExpr": _join,
}
