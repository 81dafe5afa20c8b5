"""Column patterns: ``*``, ``?`` and ``{a,b}`` within the parts of schema.table.column."""

import re


def is_glob(pattern: str) -> bool:
    """Whether a column pattern has a wildcard: ``*``, ``?`` or ``{a,b}``."""
    return any(mark in pattern for mark in "*?{")


def compile_glob(pattern: str) -> re.Pattern[str]:
    """A column pattern as a regular expression; ``*`` and ``?`` never cross a dot."""
    out: list[str] = []
    depth = 0
    for char in pattern:
        if char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append({"*": "[^.]*", "?": "[^.]"}.get(char, re.escape(char)))
    return re.compile("".join(out), re.DOTALL)
