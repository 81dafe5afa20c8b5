"""Catalog relations of which some columns show in some rows only: the query that stands for them.

``SELECT t.a, CASE WHEN <the row belongs to a relation that is shown> THEN t.b END FROM …``: the
server itself leaves out what is not to be seen, so that it can be filtered and joined as ever.
"""

from copy import deepcopy
from functools import lru_cache

from pgproxy.analysis.catalog import Relation
from pgproxy.analysis.context import Context
from pgproxy.analysis.grammar import parse
from pgproxy.analysis.lineage import Node
from pgproxy.analysis.scope import SYSTEM_COLUMNS
from pgproxy.analysis.system_catalogs import BOUNDS_OF, BY_RELATION, ROWS_OF

# OIDs below are the system's own (FirstNormalObjectId of transam.h).
_FIRST_NORMAL = 16384


def guarded_query(relation: Relation, context: Context) -> Node:
    """The SelectStmt that stands for a relation."""
    kind, _, _ = BY_RELATION[relation.name]
    return deepcopy(_query(relation, context.shown_relations(kind)))


def guarded_call(node: Node, context: Context) -> None:
    """``f(oid)`` of what the bounds of a partition say, where those of that one show."""
    call = dict(node)
    (argument,) = call["FuncCall"]["args"]
    listed = f"CAST('{context.shown_relations(BOUNDS_OF)}' AS pg_catalog.oid[])"
    (raw,) = parse(f"SELECT CASE WHEN x OPERATOR(pg_catalog.=) ANY ({listed}) THEN x END")
    case: Node = raw["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    when = case["CaseExpr"]["args"][0]["CaseWhen"]
    when["expr"]["A_Expr"]["lexpr"] = deepcopy(argument)
    when["result"] = call
    node.clear()
    node.update(case)


def guarded_sequence(argument: Node, context: Context) -> Node:
    """The SelectStmt that stands for ``pg_get_sequence_data(oid)``: as new where that is masked.

    pg_dump writes what it says into a dump, and has no use for NULL.
    """
    listed = f"CAST('{context.shown_relations(ROWS_OF)}' AS pg_catalog.oid[])"
    shown = f"x OPERATOR(pg_catalog.=) ANY ({listed})"
    # Of its own, so that the argument cannot come to mean it.
    own = f'"{context.alias("sequence")}"'
    (raw,) = parse(
        f"SELECT CASE WHEN {shown} THEN {own}.last_value ELSE 1 END AS last_value,"
        f" CASE WHEN {shown} THEN {own}.is_called ELSE false END AS is_called"
        f" FROM pg_catalog.pg_get_sequence_data(x) AS {own}"
    )
    query: Node = raw["stmt"]["SelectStmt"]
    for target in query["targetList"]:
        (when,) = target["ResTarget"]["val"]["CaseExpr"]["args"]
        when["CaseWhen"]["expr"]["A_Expr"]["lexpr"] = deepcopy(argument)
    (call,) = query["fromClause"][0]["RangeFunction"]["functions"]
    call["List"]["items"][0]["FuncCall"]["args"] = [deepcopy(argument)]
    return query


@lru_cache(maxsize=256)
def _query(relation: Relation, shown: str) -> Node:
    _, key, guarded = BY_RELATION[relation.name]
    listed = f"OPERATOR(pg_catalog.=) ANY (CAST('{shown}' AS pg_catalog.oid[]))"
    own = f"({key}) OPERATOR(pg_catalog.<) {_FIRST_NORMAL} OR ({key}) {listed}"
    columns = [
        f'CASE WHEN {own} THEN t."{c.name}" END AS "{c.name}"'
        if c.name in guarded
        else f't."{c.name}" AS "{c.name}"'
        for c in relation.columns
    ]
    if relation.kind == "r":
        columns += [f"t.{name} AS {name}" for name in SYSTEM_COLUMNS]
    table = f'{relation.schema}."{relation.name}"'
    (raw,) = parse(f"SELECT {', '.join(columns)} FROM {table} AS t")
    query: Node = raw["stmt"]["SelectStmt"]
    return query
