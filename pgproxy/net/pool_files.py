"""The file that an edition is built in, beside the one that it becomes.

What has been added is on the disk before the next question is asked; a build that ends in any way
is gone on with.  The finished file appears whole or not at all.
"""

from collections.abc import Sequence
import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Self

from pgproxy.config.pools import part_of
from pgproxy.errors import ConfigError, Finding
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.editions import Chain, DamagedPool, Edition, Header, read_part, whole_file


class PartFile:
    """The unfinished edition of one pool, held by this process alone; a context manager.

    Raises ConfigError where it cannot be written, is damaged, or is another build's.
    """

    def __init__(self, rule: PoolRule) -> None:
        self._whole = Path(rule.path)
        self._path = part_of(rule.path)
        try:
            self._whole.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._open()
        except OSError as error:
            raise self._wrong(0, f"cannot be written: {error.strerror}") from None
        try:
            self.edition = read_part(self._file.read())
        except DamagedPool as damage:
            self._file.close()
            message = f"{damage.message}; remove the file and build again"
            raise self._wrong(damage.line, message) from None
        self._chain: Chain | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def go_on(self, header: Header) -> Sequence[str]:
        """Ready to take values of this edition; those that are there already."""
        self._chain = Chain(header)
        edition = self.edition
        if edition is not None and edition.header == header:
            for value in edition.values:
                self._chain.line(value)
            self._cut(edition)
            return edition.values
        self._file.seek(0)
        self._file.truncate()
        self._write(header.line())
        return ()

    def add(self, values: Sequence[str]) -> None:
        """More values, durable when this returns."""
        if self._chain is None:
            raise RuntimeError("no edition has begun")
        self._write(b"".join([self._chain.line(value) for value in values]))

    def finish(self, header: Header, values: Sequence[str]) -> None:
        """The edition takes its place, and this file goes."""
        fresh = self._whole.with_name(self._whole.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write(whole_file(header, values))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._whole)
            self._path.unlink(missing_ok=True)
            _sync_folder(self._whole.parent)
        except OSError as error:
            raise self._wrong(0, f"cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Lets go of the file; one without a value is of no use."""
        if not os.fstat(self._file.fileno()).st_size:
            self._path.unlink(missing_ok=True)
        self._file.close()

    def _open(self) -> BinaryIO:
        """Locked, and the file that still has this name: another build may have finished it."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            file = os.fdopen(descriptor, "r+b")
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(descriptor), self._path.stat()):
                    return file
            except BlockingIOError:
                file.close()
                message = "another build of this pool is at work; wait for it, or end it"
                raise self._wrong(0, message) from None
            except FileNotFoundError:
                pass
            file.close()

    def _cut(self, edition: Edition) -> None:
        """Off with a last line that was not written to its end."""
        self._file.seek(edition.size)
        self._file.truncate()

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._wrong(0, f"cannot be written: {error.strerror}") from None

    def _wrong(self, line: int, message: str) -> ConfigError:
        return ConfigError((Finding(str(self._path), line, message),))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
