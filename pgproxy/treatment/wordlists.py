"""The frozen word lists behind synthetic values.

A list never changes once it is released: every synthetic value depends on each of its lines.  A new
edition is a new file with a new number in its first line.
"""

from functools import cache
from importlib import resources

_COMMENT = "#"


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of ``data/<name>.txt``, in the order of the file."""
    text = resources.files("pgproxy.treatment").joinpath("data", f"{name}.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith(_COMMENT))
