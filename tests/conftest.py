"""What every room's tests may use: one PostgreSQL for the run, and the name of the kernel."""

from collections.abc import Iterator

import pytest

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.wire.kernel import IMPLEMENTATION


def pytest_report_header() -> str:
    """Which of the two kernels these tests run on."""
    return f"wire kernel: {IMPLEMENTATION}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server; the database ``shop`` holds the demo's shop, its logins included."""
    with Cluster() as server:
        shop.load(server)
        yield server
