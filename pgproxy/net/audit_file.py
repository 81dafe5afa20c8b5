"""Where the audit trail's bytes go: a file, or what standard output is.  Never blocks the loop."""

import os
from pathlib import Path
import select
import stat

from pgproxy.errors import ConfigError, Finding

STDOUT = "-"

# What a pipe takes in one piece, so that lines of two writers do not mix.
_PIECE = 4096


class AuditFile:
    """An open descriptor for appending."""

    def __init__(self, path: str) -> None:
        try:
            self._fd = os.dup(1) if path == STDOUT else _open(path)
        except OSError as error:
            message = f"cannot open the audit trail: {error.strerror}"
            raise ConfigError((Finding(path, 0, message),)) from None
        self.durable = stat.S_ISREG(os.fstat(self._fd).st_mode)
        self._ready = select.poll()
        self._ready.register(self._fd, select.POLLOUT)

    def write(self, data: bytes | bytearray) -> int:
        """How many bytes were taken.  Raises OSError where it fails at the first."""
        done = 0
        try:
            while done < len(data):
                if self.durable:
                    done += os.write(self._fd, memoryview(data)[done:])
                elif self._ready.poll(0):
                    done += os.write(self._fd, _piece(data, done))
                else:
                    break
        except OSError:
            if not done:
                raise
        return done

    def syncer(self) -> "Syncer":
        """What makes durable all that was written until now."""
        return Syncer(os.dup(self._fd))

    def close(self) -> None:
        """Let go; what was written to a file is durable then."""
        try:
            if self.durable:
                os.fsync(self._fd)
        finally:
            os.close(self._fd)


class Syncer:
    """One fsync, for a thread: on a descriptor of its own, as the file may be closed meanwhile."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __call__(self) -> None:
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    fd = os.open(Path(path), flags, 0o600)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        size = os.lseek(fd, 0, os.SEEK_END)
        if size and os.pread(fd, 1, size - 1) != b"\n":
            os.write(fd, b"\n")  # a crash tore the last line: keep ours apart from it
    return fd


def _piece(data: bytes | bytearray, start: int) -> memoryview:
    """Whole lines that a pipe takes at once, or the start of one that is too long for it."""
    end = min(start + _PIECE, len(data))
    line_end = data.rfind(b"\n", start, end) + 1
    return memoryview(data)[start : line_end or end]
