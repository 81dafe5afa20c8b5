"""Metrics, health and audit of a running proxy: real figures, and never a value."""

import json
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, OWNER, policy

OPENER = build_opener(ProxyHandler({}))


def get(proxy: Proxy, path: str) -> str:
    with OPENER.open(proxy.admin_url + path, timeout=10) as page:
        text: str = page.read().decode()
    return text


def figure(proxy: Proxy, sample: str) -> float:
    for line in get(proxy, "metrics").splitlines():
        if line.startswith(sample + " "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def audit(proxy: Proxy) -> list[dict[str, object]]:
    return [json.loads(line) for line in proxy.audit.read_text().splitlines()]


def test_health(proxy: Proxy) -> None:
    assert get(proxy, "healthz")
    assert get(proxy, "readyz")
    with pytest.raises(HTTPError) as caught:
        get(proxy, "nothing")
    assert caught.value.code == 404
    caught.value.close()


def test_metrics_count_what_happened(proxy: Proxy) -> None:
    allowed = 'pgproxy_statements_total{decision="allow",role="analyst"}'
    refused = 'pgproxy_statements_total{decision="refuse",role="analyst"}'
    rows = 'pgproxy_rows_total{role="analyst"}'
    tokens = 'pgproxy_fields_treated_total{class="email",treatment="token"}'
    before = [figure(proxy, name) for name in (allowed, refused, rows, tokens)]
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        connection.execute("SELECT email, id FROM customers WHERE id <= 7")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT id FROM customers WHERE email > 'x'")
        assert figure(proxy, "pgproxy_sessions") >= 1
    after = [figure(proxy, name) for name in (allowed, refused, rows, tokens)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 7, 7]


@pytest.mark.parametrize(
    "name",
    [
        "sessions",
        "sessions_total",
        "statements_total",
        "refusals_total",
        "rows_total",
        "fields_treated_total",
        "vault_lookups_total",
        "vault_seconds_count",
        "analysis_seconds_count",
        "plan_cache_total",
        "upstream_connect_seconds_count",
        "bytes_total",
        "errors_total",
        "catalog_age_seconds",
        "build_info",
    ],
)
def test_each_metric_of_the_design_is_there(proxy: Proxy, name: str) -> None:
    with psycopg.connect(proxy.dsn(ANALYST), autocommit=True) as connection:
        connection.execute("SELECT email FROM customers LIMIT 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pg_sleep(0)")
    assert f"\npgproxy_{name}" in get(proxy, "metrics")


def test_one_audit_line_a_statement(cluster: Cluster) -> None:
    with Proxy(cluster, Wish(policy())) as own:
        with psycopg.connect(own.dsn(ANALYST), autocommit=True) as connection:
            connection.execute("SELECT email, city FROM customers WHERE city <> 'canary' LIMIT 3")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT id FROM customers WHERE email > 'canary'")
        with psycopg.connect(own.dsn(OWNER), autocommit=True) as connection:
            connection.execute("SELECT email FROM shop.customers WHERE city = 'canary' -- canary")
        own.stop()
        lines = [line for line in audit(own) if line.get("sql") or line.get("reason")]
        text = own.audit.read_text()
    assert "canary" not in text
    assert [(line["role"], line["decision"], line["rows"]) for line in lines] == [
        ("analyst", "allow", 3),
        ("analyst", "refuse", 0),
        ("app", "pass", 0),
    ]
    assert lines[0]["fields"] == {"email:token": 3}
    assert lines[1]["reason"] == "masked_test"
    assert lines[1]["sqlstate"] == "42501"
    assert all(line["login"] in ("analyst", "owner_app") for line in lines)
    assert all(isinstance(line["seconds"], float) for line in lines)
