"""What `pgproxy learn` does: the distributions of the columns that a policy wants imitated.

The server sorts and averages; what comes here are the means of groups.  In each group, values far
from the others are drawn in first (Tukey's fences), so that no single one shows in a mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import random

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.lineage import Source
from pgproxy.net.introspection import Connection
from pgproxy.net.stored_data import quoted
from pgproxy.policy.classes import Masks
from pgproxy.policy.rules import Like, Policy
from pgproxy.treatment.profiles import (
    FEWEST_POINTS,
    MOST_POINTS,
    Family,
    Profile,
    family_of,
    points_of,
)

MINIMUM_GROUP = 20

# A number of a family from a column, one that is exact, and what the values may be multiples of.
_NUMBERS = {
    Family.NUMBER: "{}::float8",
    Family.DATE: "({} - date '2000-01-01')::float8",
    Family.TIMESTAMP: "(extract(epoch FROM {}) - 946684800)::float8",
}
_EXACT = {
    Family.NUMBER: "{}::numeric",
    Family.DATE: "({} - date '2000-01-01')::numeric",
    Family.TIMESTAMP: "extract(epoch FROM {})::numeric",
}
_STEPS = {
    Family.NUMBER: ("1000", "100", "50", "10", "5", "1", "0.1", "0.01", "0.001"),
    Family.DATE: ("7", "1"),
    Family.TIMESTAMP: ("86400", "3600", "60", "1", "0.001"),
}
# A step that leaves fewer values than this would move ranks too far.
_FEWEST_STEPS = 100
_NOT_FINITE = "('NaN', 'Infinity', '-Infinity', 'infinity', '-infinity')"

_SHAPE = "SELECT count(x) AS rows, count(DISTINCT x) AS different, {steps} FROM ({values}) v"
_GROUPS = """
WITH g AS (SELECT x, ntile($1::int) OVER (ORDER BY x) AS n FROM ({values}) v),
f AS (
    SELECT n, percentile_cont(0.25) WITHIN GROUP (ORDER BY x) AS low,
           percentile_cont(0.75) WITHIN GROUP (ORDER BY x) AS high
    FROM g GROUP BY n
)
SELECT avg(least(greatest(x, low - 1.5 * (high - low)), high + 1.5 * (high - low)))::float8 AS mean
FROM g JOIN f USING (n) GROUP BY n ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Imitated:
    """One column that some role is to see like its distribution; ``family`` None: it has none."""

    domain: str
    family: Family | None
    schema: str
    table: str
    column: str

    @property
    def name(self) -> str:
        """schema.table.column."""
        return f"{self.schema}.{self.table}.{self.column}"

    def values(self) -> str:
        """A query of its values, as numbers ``x`` and exactly ``e``."""
        assert self.family is not None
        column = quoted(self.column)
        number, exact = _NUMBERS[self.family].format(column), _EXACT[self.family].format(column)
        return (
            f"SELECT {number} AS x, {exact} AS e FROM {quoted(self.schema)}.{quoted(self.table)} "
            f"WHERE {column} IS NOT NULL AND {column}::text NOT IN {_NOT_FINITE}"
        )


@dataclass(frozen=True, slots=True)
class Untaught:
    """What could not be learned, and why; no value."""

    domain: str
    columns: tuple[str, ...]
    reason: str


def imitated(policy: Policy, catalog: Catalog) -> list[Imitated]:
    """Every such column, for any role.  A table speaks for those that inherit from it."""
    found: dict[Source, Imitated] = {}
    for rule in policy.roles:
        masks = Masks(policy, rule, catalog)
        for relation in catalog.relations.values():
            for column in relation.columns if relation.kind in "rpf" else ():
                source = Source(relation.oid, column.attnum)
                mask = masks.mask(source)
                if mask is None or not isinstance(mask.treatment, Like):
                    continue
                family = family_of(catalog.base_type(column.type_oid))
                place = relation.schema, relation.name, column.name
                found[source] = Imitated(mask.domain, family, *place)
    covered = {(source.relation, one.column) for source, one in found.items()}
    return [
        one
        for source, one in sorted(found.items(), key=lambda pair: pair[1].name)
        if not any(
            (parent, one.column) in covered for parent in catalog.by_oid[source.relation].ancestors
        )
    ]


async def learn(
    connection: Connection, columns: Sequence[Imitated], minimum_group: int
) -> tuple[list[Profile], list[Untaught]]:
    """The profiles of all domains, and what cannot have one.  asyncpg's errors pass."""
    profiles: list[Profile] = []
    untaught: list[Untaught] = []
    together: dict[tuple[str, Family | None], list[Imitated]] = {}
    for one in columns:
        together.setdefault((one.domain, one.family), []).append(one)
    for (domain, family), same in together.items():
        names = tuple(one.name for one in same)
        if family is None:
            reason = "its type is none of numbers, dates and timestamps: it stays NULL"
            untaught.append(Untaught(domain, names, reason))
            continue
        learned = await _learn(connection, same, family, minimum_group)
        if isinstance(learned, str):
            untaught.append(Untaught(domain, names, learned))
        else:
            points, step = learned
            profiles.append(Profile(domain, family, points, step, names))
    return profiles, untaught


async def _learn(
    connection: Connection, columns: Sequence[Imitated], family: Family, minimum_group: int
) -> tuple[tuple[float, ...], float] | str:
    """Points and step; or why not."""
    values = " UNION ALL ".join(one.values() for one in columns)
    steps = _STEPS[family]
    asked = ", ".join(f"bool_and(mod(e, {step}) = 0) AS s{n}" for n, step in enumerate(steps))
    shape = await connection.fetchrow(_SHAPE.format(steps=asked, values=values))
    assert shape is not None
    needed = FEWEST_POINTS * minimum_group
    if shape["rows"] < needed:
        return f"fewer than {needed} values: groups of them would be the values"
    if shape["different"] < minimum_group:
        return f"fewer than {minimum_group} different values: their means would be the values"
    groups = min(shape["rows"] // minimum_group, MOST_POINTS)
    rows = await connection.fetch(_GROUPS.format(values=values), groups)
    means = [float(row["mean"]) for row in rows]
    if not means[0] < means[-1]:
        return "nearly all values are the same: their means would be the value"
    widest = (means[-1] - means[0]) / _FEWEST_STEPS
    whole = [float(step) for n, step in enumerate(steps) if shape[f"s{n}"]]
    step = next((step for step in whole if step <= widest), 0.0)
    dice = random.SystemRandom()
    return points_of(means, [dice.uniform(-1, 1) for _ in means], step), step
