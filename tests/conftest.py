"""What every room's tests may use: one PostgreSQL for the run, and the name of the kernel."""

from collections.abc import Iterator
import signal

import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.wire.kernel import IMPLEMENTATION
from tests.world.world import World

# A run in the background (nohup, a shell's &) starts with these ignored, and so would every process
# that a test starts and then means to stop.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_report_header() -> str:
    """Which of the two kernels these tests run on."""
    return f"wire kernel: {IMPLEMENTATION}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server; the database ``shop`` holds the demo's shop, its logins included."""
    with Cluster() as server:
        shop.load(server)
        yield server


@pytest.fixture(scope="session")
def world(cluster: Cluster) -> Iterator[World]:
    """Databases that differ in masked values only, and proxies before them."""
    found = World(cluster)
    yield found
    found.close()
