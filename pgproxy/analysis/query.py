"""Queries: SELECT, VALUES and set operations, level by level, to the lineage of their fields.

The clauses are walked in the order in which names become visible: WITH, FROM, WHERE, the select
list, then what may name its fields.  Stars are written out, so that field n of the plan is field n
of the server.
"""

from copy import deepcopy

from pgproxy.analysis.call import window
from pgproxy.analysis.column import find_item, is_column
from pgproxy.analysis.common import with_queries
from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.expression import Walk
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, OutputField, Position, Use
from pgproxy.analysis.names import output_name, string_nodes, strings
from pgproxy.analysis.ordering import distinct_on, group_by, order_by, order_set_operation
from pgproxy.analysis.scope import Scope, ScopeColumn
from pgproxy.analysis.tables import from_item
from pgproxy.analysis.types import attributes

# Clauses of SelectStmt with a rule here; anything else is refused.
CLAUSES = frozenset(
    {
        "distinctClause",
        "targetList",
        "fromClause",
        "whereClause",
        "groupClause",
        "groupDistinct",
        "havingClause",
        "windowClause",
        "valuesLists",
        "sortClause",
        "limitOffset",
        "limitCount",
        "limitOption",
        "lockingClause",
        "withClause",
        "op",
        "all",
        "larg",
        "rarg",
    }
)


def select(body: Node, scope: Scope, context: Context) -> list[OutputField]:
    """The fields of one query level, ``scope`` being its own still empty one.  Raises Refusal."""
    if "intoClause" in body:
        raise refuse("writes", "SELECT INTO is refused: this role may only read", body)
    for clause in body.keys() - CLAUSES:
        raise not_covered(f"SELECT with {clause}")
    if "withClause" in body:
        with_queries(body["withClause"], scope, context)
    walk = Walk(scope, context, body)
    if body.get("op", "SETOP_NONE") != "SETOP_NONE":
        fields = _set_operation(body, scope, context)
        order_set_operation(body, fields, context)
    elif "valuesLists" in body:
        fields = _values(body, walk)
        order_set_operation(body, fields, context)
    else:
        fields = _simple(body, walk)
    for clause in ("limitOffset", "limitCount"):
        if clause in body:
            walk(body[clause], Position.TEST)
    for lock in body.get("lockingClause", ()):
        _lock(lock["LockingClause"], walk)
    return fields


def _lock(lock: Node, walk: Walk) -> None:
    """FOR UPDATE OF names entries of FROM: by the aliases that they have in what we send."""
    for named in lock.get("lockedRels", ()):
        relation = named["RangeVar"]
        item = find_item(walk, [relation["relname"]], relation.get("location", -1))
        if not item.written:
            raise not_covered("FOR UPDATE OF a join", relation)
        relation["relname"] = item.written


def _simple(body: Node, walk: Walk) -> list[OutputField]:
    for item in body.get("fromClause", ()):
        walk.scope.items.extend(from_item(item, walk))
    if "whereClause" in body:
        walk(body["whereClause"], Position.TEST)
    for definition in body.get("windowClause", ()):
        walk.windows[definition["WindowDef"]["name"]] = window(walk, definition["WindowDef"])
    fields = targets(body, walk)
    group_by(body, fields, walk)
    if "havingClause" in body:
        walk(body["havingClause"], Position.TEST)
    _distinct(body, fields, walk)
    order_by(body, fields, walk)
    return fields


def targets(body: Node, walk: Walk) -> list[OutputField]:
    """The fields of a select list or RETURNING, stars and names written out."""
    written_out: list[Node] = []
    fields: list[OutputField] = []
    for node in body.get("targetList", ()):
        target = node["ResTarget"]
        reference = target["val"].get("ColumnRef")
        if reference and "A_Star" in reference["fields"][-1]:
            for column in _star(reference, walk):
                written, field = _star_target(column, walk)
                written_out.append(written)
                fields.append(field)
            continue
        steps = target["val"].get("A_Indirection", {}).get("indirection", [{}])
        if "A_Star" in steps[-1]:
            for written, field in _attributes(target["val"]["A_Indirection"], walk):
                written_out.append(written)
                fields.append(field)
            continue
        name = target.setdefault("name", output_name(target["val"]))
        written_out.append(node)
        fields.append(OutputField(name, walk(target["val"], Position.OUTPUT)))
    if written_out:
        body["targetList"] = written_out
    elif body.get("targetList"):
        # A star over a table without columns: the grammar has no way to write that out.
        raise not_covered("a select list that comes out empty")
    return fields


