"""Many clients, and a server that stands still: ``python -m tests.faults.scale [CLIENTS]``.

By hand, with figures.  The catalog is that of a real cluster; what the sessions talk to is
``tests.faults.backend``, since no PostgreSQL of one machine takes so many.  Exits 1 where a budget
of the design is missed or something is left over, 2 where the system does not allow so many files.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
import os
from pathlib import Path
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

import uvloop

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster, free_port
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, Login, policy
from pgproxy.wire.startup import CancelRequest, StartupMessage
from tests.e2e.raw import message, query
from tests.faults.backend import WELCOME

CLIENTS = 10_000
STORM = 2_000
BUDGET_KIB = 32.0
FAN = 500  # connects under way at one time
FREED_SECONDS = 120.0
WAIT_SECONDS = 60.0
CANCELS = 100
READY = WELCOME[-6:]


def start(login: Login) -> bytes:
    """The start-up packet of that login."""
    return StartupMessage((3, 0), {"user": login.user, "database": DATABASE}).encode()


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid: int) -> int:
    """The memory of a process, in KiB."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])


class Fault(Exception):
    """A budget missed, or something left over."""


def until(true: Callable[[], bool], what: str, seconds: float) -> float:
    """Wait for something to come true; the seconds that took.  Raises Fault."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise Fault(what)
        time.sleep(0.05)
    return time.monotonic() - began


@contextmanager
def running() -> Iterator[tuple[Proxy, int]]:
    """A proxy before a backend of ours, and the process id of that."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.faults.backend", str(port)]
    with (
        Cluster() as cluster,
        subprocess.Popen(argv, stdout=subprocess.PIPE) as server,
    ):
        try:
            assert server.stdout is not None
            server.stdout.readline()
            shop.load(cluster)
            with Proxy(cluster, Wish(policy(), upstream=(port, ""))) as proxy:
                yield proxy, server.pid
        finally:
            server.kill()


async def connect(
    proxy: Proxy, login: Login, gate: asyncio.Semaphore
) -> tuple[float, asyncio.StreamWriter]:
    """One client that is logged in, and the seconds that took it."""
    async with gate:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port, limit=4096)
        writer.write(start(login))
        async with asyncio.timeout(WAIT_SECONDS):
            await reader.readuntil(READY)
        return time.monotonic() - began, writer


async def idle(proxy: Proxy, count: int, login: Login) -> None:
    """So many clients that do nothing.  Raises Fault."""
    gate = asyncio.Semaphore(FAN)
    before, files = resident(proxy.pid), descriptors(proxy.pid)
    began = time.monotonic()
    clients = await asyncio.gather(*(connect(proxy, login, gate) for _ in range(count)))
    seconds = time.monotonic() - began
    await asyncio.sleep(1)
    each = (resident(proxy.pid) - before) / count
    print(
        f"{count:,} idle clients, {login.user}: {each:.1f} KiB each, "
        f"connected in {seconds:.1f} s, {descriptors(proxy.pid) - files:,} descriptors"
    )
    gone = await leave(proxy, clients, files)
    print(f"  all left in {gone:.1f} s; memory then {resident(proxy.pid) - before:,} KiB above")
    if each > BUDGET_KIB:
        raise Fault(f"an idle client takes {each:.1f} KiB")


async def leave(
    proxy: Proxy, clients: list[tuple[float, asyncio.StreamWriter]], files: int
) -> float:
    """All go; the seconds until the proxy has no more files open than before.  Raises Fault."""
    for _, writer in clients:
        writer.close()
    return await asyncio.to_thread(
        until, lambda: descriptors(proxy.pid) <= files + 8, "descriptors are left", FREED_SECONDS
    )


