"""The names and labels of design.md 11, which dashboards rely on."""

from pathlib import Path
import re

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from pgproxy.net.admin import MakePage
from pgproxy.net.build import Build
from pgproxy.net.front_page import front_page
from pgproxy.net.metrics import Metrics, page_of
from pgproxy.net.readiness import Readiness
from tests.net.fakes import Rig, rig, run

BUILD = Build("1.2.3", "compiled", "3.11", "uvloop")

PROMISED = {
    "sessions": (),
    "sessions_total": (),
    "statements_total": ("role", "decision"),
    "refusals_total": ("role", "reason"),
    "rows_total": ("role",),
    "fields_treated_total": ("class", "treatment"),
    "tokens_resolved_total": (),
    "vault_lookups_total": ("result",),
    "vault_seconds_count": (),
    "vault_seconds_sum": (),
    "vault_seconds_bucket": ("le",),
    "analysis_seconds_count": (),
    "analysis_seconds_sum": (),
    "plan_cache_total": ("result",),
    "upstream_connect_seconds_count": (),
    "upstream_connect_seconds_sum": (),
    "upstream_connect_seconds_bucket": ("le",),
    "bytes_total": ("direction",),
    "errors_total": ("sqlstate",),
    "catalog_age_seconds": (),
    "build_info": ("version", "kernel", "python", "loop"),
}


def count(proxy: Rig) -> None:
    counters = proxy.services.counters
    counters.sessions, counters.sessions_total = 3, 9
    counters.statements["analyst", "allow"] += 7
    counters.refusals["analyst", "filter"] += 2
    counters.rows["analyst"] += 100
    counters.fields_treated["email", "token"] += 50
    counters.vault_lookups["asked"] += 5
    counters.plan_cache.update(hit=4, miss=2)
    counters.plan_seconds = 0.25
    counters.bytes["to_client"] += 1000
    counters.errors["42501"] += 2
    proxy.services.connecting.observe(0.003)


def test_names_and_labels_are_those_promised(tmp_path: Path) -> None:
    pages: list[str] = []

    async def test() -> None:
        async with rig(tmp_path) as proxy:
            count(proxy)
            pages.append(page_of(Metrics(proxy.server, BUILD).families()).decode())

    run(test)
    seen: dict[str, tuple[str, ...]] = {}
    values: dict[str, float] = {}
    for family in text_string_to_metric_families(pages[0]):
        for sample in family.samples:
            seen[sample.name] = tuple(sample.labels)
            values[sample.name] = sample.value
    for name, labels in PROMISED.items():
        assert set(seen[f"pgproxy_{name}"]) == set(labels)
    assert values["pgproxy_sessions"] == 3
    assert values["pgproxy_sessions_total"] == 9
    assert values["pgproxy_analysis_seconds_count"] == 2
    assert values["pgproxy_upstream_connect_seconds_count"] == 1
    assert "process_resident_memory_bytes" in seen
    help_lines = re.findall(r"# TYPE (pgproxy_\S+)", pages[0])
    assert len(help_lines) == len(set(help_lines))


def test_front_page_shows_counts_and_escapes_names(tmp_path: Path) -> None:
    pages: list[str] = []

    async def test() -> None:
        async with rig(tmp_path) as proxy:
            count(proxy)
            proxy.services.counters.statements["<script>", "allow"] += 1
            metrics = Metrics(proxy.server, BUILD)

            async def families() -> list[Metric]:
                return metrics.families()

            make: MakePage = front_page(families, Readiness({}), BUILD)
            pages.append((await make()).body.decode())

    run(test)
    assert "pgproxy 1.2.3" in pages[0]
    assert "&lt;script&gt;" in pages[0]
    assert "<script>" not in pages[0]
