"""The dashboard and the alert rules ask for metrics and labels that there are."""

import json
from pathlib import Path
import re
from typing import Any

import pytest
import yaml

from tests.net.test_metrics import PROMISED

CONFIG = Path(__file__).parents[2] / "config"
_METRIC = re.compile(r"\bpgproxy_\w+")
# A selector behind a metric, and the labels that are compared in it.
_SELECTED = re.compile(r"\b(pgproxy_\w+)\{([^}]*)\}")
_SCRAPED = ("job", "instance")
_EXTRAS = {"faults_total": (), "audit_failures_total": (), "tokens_unknown_total": ()}
LABELS: dict[str, tuple[str, ...]] = {**PROMISED, **_EXTRAS}


def dashboard() -> list[str]:
    board: dict[str, Any] = json.loads((CONFIG / "grafana.json").read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def alerts() -> list[str]:
    rules = yaml.safe_load((CONFIG / "alerts.yaml").read_text())["groups"][0]["rules"]
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert set(rule["annotations"]) == {"summary", "description"}
    return [rule["expr"] for rule in rules]


def plain(metric: str) -> str:
    return metric.removeprefix("pgproxy_")


@pytest.mark.parametrize("asked", [dashboard, alerts])
def test_every_metric_and_label_is_one_that_is_exported(asked: Any) -> None:
    for expression in asked():
        for metric in _METRIC.findall(expression):
            assert plain(metric) in LABELS, metric
        for metric, selector in _SELECTED.findall(expression):
            compared = re.findall(r"(\w+)\s*=~?", selector)
            assert set(compared) <= {*LABELS[plain(metric)], *_SCRAPED}, expression
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            metrics = map(plain, _METRIC.findall(expression))
            known = {label for metric in metrics for label in LABELS[metric]}
            assert set(grouped.split(", ")) <= {*known, *_SCRAPED, "le"}, expression


def test_every_metric_is_on_the_dashboard() -> None:
    ending = re.compile("_(bucket|sum|count)$")
    shown = {
        ending.sub("", plain(metric))
        for expression in dashboard()
        for metric in _METRIC.findall(expression)
    }
    assert {ending.sub("", name) for name in LABELS} <= shown
