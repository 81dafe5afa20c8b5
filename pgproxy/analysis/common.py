"""WITH: common table expressions, recursive ones to the point where their lineage stands still."""

from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.lineage import NOTHING, Lineage, Node, OutputField
from pgproxy.analysis.names import strings
from pgproxy.analysis.scope import CommonTable, Scope

# A walk adds sources and never takes one away; a chain of renamings needs one walk a column.
MAX_WALKS = 50


def with_queries(clause: Node, scope: Scope, context: Context) -> None:
    """Make the queries of a WITH clause visible in ``scope``.  Raises Refusal."""
    recursive = clause.get("recursive", False)
    for node in clause["ctes"]:
        table = node["CommonTableExpr"]
        for key in ("search_clause", "cycle_clause"):
            if key in table:
                raise not_covered(f"WITH … {key.removesuffix('_clause').upper()}", table)
        query = table["ctequery"].get("SelectStmt")
        if query is None:
            raise refuse("writes", "a WITH query that writes is not allowed", table)
        columns = _walk(table, query, scope, context, recursive)
        scope.tables = {**scope.tables, table["ctename"]: CommonTable(columns)}


def _walk(
    table: Node, query: Node, scope: Scope, context: Context, recursive: bool
) -> tuple[tuple[str, Lineage], ...]:
    inner = Scope(scope.parent, scope.tables)
    if not (recursive and query.get("op") == "SETOP_UNION"):
        return _named(table, context.select(query, inner))
    # The left side starts the recursion; what the right side adds is fed back until nothing is new.
    start = context.select(query["larg"], Scope(scope.parent, scope.tables))
    columns = _named(table, start)
    for _ in range(MAX_WALKS):
        inner.tables = {**scope.tables, table["ctename"]: CommonTable(columns)}
        fields = context.select(query, Scope(scope.parent, inner.tables))
        found = tuple(
            (name, _plain(lineage.either(field.lineage)))
            for (name, lineage), field in zip(columns, fields, strict=True)
        )
        if found == columns:
            return columns
        columns = found
    raise not_covered("a recursion this deep", table)


def _plain(lineage: Lineage) -> Lineage:
    return lineage.either(Lineage(NOTHING))


def _named(table: Node, fields: list[OutputField]) -> tuple[tuple[str, Lineage], ...]:
    names = strings(table.get("aliascolnames", ()))
    if len(names) > len(fields):
        raise refuse("syntax", "WITH query has fewer columns than its column list names", table)
    names += [field.name for field in fields[len(names) :]]
    return tuple((name, field.lineage) for name, field in zip(names, fields, strict=True))
