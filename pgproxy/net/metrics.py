"""The counters as Prometheus metrics (design.md 11), read at scrape time; nothing is counted here.

No label comes from a client: roles and classes are the policy's, the rest are fixed sets of ours.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pgproxy.net.build import Build
from pgproxy.net.histogram import Histogram
from pgproxy.net.server import Server

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Labelled = Mapping[str, int] | Mapping[tuple[str, str], int]


class Metrics:
    """What ``/metrics`` shows of this process."""

    def __init__(self, server: Server, build: Build) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Reader(server, build))
        ProcessCollector(registry=self._registry)

    def families(self) -> list[Metric]:
        """Everything, as of now."""
        return list(self._registry.collect())


def page_of(families: Iterable[Metric]) -> bytes:
    """What a scrape gets, in Prometheus' text format."""
    return generate_latest(_Given(families))


class _Given(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class _Reader(Collector):
    """Turns the plain integers into samples."""

    def __init__(self, server: Server, build: Build) -> None:
        self._server = server
        self._build = build
        self._remembered = 0  # fields whose token was in memory

    def collect(self) -> Iterable[Metric]:
        yield from self._counted()
        yield from self._timed()
        services = self._server.services
        age = services.catalogs.age(self._server.databases())
        yield _gauge("catalog_age_seconds", "Age of the stalest catalog snapshot in use.", age)
        yield _gauge("sessions", "Clients logged in.", services.counters.sessions)
        build = asdict(self._build)
        info = GaugeMetricFamily("pgproxy_build_info", "What runs.", labels=list(build))
        info.add_metric(list(build.values()), 1)
        yield info

    def _counted(self) -> Iterator[Metric]:
        services = self._server.services
        c = services.counters
        yield _total("sessions", "Logins that succeeded.", c.sessions_total)
        role = ("role",)
        yield _count("statements", "Statements.", (*role, "decision"), c.statements)
        yield _count("refusals", "Statements and logins refused.", (*role, "reason"), c.refusals)
        yield _count("rows", "Rows sent to clients.", role, c.rows)
        yield _count("fields_treated", "Values replaced.", ("class", "treatment"), c.fields_treated)
        resolved, unknown = c.tokens_resolved, c.tokens_unknown
        yield _total("tokens_resolved", "Tokens turned into values on their way in.", resolved)
        yield _total("tokens_unknown", "Values that came in for tokens and were none.", unknown)
        help_text = "Values looked up for tokens: asked of the vault, or found in memory."
        yield _count("vault_lookups", help_text, ("result",), self._lookups())
        yield _count("plan_cache", "Plans looked for.", ("result",), c.plan_cache)
        yield _count("bytes", "Bytes by direction.", ("direction",), c.bytes)
        yield _count("errors", "Errors sent to clients.", ("sqlstate",), c.errors)
        yield _total("faults", "Mistakes of pgproxy's own; each ended a session.", c.faults)
        failures = services.audit.failures
        yield _total("audit_failures", "Writes of the audit trail that failed.", failures)

    def _lookups(self) -> dict[str, int]:
        c = self._server.services.counters
        tokens = sum(n for (_, treatment), n in c.fields_treated.items() if treatment == "token")
        # Fields are counted when their statement ends, what is asked before: never backwards.
        self._remembered = max(self._remembered, tokens - c.vault_lookups["asked"])
        return {**c.vault_lookups, "memory": self._remembered}

    def _timed(self) -> Iterator[Metric]:
        services = self._server.services
        yield _histogram("vault_seconds", "Rounds to the vault.", services.lookups.seconds)
        yield _histogram("upstream_connect_seconds", "Connects to the server.", services.connecting)
        counters = services.counters
        yield SummaryMetricFamily(
            "pgproxy_analysis_seconds",
            "Planning of statements not planned before.",
            count_value=counters.plan_cache["miss"],
            sum_value=counters.plan_seconds,
        )


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"pgproxy_{name}", help_text, value)


def _total(name: str, help_text: str, value: float) -> Metric:
    return CounterMetricFamily(f"pgproxy_{name}", help_text, value)


def _count(name: str, help_text: str, labels: tuple[str, ...], counts: _Labelled) -> Metric:
    family = CounterMetricFamily(f"pgproxy_{name}", help_text, labels=labels)
    for key, value in counts.items():
        family.add_metric([key] if isinstance(key, str) else list(key), value)
    return family


def _histogram(name: str, help_text: str, times: Histogram) -> Metric:
    buckets = list(times.buckets())
    return HistogramMetricFamily(f"pgproxy_{name}", help_text, buckets, times.total)
