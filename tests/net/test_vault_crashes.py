"""kill -9 and contention on one PostgreSQL vault: what was handed out stays true for everybody."""

from pathlib import Path
import random
import subprocess
import sys
import time

import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.net.vault_postgres import PostgresVault
from pgproxy.vault.keys import KeyRing, new_key_file
from tests.net.test_vault_postgres import require_whole
from tests.net.vault_writer import SPACES

pytestmark = pytest.mark.e2e

Known = tuple[dict[bytes, bytes], dict[bytes, bytes]]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "vault.key"
    path.write_text(new_key_file(), encoding="utf-8")
    return path


@pytest.fixture
def url(cluster: Cluster) -> str:
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS vault_crash WITH (FORCE)")
        admin.execute("CREATE DATABASE vault_crash")
    return cluster.dsn(database="vault_crash")


def writer(url: str, key_file: Path, seed: int, batches: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.net.vault_writer"]
    command += [url, str(key_file), str(seed), str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def learn(known: Known, output: str) -> int:
    """Add what a writer said; a last line cut by the kill was never handed out whole."""
    lines = [line for line in output.splitlines(keepends=True) if line.endswith("\n")]
    for line in lines:
        space, *words = line.split()
        pairs = [bytes.fromhex(word) for word in words]
        for value, token in zip(pairs[::2], pairs[1::2], strict=True):
            assert known[int(space)].setdefault(value, token) == token, "one value, two tokens"
    return len(lines)


def require_true(url: str, key_file: Path, known: Known) -> None:
    vault = PostgresVault(url, KeyRing.from_json(key_file.read_text(), "vault.key"))
    for space, tokens in zip(SPACES, known, strict=True):
        assert len(set(tokens.values())) == len(tokens), "one token, two values"
        assert vault.values(space, list(tokens.values())) == list(tokens)
        assert vault.tokens(space, list(tokens)) == list(tokens.values())
    vault.close()
    require_whole(url)


def test_no_token_is_lost_when_writers_are_killed(url: str, key_file: Path) -> None:
    known: Known = ({}, {})
    answers, choose = 0, random.Random()
    for turn in range(4):
        two = [writer(url, key_file, 2 * turn + n, 1_000_000) for n in range(2)]
        said = [one.stdout.readline() if one.stdout else "" for one in two]
        for one, first in zip(two, said, strict=True):
            time.sleep(choose.uniform(0, 0.3))
            one.kill()
            # Not communicate(): it reads past what readline() has read ahead.
            with one:
                rest = one.stdout.read() if one.stdout else ""
            answers += learn(known, first + rest)
        require_true(url, key_file, known)
    assert answers > 8


def test_three_processes_agree_on_every_token(url: str, key_file: Path) -> None:
    known: Known = ({}, {})
    writers = [writer(url, key_file, seed, 60) for seed in range(3)]
    for one in writers:
        output, _ = one.communicate(timeout=100)
        assert one.returncode == 0
        assert learn(known, output) == 60
    require_true(url, key_file, known)
