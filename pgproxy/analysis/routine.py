"""Functions outside pg_catalog: those the policy trusts, and those in SQL whose body is known.

Anything else could run any statement with anybody's rights, and is refused.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgproxy.analysis.catalog import Catalog, Function
from pgproxy.analysis.context import not_covered, refuse
from pgproxy.analysis.grammar import Tree, parse
from pgproxy.analysis.lineage import NOTHING, Lineage, Node, OutputField, Use
from pgproxy.analysis.names import Names, UnknownName, string_nodes, strings
from pgproxy.analysis.scope import quoted
from pgproxy.errors import Refusal

if TYPE_CHECKING:
    from pgproxy.analysis.expression import Walk

# What was made in the database has at least this OID (access/transam.h).
FIRST_NORMAL_OID = 16384


def find(walk: "Walk", body: Node) -> Function | None:
    """The function outside pg_catalog that a call means, its name written with its schema.

    None where no function has that name.  Raises Refusal where it is not known which of several
    it is, or what it does.
    """
    *schema, name = strings(body["funcname"])
    names = walk.context.names
    paths = schema if schema else [s for s in names.search_path if s != "pg_catalog"]
    if len(schema) > 1:
        raise not_covered("a function of another database", body)
    known = names.catalog.functions
    candidates = [f for path in dict.fromkeys(paths) for f in known.get((path, name), ())]
    if not candidates:
        return None
    given = len(body.get("args", ()))
    fitting = [f for f in candidates if _takes(f, given, body)]
    if not fitting:
        raise UnknownName(
            "function",
            f"function {quoted('.'.join((*schema, name)))} does not take {given} arguments",
            sqlstate="42883",
            position=body.get("location", -1) + 1,
        )
    trusted = all(f.oid in walk.context.trusted for f in fitting)
    if len({f.schema for f in fitting}) > 1 or not (trusted or len(fitting) == 1):
        raise refuse("function", f"which function {name} means is not certain", body)
    (chosen, *_) = fitting
    if not trusted and (chosen.language != "sql" or chosen.kind != "f" or not chosen.body):
        raise refuse(
            "function",
            f"function {chosen.schema}.{chosen.name} is not known to be pure",
            body,
            "Its owner can vouch for it in the policy, under trusted_functions.",
        )
    body["funcname"] = string_nodes((chosen.schema, chosen.name))
    return chosen


def check_shadows(walk: "Walk", body: Node) -> None:
    """Refuse a built-in function's bare name where somebody's function may be meant as well.

    One that takes other than built-in types is meant where such a value is given; it is left to the
    server, which gets the built-in one's full name.
    """
    *schema, name = strings(body["funcname"])
    catalog, given = walk.context.catalog, len(body.get("args", ()))
    for path in () if schema else walk.context.names.search_path:
        for function in catalog.functions.get((path, name), ()) if path != "pg_catalog" else ():
            built_in = all(oid < FIRST_NORMAL_OID for oid in function.arguments)
            if built_in and _takes(function, given, body):
                raise refuse("function", f"which function {name} means is not certain", body)


def takes_row(walk: "Walk", name: str) -> bool:
    """Whether a function of that name may take a row: ``name(c)`` is then no attribute of it."""
    functions, path = walk.context.catalog.functions, walk.context.names.search_path
    found = [f for schema in path for f in functions.get((schema, name), ())]
    return any(_takes(function, 1, {}) for function in found)


def _takes(function: Function, given: int, body: Node) -> bool:
    most = len(function.arguments)
    if function.variadic and (given >= most - 1 or body.get("func_variadic")):
        return True
    return most - function.defaults <= given <= most


def trusted_functions(catalog: Catalog, signatures: Sequence[str]) -> frozenset[int]:
    """The OIDs that ``schema.name`` or ``schema.name(types)`` of the policy stand for."""
    names = Names(catalog, [])
    found: set[int] = set()
    for signature in signatures:
        dotted, _, rest = signature.partition("(")
        schema, _, name = dotted.strip().rpartition(".")
        overloads = catalog.functions.get((schema, name), ())
        if not rest:
            found.update(f.oid for f in overloads)
            continue
        types = _types(rest.rstrip().removesuffix(")"), names)
        found.update(f.oid for f in overloads if f.arguments == types)
    return frozenset(found)


def _types(text: str, names: Names) -> tuple[int, ...] | None:
    """The OIDs of a list of type names; None where one of them is not known."""
    if not text.strip():
        return ()
    try:
        (raw,) = parse(f"PREPARE p ({text}) AS SELECT 1")
        kinds = [node["TypeName"] for node in raw["stmt"]["PrepareStmt"]["argtypes"]]
        oids = [_oid(kind, names) for kind in kinds]
    except (Refusal, KeyError):
        return None
    return tuple(oids)


def _oid(kind: Node, names: Names) -> int:
    found = names.type(kind)
    if "arrayBounds" not in kind:
        return found.oid
    return names.catalog.arrays.get(found.oid, 0)


def statements(function: Function) -> list[Tree]:
    """The queries of a function in SQL.  Raises Refusal for what is no query."""
    text = function.body
    if text.upper().startswith(("BEGIN ATOMIC", "RETURN ")):
        # The standard's form has no grammar of its own outside CREATE FUNCTION.
        (raw,) = parse(f"CREATE FUNCTION f() RETURNS int {text}")
        body = raw["stmt"]["CreateFunctionStmt"]["sql_body"]
        if "ReturnStmt" in body:
            value = {"ResTarget": {"val": body["ReturnStmt"]["returnval"]}}
            found = [{"SelectStmt": {"targetList": [value], "op": "SETOP_NONE"}}]
        else:
            found = body["List"]["items"][0]["List"]["items"]
    else:
        found = [raw["stmt"] for raw in parse(text)]
    if not found or any("SelectStmt" not in statement for statement in found):
        raise refuse("function", f"function {function.schema}.{function.name} does not only read")
    return found


def fixed(uses: list[Use]) -> list[Use]:
    """The uses in the body of a function: nothing can be cut out of it."""
    return [use._replace(fixed=True) for use in uses]


def columns(walk: "Walk", function: Function, given: Lineage) -> list[tuple[str, Lineage]]:
    """The columns of what a call returns, each by name; ``given`` is what its arguments read.

    A function that returns one value has one column, called ''.
    """
    if function.oid not in walk.context.trusted:
        walk.context.level = walk.level
        fields = walk.context.body(function)
        shown = [lineage.tested(given) for lineage in (field.lineage for field in fields)]
        names = attribute_names(walk, function) or [""]
        if len(names) != len(fields):
            # RETURNS some composite type, and the query gives it as one value.
            raise not_covered(f"the form of function {function.name}")
        return list(zip(names, shown, strict=True))
    value = given._replace(constant=True)
    return [(name, value._replace(type_oid=oid)) for name, oid in _shape(walk, function)]


def _shape(walk: "Walk", function: Function) -> list[tuple[str, int]]:
    """Names and types of its columns, as build_function_result_tupdesc has them (funcapi.c)."""
    outputs = function.outputs
    if len(outputs) > 1 or (outputs and function.returns_set):
        return [(name or f"column{n}", oid) for n, (name, oid) in enumerate(outputs, 1)]
    if outputs:
        return list(outputs)
    catalog = walk.context.catalog
    kind = catalog.types_by_oid.get(catalog.base_type(function.returns))
    relation = catalog.by_oid.get(kind.relation) if kind else None
    if kind and kind.kind == "c" and relation:
        return [(column.name, column.type_oid) for column in relation.columns]
    return [("", function.returns)]


def attribute_names(walk: "Walk", function: Function) -> list[str]:
    """Names of the columns of what a function gives; [''] where that is no row."""
    return [name for name, _ in _shape(walk, function)]


def value(walk: "Walk", function: Function, given: Lineage) -> Lineage:
    """The lineage of a call as one value."""
    found = columns(walk, function, given)
    if len(found) == 1:
        return found[0][1]
    shape = tuple((name, lineage.type_oid) for name, lineage in found)
    sources = NOTHING.union(*(lineage.sources for _, lineage in found))
    return Lineage(computed=sources, constant=True, row=shape)


def parameters(function: Function) -> list[OutputField]:
    """The arguments of a function as its body may name them."""
    pairs = zip(function.names or [""] * len(function.arguments), function.arguments, strict=False)
    return [OutputField(n, Lineage(constant=True, type_oid=oid)) for n, oid in pairs if n]
