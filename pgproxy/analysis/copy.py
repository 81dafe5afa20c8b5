"""COPY … TO STDOUT: as a query, with what its options say of the form of a row."""

from dataclasses import dataclass, field

from pgproxy.analysis.catalog import Relation
from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.lineage import Node
from pgproxy.analysis.names import string_nodes, strings

_FORMATS = ("text", "csv", "binary")
_CHARACTERS = ("delimiter", "null", "quote", "escape")
# What is never a value: text writes a backslash twice, csv quotes what looks like its marker.
_MARKERS = {"text": ("\\N",), "csv": ("\\N", "", "NULL", "null")}
_DEFAULTS = {
    "text": {"delimiter": "\t", "null": "\\N"},
    "csv": {"delimiter": ",", "null": "", "quote": '"', "escape": '"'},
}


@dataclass(slots=True)
class CopyOptions:
    """What the options of a COPY say; ``force_quote`` names columns, ``*`` for all."""

    format: str = "text"
    characters: dict[str, str] = field(default_factory=dict)
    header: bool = False
    force_quote: tuple[str, ...] = ()


def copied_query(body: Node, context: Context) -> Node:
    """The query whose rows a COPY sends; a table becomes one.  Raises Refusal."""
    if body.get("is_program") or "filename" in body:
        raise refuse(
            "copy", "COPY is allowed only TO STDOUT here", body, "psql has \\copy for files."
        )
    write_out_header(body)
    if "relation" in body:
        _table_to_query(body, context)
    query: Node | None = body["query"].get("SelectStmt")
    if query is None:
        raise refuse("writes", "COPY of a statement that writes is not allowed", body)
    return query


def _table_to_query(body: Node, context: Context) -> None:
    range_var = body["relation"]
    relation = context.names.relation(range_var)
    if relation.kind not in "rm":
        raise refuse(
            "copy",
            f'cannot copy from "{relation.name}"',
            range_var,
            "Try the COPY (SELECT ...) TO variant.",
        )
    names = strings(body.pop("attlist", ())) or _stored(relation)
    # COPY of a table leaves out what its children hold (manual, COPY).
    source = body.pop("relation")
    source.pop("inh", None)
    targets = [
        {"ResTarget": {"name": name, "val": {"ColumnRef": {"fields": string_nodes((name,))}}}}
        for name in names
    ]
    query = {
        "targetList": targets,
        "fromClause": [{"RangeVar": source}],
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    body["query"] = {"SelectStmt": query}


def _stored(relation: Relation) -> list[str]:
    return [column.name for column in relation.columns if not column.generated]


def copy_options(body: Node) -> CopyOptions:
    """The options, with the defaults of their format.  Raises Refusal."""
    found = CopyOptions()
    given: dict[str, str] = {}
    for node in body.get("options", ()):
        option = node["DefElem"]
        name, argument = option["defname"], option.get("arg", {})
        if name == "format" and _text(argument) in _FORMATS:
            found.format = _text(argument)
        elif name in _CHARACTERS:
            given[name] = _text(argument)
        elif name == "header":
            found.header = _truth(argument)
        elif name == "force_quote":
            listed = argument.get("List", {}).get("items", [])
            found.force_quote = tuple(strings(listed)) or ("*",)
        elif name != "encoding" or _text(argument).lower() not in ("utf8", "utf-8", "unicode"):
            raise not_covered(f"COPY with {name}", body)
    if "null" in given and given["null"] not in _MARKERS.get(found.format, ()):
        # Where a value could look like NULL, what comes as NULL would tell which value it is.
        raise not_covered("COPY with a NULL marker of its own", body)
    found.characters = {**_DEFAULTS.get(found.format, {}), **given}
    if "quote" in given and "escape" not in given:
        # Unless it is given, the escape is the quote (manual, COPY).
        found.characters["escape"] = given["quote"]
    return found


def _text(argument: Node) -> str:
    return str(argument.get("String", {}).get("sval", "?"))


def write_out_header(body: Node) -> None:
    """HEADER on, as HEADER: the printer knows no other way to say so."""
    for node in body.get("options", ()):
        option = node["DefElem"]
        said = option.get("arg", {})
        if option["defname"] == "header" and _truth(said) and _text(said).lower() != "match":
            option.pop("arg", None)


def _truth(argument: Node) -> bool:
    if not argument:
        return True
    if "Boolean" in argument:
        return bool(argument["Boolean"].get("boolval", False))
    if "Integer" in argument:
        return bool(argument["Integer"].get("ival", 0))
    return _text(argument).lower() in ("true", "on", "1", "match")
