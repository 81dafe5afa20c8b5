"""What the report says of all tables together, and each measure in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pgproxy.fidelity.columns import ColumnReport
from pgproxy.fidelity.tables import TableReport, within


@dataclass(frozen=True, slots=True)
class Report:
    """All tables that were compared, for one role of one database."""

    role: str
    database: str
    tables: tuple[TableReport, ...]

    @property
    def masked(self) -> int:
        """How many masked columns were looked at."""
        return sum(not column.shown for table in self.tables for column in table.columns)

    @property
    def survivors(self) -> int:
        """Real values that are still there where they must not be."""
        return sum(table.survivors for table in self.tables)

    @property
    def values(self) -> int:
        """How many values a real one could have survived among."""
        return sum(c.rows for table in self.tables for c in table.columns if c.must_change)

    @property
    def change(self) -> float | None:
        """The largest change of an association."""
        return max((t.change for t in self.tables if t.change is not None), default=None)

    def imitated(self) -> Iterator[tuple[TableReport, ColumnReport]]:
        """The columns that are drawn from their learned distribution, and could be measured."""
        for table in self.tables:
            for column in table.columns:
                if column.like and column.alike is not None:
                    yield table, column

    def headlines(self) -> list[tuple[str, str, bool | None]]:
        """What stands on top: a name, a figure, and whether it is as it should be."""
        alike = [column.alike for _, column in self.imitated() if column.alike]
        kept = [within(column) for _, column in self.imitated()]
        ranks = [one.ranks for one in alike if one.ranks is not None]
        found: list[tuple[str, str, bool | None]] = [
            (
                "real values that survive",
                f"{self.survivors:,} of {self.values:,}",
                self.survivors == 0,
            )
        ]
        if alike:
            within_all = all(one is not False for one in kept)
            found += [
                ("largest distance (KS)", f"{max(a.distance for a in alike):.3f}", within_all),
                ("largest error of a mean", f"{max(a.mean for a in alike):.3f} sd", within_all),
            ]
        if ranks:
            found.append(("least rank correlation", f"{min(ranks):.3f}", None))
        if self.change is not None:
            found.append(("largest correlation change", f"{self.change:.3f}", None))
        return found

    def document(self) -> dict[str, Any]:
        """As JSON; no value in it."""
        return {
            "role": self.role,
            "database": self.database,
            "survivors": self.survivors,
            "tables": [_table(table) for table in self.tables],
        }


def words(column: ColumnReport) -> list[str]:
    """Of a column: survivors, distance, mean, ranks, unique, elsewhere, NULL; '' for nothing."""
    alike = column.alike
    distance = alike.distance if alike else column.forms
    return [
        "shown" if column.shown else f"{column.survivors:,}",
        _figure(distance),
        f"{alike.mean:.3f}" if alike else "",
        _figure(alike.ranks if alike else None),
        _change(column.unique),
        "" if column.anywhere is None or column.shown else f"{column.anywhere:.1%}",
        _change(column.nulls),
    ]


def _figure(number: float | None) -> str:
    return "" if number is None else f"{number:.3f}"


def _change(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{pair[0]:.0%} → {pair[1]:.0%}"


def _table(table: TableReport) -> dict[str, Any]:
    records = table.records
    return {
        "name": table.name,
        "rows": table.rows,
        "columns": [_column(column) for column in table.columns if not column.shown],
        "associations": [
            {
                "columns": list(one.columns),
                "kind": one.kind,
                "real": one.real,
                "treated": one.treated,
            }
            for one in table.associations
        ],
        "records": records
        and {
            "columns": list(records.columns),
            "rows": records.count,
            "nearest_of_treated": records.treated,
            "nearest_of_real": records.real,
            "nearest_is_own": records.own,
        },
    }


def _column(column: ColumnReport) -> dict[str, Any]:
    alike = column.alike
    return {
        "name": column.name,
        "class": column.class_name,
        "treatment": column.treatment,
        "rows": column.rows,
        "survivors": column.survivors,
        "safe": column.safe,
        "anywhere": column.anywhere,
        "nulls": column.nulls,
        "unique": column.unique,
        "forms": column.forms,
        "distance": alike and alike.distance,
        "mean_error": alike and alike.mean,
        "spread_error": alike and alike.spread,
        "decile_error": alike and alike.deciles,
        "rank_correlation": alike and alike.ranks,
        "within_stated_error": within(column),
    }
