"""What a policy says, as frozen data: treatments, classes, column patterns, roles.

Built by ``config`` from policy.yaml; read by ``policy.plan``.  Knows neither YAML nor SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
import re
from typing import NamedTuple

from pgproxy.policy.globs import compile_glob, is_glob, names_columns
from pgproxy.policy.persona import PersonaPattern
from pgproxy.policy.pools import Pool, PoolRule

PUBLIC = "public"
UNCLASSIFIED = "unclassified"
# A wildcard in the last of three parts.
_ANY_NAME = re.compile(r"[*?][^.]*$")

# Between a column and a key, and between keys; and what stands for any key, or any element.
ARROW = "->"
ANY = "*"
# Keys, from the top of a document to a part of it; elements of arrays take none.
KeyPath = tuple[str, ...]


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
    """A random token from the vault, in the name space ``domain`` ('' = that of the class).

    ``reversible``: the vault keeps the value, so that tokens can be resolved.  ``vaultless``: it is
    computed from the value under a key, and back.
    """

    name = "token"
    format: str = "opaque"
    domain: str = ""
    reversible: bool = True
    vaultless: bool = False


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A plausible value of the given kind, the same for the same input under the same key.

    With ``pool``, one of its values, whatever the kind.
    ``of_subject``: the input is who the row is about (see ``PersonaPattern``), not the value;
    ``pool``: where it is picked from.
    """

    name = "synthetic"
    kind: str = "name"
    locale: str = "en"
    of_subject: bool = False
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class Like:
    """A number or date of the domain's learned distribution, within ±``ranks`` of its own rank."""

    name = "synthetic"
    ranks: Decimal = Decimal("0.05")


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


class Inside(NamedTuple):
    """A path into a document, and what becomes of all that lies at it and below."""

    path: KeyPath
    treatment: "Treatment"
    domain: str
    class_name: str


@dataclass(frozen=True, slots=True)
class Paths:
    """A JSON document, part by part: the first of ``inside`` that reaches a part decides.

    ``rest``: what becomes of parts that none of them reaches; under ``Null`` they vanish.
    """

    name = "paths"
    inside: tuple[Inside, ...]
    rest: Show | Null


Treatment = (
    Show
    | Null
    | Redact
    | Partial
    | Hash
    | Token
    | Synthetic
    | Like
    | Noise
    | Bucket
    | Shift
    | Paths
)

# Treatments under which equal values stay recognisably equal, and different ones different:
# design.md 6, second row of the table.  Not Like: two values may meet in one.
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
    """One line of ``columns``: a schema.table.column pattern and the class it gives.

    Behind the column it may go on into a JSON document: ``schema.table.column->key->key``.
    """

    pattern: str
    class_name: str
    line: int = 0

    @property
    def column(self) -> str:
        """The part that names columns."""
        return self.pattern.partition(ARROW)[0]

    @property
    def path(self) -> KeyPath:
        """The keys behind it; () where it gives a class to the column itself."""
        return tuple(self.pattern.split(ARROW)[1:])


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
    personas: tuple[PersonaPattern, ...] = ()

    def persona_of(self, schema: str, table: str, column: str) -> PersonaPattern | None:
        """The persona of a stored column: exact names beat globs, the first glob listed wins."""
        name = f"{schema}.{table}.{column}"
        exact = next((one for one in self.personas if one.pattern == name), None)
        return exact or next((one for glob, one in self._personas if glob.fullmatch(name)), None)

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

    def paths_of(self, schema: str, table: str, column: str) -> Mapping[KeyPath, str]:
        """The paths into the documents of a column with their classes, the most specific first.

        The longest is, then the one with a key where another has ``*``, then that of a column
        which is named exactly, then the first listed.
        """
        name = f"{schema}.{table}.{column}"
        found: dict[KeyPath, str] = {}
        for matches, path, class_name in self._paths:
            if matches.fullmatch(name):
                found.setdefault(path, class_name)
        return found

    def reaches_into(self, schema: str, table: str, column: str) -> bool:
        """Whether a path names this column by its own name, and not by ``*`` or ``?`` only."""
        name = f"{schema}.{table}.{column}"
        named = [c for c in self.columns if c.path and names_columns(c.column)]
        return any(compile_glob(c.column).fullmatch(name) for c in named)

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
        plain = [c for c in self.columns if not c.path and not is_glob(c.pattern)]
        return {c.pattern: c.class_name for c in reversed(plain)}

    @cached_property
    def _personas(self) -> tuple[tuple[re.Pattern[str], PersonaPattern], ...]:
        return tuple((compile_glob(p.pattern), p) for p in self.personas if is_glob(p.pattern))

    @cached_property
    def _globs(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple(
            (compile_glob(c.pattern), c.class_name)
            for c in self.columns
            if not c.path and is_glob(c.pattern)
        )

    @cached_property
    def _paths(self) -> tuple[tuple[re.Pattern[str], KeyPath, str], ...]:
        def specific(one: ColumnPattern) -> tuple[int, list[bool], bool]:
            return -len(one.path), [key == ANY for key in one.path], is_glob(one.column)

        found = sorted((c for c in self.columns if c.path), key=specific)
        return tuple((compile_glob(c.column), c.path, c.class_name) for c in found)
