"""One statement: parsed, analysed, and printed again so that the server runs what was analysed."""

from dataclasses import dataclass
from functools import lru_cache

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.context import Context, ViewReport, not_covered
from pgproxy.analysis.grammar import Tree, deparse, normalize, parse, same
from pgproxy.analysis.lineage import Lineage, Node, OutputField, Position, Report
from pgproxy.analysis.names import Names
from pgproxy.analysis.query import select
from pgproxy.analysis.scope import Scope
from pgproxy.analysis.utility import utility
from pgproxy.errors import Refusal

# Statements whose text may be audited; others carry literals that normalisation does not reach.
_AUDITED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
MAX_VIEW_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one statement is and does.  ``fields`` is None when it returns no rows we know of."""

    kind: str
    tree: Tree
    fields: list[OutputField] | None
    report: Report


class Analyzer:
    """Analyses statements against one catalog snapshot; remembers the lineage of views."""

    def __init__(self, catalog: Catalog, search_path: list[str]) -> None:
        self._names = Names(catalog, search_path)
        # Definitions come qualified, so that nobody's search_path has a say in them.
        self._view_names = Names(catalog, [])
        self._views: dict[int, tuple[ViewReport, Context]] = {}
        self._open_views: list[int] = []

    def analyze(self, raw: Tree) -> Analysis:
        """The analysis of one RawStmt; its tree is changed in place.  Raises Refusal."""
        kind, body = next(iter(raw["stmt"].items()))
        if kind != "SelectStmt":
            return Analysis(kind, raw, utility(kind, body), Report())
        context = self._context(self._names)
        fields = select(body, Scope(), context)
        context.check_operators()
        return Analysis(kind, raw, fields, context.report)

    def _context(self, names: Names) -> Context:
        context: Context

        def walk(body: Node, scope: Scope) -> list[OutputField]:
            return select(body, scope, context)

        def view(oid: int) -> ViewReport:
            return self._view(oid, context)

        context = Context(names, walk, view)
        return context

    def _view(self, oid: int, outer: Context) -> ViewReport:
        if oid not in self._views:
            if oid in self._open_views or len(self._open_views) >= MAX_VIEW_DEPTH:
                raise not_covered("a view that refers to itself")
            self._open_views.append(oid)
            try:
                self._views[oid] = self._analyze_view(oid)
            finally:
                self._open_views.pop()
        view, inner = self._views[oid]
        outer.report.relations |= inner.report.relations
        outer.types |= inner.types
        return view

    def _analyze_view(self, oid: int) -> tuple[ViewReport, Context]:
        relation = self._names.catalog.by_oid[oid]
        context = self._context(self._view_names)
        try:
            (raw,) = parse(relation.definition)
            fields = select(raw["stmt"]["SelectStmt"], Scope(), context)
            context.check_operators()
        except (Refusal, ValueError, KeyError) as error:
            why = error.message if isinstance(error, Refusal) else "its definition is not known"
            raise Refusal(
                "view",
                f'view "{relation.schema}.{relation.name}" is not covered by the analysis: {why}',
            ) from None
        if len(fields) != len(relation.columns):
            raise Refusal("view", f'view "{relation.schema}.{relation.name}" has changed')
        return ViewReport([field.lineage for field in fields], _compared(context.report)), context


def _compared(report: Report) -> list[Lineage]:
    """What the rows of a view are sorted or hashed by on their way."""
    by_order = (Position.GROUP, Position.PARTITION, Position.EQUAL, Position.ORDER, Position.VIEW)
    found: list[Lineage] = []
    for use in report.uses:
        if use.position in by_order:
            found += [use.lineage, use.other] if use.other else [use.lineage]
    return found


def render(statements: list[Tree]) -> str:
    """The text to send for analysed trees, parsed back to see that it says the same.

    Raises Refusal where it does not: the printer's faults must not become leaks.
    """
    text = deparse(statements)
    if "\0" in text or not same(_bare(parse(text)), _bare(statements)):
        raise Refusal("unprintable", "statement does not survive being printed and parsed again")
    return text


def _bare(statements: list[Tree]) -> list[Node]:
    return [statement["stmt"] for statement in statements]


def audit_sql(text: bytes) -> str:
    """The statement for the audit trail: no literals, no comments; '' where that cannot be had."""
    try:
        return _audit(normalize(text.decode()))
    except (Refusal, UnicodeDecodeError, RecursionError):
        return ""


@lru_cache(maxsize=2048)
def _audit(normalized: str) -> str:
    try:
        statements = parse(normalized)
        kinds = [next(iter(raw["stmt"])) for raw in statements]
        if all(kind in _AUDITED for kind in kinds):
            # Printing drops comments, in which anything can stand.
            return deparse(statements)
        return "; ".join(kind.removesuffix("Stmt") for kind in kinds)
    except Refusal:
        return ""
