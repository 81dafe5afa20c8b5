"""WITH: common table expressions, recursive ones to the point where their lineage stands still."""

from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.lineage import (
    NOTHING,
    Lineage,
    Node,
    OutputField,
    Position,
    Use,
    compute,
)
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
        query = table["ctequery"].get("SelectStmt")
        if query is None:
            fields = context.write(table["ctequery"], Scope(scope.parent, scope.tables))
            columns = _named(table, fields)
        elif recursive and query.get("op") == "SETOP_UNION":
            columns = _recursive(table, name, scope, context)
        else:
            columns = _named(table, context.select(query, Scope(scope.parent, scope.tables)))
        columns += _searched(table, columns, scope, context)
        _show(scope, name, CommonTable(table["ctename"], columns))


def _searched(
    table: Node, columns: tuple[tuple[str, Lineage], ...], scope: Scope, context: Context
) -> tuple[tuple[str, Lineage], ...]:
    """The columns that SEARCH and CYCLE add: paths of values, and whether one came again."""
    added: list[tuple[str, Lineage]] = []
    known = dict(columns)
    search, cycle = table.get("search_clause"), table.get("cycle_clause")
    if search:
        values = [known[name] for name in strings(search["search_col_list"]) if name in known]
        added.append((search["search_seq_column"], compute(*values)))
    if cycle:
        values = [known[name] for name in strings(cycle["cycle_col_list"]) if name in known]
        met = compute(*values)
        # Where the walk ends decides how many rows there are.
        context.use(Use(Position.TEST, met, {}, cycle["cycle_mark_column"]))
        for key in ("cycle_mark_value", "cycle_mark_default"):
            if not set(cycle.get(key, {})) <= {"A_Const", "TypeCast"}:
                raise not_covered("CYCLE with such a mark", table)
        added.append((cycle["cycle_mark_column"], met))
        added.append((cycle["cycle_path_column"], met))
    if search or cycle:
        names = [*known, *(name for name, _ in added)]
        if len(set(names)) < len(names):
            raise refuse("syntax", "SEARCH or CYCLE names a column that is there already", table)
    return tuple(added)


def _show(scope: Scope, name: str, table: CommonTable) -> None:
    # By both names: a recursive query is walked again, with what the first walk has written.
    scope.tables = {**scope.tables, name: table, table.written: table}


def _recursive(
    table: Node, name: str, scope: Scope, context: Context
) -> tuple[tuple[str, Lineage], ...]:
    query = table["ctequery"]["SelectStmt"]
    context.report.recursive.append(query)
    # The left side starts the recursion; what the right side adds is fed back until nothing is new.
    start = Scope(scope.parent, scope.tables)
    if "withClause" in query:
        with_queries(query["withClause"], start, context)
    columns = _named(table, context.select(query["larg"], Scope(scope.parent, start.tables)))
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
