"""``pgproxy explain`` against a live catalog: the plan shown is the plan that is served."""

import json
from pathlib import Path
import subprocess
import sys

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.shop import CATALOG_READER, DATABASE, policy
from pgproxy.vault.keys import new_key_file


@pytest.fixture(scope="module")
def config(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    key = folder / "vault.key"
    key.touch(mode=0o600)
    key.write_text(new_key_file())
    (folder / "policy.yaml").write_text(policy())
    server = f"{cluster.host}:{cluster.port}"
    reader = f"{CATALOG_READER.user}:{CATALOG_READER.password}"
    path = folder / "pgproxy.yaml"
    path.write_text(
        f'upstream: {{url: "postgresql://{server}"}}\n'
        f'catalog: {{url: "postgresql://{reader}@{server}/{{database}}"}}\n'
        "vault: {keys: {provider: file, path: vault.key}}\n"
        "policy: policy.yaml\n"
    )
    return path


def explain(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgproxy", "explain", "-c", str(config)]
    return subprocess.run(
        [*command, "--database", DATABASE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_json_names_sources_derivation_and_treatment(config: Path) -> None:
    sql = "SELECT email, upper(email) AS u, count(phone) AS n, city FROM customers GROUP BY 1, 2, 4"
    result = explain(config, "--role", "analyst", "--json", "SELECT email, city FROM customers")
    assert result.returncode == 0, result.stderr
    plan = json.loads(result.stdout)
    assert plan["decision"] == "allow"
    assert plan["inputs"] == []
    assert [(f["name"], f["sources"], f["derivation"], f["treatment"]) for f in plan["fields"]] == [
        ("email", ["shop.customers.email"], "copied", "token"),
        ("city", ["shop.customers.city"], "copied", "show"),
    ]
    refused = explain(config, "--role", "analyst", "--json", sql)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["decision"] == "refuse"


def test_refusal_is_told_with_its_reason(config: Path) -> None:
    result = explain(config, "--role", "analyst", "SELECT 1 FROM customers WHERE email > 'x'")
    assert result.returncode == 1
    assert "shop.customers.email" in result.stdout
    assert "HINT" in result.stdout


def test_tokens_that_come_in_are_named(config: Path) -> None:
    sql = "SELECT id FROM customers WHERE email IN ($1, 'x')"
    result = explain(config, "--role", "analyst", "--json", sql)
    beside = {"column": "shop.customers.email", "treatment": "token", "domain": "email"}
    assert json.loads(result.stdout)["inputs"] == [
        {**beside, "given": "parameter $1"},
        {**beside, "given": "literal"},
    ]
    assert "INPUT: a literal" in explain(config, "--role", "analyst", sql).stdout


def test_a_table_for_people(config: Path) -> None:
    result = explain(config, "--role", "analyst", "SELECT upper(email) FROM customers")
    assert result.returncode == 0
    for word in ("upper", "shop.customers.email", "computed", "null", "NOTICE"):
        assert word in result.stdout


def test_members_of_a_role_have_its_entry(config: Path) -> None:
    result = explain(config, "--role", "owner_app", "--json", "SELECT email FROM customers")
    assert [f["treatment"] for f in json.loads(result.stdout)["fields"]] == ["show"]


def test_a_role_without_entry_is_a_mistake(config: Path) -> None:
    result = explain(config, "--role", "stranger", "SELECT 1")
    assert result.returncode == 2
    assert "stranger" in result.stderr


def test_a_server_that_is_away_is_said_so(config: Path, tmp_path: Path) -> None:
    away = tmp_path / "pgproxy.yaml"
    text = config.read_text().replace("policy: policy.yaml", f"policy: {config.parent}/policy.yaml")
    text = text.replace("path: vault.key", f"path: {config.parent}/vault.key")
    away.write_text(text.replace("127.0.0.1", "127.255.255.254"))
    result = explain(away, "--role", "analyst", "SELECT 1")
    assert result.returncode == 1
    assert "catalog" in result.stderr
    assert "Traceback" not in result.stderr
    assert CATALOG_READER.password not in result.stderr.replace("catalog_reader", "")
