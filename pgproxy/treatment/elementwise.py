"""Arrays: every element treated as a value of its own; NULLs, order and dimensions stay."""

from collections.abc import Sequence
from itertools import chain

from pgproxy.treatment.columns import Asked, FieldTreatment
from pgproxy.wire.arrays import Elements, Frame, close_array, open_array
from pgproxy.wire.known import Known
from pgproxy.wire.values import Unsupported

# Bytes that one field may remember.
_REMEMBERED = 4 << 20


class Elementwise(FieldTreatment):
    """Arrays of what another treatment is for; what is no array becomes NULL."""

    def __init__(self, inner: FieldTreatment, format: int) -> None:
        self._inner = inner
        self._format = format
        self._known = Known(_REMEMBERED)
        super().__init__(self._known)

    def fill(self, missing: Sequence[bytes]) -> Asked | None:
        """Has the elements treated first; a request where tokens of theirs must be learned."""
        opened = {value: self._opened(value) for value in missing}
        elements = chain.from_iterable(each[1] for each in opened.values() if each)
        distinct = [element for element in dict.fromkeys(elements) if element is not None]
        treated, asked = self._treated(distinct)
        if asked is not None:
            return asked
        self._known.learn(
            {value: each and self._closed(*each, treated) for value, each in opened.items()}
        )
        self._inner.settle()
        return None

    def _opened(self, value: bytes) -> tuple[Frame, Elements] | None:
        try:
            return open_array(self._format, value)
        except Unsupported:
            return None

    def _closed(
        self, frame: Frame, elements: Elements, treated: dict[bytes, bytes | None]
    ) -> bytes:
        new = [None if element is None else treated[element] for element in elements]
        return close_array(self._format, frame, new)

    def _treated(self, elements: list[bytes]) -> tuple[dict[bytes, bytes | None], Asked | None]:
        source = self._inner.source
        if not isinstance(source, Known):
            return dict.fromkeys(elements, source), None
        found, lacking = source.look_up(elements)
        if lacking:
            asked = self._inner.fill(lacking)
            if asked is not None:
                return {}, asked
            found, lacking = source.look_up(elements)
            if lacking:
                # Forgotten while others were learned: more than is remembered, in one block.
                raise RuntimeError("elements are forgotten faster than they are treated")
        return dict(zip(elements, found, strict=True)), None
