"""Two writers never hold the lock at once, and a dead one holds nothing."""

from pathlib import Path
import stat
import subprocess
import sys
import threading

import pytest

from pgproxy.errors import Unavailable
from pgproxy.vault.lock import WriteLock

_HOLDER = """
import sys, pathlib
from pgproxy.vault.lock import WriteLock
with WriteLock(pathlib.Path(sys.argv[1]), 5).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_holder_waits_and_then_gives_up(path: Path) -> None:
    first, second = WriteLock(path, 5), WriteLock(path, 0.05)
    with first.held(), pytest.raises(Unavailable, match="busy"), second.held():
        pass
    with second.held():
        pass
    first.close()
    second.close()


def test_waiting_ends_when_the_holder_is_done(path: Path) -> None:
    lock, other = WriteLock(path, 5), WriteLock(path, 5)
    inside = threading.Event()

    def work() -> None:
        with other.held():
            inside.set()

    with lock.held():
        thread = threading.Thread(target=work)
        thread.start()
        assert not inside.wait(0.05)
    assert inside.wait(5)
    thread.join()
    lock.close()
    other.close()


def test_a_killed_holder_leaves_the_lock_free(path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        lock = WriteLock(path, 5)
        with pytest.raises(Unavailable), WriteLock(path, 0).held():
            pass
        holder.kill()
        with lock.held():
            pass
        lock.close()


def test_the_lock_file_is_the_owners_alone(path: Path) -> None:
    WriteLock(path, 0).close()
    (lock,) = path.parent.iterdir()
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