def _attributes(indirection: Node, walk: Walk) -> list[tuple[Node, OutputField]]:
    """``(value).*``: one field an attribute, as the server writes it out itself."""
    *steps, _ = indirection["indirection"]
    row = indirection["arg"]
    value = {"A_Indirection": {"arg": row, "indirection": steps}} if steps else row
    if "ColumnRef" in row and not steps:
        names = strings(row["ColumnRef"]["fields"])
        if not is_column(walk, names, -1):
            columns = find_item(walk, names, row["ColumnRef"].get("location", -1)).columns
            return [_star_target(column, walk) for column in columns]
    # Looked at on a copy: each field is walked again, in its own place.
    known = attributes(
        walk, Walk(walk.scope, walk.context.apart(), walk.level)(deepcopy(value), Position.COMPUTE)
    )
    if not known:
        raise not_covered("(…).* of what is not known to be a row")
    found: list[tuple[Node, OutputField]] = []
    for name in known:
        part: Node = {
            "A_Indirection": {"arg": deepcopy(row), "indirection": [*steps, *string_nodes([name])]}
        }
        lineage = walk(part, Position.OUTPUT)
        found.append(({"ResTarget": {"name": name, "val": part}}, OutputField(name, lineage)))
    return found


def _star(reference: Node, walk: Walk) -> list[ScopeColumn]:
    names, location = strings(reference["fields"][:-1]), reference.get("location", -1)
    if names:
        return list(find_item(walk, names, location).columns)
    if not walk.scope.items:
        raise refuse("syntax", "SELECT * with no tables specified is not valid", reference)
    return [c for item in walk.scope.items if item.shows_columns for c in item.columns]


def _star_target(column: ScopeColumn, walk: Walk) -> tuple[Node, OutputField]:
    node: Node = {"ColumnRef": {"fields": string_nodes(column.path)}}
    walk.use(Position.OUTPUT, column.lineage, node, column.name)
    return {"ResTarget": {"name": column.name, "val": node}}, OutputField(
        column.name, column.lineage
    )


def _distinct(body: Node, fields: list[OutputField], walk: Walk) -> None:
    clause = body.get("distinctClause")
    if clause == [{}]:
        for field in fields:
            use_output(walk.context, body, field)
    elif clause:
        distinct_on(clause, body, fields, walk)


def use_output(
    context: Context, level: Node, field: OutputField, other: OutputField | None = None
) -> None:
    """Note that rows are compared by this output field (DISTINCT, UNION …)."""
    position = Position.EQUAL if other else Position.GROUP
    against = other.lineage if other else None
    context.use(
        Use(position, field.lineage, {}, field.name, other=against, output=True, level=level)
    )


def _set_operation(body: Node, scope: Scope, context: Context) -> list[OutputField]:
    left = select(body["larg"], Scope(scope.parent, scope.tables), context)
    right = select(body["rarg"], Scope(scope.parent, scope.tables), context)
    if len(left) != len(right):
        raise refuse("syntax", "each set operation query must have the same number of columns")
    for one, other in zip(left, right, strict=True):
        if not (body["op"] == "SETOP_UNION" and body.get("all")):
            # UNION, INTERSECT and EXCEPT compare the rows of both sides, and of each with its own.
            use_output(context, body, one, other)
    if body["op"] == "SETOP_EXCEPT":
        return left
    return [
        OutputField(one.name, one.lineage.either(other.lineage))
        for one, other in zip(left, right, strict=True)
    ]


def _values(body: Node, walk: Walk) -> list[OutputField]:
    columns: list[Lineage] = []
    for row in body["valuesLists"]:
        lineages = [walk(item, Position.OUTPUT) for item in row["List"]["items"]]
        if not columns:
            columns = lineages
        elif len(columns) != len(lineages):
            raise refuse("syntax", "VALUES lists must all be the same length")
        columns = [one.either(other) for one, other in zip(columns, lineages, strict=True)]
    return [
        OutputField(f"column{number}", lineage.either(CONSTANT))
        for number, lineage in enumerate(columns, 1)
    ]
