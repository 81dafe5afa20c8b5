"""INSERT, UPDATE, DELETE and MERGE: what reaches which column, and what RETURNING gives back.

Every value on its way into a column, and every column that is set, is a use at ``Position.WRITE``.
"""

from pgproxy.analysis.catalog import Relation
from pgproxy.analysis.common import with_queries
from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.expression import Walk
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, OutputField, Position, Source, Use
from pgproxy.analysis.query import targets
from pgproxy.analysis.scope import Item, Scope, ScopeColumn
from pgproxy.analysis.tables import from_item, table

_CLAUSES = {
    "InsertStmt": {"cols", "selectStmt", "onConflictClause", "override"},
    "UpdateStmt": {"targetList", "whereClause", "fromClause"},
    "DeleteStmt": {"usingClause", "whereClause"},
    "MergeStmt": {"sourceRelation", "joinCondition", "mergeWhenClauses"},
}
_SHARED = {"relation", "withClause", "returningClause"}


def write(statement: Node, scope: Scope, context: Context) -> list[OutputField]:
    """The fields that RETURNING gives; [] for none.  Raises Refusal."""
    kind, body = next(iter(statement.items()))
    known = _CLAUSES.get(kind)
    if known is None:
        raise not_covered(f"{kind} as a query", body)
    for clause in body.keys() - known - _SHARED:
        raise not_covered(f"{kind} with {clause}", body)
    if "withClause" in body:
        with_queries(body["withClause"], scope, context)
    walk = Walk(scope, context, body)
    relation = context.names.relation(body["relation"])
    if relation.kind not in "rpf":
        raise not_covered("writing to anything but a table", body["relation"])
    context.report.written.add(relation.oid)
    (target,) = table(body["relation"], walk)
    _RULES[kind](body, relation, target, walk)
    return _returning(body, target, walk)


def _insert(body: Node, relation: Relation, target: Item, walk: Walk) -> None:
    names = [_plain(node["ResTarget"]) for node in body.get("cols", ())]
    if "selectStmt" in body:
        query = body["selectStmt"].get("SelectStmt")
        if query is None:
            raise not_covered("INSERT of such a query", body)
        inner = Scope(walk.scope.parent, walk.scope.tables)
        fields = walk.context.select(query, inner)
        names = names or [column.name for column in relation.columns[: len(fields)]]
        for name, field in zip(names, fields, strict=False):
            walk.use(Position.WRITE, field.lineage, {}, name)
    for name in names:
        _set(relation, name, walk)
    walk.scope.items = [target]
    if "onConflictClause" in body:
        _on_conflict(body["onConflictClause"], relation, target, walk)


def _on_conflict(clause: Node, relation: Relation, target: Item, walk: Walk) -> None:
    for element in clause.get("infer", {}).get("indexElems", ()):
        column = relation.column(element["IndexElem"].get("name", ""))
        if column is None:
            raise not_covered("ON CONFLICT over an expression")
        # Whether a value is there already is what a conflict tells.
        own = Lineage(frozenset({Source(relation.oid, column.attnum)}))
        walk.use(Position.WRITE, own, {}, column.name)
    if "whereClause" in clause.get("infer", {}):
        raise not_covered("ON CONFLICT … WHERE of a partial index")
    walk.context.aliases.add("excluded")
    columns = tuple(
        ScopeColumn(column.name, CONSTANT, ("excluded", column.name)) for column in target.columns
    )
    walk.scope.items = [target, Item("excluded", columns, "excluded", shows_columns=False)]
    _assign(clause.get("targetList", []), relation, walk)
    if "whereClause" in clause:
        walk(clause["whereClause"], Position.TEST)
    walk.scope.items = [target]


def _update(body: Node, relation: Relation, target: Item, walk: Walk) -> None:
    walk.scope.items = [target]
    for item in body.get("fromClause", ()):
        walk.scope.items.extend(from_item(item, walk))
    _assign(body["targetList"], relation, walk)
    if "whereClause" in body:
        walk(body["whereClause"], Position.TEST)


def _delete(body: Node, _: Relation, target: Item, walk: Walk) -> None:
    walk.scope.items = [target]
    for item in body.get("usingClause", ()):
        walk.scope.items.extend(from_item(item, walk))
    if "whereClause" in body:
        walk(body["whereClause"], Position.TEST)


def _merge(body: Node, relation: Relation, target: Item, walk: Walk) -> None:
    source = from_item(body["sourceRelation"], walk)
    walk.scope.items = [target, *source]
    walk(body["joinCondition"], Position.TEST)
    for node in body.get("mergeWhenClauses", ()):
        when = node["MergeWhenClause"]
        if "condition" in when:
            walk(when["condition"], Position.TEST)
        for value in when.get("values", ()):
            walk(value, Position.WRITE)
        _assign(when.get("targetList", []), relation, walk)


def _assign(assigned: list[Node], relation: Relation, walk: Walk) -> None:
    for node in assigned:
        target = node["ResTarget"]
        _set(relation, _plain(target), walk)
        if "val" in target:
            walk(target["val"], Position.WRITE)


def _set(relation: Relation, name: str, walk: Walk) -> None:
    column = relation.column(name)
    if column is None:
        raise refuse("name", f'column "{name}" of "{relation.name}" does not exist')
    own = Lineage(frozenset({Source(relation.oid, column.attnum)}))
    walk.context.use(Use(Position.WRITE, own, {}, name))


def _plain(target: Node) -> str:
    if "indirection" in target:
        raise not_covered("setting a part of a column", target)
    name: str = target["name"]
    return name


def _returning(body: Node, target: Item, walk: Walk) -> list[OutputField]:
    clause = body.get("returningClause")
    if clause is None:
        return []
    if clause.get("options"):
        raise not_covered("RETURNING WITH")
    if walk.context.catalog.server_version >= 180000:
        for version in ("old", "new"):
            columns = tuple(
                ScopeColumn(c.name, c.lineage, (version, c.name)) for c in target.columns
            )
            walk.scope.items.append(Item(version, columns, version, shows_columns=False))
    holder: Node = {"targetList": clause["exprs"]}
    fields = targets(holder, walk)
    clause["exprs"] = holder["targetList"]
    return fields


_RULES = {
    "InsertStmt": _insert,
    "UpdateStmt": _update,
    "DeleteStmt": _delete,
    "MergeStmt": _merge,
}
