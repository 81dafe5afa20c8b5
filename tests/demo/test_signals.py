"""A signal at the wrong moment must neither be lost nor cut lines apart that belong together."""

from collections.abc import Callable
import os
import signal
import threading

import pytest

from pgproxy.demo.signals import Interrupted, as_interrupt, held


def _interrupted(lines: Callable[[], None]) -> int:
    """Run the lines where signals interrupt; the signal that did."""
    with pytest.raises(Interrupted) as caught, as_interrupt():
        lines()
    return caught.value.signum


def _send(signum: int) -> None:
    os.kill(os.getpid(), signum)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_unwinds_the_stack(signum: signal.Signals) -> None:
    steps = []

    def lines() -> None:
        _send(signum)
        steps.append("went on")

    assert _interrupted(lines) == signum
    assert steps == []


def test_a_held_signal_comes_late_but_comes() -> None:
    steps = []

    def lines() -> None:
        with held():
            _send(signal.SIGTERM)
            steps.append("together")
        steps.append("after")

    assert _interrupted(lines) == signal.SIGTERM
    assert steps == ["together"]


def test_a_held_signal_comes_after_an_error_too() -> None:
    def lines() -> None:
        with held():
            _send(signal.SIGINT)
            raise ValueError("the lines failed")

    assert _interrupted(lines) == signal.SIGINT


def test_holding_inside_holding_lets_nothing_through_early() -> None:
    steps = []

    def lines() -> None:
        with held():
            with held():
                _send(signal.SIGTERM)
            steps.append("still held")

    assert _interrupted(lines) == signal.SIGTERM
    assert steps == ["still held"]


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with as_interrupt(), held():
        pass
    after = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert after == before


def test_other_threads_may_hold_without_effect() -> None:
    done = []

    def work() -> None:
        with as_interrupt(), held():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
