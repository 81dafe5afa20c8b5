"""Inputs: the constants beside a column of tokens that are resolved before the server sees them.

A literal leaves the tree: a mark stands for it, a parameter reference whose number nothing else has
(a Bind can give 65,535 parameters).  What takes its place in the text is not known when the plan is
made, and must not be kept in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Any

from pgproxy.analysis.lineage import Given, Node, Position, Use
from pgproxy.errors import Refusal
from pgproxy.policy.classes import Mask
from pgproxy.policy.plan import Input
from pgproxy.policy.rules import Token
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS

FIRST_MARK = 70_001
_PARAMETER = re.compile(r"\$([0-9]+)")

_TEXTS = frozenset({values.TEXT, values.VARCHAR, values.BPCHAR, values.NAME})
_OTHERS = frozenset(
    {
        values.NUMERIC,
        values.DATE,
        values.TIMESTAMP,
        values.TIMESTAMPTZ,
        values.UUID,
        values.INET,
        values.BYTEA,
    }
)
# By how much they hold.
_INTEGERS = (values.INT2, values.INT4, values.INT8)
# A name is cut at 63 bytes, and bpchar loses its blanks.
_WHOLE_TEXTS = (values.TEXT, values.VARCHAR)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A column of tokens that is compared with constants, or set to one, as the guard allows.

    ``as_given``: what is no token may be put into the column too.
    """

    use: Use
    column: str
    mask: Mask
    type_oid: int
    as_given: bool = False


def comparable(given: Given, type_oid: int) -> bool:
    """Whether a constant is of the kind of that column: the server compares them as they are."""
    if not holds(given.type_oid, type_oid):
        return False
    if type_oid in _TEXTS:
        return bool(given.number or "sval" in given.node["A_Const"])
    if type_oid in _INTEGERS:
        # With a point in it, it would be compared as numeric.
        return bool(
            given.number or "fval" not in given.node["A_Const"] or str(given.text).isdecimal()
        )
    return type_oid in _OTHERS


def holds(given_oid: int, type_oid: int) -> bool:
    """Whether a constant of a type (0: of none yet) can be each value of such a column, unchanged.

    One that cannot would tell of the value, by its length or size, when it fails or is cut.
    """
    if given_oid in (0, type_oid):
        return True
    if type_oid in _TEXTS:
        return given_oid in _WHOLE_TEXTS
    return given_oid in _INTEGERS and wider(given_oid, type_oid) == given_oid


def wider(one: int, other: int) -> int:
    """Of two types of integers the one that holds both; 0 for others."""
    both = one in _INTEGERS and other in _INTEGERS
    return max(one, other, key=_INTEGERS.index) if both else 0


def sent_type(declared: int, type_oid: int) -> int:
    """The type with which a parameter goes up that the client declared so (0: not at all).

    Drivers declare a number by how large a token is; its value may need the column's type.  As
    text every value can be written; 0 where the declared type might not hold it.
    """
    if declared in _WHOLE_TEXTS or (declared == values.NUMERIC and type_oid in _INTEGERS):
        return declared
    return wider(declared, type_oid) or (declared or type_oid) * holds(declared, type_oid)


def element_of(use: Use, type_oid: int) -> int:
    """The type of constants beside a column: of an array in ``= ANY(column)``, its elements'."""
    body = use.node.get("A_Expr", {})
    if body.get("kind") == "AEXPR_OP_ANY" and "ColumnRef" in body.get("rexpr", {}):
        return ARRAYS.get(type_oid, 0)
    return type_oid


def take(tree: Node, accepted: list[Accepted], first: int, *, bound: bool) -> list[Input]:
    """The inputs of a statement; its literals are replaced by the marks from ``first`` on.

    ``bound``: its parameters come by Bind.  Raises Refusal for a parameter with two meanings.
    """
    inputs: list[Input] = []
    asked: dict[int, set[int]] = {}
    taken: set[int] = set()
    for one in accepted:
        for given in one.use.given:
            if id(given.node) in taken:
                continue
            taken.add(id(given.node))
            mark = first + len(inputs)
            inputs.append(input_of(one, given, mark))
            if given.number:
                asked.setdefault(given.number, set()).add(id(given.node))
            else:
                given.node.clear()
                given.node["ParamRef"] = {"number": mark}
        if one.use.position is not Position.WRITE:
            _as_equality(one.use.node)
    if asked:
        _check_parameters(tree, inputs, asked, bound=bound)
    return inputs


def input_of(one: Accepted, given: Given, mark: int = 0) -> Input:
    """The input that one of its constants is."""
    assert isinstance(one.mask.treatment, Token)
    return Input(
        column=one.column,
        treatment=one.mask.treatment,
        domain=one.mask.domain,
        type_oid=one.type_oid,
        literal=given.text,
        mark=0 if given.number else mark,
        number=given.number,
        many=given.many,
        written=one.use.position is Position.WRITE,
        as_given=one.as_given,
    )


def without_marks(text: str, inputs: list[Input]) -> str:
    """The text with some literal in the place of each mark, for the audit trail."""
    marks = {one.mark for one in inputs}
    return _PARAMETER.sub(lambda found: "''" if int(found[1]) in marks else found[0], text)


def check_marks(text: str, inputs: list[Input]) -> None:
    """Raises Refusal unless each mark stands in the text once, and nothing looks like it."""
    marks = {one.mark for one in inputs if one.mark}
    seen = [number for found in _PARAMETER.findall(text) if (number := int(found)) in marks]
    if len(seen) != len(marks) or set(seen) != marks:
        raise Refusal("unprintable", "statement cannot be sent with its tokens resolved")


def _as_equality(node: Node) -> None:
    """IS DISTINCT FROM what resolves to nothing is true: ``(a = x) IS NOT TRUE`` says so."""
    body = node.get("A_Expr", {})
    truths = {"AEXPR_DISTINCT": "IS_NOT_TRUE", "AEXPR_NOT_DISTINCT": "IS_TRUE"}
    truth = truths.get(body.get("kind", ""))
    if truth is None:
        return
    name = [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "="}}]
    equal = {"A_Expr": {**body, "kind": "AEXPR_OP", "name": name}}
    node.clear()
    node["BooleanTest"] = {"arg": equal, "booltesttype": truth}


def _check_parameters(
    tree: Node, inputs: list[Input], asked: dict[int, set[int]], *, bound: bool
) -> None:
    spaces = {(i.number, i.treatment, i.domain, i.many, i.written) for i in inputs if i.number}
    meant = [number for number, *_ in spaces]
    for node in _parameters(tree):
        number = node["ParamRef"].get("number", 0)
        if number not in asked:
            continue
        if not bound:
            raise Refusal(
                "masked_equal",
                f"parameter ${number} of PREPARE meets a masked column: tokens are resolved in "
                "literals and in parameters of the protocol",
                hint="Write the token into the statement, or let the driver prepare it.",
            )
        if id(node) not in asked[number] or meant.count(number) > 1:
            raise Refusal(
                "masked_equal",
                f"parameter ${number} meets a masked column and is used elsewhere too: a token is "
                "resolved only where it meets its column",
                hint="Use a parameter of its own for each.",
            )


def _parameters(tree: Any) -> Iterator[Node]:
    if isinstance(tree, dict):
        if "ParamRef" in tree:
            yield tree
        tree = list(tree.values())
    for part in tree if isinstance(tree, list) else ():
        yield from _parameters(part)
