"""A little of ``scale``: idle clients take little, a frozen server holds nothing up for ever."""

import resource

import pytest
import uvloop

from pgproxy.demo.shop import ANALYST, OWNER
from tests.faults.scale import frozen, idle, running, single_bytes

FEW = 400  # whose memory can be told from the noise


def test_idle_clients_and_a_frozen_server_leave_nothing_behind() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * FEW + 500:
        pytest.skip("the system allows too few open files")
    with running() as (proxy, server):
        single_bytes(proxy)
        for login in (OWNER, ANALYST):
            uvloop.run(idle(proxy, FEW, login))
        frozen(proxy, server)
        assert "Traceback" not in proxy.log.read_text(errors="replace")
