"""The owner dies without a word: what it started must end, and its directory go."""

from pathlib import Path
import subprocess
import sys

from pgproxy.demo import reaper


def _sleeper(*options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", *options])


def _reap(directory: Path, words: str) -> None:
    subprocess.run(
        [sys.executable, "-I", "-S", reaper.__file__, str(directory)],
        input=words.encode(),
        check=True,
        timeout=30,
    )


def test_a_watched_process_and_the_directory_go(tmp_path: Path) -> None:
    (tmp_path / "here" / "inside").mkdir(parents=True)
    sleeper = _sleeper("import time; time.sleep(60)")
    # nobody waits for it here, so it stays as a zombie and uses up the grace time
    _reap(tmp_path / "here", f"watch {sleeper.pid}\n")
    assert sleeper.wait(5) != 0
    assert not (tmp_path / "here").exists()


def test_a_forgotten_process_lives(tmp_path: Path) -> None:
    sleeper = _sleeper("import time; time.sleep(60)")
    try:
        _reap(tmp_path / "gone", f"watch {sleeper.pid}\nforget {sleeper.pid}\n")
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_process_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = "import signal,time; signal.signal(2, signal.SIG_IGN); print(1, flush=True)"
    sleeper = subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep(60)"], stdout=subprocess.PIPE
    )
    assert sleeper.stdout is not None
    sleeper.stdout.readline()
    _reap(tmp_path / "gone", f"watch {sleeper.pid}\n")
    assert sleeper.wait(5) == -9
    sleeper.stdout.close()
