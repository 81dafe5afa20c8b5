"""JSON documents: the values at some paths treated, everything else as it was.

A string is treated as a text, a whole number as an int8 and any other as a numeric; true and false
are redacted or become null, as does all that its treatment cannot keep of its JSON type.  Below a
path every value is treated.  Keys never are.
"""

from collections.abc import Callable, Sequence
import re
from typing import Any

from pgproxy.policy.places import NOWHERE, Place, Places
from pgproxy.policy.rules import Null, Paths, Redact, Show, Treatment
from pgproxy.treatment.columns import Asked, FieldTreatment, Nulls, requests_of
from pgproxy.treatment.json_text import Members, Whole, parse, plain, quoted
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.tokens import TokenRequest
from pgproxy.wire import values
from pgproxy.wire.known import Known

# None: it is shown.
Compile = Callable[[Treatment, str, FieldType], FieldTreatment | None]

# Bytes that one field may remember.
_REMEMBERED = 4 << 20
_DOCUMENTS = (values.JSON, values.JSONB)
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INT8 = range(-(1 << 63), 1 << 63)
_INT8_LENGTH = 20


def in_documents(treatment: Paths, field: FieldType, compiled: Compile) -> FieldTreatment:
    """The treatment of json and jsonb; NULL for any other type."""
    return Documents(treatment, field, compiled) if field.oid in _DOCUMENTS else Nulls()


class _Leaf:
    """A value to be treated, and what becomes of it."""

    __slots__ = ("new", "oid", "value")

    def __init__(self, value: bytes, oid: int) -> None:
        self.value = value
        self.oid = oid
        self.new: bytes | None = None

    def __str__(self) -> str:
        """As JSON of the type that it had; null where it is not of that type any more."""
        if self.new is None:
            return "null"
        if self.oid == values.TEXT:
            try:
                return quoted(self.new.decode())
            except UnicodeDecodeError:
                return "null"
        return self.new.decode() if _NUMBER.fullmatch(self.new) else "null"


# A document taken apart: texts that stay, and values that are treated.
_Pieces = list[str | _Leaf]


class Documents(FieldTreatment):
    """Documents of which parts are treated; what is no JSON, or nested too deeply, becomes NULL."""

    def __init__(self, treatment: Paths, field: FieldType, compiled: Compile) -> None:
        self._field = field
        self._compiled = compiled
        self._inner: dict[tuple[Treatment, str, int], FieldTreatment | None] = {}
        self._treatment = treatment
        self._places = Places([one.path for one in treatment.inside])
        self._known = Known(_REMEMBERED)
        super().__init__(self._known)

    def fill(self, missing: Sequence[bytes]) -> Asked | None:
        """Has the values in them treated first; requests where tokens of theirs must be learned."""
        leaves: dict[FieldTreatment, list[_Leaf]] = {}
        apart = {value: self._taken_apart(value, leaves) for value in missing}
        requests = [one for inner in leaves for one in _treat(inner, leaves[inner])]
        if requests:
            return tuple(requests)
        self._known.learn({value: self._together(pieces) for value, pieces in apart.items()})
        for inner in leaves:
            inner.settle()
        return None

    def inner(self, treatment: Treatment, domain: str, oid: int) -> FieldTreatment | None:
        """What treats values of one JSON type at a path; None where nothing can."""
        key = treatment, domain, oid
        if key not in self._inner:
            field = FieldType(oid, -1, values.TEXT_FORMAT)
            self._inner[key] = self._compiled(treatment, domain, field)
        found = self._inner[key]
        return None if found is None or found.null_only else found

    def _taken_apart(
        self, value: bytes, leaves: dict[FieldTreatment, list[_Leaf]]
    ) -> _Pieces | None:
        try:
            text = values.decode(self._field.oid, self._field.format, value).decode()
            apart = _Apart(self._treatment, self._places, self.inner)
            apart.part(parse(text), self._places.top)
        except (values.Unsupported, ValueError, RecursionError):
            return None
        for inner, leaf in apart.leaves:
            leaves.setdefault(inner, []).append(leaf)
        return apart.pieces

    def _together(self, pieces: _Pieces | None) -> bytes | None:
        if pieces is None:
            return None
        # Half of a surrogate pair, which json may hold, is written as the escape that it was.
        text = "".join(map(str, pieces)).encode(errors="backslashreplace")
        try:
            return values.encode(self._field.oid, self._field.format, text)
        except values.Unsupported:
            return None


