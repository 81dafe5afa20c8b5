"""Functions in FROM: built-in ones on the list, those the policy trusts, those in SQL; XMLTABLE and
JSON_TABLE.

What their arguments read decides how many rows there are, so it stands where a condition would.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgproxy.analysis import routine
from pgproxy.analysis.call import is_built_in, qualify, schema_of
from pgproxy.analysis.context import POLYMORPHIC, not_covered, refuse
from pgproxy.analysis.functions import DEFINED, POPULATES
from pgproxy.analysis.lineage import CONSTANT, Lineage, Node, Position, compute
from pgproxy.analysis.names import string_nodes, strings
from pgproxy.analysis.structures import take_apart
from pgproxy.analysis.types import attributes, element, target

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

Pairs = list[tuple[str, Lineage]]


@dataclass(slots=True)
class Called:
    """What one function shows: its columns; one called '' takes the name of the alias."""

    name: str
    pairs: Pairs
    defined: bool = False  # by a column definition list


def function_columns(body: Node, walk: "Walk") -> tuple[str, Pairs, bool]:
    """Name, columns of a RangeFunction, and whether a definition list of its own names them."""
    _spread_unnest(body)
    entries = [entry["List"]["items"] for entry in body.get("functions", [])]
    if not entries:
        raise not_covered("this form of function in FROM")
    found: list[Called] = []
    for call, *definitions in entries:
        listed = definitions[0].get("List", {}).get("items", []) if definitions else []
        found.append(_called(call, [*listed, *body.get("coldeflist", [])], walk))
    alias = body.get("alias", {}).get("aliasname", "")
    pairs: Pairs = []
    for called in found:
        # A function of one column gives it the name of its alias; one of several does not.
        shown = alias if alias and len(found) == 1 else called.name
        pairs += [(name or shown, lineage) for name, lineage in called.pairs]
    if body.get("ordinality"):
        pairs.append(("ordinality", CONSTANT))
    return alias or found[0].name, pairs, bool(body.get("coldeflist"))


def _spread_unnest(body: Node) -> None:
    """``unnest(a, b)`` as the server reads it: ROWS FROM (unnest(a), unnest(b)) (manual 7.2.1.4).

    It knows the function of several arrays by its bare name only.
    """
    spread: list[Node] = []
    for entry in body.get("functions", ()):
        call, *rest = entry["List"]["items"]
        function = call.get("FuncCall", {})
        arguments = function.get("args", [])
        if strings(function.get("funcname", ()))[-1:] == ["unnest"] and len(arguments) > 1:
            body["is_rowsfrom"] = True
            for argument in arguments:
                one = {"FuncCall": {**function, "args": [argument]}}
                spread.append({"List": {"items": [one, *rest]}})
        else:
            spread.append(entry)
    if spread:
        body["functions"] = spread


def _called(call: Node, definitions: list[Node], walk: "Walk") -> Called:
    kind, function = next(iter(call.items()))
    if kind == "SQLValueFunction":
        name = function["op"].removeprefix("SVFOP_").lower().removesuffix("_n")
        return Called(name, [("", CONSTANT)])
    if kind != "FuncCall":
        raise not_covered(f"{kind} as a function in FROM", function)
    if "over" in function or "agg_filter" in function or "agg_order" in function:
        raise not_covered("an aggregate in FROM", function)
    other = None if is_built_in(function) else routine.find(walk, function)
    if other is None:
        routine.check_shadows(walk, function)
        name = qualify(function)
    elif other.kind == "f":
        name = other.name
    else:
        raise refuse("function", f"function {other.name} in FROM is not covered", function)
    arguments = function.get("args", [])
    parts = [walk(argument, Position.TEST) for argument in arguments]
    if name in POPULATES and parts and not definitions:
        shape = attributes(walk, parts[0])
        if not shape:
            raise not_covered(f"{name} of what is not known to be a row", function)
        value = compute(*parts)
        return Called(name, [(n, value._replace(type_oid=oid)) for n, oid in shape.items()])
    if name in DEFINED and not definitions:
        raise not_covered(f"{name} without a column definition list", function)
    given = compute(*parts)._replace(type_oid=parts[0].type_oid if parts else 0)
    if definitions:
        return Called(name, [_defined(node["ColumnDef"], given, walk) for node in definitions])
    if other is not None:
        return Called(name, routine.columns(walk, other, given))
    return Called(name, _built_in(name, function, given, walk))


def _built_in(name: str, function: Node, given: Lineage, walk: "Walk") -> Pairs:
    arguments = function.get("args", [])
    row = attributes(walk, Lineage(type_oid=element(walk, given))) if name == "unnest" else {}
    if row:
        # An array of rows has a column for each of their attributes (manual 9.19).
        return [(n, compute(given)._replace(type_oid=oid)) for n, oid in row.items()]
    overloads = [
        known
        for known in walk.context.catalog.functions.get((schema_of(function), name), ())
        if len(known.arguments) - known.defaults <= len(arguments) <= len(known.arguments)
    ]
    # unnest of a tsvector has columns of its own, that of any array has one.
    exact = [f for f in overloads if f.arguments and f.arguments[0] == given.type_oid]
    general = [f for f in overloads if f.arguments and f.arguments[0] in POLYMORPHIC]
    shapes = {
        known.outputs if len(known.outputs) > 1 or known.returns_set else ()
        for known in exact or general or overloads
    } or {()}
    if len(shapes) > 1:
        raise not_covered(f"which columns {name} has", function)
    (shape,) = shapes
    value = compute(given)
    return [(column, value) for column, _ in shape] or [("", value)]


def _defined(definition: Node, given: Lineage, walk: "Walk") -> tuple[str, Lineage]:
    if definition.keys() - {"colname", "typeName", "is_local", "location"}:
        raise not_covered("this form of column definition", definition)
    target(definition["typeName"], walk.context)
    return definition["colname"], compute(given)


def table_of_values(kind: str, body: Node, walk: "Walk") -> Pairs:
    """The columns of an XMLTABLE (RangeTableFunc) or JSON_TABLE (JsonTable)."""
    also = frozenset({"alias", "lateral"})
    given = take_apart(walk, kind, body, Position.TEST, also)
    return [(name, compute(given)) for name in _column_names(body["columns"])]


def _column_names(columns: list[Node]) -> list[str]:
    found: list[str] = []
    for node in columns:
        (column,) = node.values()
        if "columns" in column:
            found += _column_names(column["columns"])
        else:
            found.append(column.get("colname") or column["name"])
    return found


def name_columns(body: Node, paths: list[str], defined: bool) -> None:
    """Write the names of all columns out, where a definition list does not name them already."""
    if defined:
        body["alias"].pop("colnames", None)
    else:
        body["alias"]["colnames"] = string_nodes(paths)
