"""INSERT, UPDATE, DELETE and MERGE: what reaches which column, and what RETURNING gives back.

Every value on its way into a column is a use at ``Position.WRITE``, with the column as its other
side; NULL and DEFAULT say nothing and are none.
"""

from pgproxy.analysis.catalog import Column, Relation
from pgproxy.analysis.column import column as column_of
from pgproxy.analysis.common import with_queries
from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.expression import Walk, locate
from pgproxy.analysis.givens import constants
from pgproxy.analysis.lineage import NOTHING, Lineage, Node, OutputField, Position, Source, Use
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
# What VALUES alone consists of.
_BARE_VALUES = {"valuesLists", "limitOption", "op"}


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
    for name in names:
        _column(relation, name)
    if "selectStmt" in body:
        query = body["selectStmt"].get("SelectStmt")
        if query is None:
            raise not_covered("INSERT of such a query", body)
        names = names or [column.name for column in relation.columns]
        _note_inserted(relation, names, walk)
        if query.keys() <= _BARE_VALUES:
            for row in query["valuesLists"]:
                _row(row["List"]["items"], relation, names, walk)
        else:
            _of_query(query, relation, names, walk)
    walk.scope.items = [target]
    if "onConflictClause" in body:
        _on_conflict(body["onConflictClause"], relation, target, walk)


def _row(values: list[Node], relation: Relation, names: list[str], walk: Walk) -> None:
    if len(values) > len(names):
        raise refuse("syntax", "INSERT has more expressions than target columns")
    for value, name in zip(values, names, strict=False):
        _value(value, relation, name, walk)


def _of_query(query: Node, relation: Relation, names: list[str], walk: Walk) -> None:
    fields = walk.context.select(query, Scope(walk.scope.parent, walk.scope.tables))
    if len(fields) > len(names):
        raise refuse("syntax", "INSERT has more expressions than target columns")
    # The targets of a plain SELECT are the values themselves; of anything else only the lineage is.
    plain = query.get("op", "SETOP_NONE") == "SETOP_NONE" and "distinctClause" not in query
    targets = query.get("targetList", []) if plain and "groupClause" not in query else []
    for number, (name, field) in enumerate(zip(names, fields, strict=False)):
        node: Node = targets[number]["ResTarget"]["val"] if targets else {}
        if not _says_nothing(node):
            _write(node, field.lineage, relation, name, walk)


def _on_conflict(clause: Node, relation: Relation, target: Item, walk: Walk) -> None:
    for element in clause.get("infer", {}).get("indexElems", ()):
        column = relation.column(element["IndexElem"].get("name", ""))
        if column is None:
            raise not_covered("ON CONFLICT over an expression")
        # Whether a value is there already is what a conflict tells.
        walk.use(Position.CONFLICT, _own(relation, column.name), {}, column.name)
    if "whereClause" in clause.get("infer", {}):
        raise not_covered("ON CONFLICT … WHERE of a partial index")
    walk.context.aliases.add("excluded")
    # What was to be put into a column, tokens resolved, is a value of that column.
    columns = tuple(
        ScopeColumn(c.name, c.lineage._replace(origins=NOTHING), ("excluded", c.name))
        for c in target.columns
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
        assigned = when.get("targetList", [])
        if "values" in when:
            names = [_plain(node["ResTarget"]) for node in assigned]
            names = names or [column.name for column in relation.columns]
            _note_inserted(relation, names, walk)
            _row(when["values"], relation, names, walk)
        else:
            _assign(assigned, relation, walk)


def _assign(assigned: list[Node], relation: Relation, walk: Walk) -> None:
    for node in assigned:
        target = node["ResTarget"]
        name = _plain(target)
        _value(target["val"], relation, name, walk)
        if not _says_nothing(target["val"]):
            walk.context.report.updated |= _own(relation, name).copied


def _note_inserted(relation: Relation, names: list[str], walk: Walk) -> None:
    every = frozenset().union(*(_own(relation, name).copied for name in names))
    walk.context.report.inserted.append(every)


def _value(value: Node, relation: Relation, name: str, walk: Walk) -> None:
    """An expression that is put into a column."""
    if _says_nothing(value):
        _column(relation, name)
    elif "ColumnRef" in value:
        _write(value, column_of(walk, value, None), relation, name, walk)
    else:
        _write(value, walk(value, Position.WRITE), relation, name, walk)


def _write(value: Node, lineage: Lineage, relation: Relation, name: str, walk: Walk) -> None:
    use = Use(
        Position.WRITE,
        lineage,
        value,
        name,
        locate(value),
        _own(relation, name),
        constants(walk, value),
        level=walk.level,
    )
    walk.context.use(use)


def _says_nothing(value: Node) -> bool:
    """NULL and DEFAULT, whatever they are cast to."""
    inner: Node = value.get("TypeCast", {}).get("arg", value)
    return "SetToDefault" in inner or "isnull" in inner.get("A_Const", {})


def _own(relation: Relation, name: str) -> Lineage:
    column = _column(relation, name)
    return Lineage(frozenset({Source(relation.oid, column.attnum)}))


def _column(relation: Relation, name: str) -> Column:
    column = relation.column(name)
    if column is None:
        raise refuse("name", f'column "{name}" of "{relation.name}" does not exist')
    return column


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
