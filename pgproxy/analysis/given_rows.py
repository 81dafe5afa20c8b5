"""INSERT … SELECT of rows that stand in the statement itself, as drivers and mappers write it.

``SELECT p0::int FROM (VALUES (1, 0), (2, 1)) AS v (p0, n) ORDER BY n`` is written as plain VALUES;
of ``SELECT * FROM unnest($1::int[], $2::text[])`` each column is known by its array.  Only where a
column goes to one place: what is put there is then used nowhere else.
"""

from copy import deepcopy

from pgproxy.analysis.lineage import Node
from pgproxy.analysis.names import strings

# What a SELECT consists of that only hands on what FROM gives.
_HANDED_ON = {"targetList", "fromClause", "limitOption", "op"}
_BARE_VALUES = {"valuesLists", "limitOption", "op"}
_PLAIN_SORT = {
    "sortby_dir": "SORTBY_DEFAULT",
    "sortby_nulls": "SORTBY_NULLS_DEFAULT",
}


def as_values(query: Node) -> Node:
    """The query as VALUES where it selects from VALUES alone; else the query itself."""
    item = _only_item(query, "RangeSubselect", _HANDED_ON | {"sortClause"})
    inner = item.get("subquery", {}).get("SelectStmt", {})
    if item.get("lateral") or not inner or not inner.keys() <= _BARE_VALUES:
        return query
    rows = [row["List"]["items"] for row in inner["valuesLists"]]
    names = strings(item["alias"].get("colnames", ())) if "alias" in item else []
    if {len(row) for row in rows} != {len(names)} or not all(_given(v) for r in rows for v in r):
        return query
    counter = _counter(query, item["alias"]["aliasname"], names, rows)
    places = _places(query, item["alias"]["aliasname"], names)
    if counter is None or sorted([*(n for n, _ in places), *counter]) != list(range(len(names))):
        return query
    written = [
        {"List": {"items": [_cast(row[number], cast) for number, cast in places]}} for row in rows
    ]
    return {**inner, "valuesLists": written}


def arrays(query: Node) -> list[Node]:
    """The arrays of which a query only hands on the elements, in its order; [] for any other."""
    item = _only_item(query, "RangeFunction", _HANDED_ON)
    functions = item.get("functions", [])
    if len(functions) != 1 or item.keys() - {"functions", "alias"}:
        return []
    calls = functions[0]["List"]["items"]
    body = calls[0].get("FuncCall", {})
    if len(calls) != 2 or calls[1] or strings(body.get("funcname", ()))[-1:] != ["unnest"]:
        return []
    if body.keys() - {"funcname", "args", "funcformat", "location"}:
        return []
    given: list[Node] = body["args"]
    alias = item.get("alias", {})
    names = strings(alias.get("colnames", ())) or ["unnest"] * len(given)
    if len(names) != len(given):
        return []
    places = _places(query, alias.get("aliasname", ""), names)
    if any(cast for _, cast in places) or sorted(n for n, _ in places) != list(range(len(given))):
        return []
    return [given[number] for number, _ in places]


def _only_item(query: Node, kind: str, clauses: set[str]) -> Node:
    items = query.get("fromClause", [])
    if query.keys() - clauses or len(items) != 1 or query.get("op") != "SETOP_NONE":
        return {}
    if query.get("limitOption") != "LIMIT_OPTION_DEFAULT":
        return {}
    found: Node = items[0].get(kind, {})
    return found


def _given(value: Node) -> bool:
    """Whether a value is a constant, as it stands or cast."""
    inner: Node = value.get("TypeCast", {}).get("arg", value)
    return "A_Const" in inner or "ParamRef" in inner


def _places(query: Node, alias: str, names: list[str]) -> list[tuple[int, Node | None]]:
    """By target, which column it hands on, and what it is cast to; [] where one does more."""
    found: list[tuple[int, Node | None]] = []
    for node in query["targetList"]:
        value = node["ResTarget"]["val"]
        cast = value.get("TypeCast")
        reference = (cast["arg"] if cast else value).get("ColumnRef", {})
        if "A_Star" in reference.get("fields", [{}])[-1] and not cast:
            if len(query["targetList"]) > 1 or strings(reference["fields"][:-1]) not in (
                [],
                [alias],
            ):
                return []
            return [(number, None) for number in range(len(names))]
        number = _named(reference, alias, names)
        if number is None:
            return []
        found.append((number, cast))
    return found


def _named(reference: Node, alias: str, names: list[str]) -> int | None:
    path = strings(reference.get("fields", ()))
    if path[:-1] not in ([], [alias]) or names.count(path[-1] if path else "") != 1:
        return None
    return names.index(path[-1])


def _counter(query: Node, alias: str, names: list[str], rows: list[list[Node]]) -> list[int] | None:
    """The column by which the rows are in order as they stand; [] for none, None for no order."""
    clause = query.get("sortClause", [])
    if not clause:
        return []
    body = clause[0]["SortBy"]
    plain = {key: body.get(key) for key in _PLAIN_SORT} == _PLAIN_SORT and "useOp" not in body
    number = _named(body["node"].get("ColumnRef", {}), alias, names)
    if len(clause) > 1 or not plain or number is None:
        return None
    whole = [row[number].get("A_Const", {}).get("ival") for row in rows]
    counts = [each.get("ival", 0) for each in whole if each is not None]
    rising = counts == sorted(set(counts)) and len(counts) == len(rows)
    return [number] if rising else None


def _cast(value: Node, cast: Node | None) -> Node:
    return value if cast is None else {"TypeCast": {**deepcopy(cast), "arg": value}}
