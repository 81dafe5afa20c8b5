"""What a program has left behind: files in its temporary directory, processes that name it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Place:
    """A temporary directory that one program under test has to itself."""

    path: Path

    @property
    def files(self) -> list[str]:
        """What lies in it."""
        return [entry.name for entry in self.path.iterdir()]

    @property
    def processes(self) -> list[int]:
        """Processes, ours aside, whose command line or working directory lies in it."""
        return [pid for pid in _pids() if pid != os.getpid() and self._named_by(pid)]

    def _named_by(self, pid: int) -> bool:
        with suppress(OSError):
            if str(self.path).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
            return str(self.path) in str(Path(f"/proc/{pid}/cwd").readlink())
        return False

    def settle(self, seconds: float = 15.0) -> tuple[list[str], list[int]]:
        """What is left once everything has had time to go."""
        deadline = time.monotonic() + seconds
        while (self.files or self.processes) and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.files, self.processes

    def start(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """Python with these arguments, its temporary directory here, its output in a pipe."""
        return subprocess.Popen(
            [sys.executable, *argv],
            env={**os.environ, "TMPDIR": str(self.path), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def stopped_by(self, argv: Sequence[str], signum: int, after: float) -> tuple[int, str]:
        """Start it, send it the signal ``after`` so many seconds; exit code and output."""
        with self.start(argv) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(after)
            process.send_signal(signum)
            return _ended(process)

    def stopped_when(self, argv: Sequence[str], signum: int, word: str) -> tuple[int, str]:
        """Start it, send it the signal once it has printed ``word``; exit code and output."""
        with self.start(argv) as process:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if word in line:
                    break
            process.send_signal(signum)
            code, rest = _ended(process)
            return code, said + rest


def _ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        said = process.communicate(timeout=30)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, said


def _pids() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


@contextmanager
def place() -> Iterator[Place]:
    """A fresh one, which other users can pass through as they can through /tmp."""
    path = Path(tempfile.mkdtemp(prefix="left behind ", dir="/tmp"))
    path.chmod(0o711)
    here = Place(path)
    try:
        yield here
    finally:
        for pid in here.processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(path, ignore_errors=True)
