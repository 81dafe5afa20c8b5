"""Both kinds of loop, and a watch that looks at silent legs more often than once a second."""

import pytest

from pgproxy.net import server
from tests.net.fakes import LOOPS


@pytest.fixture(params=list(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    """The name of a kind of loop, for ``fakes.run``."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.1)
