"""Names: relations and types against the catalog, and the name the server gives an output field."""

from collections.abc import Sequence
from typing import Any

from pgproxy.analysis.catalog import Catalog, Relation, Type
from pgproxy.analysis.lineage import Node
from pgproxy.analysis.scope import quoted
from pgproxy.errors import Refusal

TEMPORARY = "pg_temp"


class UnknownName(Refusal):
    """A name that the catalog snapshot does not hold: refresh it once, then believe it."""


def words(text: str) -> frozenset[str]:
    """The words of a text, for sets of names that are read as one."""
    return frozenset(text.split())


def strings(nodes: Sequence[Node]) -> list[str]:
    """The identifiers of a list of String nodes."""
    return [node["String"]["sval"] for node in nodes if "String" in node]


def string_nodes(names: Sequence[str]) -> list[Node]:
    """A list of String nodes."""
    return [{"String": {"sval": name}} for name in names]


class Names:
    """Resolves what a statement names, along the session's search_path."""

    def __init__(self, catalog: Catalog, search_path: Sequence[str]) -> None:
        self.catalog = catalog
        # PostgreSQL looks into pg_catalog first unless the path places it (manual 5.10.5).
        path = [schema for schema in search_path if schema != TEMPORARY]
        self.search_path = path if "pg_catalog" in path else ["pg_catalog", *path]

    def relation(self, range_var: Node) -> Relation:
        """The catalog's relation for a RangeVar.  Raises UnknownName or Refusal."""
        name, schema = range_var["relname"], range_var.get("schemaname", "")
        position = range_var.get("location", -1) + 1
        database = range_var.get("catalogname", "")
        if database and database != self.catalog.database:
            raise Refusal(
                "name",
                f"cross-database references are not implemented: {quoted(database)}",
                sqlstate="0A000",
                position=position,
            )
        for candidate in [schema] if schema else self.search_path:
            relation = self.catalog.relations.get((candidate, name))
            if relation is not None:
                return relation
        full = f"{schema}.{name}" if schema else name
        raise UnknownName(
            "name", f"relation {quoted(full)} does not exist", sqlstate="42P01", position=position
        )

    def type(self, type_name: Node) -> Type:
        """The catalog's type for a TypeName.  Raises UnknownName or Refusal."""
        names = strings(type_name.get("names", ()))
        position = type_name.get("location", -1) + 1
        if type_name.get("setof") or type_name.get("pct_type") or len(names) not in (1, 2):
            raise Refusal("type", "this form of type name is not analysed", position=position)
        *schema, name = names
        for candidate in schema or self.search_path:
            found = self.catalog.types.get((candidate, name))
            if found is not None:
                return found
        raise UnknownName(
            "name",
            f"type {quoted('.'.join(names))} does not exist",
            sqlstate="42704",
            position=position,
        )


def output_name(node: Node) -> str:
    """The name of a field without alias, by the rules of FigureColname in parse_target.c."""
    return _figure(node)[0] or "?column?"


# Nodes that always carry the same name, and how strongly they insist on it: 2 is a good name, 1 one
# that a cast around it overrides.
_FIXED: dict[str, tuple[str, int]] = {
    "CoalesceExpr": ("coalesce", 2),
    "GroupingFunc": ("grouping", 2),
    "MergeSupportFunc": ("merge_action", 2),
    "A_ArrayExpr": ("array", 2),
    "RowExpr": ("row", 2),
    "XmlSerialize": ("xmlserialize", 2),
    "JsonParseExpr": ("json", 2),
    "JsonScalarExpr": ("json_scalar", 2),
    "JsonSerializeExpr": ("json_serialize", 2),
    "JsonObjectConstructor": ("json_object", 2),
    "JsonArrayConstructor": ("json_array", 2),
    "JsonArrayQueryConstructor": ("json_array", 2),
    "JsonObjectAgg": ("json_objectagg", 2),
    "JsonArrayAgg": ("json_arrayagg", 2),
}


def _figure(node: Node) -> tuple[str, int]:
    kind, body = next(iter(node.items()))
    if kind in _FIXED:
        return _FIXED[kind]
    rule = _RULES.get(kind)
    return rule(body) if rule else ("", 0)


def _last_name(nodes: Sequence[Node]) -> tuple[str, int]:
    names = strings(nodes)
    return (names[-1], 2) if names else ("", 0)


def _indirection(body: Node) -> tuple[str, int]:
    name = _last_name(body["indirection"])
    return name if name[1] else _figure(body["arg"])


def _cast(body: Node) -> tuple[str, int]:
    name, strength = _figure(body["arg"])
    if strength > 1:
        return name, strength
    return strings(body["typeName"]["names"])[-1], 1


def _case(body: Node) -> tuple[str, int]:
    name, strength = _figure(body["defresult"]) if "defresult" in body else ("", 0)
    return (name, strength) if strength > 1 else ("case", 1)


def _sublink(body: Node) -> tuple[str, int]:
    kind = body["subLinkType"]
    if kind == "EXISTS_SUBLINK":
        return "exists", 2
    if kind == "ARRAY_SUBLINK":
        return "array", 2
    if kind != "EXPR_SUBLINK":
        return "", 0
    query: Any = body["subselect"].get("SelectStmt", {})
    while "larg" in query:
        query = query["larg"]
    targets = query.get("targetList")
    if not targets:
        return ("column1", 2) if query.get("valuesLists") else ("", 0)
    target = targets[0]["ResTarget"]
    return (target["name"], 2) if "name" in target else _figure(target["val"])


def _minmax(body: Node) -> tuple[str, int]:
    return ("greatest" if body.get("op") == "IS_GREATEST" else "least"), 2


def _expression(body: Node) -> tuple[str, int]:
    return ("nullif", 2) if body.get("kind") == "AEXPR_NULLIF" else ("", 0)


def _sql_value(body: Node) -> tuple[str, int]:
    name = body["op"].removeprefix("SVFOP_").lower()
    return name.removesuffix("_n"), 2


def _json_function(body: Node) -> tuple[str, int]:
    return body["op"].removesuffix("_OP").lower(), 2


def _xml(body: Node) -> tuple[str, int]:
    name = body["op"].removeprefix("IS_").lower()
    return ("", 0) if name == "document" else (name, 2)


_RULES = {
    "JsonFuncExpr": _json_function,
    "XmlExpr": _xml,
    "ColumnRef": lambda body: _last_name(body["fields"]),
    "A_Indirection": _indirection,
    "FuncCall": lambda body: _last_name(body["funcname"]),
    "TypeCast": _cast,
    "CollateClause": lambda body: _figure(body["arg"]),
    "CaseExpr": _case,
    "SubLink": _sublink,
    "MinMaxExpr": _minmax,
    "A_Expr": _expression,
    "SQLValueFunction": _sql_value,
}
