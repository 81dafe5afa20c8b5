"""One statement: parsed, analysed, and printed again so that the server runs what was analysed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pgproxy.analysis.catalog import Catalog, Function, Relation, split_identifiers
from pgproxy.analysis.conditions import depends, together
from pgproxy.analysis.context import Context, Parts, ViewReport, not_covered
from pgproxy.analysis.copy import CopyOptions, copied_query, copy_options
from pgproxy.analysis.copy_from import CopyInto, copied_into
from pgproxy.analysis.explain import explain_options, width_of
from pgproxy.analysis.expression import Walk
from pgproxy.analysis.grammar import Tree, deparse, normalize, parse, says
from pgproxy.analysis.lineage import (
    CONSTANT,
    Node,
    OutputField,
    Position,
    Report,
    Source,
    Use,
)
from pgproxy.analysis.names import Names
from pgproxy.analysis.query import select
from pgproxy.analysis.routine import fixed, parameters, statements, trusted_functions
from pgproxy.analysis.scope import Item, Scope, ScopeColumn
from pgproxy.analysis.types import target
from pgproxy.analysis.utility import Named, utility
from pgproxy.analysis.utility import named as named_in
from pgproxy.analysis.view_report import view_report
from pgproxy.analysis.writes import write
from pgproxy.errors import Refusal

# Statements whose text may be audited; others carry literals that normalisation does not reach.
_AUDITED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
MAX_VIEW_DEPTH = 32
# CURSOR_OPT_HOLD of parsenodes.h.
_CURSOR_HOLD = 0x20


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one statement is and does.

    ``fields`` is None when it returns no rows we know of.  ``named``: what it does with a name of
    the session; PREPARE and DECLARE give it to ``fields``, and have none of their own.
    ``explained``: the server describes how it would run, in place of ``fields``: the options of
    EXPLAIN that say what it tells.  ``into``: rows of the client that it copies in.
    """

    kind: str
    tree: Tree
    fields: list[OutputField] | None
    report: Report
    named: Named | None = None
    copy: CopyOptions | None = None
    explained: frozenset[str] | None = None
    into: CopyInto | None = None


