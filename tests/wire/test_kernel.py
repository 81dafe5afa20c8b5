"""Which kernel runs: asked for by name it must load or fail."""

from pathlib import Path
import shutil
import subprocess
import sys
from types import ModuleType

import pytest

import pgproxy
from pgproxy.compiled import choose
from pgproxy.wire import _kernel_py

COMPILED = "pgproxy.wire._kernel"


def test_python_kernel_can_always_be_had() -> None:
    assert choose(COMPILED, _kernel_py, "python") == ("python", _kernel_py)


def test_unknown_name_is_an_error_not_a_default() -> None:
    with pytest.raises(ImportError, match="neither 'python' nor 'compiled'"):
        choose(COMPILED, _kernel_py, "Compiled")


def run_with(name: str, path: str) -> "subprocess.CompletedProcess[str]":
    """What a fresh interpreter says about its kernel."""
    return subprocess.run(
        [sys.executable, "-c", "from pgproxy.wire import kernel; print(kernel.IMPLEMENTATION)"],
        env={"PGPROXY_IMPL": name, "PYTHONPATH": path},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def not_built(tmp_path: Path) -> str:
    """A copy of the package as an install without a compiler leaves it."""
    shutil.copytree(
        Path(pgproxy.__file__).parent,
        tmp_path / "pgproxy",
        ignore=shutil.ignore_patterns("_kernel.*", "_known.*", "_trees.*", "__pycache__"),
    )
    return str(tmp_path)


def test_where_it_was_not_built_the_reference_runs(not_built: str) -> None:
    assert run_with("", not_built).stdout == "python\n"


def test_compiled_kernel_that_was_not_built_is_an_error(not_built: str) -> None:
    done = run_with("compiled", not_built)
    assert done.returncode == 1
    assert "PGPROXY_IMPL=compiled, but the kernel was not built" in done.stderr


def test_kernel_that_does_not_load_is_no_silent_fall_back(not_built: str) -> None:
    Path(not_built, "pgproxy/wire/_kernel.py").write_text("import a_library_that_is_gone\n")
    done = run_with("", not_built)
    assert done.returncode == 1
    assert "a_library_that_is_gone" in done.stderr


def test_stale_build_is_not_taken(monkeypatch: pytest.MonkeyPatch, compiled: ModuleType) -> None:
    monkeypatch.setattr(_kernel_py, "REVISION", compiled.REVISION + 1)
    assert choose(COMPILED, _kernel_py, "") == ("python", _kernel_py)
    with pytest.raises(ImportError, match="older build"):
        choose(COMPILED, _kernel_py, "compiled")


@pytest.mark.parametrize("name", ["python", "compiled"])
def test_environment_names_the_kernel(name: str, request: pytest.FixtureRequest) -> None:
    if name == "compiled":
        request.getfixturevalue("compiled")
    done = run_with(name, str(Path(pgproxy.__file__).parents[1]))
    assert done.stdout == f"{name}\n"
