"""The wire kernel in use: the compiled one where it was built, or the Python reference."""

from typing import TYPE_CHECKING

from pgproxy.compiled import choose
from pgproxy.wire import _copy_py, _kernel_py

IMPLEMENTATION, _kernel_in_use = choose("pgproxy.wire._kernel", _kernel_py)

_copy_in_use = _copy_py if IMPLEMENTATION == "python" else _kernel_in_use

if TYPE_CHECKING:
    from pgproxy.wire._copy_py import binary_rows, copies, payload, rows_end
    from pgproxy.wire._kernel_py import Framer
else:
    Framer = _kernel_in_use.Framer
    binary_rows = _copy_in_use.binary_rows
    copies = _copy_in_use.copies
    payload = _copy_in_use.payload
    rows_end = _copy_in_use.rows_end

__all__ = ["IMPLEMENTATION", "Framer", "binary_rows", "copies", "payload", "rows_end"]
