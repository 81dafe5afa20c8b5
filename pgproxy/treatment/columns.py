"""A treatment at work on one field: where the bytes come from that replace a value's bytes.

``None`` is NULL and stays NULL.  What cannot be treated in its type becomes NULL, never itself.
What has been treated once is known, and replaced by the wire kernel without coming here again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from pgproxy.treatment.tokens import TokenRequest
from pgproxy.wire.known import Known, Source

# What must be learned before values can be treated.
Asked = TokenRequest | tuple[TokenRequest, ...]

# Bytes that one field may remember; what has been treated longest ago goes first.
_REMEMBERED = 4 << 20


class FieldTreatment(ABC):
    """One treatment compiled for one field type; safe to share between statements.

    ``source``: what is known of values, a constant for all, or None: all become NULL.
    """

    def __init__(self, source: Source) -> None:
        self.source = source

    @property
    def null_only(self) -> bool:
        """Everything becomes NULL: the values need not even be cut out of the rows."""
        return self.source is None

    @abstractmethod
    def fill(self, missing: Sequence[bytes]) -> Asked | None:
        """Have these values known; requests when tokens must be learned first (then again)."""

    def settle(self) -> None:
        """Rows are done: let go of what huge values have brought."""
        if isinstance(self.source, Known):
            self.source.trim()


def requests_of(asked: Asked) -> tuple[TokenRequest, ...]:
    """One request, or several, as several."""
    return (asked,) if isinstance(asked, TokenRequest) else asked


class Constant(FieldTreatment):
    """Everything but NULL becomes one value; without one, NULL."""

    def fill(self, missing: Sequence[bytes]) -> None:
        """Nothing is ever missing."""


class Nulls(Constant):
    """Everything becomes NULL."""

    def __init__(self) -> None:
        super().__init__(None)


class Mapped(FieldTreatment):
    """Each value becomes a function of itself; the function gives None for what it cannot treat."""

    def __init__(self, treat: Callable[[bytes], bytes | None]) -> None:
        self._known = Known(_REMEMBERED)
        self._treat = treat
        super().__init__(self._known)

    def fill(self, missing: Sequence[bytes]) -> None:
        """Treats them."""
        treat = self._treat
        self._known.learn({value: treat(value) for value in missing})
