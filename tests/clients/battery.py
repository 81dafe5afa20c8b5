"""What every client is asked: the statements, and what must hold of the answers."""

from collections.abc import Callable, Sequence
import re

from pgproxy.demo.shop import ANALYST, OWNER
from tests.clients.conftest import Place, Places

# Rows of texts, whatever types the client makes of them.
Rows = list[list[str | None]]
Ask = Callable[[Place, str], Rows]

TOKEN = re.compile(r"tok_[0-9A-Za-z]{22}")

PEOPLE = "SELECT id, email, city FROM shop.customers ORDER BY id LIMIT 40"
ORDERS = (
    "SELECT o.id, o.status, o.total, c.email FROM shop.orders o JOIN shop.customers c"
    " ON c.id = o.customer_id ORDER BY o.id LIMIT 60"
)
NULLS = (
    "SELECT e.id, m.id AS manager, m.email AS mail FROM shop.employees e"
    " LEFT JOIN shop.employees m ON m.id = e.manager_id ORDER BY e.id"
)
COUNTS = "SELECT country, count(*) FROM shop.customers GROUP BY country ORDER BY country"
MANY = "SELECT g AS n, 'text ' || g AS t FROM generate_series(1, 5000) AS g ORDER BY g"

# Statement, and the fields that are masked for the analyst.
STATEMENTS: dict[str, tuple[str, Sequence[int]]] = {
    "people": (PEOPLE, (1,)),
    "orders": (ORDERS, (3,)),
    "nulls": (NULLS, (2,)),
    "counts": (COUNTS, ()),
    "many": (MANY, ()),
}


def check_owner(places: Places, ask: Ask, sql: str) -> None:
    """A role without masks is answered as by the server."""
    assert ask(places.through(OWNER), sql) == ask(places.straight(OWNER), sql)


def check_analyst(places: Places, ask: Ask, sql: str, masked: Sequence[int]) -> None:
    """Masked fields are tokens, or NULL where the server has NULL; the others are the server's."""
    through, straight = ask(places.through(ANALYST), sql), ask(places.straight(OWNER), sql)
    assert len(through) == len(straight) > 0
    for seen, raw in zip(through, straight, strict=True):
        for n, (value, stored) in enumerate(zip(seen, raw, strict=True)):
            if n not in masked or stored is None:
                assert value == stored
            else:
                assert value is not None
                assert TOKEN.fullmatch(value)


def texts(rows: Sequence[Sequence[object]]) -> Rows:
    """Values as texts; numbers as the shortest that means them."""
    return [[None if value is None else _text(value) for value in row] for row in rows]


def _text(value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"-?\d+\.\d+", text):
        return text
    # 12, 12.0 and 12.00 are one number to one client or the other.
    return text.rstrip("0").rstrip(".")
