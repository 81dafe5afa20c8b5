"""What a plan costs: statements never seen before, and one seen before.

    python -m tests.bench.bench_plan

Medians in microseconds, each new statement with a literal of its own.  Asserts nothing.
"""

from statistics import median
import sys
from time import perf_counter_ns

from pgproxy.policy.planner import CatalogPlanner
from tests.shop_catalog import planner

RUNS = 500
WARM = 30

_FIELDS = {
    "c": "id email first_name last_name city born",
    "o": "id customer_id total email ship_name made",
    "e": "id email ssn salary first_name",
    "t": "id customer_id body tags extra",
}
_COLUMNS = [f"{table}.{name}" for table, names in _FIELDS.items() for name in names.split()]
_COMPUTED = (
    "sum(o.total) OVER (PARTITION BY c.city)",
    "date_trunc('month', o.made)",
    "coalesce(c.city, 'none')",
    "CASE WHEN o.total > 100 THEN 'big' ELSE 'small' END",
    "count(*) OVER ()",
    "extract(year FROM c.born)",
)
_FROM = (
    "customers c JOIN orders o ON o.customer_id = c.id JOIN employees e ON e.id = o.id"
    " LEFT JOIN tickets t ON t.customer_id = c.id LEFT JOIN partners p ON p.id = o.id"
)

STATEMENTS = {
    "one row by its key": "SELECT email, city FROM customers WHERE id = {0}",
    "a BI query, 28 fields, 4 joins": (
        "SELECT "
        + ", ".join(f"{sql} AS f{n}" for n, sql in enumerate((*_COLUMNS, *_COMPUTED)))
        + f" FROM {_FROM} WHERE c.city = 'X{{0}}' AND o.made >= DATE '2020-01-01'"
        " AND o.made < DATE '2021-01-01' ORDER BY o.made DESC, c.city LIMIT 1000"
    ),
}


def microseconds(own: CatalogPlanner, texts: list[bytes]) -> list[float]:
    """The time of each plan.  Raises ValueError where one is refused: it would be cheap."""
    times: list[float] = []
    for text in texts:
        began = perf_counter_ns()
        plan = own.plan(text)
        times.append((perf_counter_ns() - began) / 1000)
        if plan.statements[0].refusal:
            raise ValueError(plan.statements[0].refusal.message)
    return times


def main() -> int:
    """Print the table."""
    own = planner()
    for name, sql in STATEMENTS.items():
        # Another comment is another shape.
        shapes = [f"{sql.format(1)} -- x{n}".encode() for n in range(WARM + RUNS)]
        texts = [sql.format(n).encode() for n in range(1, WARM + RUNS)]
        new = median(microseconds(own, shapes)[WARM:])
        known = median(microseconds(own, texts)[WARM:])
        seen = median(microseconds(own, [texts[-1]] * RUNS))
        print(
            f"{name:32} new {new:8.1f} us   other literals {known:6.2f} us   "
            f"seen before {seen:6.2f} us"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
