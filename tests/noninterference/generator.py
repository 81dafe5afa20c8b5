"""Random statements over a database: a grammar of SELECT that favours what could leak.

Deterministic by seed.  Not every statement is valid: the server says so, on both sides alike.
"""

from dataclasses import dataclass
from itertools import count
from random import Random

from tests.noninterference.expressions import (
    KINDS,
    Place,
    aggregate,
    column,
    expression,
    window,
)
from tests.noninterference.tables import Column, Table


@dataclass(slots=True)
class Query:
    """A query as text, with the kinds of its output columns."""

    text: str
    columns: list[Column]


class Generator:
    """Makes statements over ``tables``."""

    def __init__(self, seed: int, tables: list[Table]) -> None:
        self.random = Random(seed)
        self._tables = tables
        self._names = count(1)

    def statement(self) -> str:
        """One statement."""
        self._names = count(1)
        text = self.query(Place(), self.random.choice((1, 2, 2, 3))).text
        roll = self.random.random()
        if roll < 0.03:
            options = self.random.choice(
                ("", "(COSTS OFF) ", "(ANALYZE, TIMING OFF, SUMMARY OFF) ")
            )
            return f"EXPLAIN {options}{text}"
        if roll < 0.06:
            return f"COPY ({text}) TO STDOUT"
        if roll < 0.08:
            return f"WITH x AS MATERIALIZED ({text}) SELECT * FROM x"
        return text

    # Queries

    def query(self, outer: Place, depth: int, kinds: list[str] | None = None) -> Query:
        """A query whose columns have these kinds, or any."""
        roll = self.random.random()
        if kinds is None and roll < 0.1 and depth > 0:
            return self._set_operation(outer, depth)
        if kinds is None and roll < 0.16 and depth > 0:
            return self._with(outer, depth)
        return self._select(outer, depth, kinds)

    def subquery(self, place: Place, kind: str, depth: int) -> str:
        """A scalar subquery, or what a condition makes of one."""
        if kind == "bool":
            inner = self.query(place, depth, ["int"]).text
            return f"EXISTS ({inner})" if self.random.random() < 0.6 else f"(1 IN ({inner}))"
        inner = self.query(place, depth, [kind]).text
        return f"({inner} LIMIT 1)"

    def _with(self, outer: Place, depth: int) -> Query:
        name = f"w{next(self._names)}"
        inner = self._select(Place(), depth - 1, None)
        table = Table(name, tuple(inner.columns))
        self._tables.append(table)
        main = self._select(outer, depth - 1, None)
        self._tables.remove(table)
        return Query(f"WITH {name} AS ({inner.text}) {main.text}", main.columns)

    def _set_operation(self, outer: Place, depth: int) -> Query:
        kinds = [self.random.choice(KINDS) for _ in range(self.random.randint(1, 3))]
        left, right = (self._select(outer, depth - 1, kinds) for _ in range(2))
        word = self.random.choice(("UNION ALL", "UNION ALL", "UNION", "INTERSECT", "EXCEPT"))
        order = " ORDER BY 1" if self.random.random() < 0.3 else ""
        masked = [a.masked or b.masked for a, b in zip(left.columns, right.columns, strict=True)]
        columns = [Column(c.name, c.kind, m) for c, m in zip(left.columns, masked, strict=True)]
        return Query(f"({left.text}) {word} ({right.text}){order}", columns)

    def _select(self, outer: Place, depth: int, kinds: list[str] | None) -> Query:
        random = self.random
        place = Place(list(outer.columns))
        source, own = self._from(place, depth)
        place.columns += own
        inside = Place(own + [c for c in outer.columns if random.random() < 0.3], place.rows)
        grouped = kinds is None and random.random() < 0.25
        targets, columns, group = self._targets(inside, own, depth, kinds, grouped)
        text = f"SELECT {'DISTINCT ' if random.random() < 0.08 else ''}{', '.join(targets)}"
        text += f" FROM {source}"
        if random.random() < 0.5:
            text += f" WHERE {self._condition(inside, depth)}"
        if grouped:
            text += f" GROUP BY {', '.join(group)}" if group else ""
            if random.random() < 0.3:
                text += f" HAVING count(*) > {random.choice((0, 1, 2))}"
        if kinds is None:
            text += self._tail(inside, len(targets), grouped)
        return Query(text, columns)

    def _tail(self, place: Place, width: int, grouped: bool) -> str:
        text = ""
        if self.random.random() < 0.35:
            item = str(self.random.randint(1, width))
            if not grouped and self.random.random() < 0.5:
                item = column(self.random, place, self.random.choice(KINDS)) or item
            text += f" ORDER BY {item}{self.random.choice(('', ' DESC', ' NULLS FIRST'))}"
        if self.random.random() < 0.2:
            text += f" LIMIT {self.random.choice((0, 1, 3, 20))}"
        return text

    def _condition(self, place: Place, depth: int) -> str:
        inner = Place(place.columns, place.rows, condition=True)
        parts = [
            expression(self, inner, "bool", min(depth, 2))
            for _ in range(self.random.choice((1, 1, 2)))
        ]
        return self.random.choice((" AND ", " OR ")).join(parts)

    # Select lists

    def _targets(
        self,
        place: Place,
        own: list[tuple[str, Column]],
        depth: int,
        kinds: list[str] | None,
        grouped: bool,
    ) -> tuple[list[str], list[Column], list[str]]:
        random = self.random
        targets: list[str] = []
        columns: list[Column] = []
        group: list[str] = []

        def add(text: str, kind: str, masked: bool) -> None:
            name = f"f{len(targets) + 1}"
            targets.append(f"{text} AS {name}")
            columns.append(Column(name, kind, masked))

        for kind in kinds or ():
            add(expression(self, place, kind, depth), kind, True)
        if kinds is not None:
            return targets, columns, group
        for _ in range(random.randint(1, 4)):
            if grouped and random.random() < 0.5:
                add(aggregate(self, place, min(depth, 1)), "", True)
            elif grouped:
                name, known = random.choice(own)
                group.append(name)
                add(name, known.kind, known.masked)
            elif random.random() < 0.4 and own:
                name, known = random.choice(own)
                add(name, known.kind, known.masked)
            elif random.random() < 0.1:
                add(window(self, place, 1), "", True)
            elif place.rows and random.random() < 0.1:
                row = random.choice(place.rows)
                form = random.choice(
                    ("{}", "to_jsonb({})", "({}::text)", "ROW({}.*)", "md5({}::text)")
                )
                add(form.format(row), "", True)
            else:
                kind = random.choice(KINDS)
                add(expression(self, place, kind, depth), kind, True)
        return targets, columns, group

    # FROM

    def _from(self, place: Place, depth: int) -> tuple[str, list[tuple[str, Column]]]:
        text, own = self._item(place, depth, lateral=False)
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            more, columns = self._item(Place(place.columns + own), depth, lateral=True)
            how = self.random.choice(("JOIN", "LEFT JOIN", "CROSS JOIN", "JOIN", "FULL JOIN"))
            if how == "CROSS JOIN":
                text += f" CROSS JOIN {more}"
            else:
                text += f" {how} {more} ON {self._join_condition(own, columns)}"
            own = own + columns
        return text, own

    def _join_condition(
        self, left: list[tuple[str, Column]], right: list[tuple[str, Column]]
    ) -> str:
        masked = self.random.random() < 0.25
        pairs = [
            (one, other)
            for one, a in left
            for other, b in right
            if a.kind == b.kind and a.kind and a.masked == b.masked == masked
        ]
        if not pairs:
            return self.random.choice(("true", "1 = 1"))
        one, other = self.random.choice(pairs)
        return f"{one} = {other}"

    def _item(
        self, place: Place, depth: int, *, lateral: bool
    ) -> tuple[str, list[tuple[str, Column]]]:
        alias = f"t{next(self._names)}"
        roll = self.random.random()
        if roll < 0.15 and depth > 0:
            inner = self.query(place if lateral else Place(), depth - 1)
            word = "LATERAL " if lateral and self.random.random() < 0.5 else ""
            if not word:
                inner = self.query(Place(), depth - 1)
            return f"{word}({inner.text}) AS {alias}", _under(alias, inner.columns)
        if roll < 0.2:
            bound = "3"
            if lateral and self.random.random() < 0.4:
                bound = column(self.random, place, "int") or "3"
            return f"generate_series(1, least({bound}, 5)) AS {alias}(g)", _under(
                alias, [Column("g", "int", False)]
            )
        table = self.random.choice(self._tables)
        place.rows.append(alias)
        return f"{table.name} AS {alias}", _under(alias, table.columns)


def _under(alias: str, columns: list[Column] | tuple[Column, ...]) -> list[tuple[str, Column]]:
    return [(f"{alias}.{c.name}", c) for c in columns]
