"""What the demo says about a value must be what became of it."""

import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
import threading

import pytest

from pgproxy.demo import tour
from pgproxy.errors import Unavailable

_PAGE = b"""\
# HELP pgproxy_statements_total Statements.
# TYPE pgproxy_statements_total counter
pgproxy_statements_total{role="analyst",decision="allow"} 4.0
pgproxy_statements_total{role="analyst",decision="refuse"} 1.0
pgproxy_statements_total{role="app",decision="pass"} 5.0
pgproxy_fields_treated_total{class="email",treatment="token"} 8.0
pgproxy_fields_treated_total{class="ssn",treatment="partial"} 4.0
pgproxy_rows_total{role="app"} 20.0
pgproxy_rows_totally_else{role="app"} 7.0
"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.mark.parametrize(
    ("owner", "analyst", "word"),
    [
        ("a@b.example", "a@b.example", ""),
        (None, None, ""),
        ("a@b.example", "tok_" + "a1B2" * 5 + "xy", "token"),
        ("123-45-6789", "*******6789", "partial"),
        ("anything", "***", "redact"),
        ("anything", None, "hidden"),
        (100, 133, "noise"),
        (Decimal("1.5"), Decimal("1.6"), "noise"),
        (datetime.date(2000, 1, 1), datetime.date(2000, 2, 1), "noise"),
        ("Dagmar", "Alice", "synthetic"),
        ("DE52", "0123456789abcdef", "hash"),
    ],
)
def test_the_word_for_what_became_of_a_value(owner: object, analyst: object, word: str) -> None:
    assert tour.treatment(owner, analyst) == word


def test_figures_are_sums_over_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    # a proxy in the environment must not be asked for a loopback address
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        seen = tour.figures(f"http://127.0.0.1:{server.server_port}/")
        thread.join()
    assert seen == tour.Figures(statements=10, refused=1, fields=12, tokens=8, rows=20)


def test_an_admin_page_that_is_away_is_told() -> None:
    with pytest.raises(Unavailable, match="admin page"):
        tour.figures("http://127.0.0.1:1/")
