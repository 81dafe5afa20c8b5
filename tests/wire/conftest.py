"""The kernel under test: every test that asks for it runs on the reference and on the compiled."""

from typing import TYPE_CHECKING

import pytest

from pgproxy.compiled import choose
from pgproxy.wire import _kernel_py, _known_py

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def compiled() -> "ModuleType":
    """The compiled kernel; the test is skipped where it was not built or is too old."""
    return _built("pgproxy.wire._kernel", _kernel_py)


@pytest.fixture(scope="session")
def compiled_known() -> "ModuleType":
    """The compiled table of what is known; the test is skipped where it was not built."""
    return _built("pgproxy.wire._known", _known_py)


def _built(compiled: str, reference: "ModuleType") -> "ModuleType":
    name, module = choose(compiled, reference, "")
    if name != "compiled":
        pytest.skip("the compiled kernel is not built")
    return module


@pytest.fixture(scope="session", params=["python", "compiled"])
def wire_kernel(request: pytest.FixtureRequest) -> "ModuleType":
    """Both kernels in turn."""
    if request.param == "python":
        return _kernel_py
    module: ModuleType = request.getfixturevalue("compiled")
    return module
