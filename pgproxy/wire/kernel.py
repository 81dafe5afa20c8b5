"""Which kernel runs: the compiled one where it was built, or the Python reference.

The one place of the core that looks at the environment.  ``PGPROXY_IMPL=python`` or ``compiled``
must get what it names or fail; unset takes the compiled kernel where there is one.  A kernel that
was built but does not load is an error, never a silent fall-back.
"""

from importlib import import_module
import os
from types import ModuleType
from typing import TYPE_CHECKING

from pgproxy.wire import _copy_py, _kernel_py

COMPILED = "pgproxy.wire._kernel"


def choose(wanted: str) -> tuple[str, ModuleType]:
    """The name and the module of the kernel that ``PGPROXY_IMPL=wanted`` asks for."""
    if wanted not in ("", "python", "compiled"):
        raise ImportError("PGPROXY_IMPL is neither 'python' nor 'compiled'")
    if wanted == "python":
        return "python", _kernel_py
    try:
        compiled = import_module(COMPILED)
    except ModuleNotFoundError as error:
        if error.name != COMPILED:
            raise
        if wanted == "compiled":
            raise ImportError("PGPROXY_IMPL=compiled, but the kernel was not built") from error
        return "python", _kernel_py
    if compiled.REVISION == _kernel_py.REVISION:
        return "compiled", compiled
    if wanted == "compiled":
        raise ImportError("PGPROXY_IMPL=compiled, but the kernel is of an older build: reinstall")
    return "python", _kernel_py


IMPLEMENTATION, _kernel_in_use = choose(os.environ.get("PGPROXY_IMPL", ""))

_copy_in_use = _copy_py if IMPLEMENTATION == "python" else _kernel_in_use

if TYPE_CHECKING:
    from pgproxy.wire._copy_py import (
        binary_rows,
        copies,
        cut_lines,
        payload,
        rows_end,
        splice_lines,
    )
    from pgproxy.wire._kernel_py import Framer, cut, splice
else:
    Framer = _kernel_in_use.Framer
    cut = _kernel_in_use.cut
    splice = _kernel_in_use.splice
    binary_rows = _copy_in_use.binary_rows
    copies = _copy_in_use.copies
    cut_lines = _copy_in_use.cut_lines
    payload = _copy_in_use.payload
    rows_end = _copy_in_use.rows_end
    splice_lines = _copy_in_use.splice_lines

__all__ = [
    "IMPLEMENTATION",
    "Framer",
    "binary_rows",
    "copies",
    "cut",
    "cut_lines",
    "payload",
    "rows_end",
    "splice",
    "splice_lines",
]
