"""What goes wrong is logged by type and place, never by its text."""

import asyncio
import logging

import pytest

from pgproxy.net.logs import origin, quiet_loop


def fail() -> None:
    raise ValueError("alice@example.com")


def test_origin_has_no_text_of_the_exception() -> None:
    with pytest.raises(ValueError) as caught:
        fail()
    told = origin(caught.value)
    assert told.startswith("ValueError at ")
    assert told.count("test_logs.py:") == 2
    assert "alice" not in told
    assert origin(KeyError("alice")) == "KeyError at no place"


def test_fault_in_a_callback_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        quiet_loop(loop)
        loop.call_soon(fail)
        await asyncio.sleep(0.01)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(test())
    assert "ValueError at" in caplog.text
    assert "alice" not in caplog.text
