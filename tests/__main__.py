"""``python3 -m tests``: the whole suite in an environment of its own; arguments go to pytest."""

from pathlib import Path
import sys

from pgproxy.bootstrap import ensure


def main() -> int:
    """Run pytest on this checkout; its exit code is ours."""
    ensure("dev", module="tests")
    import pytest

    root = Path(__file__).resolve().parent.parent
    return int(pytest.main([f"--rootdir={root}", f"--confcutdir={root}", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
