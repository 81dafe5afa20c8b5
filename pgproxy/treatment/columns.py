"""A treatment at work on one field: whole columns in, whole columns out.

``None`` is NULL and stays NULL.  What cannot be treated in its type becomes NULL, never itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from pgproxy.treatment.tokens import TokenRequest

Column = list[bytes | None]

# A value repeated in a column is treated once; both bounds keep memory flat on any result.
_MEMO_ENTRIES = 20_000
_MEMO_BYTES = 256


class FieldTreatment(ABC):
    """One treatment compiled for one field type; safe to share between statements."""

    # Everything becomes NULL: the values need not even be cut out of the rows.
    null_only = False

    @abstractmethod
    def apply(self, values: Column) -> Column | TokenRequest:
        """The treated column; a request when tokens must be learned first (then apply again)."""


class Nulls(FieldTreatment):
    """Everything becomes NULL."""

    null_only = True

    def apply(self, values: Column) -> Column:
        """As many NULLs."""
        return [None] * len(values)


class Constant(FieldTreatment):
    """Everything but NULL becomes one value."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def apply(self, values: Column) -> Column:
        """The constant, and NULL where it was."""
        value = self._value
        if None in values:
            return [None if old is None else value for old in values]
        return [value] * len(values)


class Mapped(FieldTreatment):
    """Each value becomes a function of itself; the function gives None for what it cannot treat."""

    def __init__(self, treat: Callable[[bytes], bytes | None]) -> None:
        self._memo = Memo(treat)

    def apply(self, values: Column) -> Column:
        """The treated values."""
        memo = self._memo
        return [memo[value] for value in values]


class Memo(dict[bytes | None, bytes | None]):
    """Remembers a function's results, bounded; NULL maps to itself."""

    def __init__(self, treat: Callable[[bytes], bytes | None]) -> None:
        super().__init__()
        self._treat = treat

    def __missing__(self, value: bytes | None) -> bytes | None:
        treated = None if value is None else self._treat(value)
        if value is None or len(value) <= _MEMO_BYTES:
            if len(self) >= _MEMO_ENTRIES:
                self.clear()
            self[value] = treated
        return treated

    def __repr__(self) -> str:
        return f"Memo({len(self)} values)"
