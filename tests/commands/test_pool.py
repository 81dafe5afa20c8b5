"""``pgproxy pool``: what it prints, where, and with which exit code."""

from collections.abc import Iterator
import json
from pathlib import Path
import sys
from typing import Any

import pytest

from pgproxy.__main__ import main
from pgproxy.net.pool_build import Pace
from tests.config.told import POLICY, SMALLEST
from tests.pools.endpoint import KEY, Scripted, fails, offers, scripted

USED = POLICY + "    treat: {email: {synthetic: {pool: jobs}}}\n"
JOBS = "pools: {jobs: {file: p/jobs.jsonl, prompt: jobs in a bakery, count: 3}}\n"


class Pool:
    """The command in a folder with both files, and an endpoint."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        endpoint: Scripted,
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.endpoint = endpoint
        monkeypatch.setenv("PGPROXY_TEST_MODEL_KEY", KEY)
        self.write()

    def write(self, models: str = "", policy: str = USED + JOBS) -> None:
        url = self.endpoint.url
        options = f"url: '{url}', model: m1, key: '${{PGPROXY_TEST_MODEL_KEY}}', retries: 0{models}"
        Path("pgproxy.yaml").write_text(f"{SMALLEST}models: {{{options}}}\n")
        Path("policy.yaml").write_text(policy)

    def run(self, *arguments: str, command: str = "pool") -> tuple[object, str, str]:
        """The exit code, standard output and standard error."""
        words = ["pgproxy", command, *arguments, "-c", "pgproxy.yaml"]
        self._monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as caught:
            main()
        told = self._capsys.readouterr()
        assert KEY not in told.out + told.err
        return caught.value.code, told.out, told.err


@pytest.fixture
def pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Pool]:
    monkeypatch.chdir(tmp_path)
    with scripted() as endpoint:
        yield Pool(monkeypatch, capsys, endpoint)


def test_a_pool_is_built_listed_and_used(pool: Pool) -> None:
    code, _, err = pool.run("--offline", command="check")
    assert code == 2
    assert "policy.yaml:7: pools.jobs: has no file yet; `pgproxy pool build jobs` makes it" in err
    pool.endpoint.script([offers("Baker", "Cook"), offers("Cook", "Chef")])
    pool.write(", price_per_million: {input: 10, output: 20}")
    code, out, err = pool.run("build", "jobs")
    assert code == 0
    assert out == "edition 1 of jobs is whole: 3 values\n"
    assert "3/3" in err
    assert "2 requests, 200 tokens in, 80 out; cost: 0.0036\n" in err
    assert "Baker" not in out + err
    assert pool.run("--offline", command="check")[0] == 0
    code, out, err = pool.run("list")
    assert (code, err) == (0, "")
    (row,) = [line for line in out.splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in row.strip("│").split("│")][:5] == [
        "jobs",
        "1",
        "3",
        "whole",
        "m1",
    ]
    code, out, _ = pool.run("build", "jobs")
    assert (code, out) == (0, "edition 1 of jobs was whole already: 3 values\n")
    assert len(pool.endpoint.bodies) == 2


def test_json_is_for_programs(pool: Pool) -> None:
    pool.endpoint.script([offers("Baker", "baker", "Cook", 5, "Chef")])
    code, out, _ = pool.run("build", "jobs", "--json")
    assert code == 0
    document: dict[str, Any] = json.loads(out)
    assert document.pop("created").endswith("+00:00")
    assert document == {
        "pool": "jobs",
        "file": "p/jobs.jsonl",
        "state": "whole",
        "edition": 1,
        "values": 3,
        "model": "m1",
        "requests": 1,
        "failed_requests": 0,
        "input_tokens": 100,
        "output_tokens": 40,
        "repeated": 1,
        "refused": 1,
    }
    (listed,) = json.loads(pool.run("list", "--json")[1])
    assert (listed["pool"], listed["state"], listed["values"]) == ("jobs", "whole", 3)


def test_a_failure_says_what_is_kept_and_the_cost(pool: Pool) -> None:
    pool.endpoint.script([offers("Baker", "Cook"), fails(500)])
    code, out, err = pool.run("build", "jobs")
    assert (code, out) == (1, "")
    assert "2 requests (1 failed), 100 tokens in, 40 out" in err
    assert "pgproxy: the endpoint answers 500; an endpoint may want another" in err
    assert "hint: 2 values are kept; the same command goes on\n" in err
    code, _, err = pool.run("--offline", command="check")
    assert code == 2
    assert "is not whole yet; `pgproxy pool build jobs` goes on with it" in err
    assert json.loads(pool.run("list", "--json")[1])[0]["state"] == "unfinished: 2 of 3"
    code, out, _ = pool.run("build", "jobs", "--count", "2")
    assert (code, out) == (0, "edition 1 of jobs is whole: 2 values\n")


def test_an_interrupt_says_what_is_kept(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pgproxy.commands.pool.Pace", lambda: Pace(interrupt))
    file = Path("pgproxy.yaml")
    file.write_text(file.read_text().replace("retries: 0", "retries: 1"))
    pool.endpoint.script([offers("Baker"), fails(503)])
    code, out, err = pool.run("build", "jobs")
    assert (code, out) == (1, "")
    assert "stopped: 1 values are kept, the same command goes on\n" in err
    assert "2 requests (1 failed), 100 tokens in" in err


def test_values_change_with_renew_alone(pool: Pool) -> None:
    pool.endpoint.script([offers("Baker", "Cook", "Chef"), offers("Miller", "Smith", "Potter")])
    pool.run("build", "jobs")
    pool.write(policy=USED + JOBS.replace("bakery", "mill"))
    code, _, err = pool.run("--offline", command="check")
    assert code == 0
    assert "warning: pools.jobs: edition 1 was made of another prompt" in err
    code, _, err = pool.run("build", "jobs")
    assert code == 1
    assert "edition 1 of pool jobs is whole and keeps its values; the prompt" in err
    assert "hint: --renew builds the next edition; every value" in err
    code, out, _ = pool.run("build", "jobs", "--renew")
    assert (code, out) == (0, "edition 2 of jobs is whole: 3 values\n")


def test_a_damaged_pool_is_built_anew_with_renew_alone(pool: Pool) -> None:
    pool.endpoint.script([offers("Baker", "Cook", "Chef"), offers("Miller", "Smith", "Potter")])
    pool.run("build", "jobs")
    file = Path("p/jobs.jsonl")
    file.write_bytes(file.read_bytes()[:-4])
    code, _, err = pool.run("build", "jobs")
    assert code == 2
    assert err.startswith("p/jobs.jsonl:4: the line is cut off; restore the file, or `pgproxy pool")
    code, out, _ = pool.run("build", "jobs", "--renew")
    assert (code, out) == (0, "edition 2 of jobs is whole: 3 values\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build",), "pgproxy pool: build needs the NAME of a pool; expected jobs"),
        (("build", "job"), "pgproxy pool: build needs the NAME of a pool; expected jobs"),
        (("list", "jobs"), "pgproxy pool: NAME, --count and --renew go with build"),
        (("list", "--renew"), "pgproxy pool: NAME, --count and --renew go with build"),
        (("make", "jobs"), "'make' is not one of"),
        (("build", "jobs", "--count", "-1"), "Invalid value for '--count'"),
    ],
)
def test_bad_usage_is_told(pool: Pool, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = pool.run(*arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_without_models_and_without_pools_the_missing_key_is_named(pool: Pool) -> None:
    Path("pgproxy.yaml").write_text(SMALLEST)
    code, _, err = pool.run("build", "jobs")
    assert code == 2
    assert err.startswith("pgproxy.yaml: models: missing; expected {url: https://")
    pool.write(policy=POLICY)
    assert "the policy has no `pools`" in pool.run("build", "jobs")[2]
    assert pool.run("list")[0] == 0


def test_without_jsonschema_the_extra_is_named(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    code, _, err = pool.run("build", "jobs")
    assert code == 2
    assert "building a pool needs jsonschema: pip install 'pgproxy[pools]'" in err
