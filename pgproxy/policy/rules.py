"""What a policy says, as frozen data: treatments, classes, column patterns, roles.

Built by ``config`` from policy.yaml; read by ``policy.plan``.  Knows neither YAML nor SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
import re

from pgproxy.policy.pools import Pool, PoolRule

PUBLIC = "public"
UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Show:
    """The value itself."""

    name = "show"


@dataclass(frozen=True, slots=True)
class Null:
    """NULL: valid for every type and format."""

    name = "null"


@dataclass(frozen=True, slots=True)
class Redact:
    """A constant of the column's type; ``text`` for text columns."""

    name = "redact"
    text: str = "***"


@dataclass(frozen=True, slots=True)
class Partial:
    """Keeps the first and last characters of a text, the rest becomes ``mask``."""

    name = "partial"
    first: int = 0
    last: int = 0
    mask: str = "*"


@dataclass(frozen=True, slots=True)
class Hash:
    """Keyed HMAC-SHA-256 as ``length`` hexadecimal digits (1 to 64)."""

    name = "hash"
    length: int = 32


@dataclass(frozen=True, slots=True)
class Token:
    """A random token from the vault, in the name space ``domain`` ('' = that of the class)."""

    name = "token"
    format: str = "opaque"
    domain: str = ""
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A plausible value of the given kind, the same for the same input under the same key.

    With ``pool``, one of its values, whatever the kind.
    """

    name = "synthetic"
    kind: str = "name"
    locale: str = "en"
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class Noise:
    """A keyed offset, fixed per value: within ±``range``, or within ±``percent`` of the value."""

    name = "noise"
    range: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The lower edge: of ranges of ``size`` (days for dates), or of a month, quarter or year."""

    name = "bucket"
    size: Decimal | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """Dates of one domain moved by the same keyed number of days, at most ``days``."""

    name = "shift"
    days: int = 30


Treatment = Show | Null | Redact | Partial | Hash | Token | Synthetic | Noise | Bucket | Shift

# Treatments under which equal values stay recognisably equal, and different ones different:
# design.md 6, second row of the table.
SHOWS_EQUALITY = (Token, Hash, Synthetic)


class Filters(StrEnum):
    """What a masked column may do in WHERE, JOIN, ORDER BY … (design.md 6)."""

    REFUSE = "refuse"
    TOKENS = "tokens"
    VALUES = "values"


class Computed(StrEnum):
    """What becomes of a field computed from masked values."""

    REDACT = "redact"
    REFUSE = "refuse"


class Writes(StrEnum):
    """Whether a masked role may write."""

    REFUSE = "refuse"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class ClassRule:
    """Options shared by all who use one class; ``None`` leaves the role's option in force.

    ``writes`` can only take away: a role that may not write at all writes no class.
    """

    name: str
    domain: str
    filters: Filters | None = None
    computed: Computed | None = None
    writes: Writes | None = None


@dataclass(frozen=True, slots=True)
class ColumnPattern:
    """One line of ``columns``: a schema.table.column pattern and the class it gives."""

    pattern: str
    class_name: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class RoleRule:
    """One entry of ``roles``.  A class that ``treat`` does not name gets ``otherwise``."""

    names: tuple[str, ...]
    treat: Mapping[str, Treatment] = field(default_factory=dict)
    otherwise: Treatment = Redact()
    hide_unclassified: bool = True
    filters: Filters = Filters.TOKENS
    computed: Computed = Computed.REDACT
    writes: Writes = Writes.REFUSE
    line: int = 0

    def treatment(self, class_name: str) -> Treatment:
        """The treatment of a class, the built-in ``public`` and ``unclassified`` included."""
        if class_name == PUBLIC:
            return Show()
        if class_name == UNCLASSIFIED:
            return Null() if self.hide_unclassified else Show()
        return self.treat.get(class_name, self.otherwise)


@dataclass(frozen=True)
class Policy:
    """A whole policy.yaml."""

    classes: Mapping[str, ClassRule]
    columns: tuple[ColumnPattern, ...]
    roles: tuple[RoleRule, ...]
    trusted_functions: tuple[str, ...] = ()
    pools: tuple[PoolRule, ...] = ()

    def class_of(self, schema: str, table: str, column: str) -> str:
        """The class of a stored column: exact names beat globs, the first glob listed wins."""
        name = f"{schema}.{table}.{column}"
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        for matches, class_name in self._globs:
            if matches.fullmatch(name):
                return class_name
        return UNCLASSIFIED

    def names(self, schema: str, table: str, column: str) -> bool:
        """Whether a line of ``columns`` names just this column."""
        return f"{schema}.{table}.{column}" in self._exact

    def rule_for(self, roles: Sequence[str]) -> RoleRule | None:
        """The first entry that names one of ``roles`` (the login and what it is a member of)."""
        members = set(roles)
        for rule in self.roles:
            if members.intersection(rule.names):
                return rule
        return None

    def domain_of(self, class_name: str) -> str:
        """The token name space of a class: its own ``domain``, else its name."""
        rule = self.classes.get(class_name)
        return rule.domain if rule else class_name

    def masks(self, rule: RoleRule) -> bool:
        """Whether this makes a masked role: some column is not simply shown."""
        if rule.hide_unclassified:
            return True
        used = {pattern.class_name for pattern in self.columns}
        return any(not isinstance(rule.treatment(name), Show) for name in used)

    @cached_property
    def _exact(self) -> Mapping[str, str]:
        return {c.pattern: c.class_name for c in reversed(self.columns) if not is_glob(c.pattern)}

    @cached_property
    def _globs(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple(
            (compile_glob(c.pattern), c.class_name) for c in self.columns if is_glob(c.pattern)
        )


def is_glob(pattern: str) -> bool:
    """Whether a column pattern has a wildcard: ``*``, ``?`` or ``{a,b}``."""
    return any(mark in pattern for mark in "*?{")


def compile_glob(pattern: str) -> re.Pattern[str]:
    """A column pattern as a regular expression; ``*`` and ``?`` never cross a dot."""
    out: list[str] = []
    depth = 0
    for char in pattern:
        if char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append({"*": "[^.]*", "?": "[^.]"}.get(char, re.escape(char)))
    return re.compile("".join(out), re.DOTALL)
