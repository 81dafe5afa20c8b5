"""The compiled kernels' tests once more, under AddressSanitizer.

    python -m tests.wire.asan

Builds them instrumented in a directory of their own and runs the tests of the pairs on them.  A
read past a buffer often gives the same answer as no read at all: only this sees it.  Needs gcc with
its sanitizer libraries, and Cython.  Run it after every change of a ``.pyx``.
"""

import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig
import tempfile

ROOT = Path(__file__).resolve().parents[2]
SANITIZERS = "-fsanitize=address,undefined"
KERNELS = ("wire/_kernel", "wire/_known", "analysis/_trees")
TESTS = [
    "wire/test_kernel_pair.py",
    "wire/test_copy_pair.py",
    "wire/test_copy.py",
    "wire/test_rows.py",
    "wire/test_framing.py",
    "wire/test_known.py",
    "analysis/test_trees_pair.py",
]


def build(kernel: Path) -> None:
    """One instrumented kernel, in the copy of the room it belongs to."""
    source = kernel.with_suffix(".c")
    subprocess.run(
        [sys.executable, "-m", "cython", "-3", f"{kernel}.pyx", "-o", source], check=True
    )
    target = f"{kernel}{sysconfig.get_config_var('EXT_SUFFIX')}"
    flags = [SANITIZERS, "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-g", *flags, include, source, "-o", target], check=True
    )


def library(name: str) -> str:
    """Where gcc keeps a library."""
    found = subprocess.run(
        ["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


def main() -> int:
    """The exit code of the tests."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        skip = shutil.ignore_patterns("*.so", "__pycache__")
        for tree in ("pgproxy", "tests"):
            shutil.copytree(ROOT / tree, copy / tree, ignore=skip)
        shutil.copy(ROOT / "pyproject.toml", copy)
        for kernel in KERNELS:
            build(copy / "pgproxy" / kernel)
        environment = os.environ | {
            "LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')}",
            # the interpreter itself leaks on exit, and its own allocator would hide small errors
            "ASAN_OPTIONS": "detect_leaks=0,allocator_may_return_null=1",
            "PYTHONMALLOC": "malloc",
            "PYTHONPATH": name,
            "PGPROXY_IMPL": "compiled",
        }
        tests = [str(copy / "tests" / test) for test in TESTS]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        return subprocess.run(command, cwd=copy, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
