"""What the server computes of a row when it is written: which columns have a part in it together.

Generated columns, CHECK constraints, keys and predicates of indexes, row-level policies.
"""

from collections.abc import Callable

from pgproxy.analysis.catalog import Condition, Relation
from pgproxy.analysis.grammar import parse
from pgproxy.analysis.lineage import Lineage, Node, OutputField, Source
from pgproxy.analysis.scope import Item, Scope, ScopeColumn
from pgproxy.errors import Refusal

# Analyses a query of its own.  May raise Refusal.
Apart = Callable[[Node, Scope], list[OutputField]]


def depends(relation: Relation, select: Apart) -> dict[int, frozenset[Source]]:
    """For each generated column of a relation, the columns it is computed from.

    Raises Refusal.
    """
    found: dict[int, frozenset[Source]] = {}
    for column in relation.columns:
        if column.generated:
            (lineage,) = _of_row(relation, column.generated, select)
            found[column.attnum] = lineage.sources
    return found


def together(relation: Relation, select: Apart) -> list[frozenset[Source]]:
    """The columns that the server computes with together; whether one is NULL is no computing.

    Raises Refusal where that cannot be known.
    """
    generated = [Condition(c.generated) for c in relation.columns if c.generated]
    behind = depends(relation, select)
    found: list[frozenset[Source]] = []
    for each in (*relation.conditions, *generated):
        try:
            lineages = _of_row(relation, each.expression, select)
        except Refusal:
            if not each.columns or 0 in each.columns:
                raise
            every = frozenset(Source(relation.oid, attnum) for attnum in each.columns)
            lineages = [Lineage(every)]
        found += [lineage.copied | lineage.computed for lineage in lineages]
    return [each.union(*(behind.get(s.attnum, ()) for s in each)) for each in found]


def _of_row(relation: Relation, expression: str, select: Apart) -> list[Lineage]:
    """Of an expression over the columns of one row; of a condition, of each that must hold."""
    own = tuple(
        ScopeColumn(c.name, Lineage(frozenset({Source(relation.oid, c.attnum)})), ("",))
        for c in relation.columns
    )
    (raw,) = parse(f"SELECT {expression}")
    query = raw["stmt"]["SelectStmt"]
    both = query["targetList"][0]["ResTarget"]["val"].get("BoolExpr", {})
    if both.get("boolop") == "AND_EXPR":
        query["targetList"] = [{"ResTarget": {"val": part}} for part in both["args"]]
    return [
        field.lineage for field in select(query, Scope(Scope(items=[Item(relation.name, own)])))
    ]
