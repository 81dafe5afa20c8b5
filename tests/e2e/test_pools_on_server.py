"""A pool from the model to the row: built by the command, served, seen by a masked role."""

import os
from pathlib import Path
import subprocess
import sys

import psycopg
import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from tests.pools.endpoint import offers, scripted

pytestmark = pytest.mark.e2e

DEPARTMENTS = ("Ovens", "Mills", "Shops", "Carts")
LENGTHS = (7, 11, 13)


def build(folder: Path, policy: str, url: str, name: str) -> None:
    (folder / "policy.yaml").write_text(policy)
    (folder / "pgproxy.yaml").write_text(
        "upstream: {url: postgresql://me@127.0.0.1}\n"
        "vault: {keys: {provider: file, path: vault.key}}\n"
        f"models: {{url: '{url}', model: m1}}\n"
        "policy: policy.yaml\n"
    )
    command = [sys.executable, "-m", "pgproxy", "pool", "build", name, "-c", "pgproxy.yaml"]
    subprocess.run(
        command, cwd=folder, check=True, capture_output=True, timeout=60, env=dict(os.environ)
    )


def policy(folder: Path) -> str:
    return f"""\
version: 1
pools:
  departments: {{file: {folder}/departments.jsonl, prompt: of a bakery, count: 4}}
  salaries:
    file: {folder}/salaries.jsonl
    prompt: yearly salaries
    count: 3
    schema: {{type: integer, minimum: 1}}
columns:
  shop.employees.department: department
  shop.employees.salary: salary
  "shop.employees.*": public
roles:
  - role: analyst
    treat:
      department: {{synthetic: {{pool: departments}}}}
      salary: {{synthetic: {{pool: salaries}}}}
"""


def test_a_masked_role_sees_values_of_the_pool(cluster: Cluster, tmp_path: Path) -> None:
    rules = policy(tmp_path)
    with scripted() as endpoint:
        endpoint.script([offers(*DEPARTMENTS), offers(*LENGTHS)])
        build(tmp_path, rules, endpoint.url, "departments")
        build(tmp_path, rules, endpoint.url, "salaries")
    query = "SELECT id, department, salary FROM shop.employees ORDER BY id"
    with psycopg.connect(cluster.dsn(database=shop.DATABASE)) as owner:
        real = owner.execute(query).fetchall()
    with Proxy(cluster, Wish(rules)) as proxy, psycopg.connect(proxy.dsn(shop.ANALYST)) as analyst:
        for binary in (False, True):
            seen = analyst.execute(query, binary=binary).fetchall()
            assert [row[0] for row in seen] == [row[0] for row in real]
            assert {row[1] for row in seen} <= set(DEPARTMENTS)
            assert {row[2] for row in seen} <= set(LENGTHS)
            # The same for the same, all the way down.
            pairs = {(old[1], new[1]) for old, new in zip(real, seen, strict=True)}
            assert len(pairs) == len({old for old, _ in pairs})
            assert all(new != old for old, new in pairs)
        grouped = analyst.execute("SELECT department, count(*) FROM shop.employees GROUP BY 1")
        assert sum(row[1] for row in grouped) == len(real)


def test_under_a_persona_a_subject_has_its_own_value(cluster: Cluster, tmp_path: Path) -> None:
    rules = policy(tmp_path) + 'personas: {employee: {"shop.employees.*": id}}\n'
    with scripted() as endpoint:
        endpoint.script([offers(*DEPARTMENTS), offers(*LENGTHS)])
        build(tmp_path, rules, endpoint.url, "departments")
        build(tmp_path, rules, endpoint.url, "salaries")
    query = "SELECT id, department, salary FROM shop.employees ORDER BY id"
    other = "SELECT e.id, e.department FROM shop.employees e ORDER BY e.id DESC"
    with Proxy(cluster, Wish(rules)) as proxy, psycopg.connect(proxy.dsn(shop.ANALYST)) as analyst:
        seen = analyst.execute(query).fetchall()
        assert {row[1] for row in seen} == set(DEPARTMENTS)
        assert {row[2] for row in seen} == set(LENGTHS)
        again = analyst.execute(other, binary=True).fetchall()
        assert sorted(again) == [row[:2] for row in seen]


def test_a_proxy_does_not_start_without_a_pool_that_it_needs(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(policy(tmp_path))
    (tmp_path / "pgproxy.yaml").write_text(
        "upstream: {url: postgresql://me@127.0.0.1}\n"
        "vault: {keys: {provider: file, path: vault.key}}\n"
        "policy: policy.yaml\n"
    )
    command = [sys.executable, "-m", "pgproxy", "serve", "-c", "pgproxy.yaml"]
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"policy.yaml:{line}: pools.{name}: has no file yet; `pgproxy pool build {name}` makes it"
        for line, name in ((3, "departments"), (4, "salaries"))
    ]
