"""Cleans up after an owner that died without doing so itself (kill -9, a crash, a closed terminal).

Run as a program of its own, standard library only: ``reaper.py DIRECTORY``, with a pipe from the
owner as standard input.  Lines ``watch PID`` and ``forget PID`` say which processes live; the end
of the pipe says that the owner is gone.  What is then still watched is ended, and the directory is
removed.  After an orderly stop there is nothing left to do.
"""

from collections.abc import Iterable
import os
import shutil
import signal
import sys
import time

GRACE_SECONDS = 5.0


def alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(pids: Iterable[int]) -> None:
    """Ask the processes to stop, and kill those that have not after the grace time."""
    left = set(pids)
    for signum in (signal.SIGINT, signal.SIGKILL):
        for pid in left:
            try:
                os.kill(pid, signum)
            except (ProcessLookupError, PermissionError):
                continue
        deadline = time.monotonic() + GRACE_SECONDS
        while left and time.monotonic() < deadline:
            left = {pid for pid in left if alive(pid)}
            time.sleep(0.02)


def remove(directory: str) -> bool:
    """Remove the directory, against processes that may still be writing into it."""
    deadline = time.monotonic() + GRACE_SECONDS
    while os.path.lexists(directory) and time.monotonic() < deadline:
        shutil.rmtree(directory, ignore_errors=True)
        if os.path.lexists(directory):
            time.sleep(0.05)
    return not os.path.lexists(directory)


def main(directory: str) -> None:
    """Wait for the end of the owner, then do what it left undone."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    watched: set[int] = set()
    for line in sys.stdin:
        word, pid = line.split()
        if word == "watch":
            watched.add(int(pid))
        else:
            watched.discard(int(pid))
    end(watched)
    remove(directory)


if __name__ == "__main__":
    main(sys.argv[1])
