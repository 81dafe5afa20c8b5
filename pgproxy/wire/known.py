"""What is known of values, as the compiled module keeps it where it was built."""

from typing import TYPE_CHECKING

from pgproxy.compiled import choose
from pgproxy.wire import _known_py

IMPLEMENTATION, _in_use = choose("pgproxy.wire._known", _known_py)

if TYPE_CHECKING:
    from pgproxy.wire._known_py import Known, Missing, Source, replace, replace_lines
else:
    Known = _in_use.Known
    Missing, Source = _known_py.Missing, _known_py.Source
    replace = _in_use.replace
    replace_lines = _in_use.replace_lines

__all__ = ["IMPLEMENTATION", "Known", "Missing", "Source", "replace", "replace_lines"]