class _Apart:
    """One document, taken apart."""

    def __init__(
        self,
        treatment: Paths,
        places: Places,
        inner: Callable[[Treatment, str, int], FieldTreatment | None],
    ) -> None:
        self._inside = treatment.inside
        self._rest = treatment.rest
        self._places = places
        self._inner = inner
        self.pieces: _Pieces = []
        self.leaves: list[tuple[FieldTreatment, _Leaf]] = []

    def part(self, value: Any, place: Place) -> None:
        """Take a part apart.  Raises RecursionError."""
        number = self._places.decided(place)
        treatment = self._rest if number is None else self._inside[number].treatment
        alone = len(place) == (number is not None)
        if alone and isinstance(treatment, Show | Null):
            # The same for all that is below.
            self.pieces.append(plain(value) if isinstance(treatment, Show) else "null")
        elif isinstance(value, Members):
            self._object(value, place)
        elif isinstance(value, list):
            inside = self._places.element(place)
            self._listed("[]", [("", element, inside) for element in value])
        elif value is None:
            self.pieces.append("null")
        elif isinstance(treatment, Show | Null):
            self.pieces.append(plain(value) if isinstance(treatment, Show) else "null")
        else:
            domain = "" if number is None else self._inside[number].domain
            self.pieces.append(self._treated(value, treatment, domain))

    def _object(self, members: Members, place: Place) -> None:
        kept = [(key, value, self._places.member(place, key)) for key, value in members]
        if isinstance(self._rest, Null):
            # What no path leads to is not even there.
            kept = [one for one in kept if one[2] != NOWHERE]
        self._listed("{}", [(f"{quoted(key)}: ", value, at) for key, value, at in kept])

    def _listed(self, brackets: str, parts: list[tuple[str, Any, Place]]) -> None:
        before = brackets[0]
        for key, value, place in parts:
            self.pieces.append(before + key)
            self.part(value, place)
            before = ", "
        self.pieces.append(brackets[1] if parts else brackets)

    def _treated(self, value: Any, treatment: Treatment, domain: str) -> str | _Leaf:
        """A string, a number, true or false."""
        if isinstance(value, bool):
            return "false" if isinstance(treatment, Redact) else "null"
        oid = values.TEXT if type(value) is str else _type_of_number(value)
        inner = self._inner(treatment, domain, oid)
        try:
            text = value.encode()
        except UnicodeEncodeError:
            # Half of a surrogate pair.
            return "null"
        if inner is None or b"\0" in text:
            return "null"
        leaf = _Leaf(text, oid)
        self.leaves.append((inner, leaf))
        return leaf


def _type_of_number(spelt: str) -> int:
    whole = isinstance(spelt, Whole) and len(spelt) <= _INT8_LENGTH and int(spelt) in _INT8
    return values.INT8 if whole else values.NUMERIC


def _treat(inner: FieldTreatment, leaves: list[_Leaf]) -> tuple[TokenRequest, ...]:
    """Has all that one treatment sees treated; requests where tokens must be learned first."""
    source = inner.source
    distinct = list(dict.fromkeys(leaf.value for leaf in leaves))
    treated: dict[bytes, bytes | None] = {}
    if isinstance(source, Known):
        _, lacking = source.look_up(distinct)
        asked = inner.fill(lacking) if lacking else None
        if asked is not None:
            return requests_of(asked)
        found, lacking = source.look_up(distinct)
        if lacking:
            # Forgotten while others were learned: more than is remembered, in one block.
            raise RuntimeError("values are forgotten faster than they are treated")
        treated = dict(zip(distinct, found, strict=True))
    for leaf in leaves:
        leaf.new = treated[leaf.value] if isinstance(source, Known) else source
    return ()
