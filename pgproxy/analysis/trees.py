"""The encoder of parse trees in use: the compiled one where it was built, or the reference."""

from typing import TYPE_CHECKING

from pgproxy.analysis import _trees_py
from pgproxy.compiled import choose

_in_use = choose("pgproxy.analysis._trees", _trees_py)[1]

if TYPE_CHECKING:
    from pgproxy.analysis._trees_py import encode, same
else:
    encode = _in_use.encode
    same = _in_use.same

__all__ = ["encode", "same"]
