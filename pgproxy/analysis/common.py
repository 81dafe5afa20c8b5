"""WITH: common table expressions, recursive ones to the point where their lineage stands still."""

from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.lineage import NOTHING, Lineage, Node, OutputField
from pgproxy.analysis.names import strings
from pgproxy.analysis.scope import CommonTable, Scope

# A walk adds sources and never takes one away; a chain of renamings needs one walk a column.
MAX_WALKS = 50


def with_queries(clause: Node, scope: Scope, context: Context) -> None:
    """Make the queries of a WITH clause visible in ``scope``.  Raises Refusal."""
    tables = [node["CommonTableExpr"] for node in clause["ctes"]]
    recursive = clause.get("recursive", False)
    shown = [table["ctename"] for table in tables]
    for table, name in zip(tables, shown, strict=True):
        # No table is called so: only this query can be meant by it.
        table["ctename"] = context.alias(f"with {name}")
        if recursive:
            # All of them are there for each other; one that is not walked yet cannot be used.
            _show(scope, name, CommonTable(table["ctename"], None))
    for table, name in zip(tables, shown, strict=True):
        for key in ("search_clause", "cycle_clause"):
            if key in table:
                raise not_covered(f"WITH … {key.removesuffix('_clause').upper()}", table)
        query = table["ctequery"].get("SelectStmt")
        if query is None:
            raise refuse("writes", "a WITH query that writes is not allowed", table)
        if recursive and query.get("op") == "SETOP_UNION":
            columns = _recursive(table, name, scope, context)
        else:
            columns = _named(table, context.select(query, Scope(scope.parent, scope.tables)))
        _show(scope, name, CommonTable(table["ctename"], columns))


def _show(scope: Scope, name: str, table: CommonTable) -> None:
    # By both names: a recursive query is walked again, with what the first walk has written.
    scope.tables = {**scope.tables, name: table, table.written: table}


def _recursive(
    table: Node, name: str, scope: Scope, context: Context
) -> tuple[tuple[str, Lineage], ...]:
    query = table["ctequery"]["SelectStmt"]
    if "withClause" in query:
        raise not_covered("WITH inside a recursive query", table)
    context.report.recursive.append(query)
    # The left side starts the recursion; what the right side adds is fed back until nothing is new.
    columns = _named(table, context.select(query["larg"], Scope(scope.parent, scope.tables)))
    for _ in range(MAX_WALKS):
        inner = Scope(scope.parent, scope.tables)
        _show(inner, name, CommonTable(table["ctename"], columns))
        fields = context.select(query, inner)
        found = tuple(
            (known, _plain(lineage.either(field.lineage)))
            for (known, lineage), field in zip(columns, fields, strict=True)
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
    if len(set(names)) < len(names):
        raise not_covered("a WITH query that shows a name twice", table)
    return tuple((name, field.lineage) for name, field in zip(names, fields, strict=True))
