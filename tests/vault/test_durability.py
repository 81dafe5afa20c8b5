"""What was handed out stays true after kill -9 and with several processes; the file tells nothing.

A kill shows that a token is in the operating system's hands before it is printed; that it is on
the disk rests on synchronous=FULL, which ``test_schema`` checks.
"""

import hashlib
from pathlib import Path
import random
import sqlite3
import subprocess
import sys
import time

import pytest

from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.sqlite import SqliteVault
from tests.vault.writer import SPACE

_ROUNDS = 8


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key file the writers can read."""
    path = tmp_path / "vault.key"
    path.write_text(new_key_file(), encoding="utf-8")
    return path


def _writer(path: Path, key_file: Path, seed: int, batches: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.vault.writer"]
    command += [str(path), str(key_file), str(seed), str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _learn(known: dict[bytes, bytes], output: str) -> int:
    """Add what a writer said; a last line cut by the kill was never handed out whole."""
    lines = [line for line in output.splitlines(keepends=True) if line.endswith("\n")]
    for line in lines:
        words = [bytes.fromhex(word) for word in line.split()]
        for value, token in zip(words[::2], words[1::2], strict=True):
            assert known.setdefault(value, token) == token, "one value, two tokens"
    return len(lines)


def _require_true(path: Path, key_file: Path, known: dict[bytes, bytes]) -> None:
    assert len(set(known.values())) == len(known), "one token, two values"
    vault = SqliteVault(path, KeyRing.from_json(key_file.read_text(), "vault.key"))
    assert vault.values(SPACE, list(known.values())) == list(known)
    assert vault.tokens(SPACE, list(known)) == list(known.values())
    vault.close()
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


def test_no_token_is_lost_when_a_writer_is_killed(tmp_path: Path, key_file: Path) -> None:
    path, known, choose = tmp_path / "vault.db", dict[bytes, bytes](), random.Random()
    answers = 0
    for turn in range(_ROUNDS):
        with _writer(path, key_file, turn, 1_000_000) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(choose.uniform(0, 0.15))
            writer.kill()
            answers += _learn(known, first + writer.stdout.read())
        _require_true(path, key_file, known)
    assert answers > _ROUNDS


def test_a_kill_during_creation_leaves_a_file_that_opens(tmp_path: Path, key_file: Path) -> None:
    choose = random.Random()
    for turn in range(4):
        path = tmp_path / f"vault-{turn}.db"
        with _writer(path, key_file, turn, 1) as writer:
            deadline = time.monotonic() + 10
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.0005)
            time.sleep(choose.uniform(0, 0.01))
            writer.kill()
        _require_true(path, key_file, {})


def test_two_processes_agree_on_every_token(tmp_path: Path, key_file: Path) -> None:
    path, known = tmp_path / "vault.db", dict[bytes, bytes]()
    writers = [_writer(path, key_file, seed, 150) for seed in (1, 2)]
    for writer in writers:
        output, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        assert _learn(known, output) == 150
    _require_true(path, key_file, known)


def test_the_files_hold_neither_values_nor_unkeyed_hashes(tmp_path: Path, key_file: Path) -> None:
    path = tmp_path / "vault.db"
    text = key_file.read_text()
    vault = SqliteVault(path, KeyRing.from_json(text, "vault.key"))
    canary = b"canary.of.the.vault@example.org"
    vault.tokens(TokenSpace("email", "text"), [canary])
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("vault.db*"))
    vault.close()
    stored += path.read_bytes()
    assert b"email" in stored, "the search must be able to find something"
    assert canary not in stored
    assert canary[8:20] not in stored
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s"):
        digest = hashlib.new(name, canary).digest()
        assert digest[:8] not in stored
        assert digest.hex()[:16].encode() not in stored
