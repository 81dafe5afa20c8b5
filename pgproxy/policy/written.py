"""What may be put into columns: nothing masked but where it came from, and tokens for tokens.

A value that the reader chose would come back as its token, and make the proxy a dictionary; whether
a unique column takes it tells whether it is there.  Both hold for every treatment.
"""

from collections.abc import Callable
from typing import NamedTuple

from pgproxy.analysis.givens import listed
from pgproxy.analysis.lineage import Lineage, Source, Use
from pgproxy.policy.classes import Mask, Masks
from pgproxy.policy.inputs import Accepted, comparable
from pgproxy.policy.rules import Filters, Token
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS

_TEXTS = {values.TEXT, values.VARCHAR, values.BPCHAR}
_INTEGERS = {values.INT2, values.INT4, values.INT8}

FiltersOf = Callable[[list[Source]], Filters]


class Objection(NamedTuple):
    """Why a value may not be put there."""

    sources: list[Source]
    why: str
    hint: str


def written(
    use: Use, masks: Masks, filters: FiltersOf, writable: Callable[[Mask], bool]
) -> Accepted | Objection | None:
    """A use at ``Position.WRITE``: let it be (None), or have its constant resolved, or refuse it.

    Inside an expression there is no ``other`` side: what is masked is refused there.
    """
    masked = masks.masked(use.lineage.copied | use.lineage.computed)
    (target,) = use.other.copied if use.other else (None,)
    mask = masks.mask(target) if target else None
    if target is None or mask is None:
        if not masked:
            return None
        hint = "Put it, as it is, into a column that is masked alike."
        return Objection(masked, "what is read from it may not be put elsewhere", hint)
    if not writable(mask):
        return Objection([target], "its class has `writes: refuse`", "Leave the column out.")
    if masked:
        if not masks.masked(use.lineage.computed) and _moves(use.lineage, target, masks, filters):
            return None
    elif found := _token(use, target, mask, masks, filters):
        return found
    elif filters([target]) is Filters.VALUES:
        return None
    return Objection(
        [target],
        "where its treatment is a token, a token of it, NULL or DEFAULT may be put there",
        "Leave the column out, or write a literal or a parameter that holds a token.",
    )


def _token(
    use: Use, target: Source, mask: Mask, masks: Masks, filters: FiltersOf
) -> Accepted | None:
    """A literal or a parameter that is to hold a token; any value where the role may know it."""
    known = filters([target])
    type_oid, given = masks.type_oid(use.other or Lineage()), use.given
    if type_oid in ARRAYS:
        type_oid = ARRAYS[type_oid]
        if listed(use.node) is None:
            given = tuple(one._replace(many=True) for one in given)
    elif listed(use.node) is not None:
        return None
    if (
        known is Filters.REFUSE
        or use.fixed
        or not (isinstance(mask.treatment, Token) and mask.treatment.reversible)
        or not given
        or not all(comparable(one, type_oid) for one in given)
    ):
        return None
    use = use._replace(given=given)
    return Accepted(use, masks.name(target), mask, type_oid, known is Filters.VALUES)


def _moves(lineage: Lineage, target: Source, masks: Masks, filters: FiltersOf) -> bool:
    """Whether a value stays in its column, or goes to one where it gets the same token.

    That a value is not taken there (by its length, a constraint) tells of it: with its token at
    hand, it could be put there all the same.
    """
    if lineage.constant or masks.shown(lineage.copied):
        return False
    if lineage.copied == {target}:
        return True
    into = masks.types(Lineage(frozenset({target})))
    if not all(_unchanged(one, other) for one in masks.types(lineage) for other in into):
        return False
    all_alike = {mask.key for source in (target, *lineage.copied) if (mask := masks.mask(source))}
    treatments = {treatment for treatment, _ in all_alike}
    return (
        len(all_alike) == 1
        and all(isinstance(found, Token) and found.reversible for found in treatments)
        and filters([target, *lineage.copied]) is not Filters.REFUSE
    )


def _unchanged(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether the server puts values of one type and typmod into another as they are, or fails.

    It rounds numbers and times, moves times by the TimeZone, cuts names: what comes out has a token
    of its own, and whether that is the token of another value tells how far apart the two are.
    """
    if one == other or {one[0], other[0]} <= _TEXTS or {one[0], other[0]} <= _INTEGERS:
        return True
    return one[0] == other[0] and other[1] == -1