class Analyzer:
    """Analyses statements against one catalog snapshot; remembers views and functions.

    ``trusted`` are signatures of functions that the policy vouches for; ``shown_relations`` gives
    an array literal of the OIDs of relations whose rows, or bounds, hold nothing masked; ``parts``
    tells which parts of documents have a lineage of their own.
    """

    def __init__(
        self,
        catalog: Catalog,
        search_path: list[str],
        trusted: Sequence[str] = (),
        shown_relations: Callable[[str], str] = lambda kind: "{}",
        parts: Parts = lambda sources, steps: None,
    ) -> None:
        self._names = Names(catalog, search_path)
        self._trusted = trusted_functions(catalog, trusted)
        self._shown_relations = shown_relations
        self._parts = parts
        # Definitions come qualified, so that nobody's search_path has a say in them.
        self._view_names = Names(catalog, [])
        self._known: dict[int, tuple[ViewReport, Context]] = {}
        self._open: list[int] = []
        self._view_queries: dict[int, Node] = {}

    def analyze(self, raw: Tree) -> Analysis:
        """The analysis of one RawStmt; its tree is changed in place.  Raises Refusal."""
        kind, body = next(iter(raw["stmt"].items()))
        context = self._context(self._names)
        match kind:
            case "PrepareStmt":
                for argument in body.get("argtypes", ()):
                    target(argument["TypeName"], context)
                found = Analysis(kind, raw, self._query(body["query"], context), context.report)
                found = replace(found, named=Named("prepare", body["name"]))
            case "DeclareCursorStmt":
                fields = self._query(body["query"], context)
                hold = bool(body.get("options", 0) & _CURSOR_HOLD)
                named = Named("declare", body["portalname"], hold)
                found = Analysis(kind, raw, fields, context.report, named)
            case "CopyStmt":
                if body.get("is_from"):
                    into = copied_into(body, context)
                    context.settle()
                    return Analysis(kind, raw, None, context.report, into=into)
                form = copy_options(body)
                fields = select(copied_query(body, context), Scope(), context)
                found = Analysis(kind, raw, fields, context.report, copy=form)
            case "ExplainStmt":
                options = explain_options(body)
                fields = self._query(body["query"], context)
                found = Analysis(kind, raw, fields, context.report, explained=options)
            case "SelectStmt" | "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt":
                found = Analysis(kind, raw, self._query(raw["stmt"], context), context.report)
            case _:
                fields_of_utility = utility(kind, body, self._names)
                if kind == "ExecuteStmt":
                    walk = Walk(Scope(), context, body)
                    for parameter in body.get("params", ()):
                        walk(parameter, Position.TEST)
                named_by = named_in(kind, body)
                return Analysis(kind, raw, fields_of_utility, context.report, named_by)
        context.settle()
        return found

    def _query(self, statement: Node, context: Context) -> list[OutputField] | None:
        """The fields of a query, or of what a write returns; None where it returns nothing."""
        (kind, body) = next(iter(statement.items()))
        if kind == "SelectStmt":
            return select(body, Scope(), context)
        fields = write(statement, Scope(), context)
        return fields if "returningClause" in body else None

    def _context(self, names: Names) -> Context:
        context: Context

        def walk(body: Node, scope: Scope) -> list[OutputField]:
            return select(body, scope, context)

        def written(statement: Node, scope: Scope) -> list[OutputField]:
            return write(statement, scope, context)

        def view(oid: int) -> ViewReport:
            return self._view(oid, context)

        def body(function: Function) -> list[OutputField]:
            return self._body(function, context)

        context = Context(
            names,
            walk,
            written,
            view,
            body,
            self._check_domain,
            self._trusted,
            self._shown_relations,
            self._parts,
        )
        return context

    def _once(self, oid: int, analyze: Callable[[], tuple[ViewReport, Context]]) -> ViewReport:
        if oid not in self._known:
            if oid in self._open or len(self._open) >= MAX_VIEW_DEPTH:
                raise not_covered("what refers to itself, or too deeply to others,")
            self._open.append(oid)
            try:
                self._known[oid] = analyze()
            finally:
                self._open.pop()
        return self._known[oid][0]

    def _body(self, function: Function, outer: Context) -> list[OutputField]:
        """The fields of a function in SQL; what it does is noted as done by the caller."""
        view = self._once(function.oid, lambda: self._analyze_body(function))
        inner = self._known[function.oid][1]
        outer.take_over(inner)
        outer.report.uses += fixed(inner.report.uses)
        outer.report.calls += inner.report.calls
        outer.report.recursive += inner.report.recursive
        for lineage in view.compared:
            outer.use(Use(Position.VIEW, lineage, {}, function.name, level=outer.level))
        for lineage in view.scanned:
            outer.use(Use(Position.SCAN, lineage, {}, function.name, level=outer.level))
        outer.report.wide += view.wide
        return [OutputField("", lineage) for lineage in view.columns]

    def _analyze_body(self, function: Function) -> tuple[ViewReport, Context]:
        standard = function.body.upper().startswith(("BEGIN ATOMIC", "RETURN "))
        context = self._context(self._view_names if standard else self._path_of(function))
        given = tuple(
            ScopeColumn(field.name, field.lineage, (function.name, field.name))
            for field in parameters(function)
        )
        outside = Scope(items=[Item(function.name, given, function.name)])
        try:
            fields: list[OutputField] = []
            for statement in statements(function):
                fields = select(statement["SelectStmt"], Scope(outside), context)
            context.settle()
        except (Refusal, ValueError, KeyError) as error:
            why = error.message if isinstance(error, Refusal) else "its body is not understood"
            raise Refusal(
                "function",
                f"function {function.schema}.{function.name} is not known to be pure: {why}",
                hint="Its owner can vouch for it in the policy, under trusted_functions.",
            ) from None
        return view_report(fields, context.report, width_of(context.report, None)), context

    def _path_of(self, function: Function) -> Names:
        for setting in function.settings:
            name, _, value = setting.partition("=")
            if name == "search_path":
                return Names(self._names.catalog, split_identifiers(value))
        return self._names

    def _check_domain(self, check: str) -> None:
        """Raises Refusal for a CHECK of a domain that does more than compute with VALUE."""
        context = self._context(self._view_names)
        value = ScopeColumn("value", CONSTANT, ("value", "value"))
        (raw,) = parse(f"SELECT {check}")
        select(raw["stmt"]["SelectStmt"], Scope(Scope(items=[Item("value", (value,))])), context)
        context.settle()

    def depends(self, relation: Relation) -> dict[int, frozenset[Source]]:
        """For each generated column of a relation, the columns it is computed from."""
        return depends(relation, self._apart)

    def together(self, relation: Relation) -> list[frozenset[Source]]:
        """As ``conditions.together``."""
        return together(relation, self._apart)

    def _apart(self, query: Node, scope: Scope) -> list[OutputField]:
        return select(query, scope, self._context(self._view_names))

    def _view(self, oid: int, outer: Context) -> ViewReport:
        view = self._once(oid, lambda: self._analyze_view(oid))
        outer.take_over(self._known[oid][1])
        outer.report.inside += view.inside
        if self._names.catalog.by_oid[oid].kind == "v":
            # A materialized view is read as a table is.
            outer.report.wide += view.wide
        return view

    def view_reads(self, relation: Relation) -> frozenset[Source]:
        """All that the definition of a view reads, and what that reads.  Raises Refusal."""
        view = self._view(relation.oid, self._context(self._view_names))
        found = (*view.columns, *view.compared, *view.scanned, *view.inside)
        return frozenset().union(*(lineage.sources for lineage in found))

    def view_query(self, oid: int) -> Node | None:
        """The definition of a view, if a statement has been analysed that reads it."""
        return self._view_queries.get(oid)

    def _analyze_view(self, oid: int) -> tuple[ViewReport, Context]:
        relation = self._names.catalog.by_oid[oid]
        context = self._context(self._view_names)
        try:
            (raw,) = parse(relation.definition)
            fields = select(raw["stmt"]["SelectStmt"], Scope(), context)
            context.settle()
        except (Refusal, ValueError, KeyError) as error:
            why = error.message if isinstance(error, Refusal) else "its definition is not known"
            raise Refusal(
                "view",
                f'view "{relation.schema}.{relation.name}" is not covered by the analysis: {why}',
            ) from None
        if len(fields) != len(relation.columns):
            raise Refusal("view", f'view "{relation.schema}.{relation.name}" has changed')
        self._view_queries[oid] = raw["stmt"]["SelectStmt"]
        wide = width_of(context.report, raw["stmt"]["SelectStmt"])
        return view_report(fields, context.report, wide), context


def render(trees: list[Tree]) -> str:
    """The text to send for analysed trees, parsed back to see that it says the same.

    Raises Refusal where it does not: the printer's faults must not become leaks.
    """
    text = deparse(trees)
    if "\0" in text or not says(text, trees):
        raise Refusal("unprintable", "statement does not survive being printed and parsed again")
    return text


def audit_sql(text: bytes) -> str:
    """The statement for the audit trail: no literals, no comments; '' where that cannot be had."""
    try:
        return _audit(normalize(text.decode()))
    except (Refusal, UnicodeDecodeError, RecursionError):
        return ""


@lru_cache(maxsize=2048)
def _audit(normalized: str) -> str:
    try:
        trees = parse(normalized)
        kinds = [next(iter(raw["stmt"])) for raw in trees]
        if all(kind in _AUDITED for kind in kinds):
            # Printing drops comments, in which anything can stand.
            return deparse(trees)
        return "; ".join(kind.removesuffix("Stmt") for kind in kinds)
    except Refusal:
        return ""
