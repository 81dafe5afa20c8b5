"""The product's first impression: it must show what it claims, and leave nothing behind."""

from collections.abc import Iterator
import os
from pathlib import Path
import re
import signal
import socket
import urllib.request

import pytest

from pgproxy.demo import people, shop
from pgproxy.demo.postgres import free_port, port_is_free
from tests.demo.leftovers import Place, place

pytestmark = pytest.mark.e2e

_DEMO = ["-m", "pgproxy", "demo"]


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as fresh:
        yield fresh


@pytest.fixture(scope="module")
def shown() -> str:
    """What ``pgproxy demo --once`` prints."""
    with place() as fresh:
        with fresh.start([*_DEMO, "--once"]) as process:
            said = process.communicate(timeout=60)[0]
        assert process.returncode == 0, said
        assert fresh.settle() == ([], [])
    return said


def test_owner_and_analyst_stand_side_by_side(shown: str) -> None:
    customers = next(t for t in shop.tables() if t.name == "customers").rows[:4]
    tokens = set()
    for row in customers:
        line = next(line for line in shown.splitlines() if str(row[3]) in line)
        owner, analyst = line.split("│ │")
        assert str(row[1]) in owner
        assert not any(str(value) in analyst for value in row[1:4])
        tokens.update(re.findall(r"tok_[0-9A-Za-z]{22}", analyst))
    assert len(tokens) == 4


def test_equal_values_have_equal_tokens_from_query_to_query(shown: str) -> None:
    """The owner's address of an analyst's token must be one and the same throughout."""
    pairs: dict[str, set[str]] = {}
    for line in shown.splitlines():
        email = re.search(r"\S+@\w+\.example", line)
        token = re.search(r"tok_[0-9A-Za-z]{22}", line)
        if email and token:
            pairs.setdefault(email[0], set()).add(token[0])
    assert len(pairs) >= 6
    assert all(len(tokens) == 1 for tokens in pairs.values())


def test_no_real_name_stands_on_the_analyst_s_side(shown: str) -> None:
    for line in shown.splitlines():
        if "│ │" in line:
            words = set(re.findall(r"\w+", line.split("│ │")[1]))
            assert not words & {*people.FIRST_NAMES, *people.LAST_NAMES}


def test_a_refused_query_shows_its_error_and_hint(shown: str) -> None:
    assert re.search(r"ERROR 42501: .*email", shown)
    assert "HINT: " in shown


def test_the_last_lines_say_how_to_go_on(shown: str) -> None:
    assert re.search(r"Metrics +\d+ statements, 1 refused · \d+ rows · \d+ values treated", shown)
    assert re.search(r"psql\S* postgresql://analyst:analyst@127\.0\.0\.1:\d+/shop", shown)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_letters_does_not_end_it(
    here: Place, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    with here.start([*_DEMO, "--once"]) as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, said


def test_a_reader_that_goes_away_leaves_nothing(here: Place) -> None:
    with here.start([*_DEMO, "--once"]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(60)
    assert here.settle() == ([], [])


def test_once_does_not_depend_on_the_usual_port(here: Place) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if port_is_free(6432):
            taken.bind(("127.0.0.1", 6432))
            taken.listen()
        with here.start([*_DEMO, "--once"]) as process:
            said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, said
    assert "127.0.0.1:6432" not in said


def test_a_taken_port_that_was_asked_for_is_an_error(here: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with here.start([*_DEMO, "--once", "--port", str(port)]) as process:
            said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert f"port {port} is in use" in said
    assert here.settle() == ([], [])


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_runs_until_it_is_stopped_and_leaves_nothing(
    here: Place, signum: signal.Signals
) -> None:
    port = free_port()
    arguments = [*_DEMO, "--port", str(port)]
    code, said = here.stopped_when(arguments, signum, "Running until Ctrl-C")
    assert code == 0
    assert "nothing is left behind" in said
    assert here.settle() == ([], [])
    assert port_is_free(port)


def test_a_killed_demo_leaves_nothing_either(here: Place) -> None:
    here.stopped_when(_DEMO, signal.SIGKILL, "Running until Ctrl-C")
    assert here.settle() == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.2, 0.5, 0.8, 1.1, 1.5, 2.0])
def test_nothing_stays_when_start_up_is_interrupted(
    here: Place, signum: signal.Signals, after: float
) -> None:
    code, said = here.stopped_by(_DEMO, signum, after)
    assert here.settle() == ([], [])
    # before the first line of ours runs, the signal's own way is all there is
    assert code in (0, 1, -signum, 128 + signum), said


def test_a_proxy_that_dies_ends_the_demo_with_an_error(here: Place) -> None:
    with here.start(_DEMO) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Running until" in line:
                break
        for pid in here.processes:
            if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 1
    assert "the proxy has ended by itself" in said
    assert here.settle() == ([], [])


def test_the_admin_page_it_names_answers(here: Place) -> None:
    with here.start(_DEMO) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Running until" in line:
                break
        url = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert url is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url[0]}readyz", timeout=10) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
