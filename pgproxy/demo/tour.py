"""What the demo shows: the questions, and what became of each value on its way to the analyst.

Knows values only as the two readers see them; the policy that makes the difference is in
policy.yaml.
"""

from dataclasses import dataclass
import datetime
from decimal import Decimal
import re
from typing import Final
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from pgproxy.errors import Unavailable

SAME: Final = ""
_TOKEN = re.compile(r"tok_[0-9A-Za-z]{22}")
_HASH = re.compile(r"[0-9a-f]{16}")
_SAMPLE = re.compile(r"(?P<name>pgproxy_\w+?)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")


@dataclass(frozen=True, slots=True)
class Question:
    """One statement, asked by the owner and by the analyst."""

    title: str
    sql: str


QUESTIONS = (
    Question(
        "Tokens and synthetic names",
        "SELECT first_name, last_name, email FROM customers ORDER BY id LIMIT 4",
    ),
    Question(
        "One customer is one person, in every table",
        "SELECT c.id, c.first_name, c.last_name, o.ship_name\n"
        "  FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY o.id LIMIT 4",
    ),
    Question(
        "The last digits, and noise that no repetition averages away",
        "SELECT last_name, department, ssn, salary FROM employees ORDER BY id LIMIT 4",
    ),
    Question(
        "Joins and groups work: equal values have equal tokens",
        "SELECT c.email, count(*) AS orders, sum(o.total) AS spent\n"
        "  FROM customers c JOIN orders o ON o.customer_id = c.id\n"
        " GROUP BY c.email ORDER BY spent DESC LIMIT 4",
    ),
    Question(
        "What nobody has classified is hidden",
        "SELECT p.card_number, t.subject, t.body\n"
        "  FROM support_tickets t JOIN payments p ON p.id = t.id ORDER BY t.id LIMIT 4",
    ),
    Question(
        "What would give a value away is refused",
        "SELECT count(*) FROM customers WHERE email LIKE 'd.%'",
    ),
)


def treatment(owner: object, analyst: object) -> str:
    """What became of a value, in the policy's words; ``SAME`` when nothing did."""
    if owner == analyst:
        return SAME
    if analyst is None:
        return "hidden"
    if isinstance(analyst, int | float | Decimal | datetime.date):
        return "noise"
    text = str(analyst)
    if _TOKEN.fullmatch(text):
        return "token"
    if not text.strip("*"):
        return "redact"
    if "*" in text:
        return "partial"
    return "hash" if _HASH.fullmatch(text) else "synthetic"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the proxy counted."""

    statements: int
    refused: int
    fields: int
    tokens: int
    rows: int


def figures(admin_url: str) -> Figures:
    """The proxy's own metrics, read as Prometheus would."""
    # an http_proxy in the environment has no business with a loopback address
    try:
        with build_opener(ProxyHandler({})).open(f"{admin_url}metrics", timeout=10) as page:
            text = page.read().decode()
    except (URLError, OSError) as error:
        raise Unavailable(f"the admin page does not answer: {error}") from error
    return Figures(
        statements=_sum(text, "pgproxy_statements_total"),
        refused=_sum(text, "pgproxy_statements_total", 'decision="refuse"'),
        fields=_sum(text, "pgproxy_fields_treated_total"),
        tokens=_sum(text, "pgproxy_fields_treated_total", 'treatment="token"'),
        rows=_sum(text, "pgproxy_rows_total"),
    )


def _sum(text: str, name: str, label: str = "") -> int:
    total = 0.0
    for line in text.splitlines():
        sample = _SAMPLE.fullmatch(line)
        if sample and sample["name"] == name and label in (sample["labels"] or ""):
            total += float(sample["value"])
    return int(total)