async def storm(proxy: Proxy, login: Login) -> None:
    """All at one time: how long the first, the middle and the last wait."""
    gate, files = asyncio.Semaphore(STORM), descriptors(proxy.pid)
    clients = await asyncio.gather(*(connect(proxy, login, gate) for _ in range(STORM)))
    waits = sorted(seconds for seconds, _ in clients)
    median = waits[len(waits) // 2]
    print(
        f"{STORM:,} at one time, {login.user}: first {waits[0]:.2f} s, median {median:.2f} s, "
        f"last {waits[-1]:.2f} s"
    )
    await leave(proxy, clients, files)


def logged_in(proxy: Proxy, login: Login) -> socket.socket:
    """A client that waits for nothing."""
    client = socket.create_connection((proxy.host, proxy.port), WAIT_SECONDS)
    client.sendall(start(login))
    heard(client, 1)
    return client


def heard(client: socket.socket, times: int) -> None:
    """Wait until the server has been ready so many times.  Raises Fault where it leaves."""
    said = b""
    while said.count(READY) < times:
        data = client.recv(65536)
        if not data:
            raise Fault("the session has ended")
        said += data


def at_start(proxy: Proxy, login: Login) -> socket.socket:
    """A client that is not let in."""
    client = socket.create_connection((proxy.host, proxy.port), WAIT_SECONDS)
    client.sendall(start(login))
    said = b""
    with suppress(ConnectionResetError):
        while data := client.recv(65536):
            said += data
    if b"C57014\0" not in said:
        raise Fault("who waits for a frozen server is not told")
    return client


def in_query(proxy: Proxy, login: Login, client: socket.socket) -> None:
    """A query that nobody answers."""
    client.sendall(query("SELECT 1"))


def in_copy(proxy: Proxy, login: Login, client: socket.socket) -> None:
    """A copy that nobody takes, until not another byte goes."""
    client.sendall(query("COPY t FROM STDIN"))
    client.settimeout(2)
    with suppress(TimeoutError):
        while True:
            client.sendall(message(b"d", b"x" * 65_000))


def frozen(proxy: Proxy, server: int) -> None:
    """The server stands still; its clients leave one way or another.  Raises Fault."""
    cases = [
        (case, login, reset)
        for case, login in ((in_query, OWNER), (in_query, ANALYST), (in_copy, OWNER))
        for reset in (False, True)
    ]
    clients = [logged_in(proxy, login) for _, login, _ in cases]
    os.kill(server, signal.SIGSTOP)
    try:
        began = time.monotonic()
        at_start(proxy, ANALYST).close()
        print(f"frozen server at start-up: told after {time.monotonic() - began:.1f} s")
        # All are here, and maybe a connection that reads the catalog.
        files = descriptors(proxy.pid)
        for (case, login, reset), client in zip(cases, clients, strict=True):
            case(proxy, login, client)
            if reset:
                linger = struct.pack("ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
        left = files - 2 * len(clients) + 1
        what = "descriptors are left with a frozen server"
        gone = until(lambda: descriptors(proxy.pid) <= left, what, FREED_SECONDS)
        print(f"frozen server, in query and in COPY, closed and reset: freed in {gone:.1f} s")
        cancelled(proxy)
    finally:
        os.kill(server, signal.SIGCONT)


def cancelled(proxy: Proxy) -> None:
    """Cancels that no server takes: some wait for their end, some do not.  Raises Fault."""
    files = descriptors(proxy.pid)
    packet = CancelRequest(4711, b"\0\1\2\3").encode()
    with ExitStack() as stack:
        for number in range(CANCELS):
            client = socket.create_connection((proxy.host, proxy.port), WAIT_SECONDS)
            client.sendall(packet)
            if number % 2:
                stack.enter_context(client)
            else:
                client.close()
        what = "descriptors are left by cancels to a frozen server"
        gone = until(lambda: descriptors(proxy.pid) <= files, what, FREED_SECONDS)
    print(f"frozen server, {CANCELS} cancels: given up in {gone:.1f} s")


def single_bytes(proxy: Proxy) -> None:
    """A client that sends bytes one by one is served as any other."""
    with socket.create_connection((proxy.host, proxy.port), WAIT_SECONDS) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for said in (start(ANALYST), query("SELECT 1") * 20):
            for byte in said:
                client.sendall(bytes((byte,)))
        heard(client, 21)
    print("single bytes: served")


def main() -> int:
    """Run, print, exit."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CLIENTS
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * count + 500:
        print(f"skipped: the system allows {hard:,} open files, this needs {2 * count + 500:,}")
        return 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    failed = 0
    with running() as (proxy, server):
        steps: list[Callable[[], None]] = [
            lambda: single_bytes(proxy),
            lambda: uvloop.run(idle(proxy, count, OWNER)),
            lambda: uvloop.run(idle(proxy, count, ANALYST)),
            lambda: uvloop.run(storm(proxy, ANALYST)),
            lambda: frozen(proxy, server),
        ]
        for step in steps:
            try:
                step()
            except (Fault, OSError, EOFError) as fault:
                print(f"FAULT {type(fault).__name__}: {fault}")
                failed = 1
        said = proxy.log.read_text(errors="replace")
        if "Traceback" in said or "fault" in said:
            print("FAULT: the proxy's log has a fault")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
