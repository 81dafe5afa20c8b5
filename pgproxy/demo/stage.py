"""A directory and processes that end together, whatever happens.

Everything the demo and the tests start is started here, and everything they write lies in
``Stage.directory``.  Leaving the ``with`` block ends the processes and removes the directory; when
this process dies before it can, ``reaper`` does it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import IO, Any, Self

from pgproxy.demo import reaper
from pgproxy.demo.signals import held
from pgproxy.errors import Unavailable

STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """The user a program runs as, where that is not ourselves."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> "Account | None":
        """For root: somebody who is not, since PostgreSQL refuses root; else None."""
        if os.geteuid() != 0:
            return None
        for name in ("nobody", "postgres"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        return cls(65534, 65534)


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: the command, its environment, and who it runs as."""

    argv: Sequence[str | Path]
    env: Mapping[str, str] | None = None
    account: Account | None = None
    cwd: Path | None = None

    def popen(self, stage: Path, **streams: Any) -> subprocess.Popen[bytes]:
        """Start it, away from our terminal's Ctrl-C: who started it decides when it stops."""
        who: dict[str, Any] = {}
        if self.account is not None:
            who = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return subprocess.Popen(
            [str(part) for part in self.argv],
            env=None if self.env is None else dict(self.env),
            # our own may be closed to the account
            cwd=self.cwd or stage,
            start_new_session=True,
            **who,
            **streams,
        )


class Stage:
    """The directory, and the processes that live no longer than it."""

    def __init__(self, name: str = "pgproxy") -> None:
        self._name = name
        self._processes: list[subprocess.Popen[bytes]] = []
        self._reaper: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None

    @property
    def directory(self) -> Path:
        """Ours, and open to nobody else but for passing through to ``room``s."""
        if self._directory is None:
            raise RuntimeError("the stage is not open")
        return self._directory

    def __enter__(self) -> Self:
        try:
            with held():
                self._directory = _temporary_directory(self._name)
                self._reaper = Program(
                    [sys.executable, "-I", "-S", reaper.__file__, self._directory]
                ).popen(
                    Path("/"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def room(self, name: str, account: Account | None) -> Path:
        """A directory below ours that belongs to the account."""
        room = self.directory / name
        room.mkdir(mode=0o700)
        give(room, account)
        return room

    def start(
        self, program: Program, *, output: Path | None = None, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a process, both its outputs in the file ``output``; without one, in a pipe."""
        with held():
            if output is None:
                process = program.popen(
                    self.directory, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
            else:
                with output.open("ab") as sink:
                    process = program.popen(
                        self.directory, stdin=stdin, stdout=sink, stderr=subprocess.STDOUT
                    )
            self._processes.append(process)
            self._tell("watch", process)
        return process

    def run(self, program: Program, *, stdin: bytes = b"") -> str:
        """Run a process to its end; its output, or ``Unavailable`` with it."""
        process = self.start(program, stdin=subprocess.PIPE)
        try:
            output = process.communicate(stdin)[0].decode(errors="replace")
        finally:
            self.stop(process)
        if process.returncode != 0:
            name = Path(program.argv[0]).name
            raise Unavailable(f"{name} failed ({process.returncode}): {output.strip()}")
        return output

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a process of ours and wait for it; nothing happens when it has ended already."""
        with held():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for stream in (process.stdin, process.stdout):
                _close(stream)
            if process in self._processes:
                self._processes.remove(process)
                self._tell("forget", process)

    def close(self) -> None:
        """End everything, the last started first, and remove the directory."""
        with held():
            for process in reversed(self._processes[:]):
                self.stop(process)
            directory, self._directory = self._directory, None
            removed = directory is None or reaper.remove(str(directory))
            if self._reaper is not None:
                _close(self._reaper.stdin)
                self._reaper.wait()
                self._reaper = None
        if not removed:
            raise Unavailable(f"cannot remove {directory}")

    def _tell(self, word: str, process: subprocess.Popen[bytes]) -> None:
        if self._reaper is not None and self._reaper.stdin is not None:
            with suppress(BrokenPipeError):
                self._reaper.stdin.write(f"{word} {process.pid}\n".encode())
                self._reaper.stdin.flush()


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner, where there is one."""
    if account is None:
        return
    try:
        os.chown(path, account.uid, account.gid)
    except OSError as error:
        raise Unavailable(
            f"PostgreSQL does not run as root, and root may not act for another user here: {error}",
            hint="run it as an ordinary user",
        ) from error


def _temporary_directory(name: str) -> Path:
    """A fresh directory which every user can pass through, so that an account reaches its room."""
    last: OSError | None = None
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if not _passable(Path(parent)):
            continue
        try:
            directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        except OSError as error:
            last = error
            continue
        directory.chmod(0o711)
        return directory.resolve()
    raise Unavailable("no usable temporary directory", hint="set TMPDIR to one") from last


def _passable(path: Path) -> bool:
    """Whether an account other than ours gets to what lies below; needed by root alone."""
    if os.geteuid() != 0:
        return True
    path = path.resolve()
    return all(p.stat().st_mode & 0o001 for p in (path, *path.parents) if p.exists())


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        with suppress(BrokenPipeError):
            stream.close()


def copy_tree(source: Path, target: Path) -> None:
    """Copy programs to where every account can run them, whatever the umask."""
    shutil.copytree(source, target, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
