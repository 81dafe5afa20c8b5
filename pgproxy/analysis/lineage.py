"""Lineage: the stored columns a value comes from, and how; and what a statement does with them.

copied    the value is that of one of these columns, unchanged
computed  the value depends on these columns in some other way
counted   only their number or their being NULL shows
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, NamedTuple

Node = dict[str, Any]


class Step(NamedTuple):
    """One step into a JSON document: by a key, into an element, or by what may be either.

    ``text``: what is there comes as text, so that it is the last step.
    """

    key: str
    by_key: bool
    by_element: bool
    text: bool = False


class Source(NamedTuple):
    """A stored column: pg_class.oid and pg_attribute.attnum; or a part of the document it holds."""

    relation: int
    attnum: int
    path: tuple[Step, ...] = ()

    @property
    def column(self) -> "Source":
        """The column itself."""
        return Source(self.relation, self.attnum) if self.path else self


NOTHING: frozenset[Source] = frozenset()


def columns_of(sources: Iterable[Source]) -> frozenset[Source]:
    """The columns that these are, or are parts of."""
    return frozenset(source.column for source in sources)


class Lineage(NamedTuple):
    """Where one value comes from.

    ``constant``: it may also be something no column holds (a literal, a parameter, a result of a
    function).  ``origins``: every column, of tables and of views, that the server may name for it
    in RowDescription.  ``type_oid``: its type when it is simply a column's, else 0.  ``row``: names
    and types of its attributes where it is known to be a composite value.
    """

    copied: frozenset[Source] = NOTHING
    computed: frozenset[Source] = NOTHING
    counted: frozenset[Source] = NOTHING
    constant: bool = False
    origins: frozenset[Source] = NOTHING
    type_oid: int = 0
    row: tuple[tuple[str, int], ...] = ()

    @property
    def sources(self) -> frozenset[Source]:
        """Every column the value depends on in any way."""
        return self.copied | self.computed | self.counted

    def either(self, other: "Lineage") -> "Lineage":
        """The lineage of a value that is one or the other (COALESCE, CASE, UNION)."""
        return Lineage(
            self.copied | other.copied,
            self.computed | other.computed,
            self.counted | other.counted,
            self.constant or other.constant,
            self.origins | other.origins,
            0,
            self.row if self.row == other.row else (),
        )

    def tested(self, condition: "Lineage") -> "Lineage":
        """This value, chosen by a condition: what the condition reads shows through the choice."""
        return Lineage(
            self.copied,
            self.computed | condition.copied | condition.computed,
            self.counted | condition.counted,
            self.constant,
            self.origins,
            0,
            self.row,
        )

    def tallied(self) -> "Lineage":
        """The lineage of count(value) or ``value IS NULL``."""
        return Lineage(computed=self.computed, counted=self.counted | self.copied, constant=True)


CONSTANT = Lineage(constant=True)


def compute(*parts: Lineage) -> Lineage:
    """The lineage of a function of these values."""
    computed = counted = origins = NOTHING
    for part in parts:
        if part.copied or part.computed:
            computed |= part.copied | part.computed
        counted |= part.counted
        origins |= part.origins
    return Lineage(NOTHING, computed, counted, True, origins)


class Position(Enum):
    """What a statement does with a value at one place."""

    OUTPUT = auto()  # it is what the query level yields, unchanged
    COMPUTE = auto()  # it is an argument in an expression of the select list
    COUNT = auto()  # only counted, or asked whether it is NULL, in the select list
    NULL_TEST = auto()  # IS [NOT] NULL in a condition
    EQUAL = auto()  # compared for equality with another column, or with constants
    GROUP = auto()  # GROUP BY, DISTINCT
    PARTITION = auto()  # PARTITION BY
    COUNT_DISTINCT = auto()  # count(DISTINCT …)
    ORDER = auto()  # ORDER BY
    VIEW = auto()  # compared inside a view, whose owner answers for that; its order shows
    SORT = auto()  # sorted by, where that decides more than the order of rows (windows)
    PRESORT = auto()  # sorted by on the way to an aggregate
    SCAN = auto()  # an index has them together, or the rows lie in this order
    WRITE = auto()  # it is put into a column, or decides what is
    CONFLICT = auto()  # rows are looked for that hold it already (ON CONFLICT)
    TEST = auto()  # anything else that decides which rows, how many, or whether an error comes


class Given(NamedTuple):
    """A literal or a parameter that a column is compared with, as the statement has it.

    ``node`` is its expression in the tree; ``number`` the n of ``$n``, 0 for a literal;
    ``type_oid`` what it is cast to, 0 for nothing; ``many``: it is an array.
    """

    node: Node
    number: int = 0
    type_oid: int = 0
    many: bool = False

    @property
    def text(self) -> str | None:
        """A literal as text, None for a parameter.  To read it is to depend on it."""
        constant = self.node.get("A_Const", {})
        if "sval" in constant:
            return str(constant["sval"].get("sval", ""))
        if "ival" in constant:
            return str(constant["ival"].get("ival", 0))
        return str(constant["fval"]["fval"]) if "fval" in constant else None


class Use(NamedTuple):
    """One place where a statement uses a value that comes from columns.

    ``node`` is the expression in the tree (it can be cut in place); ``other`` the opposite side of
    an EQUAL, ``given`` the constants there (``node`` is then the comparison), or the column that a
    WRITE is put into, ``given`` what it is if that is a constant; ``items`` and
    ``item`` the ORDER BY list and its entry; ``output``: a GROUP over a whole output field
    (DISTINCT, UNION), whose computed parts have been cut already; ``level`` the SelectStmt that it
    happens in.  ``fixed``: it stands in a text that is not sent (the body of a
    function), so that nothing can be cut out of it.
    """

    position: Position
    lineage: Lineage
    node: Node
    name: str = ""
    location: int = -1
    other: Lineage | None = None
    given: tuple[Given, ...] = ()
    items: list[Node] | None = None
    item: Node | None = None
    output: bool = False
    level: Node | None = None
    fixed: bool = False


class OutputField(NamedTuple):
    """One field of a query level: its name as the server will give it, and where it comes from."""

    name: str
    lineage: Lineage


@dataclass(frozen=True, slots=True)
class Call:
    """A window call, or an aggregate whose result depends on the order in which rows reach it.

    ``body`` is the node that holds ``over`` or ``agg_order``; ``by_order``: another order gives
    another result.
    """

    name: str
    level: Node
    body: Node
    by_order: bool
    location: int = -1

    @property
    def over(self) -> Node | None:
        """The window definition of a window call, its own or one of the WINDOW clause."""
        over: Node | None = self.body.get("over")
        for node in self.level.get("windowClause", ()) if over and "name" in over else ():
            definition: Node = node["WindowDef"]
            if over and definition["name"] == over["name"]:
                return definition
        return over


@dataclass(slots=True)
class Report:
    """What the analysis of one statement found."""

    uses: list[Use] = field(default_factory=list)
    relations: set[int] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    written: set[int] = field(default_factory=set)
    inserted: list[frozenset[Source]] = field(default_factory=list)  # columns of a new row
    updated: set[Source] = field(default_factory=set)  # columns that change in a row
    inside: list[Lineage] = field(default_factory=list)  # what views decide with
    wide: list[Lineage] = field(default_factory=list)  # what views make plans wider by
    lateral: bool = False  # a subquery in FROM sees its neighbours
    recursive: list[Node] = field(default_factory=list)  # the UNIONs of recursive queries


def cut(node: Node) -> None:
    """Replace an expression in place by a NULL of its type that is never evaluated.

    ``CASE WHEN false THEN (…) END`` keeps the type; PostgreSQL folds it before it runs, so that the
    expression can neither fail nor take time (design.md 8).
    """
    inner = dict(node)
    never: Node = {"A_Const": {"boolval": {}}}
    node.clear()
    node["CaseExpr"] = {"args": [{"CaseWhen": {"expr": never, "result": inner}}]}
