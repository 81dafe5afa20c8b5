"""Installed without a compiler it works, says that it is slow, and does not pretend otherwise."""

import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy: no kernel from an earlier build lies in it."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    left_out = shutil.ignore_patterns("__pycache__", "*.so", "*.c")
    shutil.copytree(ROOT / "pgproxy", copy / "pgproxy", ignore=left_out)
    return copy


def install(source: Path, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "install", "-v", "--no-deps", "--target", str(target)]
    return subprocess.run(
        [*command, str(source)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


def kernel(target: Path, wanted: str) -> subprocess.CompletedProcess[str]:
    """Which kernel the installed package loads; it stands first on the path."""
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "from pgproxy.wire.kernel import IMPLEMENTATION\n"
        "import pgproxy\nprint(IMPLEMENTATION, pgproxy.__file__)"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("PGPROXY_IMPL", "PYTHONPATH")}
    if wanted:
        environment["PGPROXY_IMPL"] = wanted
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        cwd=target,
    )


def test_without_a_compiler_it_installs_and_says_it_is_slow(source: Path, tmp_path: Path) -> None:
    built = install(source, tmp_path, CC="/bin/false", PGPROXY_REQUIRE_COMPILED="")
    assert built.returncode == 0, built.stderr[-2000:]
    assert "SLOW build" in built.stdout + built.stderr
    loaded = kernel(tmp_path, "")
    assert loaded.stdout.split()[0] == "python", loaded.stderr
    assert str(tmp_path) in loaded.stdout
    # Asked for by name it loads or raises; it is never quietly replaced.
    assert kernel(tmp_path, "compiled").returncode != 0


def test_a_compiled_kernel_can_be_required(source: Path, tmp_path: Path) -> None:
    built = install(source, tmp_path, CC="/bin/false", PGPROXY_REQUIRE_COMPILED="1")
    assert built.returncode != 0
