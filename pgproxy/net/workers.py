"""``serve --workers N``: a parent that listens and watches, N processes that serve.

Every worker has a listening socket of its own (SO_REUSEPORT), so that the kernel spreads
connections over them.  The parent keeps all of them open: whoever waits at a worker that dies is
served by the one that takes its place.  The workers share nothing else but the vault, the count of
clients and the admin port, where any of them answers for all (``siblings``).

The parent runs no event loop: it sleeps until a signal comes.  Its signals are blocked all the
time and fetched by sigwaitinfo(2), so none can interrupt or be lost.
"""

from dataclasses import dataclass, field
import logging
import os
from pathlib import Path
import signal
import socket
import tempfile
import time

from pgproxy.config.proxy import ProxyConfig
from pgproxy.net.seats import Seats
from pgproxy.net.sockets import bound, written

_PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}
_READY = signal.SIGUSR1
_WATCHED = _PASSED_ON | {_READY, signal.SIGCHLD}

# A worker that ends sooner than this is not started again at once.
_SHORT_LIFE_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker is given."""

    number: int
    listeners: list[socket.socket]
    admin: list[socket.socket]
    seats: Seats
    directory: Path  # of the sockets by which workers ask each other
    count: int
    lifeline: int  # a descriptor that becomes readable when the parent is gone
    parent: int

    def ready(self) -> None:
        """Tell the parent that clients are served."""
        os.kill(self.parent, _READY)


@dataclass(slots=True)
class _Worker:
    number: int
    started: float


@dataclass(slots=True)
class Crew:
    """The parent's side.  ``work`` returns in the workers too, with their places."""

    listeners: list[list[socket.socket]]  # a list for each worker, of a socket an address
    admin: list[socket.socket]
    directory: Path
    seats: list[Seats]
    _lifeline: tuple[int, int] = field(default_factory=os.pipe)
    _workers: dict[int, _Worker] = field(default_factory=dict)  # by process id
    _ending: bool = False
    _announced: bool = False
    _code: int = 0

    @classmethod
    def bind(cls, proxy: ProxyConfig, count: int) -> "Crew":
        """Take the addresses.  Raises ConfigError."""
        # Sockets that may be shared would share with another pgproxy that runs already, too.
        for probe in bound("listen", proxy.listen.host, proxy.listen.port):
            probe.close()
        first = bound("listen", proxy.listen.host, proxy.listen.port, shared=True)
        listeners = [first]
        for _ in range(1, count):
            again = [sock.getsockname()[:2] for sock in first]
            listeners.append(
                [s for host, port in again for s in bound("listen", host, port, shared=True)]
            )
        admin = bound("admin", proxy.admin.host, proxy.admin.port)
        directory = Path(tempfile.mkdtemp(prefix="pgproxy-"))
        return cls(listeners, admin, directory, Seats.of(count))

    def work(self) -> Place | int:
        """Start everybody.  In a worker: its place.  In the parent: the exit code, at the end."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        for number in range(len(self.listeners)):
            if place := self._fork(number):
                return place
        while self._workers:
            caught = signal.sigwaitinfo(_WATCHED)
            if caught.si_signo == signal.SIGCHLD:
                if place := self._reap():
                    return place
            elif caught.si_signo == _READY:
                self._announce()
            else:
                self._pass_on(signal.Signals(caught.si_signo))
        for path in self.directory.iterdir():
            path.unlink()
        self.directory.rmdir()
        return self._code

    def _fork(self, number: int) -> Place | None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._workers[pid] = _Worker(number, time.monotonic())
            return None
        # Until the loop has a handler, a reload means nothing; the others end the process.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
        os.close(self._lifeline[1])
        for other, listeners in enumerate(self.listeners):
            for sock in listeners if other != number else ():
                sock.close()
        return Place(
            number,
            self.listeners[number],
            self.admin,
            self.seats[number],
            self.directory,
            len(self.listeners),
            self._lifeline[0],
            parent,
        )

    def _announce(self) -> None:
        """Once all are ready.  Signals of one kind do not queue up, so their files tell."""
        numbers = range(len(self.listeners))
        if self._announced or not all(socket_path(self.directory, n).exists() for n in numbers):
            return
        self._announced = True
        for sock in self.admin:
            log.info("admin page on http://%s/", written(sock.getsockname()))
        for sock in self.listeners[0]:
            log.info("listening on %s", written(sock.getsockname()))
        log.info("%d workers serve", len(numbers))

    def _pass_on(self, number: signal.Signals) -> None:
        if number is not signal.SIGHUP and not self._ending:
            self._ending = True
            # Or who comes now would wait at a socket from which nobody takes.
            for sock in (*self.admin, *(s for sockets in self.listeners for s in sockets)):
                sock.close()
        for pid in self._workers:
            os.kill(pid, number)

    def _reap(self) -> Place | None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            code = os.waitstatus_to_exitcode(status)
            worker = self._workers.pop(pid, None)
            if worker and (place := self._succeed(worker, code)):
                return place
        return None

    def _succeed(self, worker: _Worker, code: int) -> Place | None:
        """One has ended: start another in its place, unless all is to end."""
        self.seats[worker.number].set(0)
        if self._ending:
            # What began the end is the reason; those that a signal of ours ended have none.
            self._code = self._code or max(code, 0)
            return None
        if not self._announced:
            # It has said why: what keeps one from starting keeps all.  Later the others go on.
            self._code = abs(code) or 1
            self._pass_on(signal.SIGTERM)
            return None
        socket_path(self.directory, worker.number).unlink(missing_ok=True)
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        log.error("worker %d ended %s: starting another", worker.number, how)
        if time.monotonic() - worker.started < _SHORT_LIFE_SECONDS:
            time.sleep(_SHORT_LIFE_SECONDS)
        return self._fork(worker.number)


def socket_path(directory: Path, number: int) -> Path:
    """Where a worker answers the others."""
    return directory / f"{number}.sock"
