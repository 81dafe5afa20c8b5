"""Nothing may be left behind, whenever and however the owner ends."""

from collections.abc import Iterator
from pathlib import Path
import signal
import sys
import time

import pytest

from pgproxy.demo.stage import Program, Stage
from pgproxy.errors import Unavailable
from tests.demo.leftovers import Place, place

_OWNER = """
import sys, time
from pgproxy.demo.signals import as_interrupt
from pgproxy.demo.stage import Program, Stage
with as_interrupt(), Stage() as stage:
    for n in range(3):
        stage.start(
            Program([sys.executable, "-c", "import time; time.sleep(60)", stage.directory]),
            output=stage.directory / "log",
        )
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as fresh:
        yield fresh


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_stays_when_the_owner_is_stopped(here: Place, signum: signal.Signals) -> None:
    code, _ = here.stopped_when(["-c", _OWNER], signum, "up")
    assert code != 0
    assert here.settle() == ([], [])


def test_leaving_the_block_ends_processes_and_removes_files() -> None:
    with Stage() as stage:
        directory = stage.directory
        (directory / "file").write_text("something")
        process = stage.start(
            Program([sys.executable, "-c", "import time; time.sleep(60)"]), output=directory / "log"
        )
        assert process.poll() is None
    assert process.poll() is not None
    assert not directory.exists()


def test_an_error_inside_leaves_nothing_either() -> None:
    seen: list[Path] = []

    def work() -> None:
        with Stage() as stage:
            seen.append(stage.directory)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert [path.exists() for path in seen] == [False]


def test_a_failing_program_is_told_with_its_words() -> None:
    with Stage() as stage, pytest.raises(Unavailable, match="its last words"):
        stage.run(Program([sys.executable, "-c", "import sys; sys.exit('its last words')"]))


def test_input_and_output_of_a_program_pass_whole() -> None:
    echo = Program([sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read())"])
    text = "x" * 300_000
    with Stage() as stage:
        assert stage.run(echo, stdin=text.encode()) == text


def test_a_process_that_ignores_the_request_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgproxy.demo.stage.STOP_SECONDS", 0.2)
    code = "import signal,time; signal.signal(2, signal.SIG_IGN); open('on','w'); time.sleep(60)"
    with Stage() as stage:
        process = stage.start(Program([sys.executable, "-c", code]), output=stage.directory / "log")
        while not (stage.directory / "on").exists():
            time.sleep(0.01)
        stage.stop(process)
    assert process.returncode == -signal.SIGKILL
