"""The kernel under test: every test that asks for it runs on the reference and on the compiled."""

from typing import TYPE_CHECKING

import pytest

from pgproxy.wire import _kernel_py, kernel

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def compiled() -> "ModuleType":
    """The compiled kernel; the test is skipped where it was not built or is too old."""
    if kernel.choose("")[0] != "compiled":
        pytest.skip("the compiled kernel is not built")
    return kernel.choose("compiled")[1]


@pytest.fixture(scope="session", params=["python", "compiled"])
def wire_kernel(request: pytest.FixtureRequest) -> "ModuleType":
    """Both kernels in turn: ``Framer``, ``cut``, ``splice``."""
    if request.param == "python":
        return _kernel_py
    module: ModuleType = request.getfixturevalue("compiled")
    return module
