"""The audit trail: lines that outlive the process, none lost, none torn, never a silent gap."""

import asyncio
from collections.abc import Callable
import json
import os
from pathlib import Path
import stat
import time

import pytest

from pgproxy.errors import ConfigError
from pgproxy.net import audit
from pgproxy.net.audit import AuditTrail, State
from pgproxy.net.audit_file import AuditFile
from pgproxy.session.audit import AuditRecord
from tests.net.fakes import descriptors, run


def record(sql: str = "SELECT $1", login: str = "bob") -> AuditRecord:
    return AuditRecord("shop", login, "analyst", "127.0.0.1:1", "allow", sql=sql, rows=3)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.01)


def test_records_are_in_the_file_after_a_flush(tmp_path: Path, loop: str) -> None:
    path = tmp_path / "audit.jsonl"

    async def test() -> None:
        trail = AuditTrail(str(path))
        trail.put(record("a"))
        trail.put(record("b"))
        trail.flush()
        assert [line["sql"] for line in lines(path)] == ["a", "b"]
        assert str(lines(path)[0]["time"]).endswith("+00:00")
        assert lines(path)[0]["rows"] == 3
        trail.close()

    run(test, loop)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_close_writes_what_was_not_flushed(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    async def test() -> None:
        before = descriptors()
        trail = AuditTrail(str(path))
        trail.put(record())
        trail.close()
        assert descriptors() == before

    run(test)
    assert len(lines(path)) == 1


def test_line_torn_by_a_crash_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"sql":"whole"}\n{"sql":"to')

    async def test() -> None:
        trail = AuditTrail(str(path))
        trail.put(record("next"))
        trail.close()

    run(test)
    first, torn, last = path.read_bytes().splitlines()
    assert torn == b'{"sql":"to'
    assert json.loads(first) == {"sql": "whole"}
    assert json.loads(last)["sql"] == "next"


@pytest.mark.parametrize("taken", [0, 7])
def test_full_disk_loses_no_record_and_turns_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setattr(audit, "RETRY_SECONDS", 0.02)
    path = tmp_path / "audit.jsonl"
    real, full, states = AuditFile.write, True, list[State]()

    def write(self: AuditFile, data: bytes) -> int:
        if not full:
            return real(self, data)
        nonlocal taken
        if not taken:
            raise OSError(28, "No space left on device")
        done = real(self, data[:taken])
        taken = 0
        return done

    monkeypatch.setattr(AuditFile, "write", write)

    async def test() -> None:
        nonlocal full
        trail = AuditTrail(str(path), patience=0.1)
        trail.changed = states.append
        trail.put(record("one"))
        trail.flush()
        await until(lambda: trail.state is State.LOST)
        trail.put(record("two"))
        trail.flush()
        full = False
        await until(lambda: trail.state is State.WRITING)
        assert trail.failures
        trail.close()

    run(test)
    assert states == [State.BEHIND, State.LOST, State.WRITING]
    assert [line["sql"] for line in lines(path)] == ["one", "two"]


def test_failed_fsync_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SYNC_SECONDS", 0.02)
    real, failing = os.fsync, True

    def fsync(fd: int) -> None:
        if failing:
            raise OSError(5, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)

    async def test() -> None:
        nonlocal failing
        trail = AuditTrail(str(tmp_path / "audit.jsonl"), patience=0.1)
        trail.put(record())
        trail.flush()
        await until(lambda: trail.state is State.LOST)
        failing = False
        await until(lambda: trail.state is State.WRITING)
        trail.close()

    run(test)


def test_slow_reader_of_a_pipe_blocks_nobody_and_gets_every_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "RETRY_SECONDS", 0.01)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    long = "x" * 9000

    async def test() -> None:
        trail = AuditTrail(str(pipe))
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        for _ in range(300):
            trail.put(record(long))
            trail.flush()
        await until(lambda: trail.state is State.BEHIND)
        got = b""
        while got.count(b"\n") < 300:
            try:
                got += os.read(reader, 1 << 16)
            except BlockingIOError:
                await asyncio.sleep(0.005)
        assert {json.loads(line)["sql"] for line in got.splitlines()} == {long}
        await until(lambda: trail.state is State.WRITING)
        trail.close()
        os.close(reader)

    run(test)


def test_pipe_whose_reader_paused_is_drained_as_fast_as_it_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    async def test() -> None:
        trail = AuditTrail(str(pipe))
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        for _ in range(400):
            trail.put(record("x" * 9000))
        trail.flush()
        assert trail.state is State.BEHIND
        started, got = time.monotonic(), 0
        while got < 400 * 9000:
            try:
                got += len(os.read(reader, 1 << 20))
            except BlockingIOError:
                await asyncio.sleep(0.001)
        # One pipe full each RETRY_SECONDS would take more than ten.
        assert time.monotonic() - started < 4
        await until(lambda: trail.state is State.WRITING)
        trail.close()
        os.close(reader)

    run(test)


def test_pipe_that_nobody_reads_is_lost_until_somebody_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "RETRY_SECONDS", 0.02)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    states = list[State]()

    async def test() -> None:
        trail = AuditTrail(str(pipe), patience=0.2)
        trail.changed = states.append
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        for _ in range(200):
            trail.put(record("x" * 9000))
        trail.flush()
        await until(lambda: trail.state is State.LOST)
        got = b""
        while got.count(b"\n") < 200:
            try:
                got += os.read(reader, 1 << 16)
            except BlockingIOError:
                await asyncio.sleep(0.001)
        await until(lambda: trail.state is State.WRITING)
        await asyncio.sleep(0)
        trail.close()
        os.close(reader)

    run(test)
    assert states[:2] == [State.BEHIND, State.LOST]
    assert states[-1] is State.WRITING


def test_reopen_follows_a_file_that_was_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    async def test() -> None:
        trail = AuditTrail(str(path))
        trail.put(record("old"))
        path.rename(tmp_path / "audit.1")
        trail.reopen()
        trail.put(record("new"))
        trail.close()

    run(test)
    assert [line["sql"] for line in lines(tmp_path / "audit.1")] == ["old"]
    assert [line["sql"] for line in lines(path)] == ["new"]


def test_name_that_is_no_utf8_is_written_escaped(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    async def test() -> None:
        trail = AuditTrail(str(path))
        trail.put(record(login="b\udce9"))
        trail.close()

    run(test)
    assert lines(path)[0]["login"] == "b\\udce9"


def test_path_that_cannot_be_opened_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot open the audit trail: Is a directory"):
        AuditFile(str(tmp_path))


def test_standard_output_is_written_and_stays_open(capfd: pytest.CaptureFixture[str]) -> None:
    async def test() -> None:
        trail = AuditTrail("-")
        trail.put(record())
        trail.flush()
        trail.reopen()
        trail.close()
        os.fstat(1)

    run(test)
    assert json.loads(capfd.readouterr().out)["login"] == "bob"
