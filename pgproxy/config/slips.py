"""What a person most likely did where the YAML parser stumbled.

Says only what is in its own tables and the parser's: the text around the place is looked at, never
repeated, for it may hold a secret.
"""

import re

import yaml

# Looked for in the lines that the parser points at; the first that fits is told.
_SLIPS = (
    (re.compile(r"(^|[\s\[{,:])\*"), 'put a pattern that begins with `*` in quotes: "*.*.ssn"'),
    (re.compile(r"^ *\t"), "indent with spaces: a tab stands before the text"),
    (re.compile(r"\{[^}]*\$\{"), "inside { } put a value with ${NAME} in quotes"),
    (re.compile(r"^\s*(- *)?\{[^:]*\}\S"), "put a pattern that begins with `{` in quotes"),
    (re.compile(r"(: |- )[@`%]"), "put a text that begins with `@`, `%` or a backtick in quotes"),
    (re.compile(r": .*: "), "put a text that contains `: ` in quotes"),
)

# The parser's words that mean something to a person; its other words are passed on.
_PLAIN_WORDS = {
    "found undefined alias": "aliases (`*name`) are not read here",
    "but found another document": "a second document begins here (`---`); expected one",
    "mapping values are not allowed in this context": "a `:` stands where no key can be",
    "could not find expected ':'": "a line without `:`; expected `key: value`",
    "did not find expected key": "a key is missing, or the line is indented unlike its neighbours",
}

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def explain(text: str, error: yaml.YAMLError) -> tuple[int, str]:
    """The line of a syntax error, and what to do about it."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _control_character(text)
    context = error.context_mark.line + 1 if error.context_mark else 0
    line = error.problem_mark.line + 1 if error.problem_mark else max(context, 1)
    if error.context == "while scanning a quoted scalar" and context:
        return context, "a quote opens here and is never closed"
    if error.context == "while scanning a simple key" and context:
        line = context
    problem = _PLAIN_WORDS.get(error.problem or "", f"this is not YAML: {error.problem}")
    hint = _hint(text, {line, context or line})
    return line, f"{problem}; {hint}" if hint else problem


def _control_character(text: str) -> tuple[int, str]:
    found = _UNPRINTABLE.search(text)
    if not found:
        return 1, "this is not YAML"
    return text.count("\n", 0, found.start()) + 1, "a control character stands here; remove it"


def _hint(text: str, numbers: set[int]) -> str:
    lines = text.splitlines()
    for slip, hint in _SLIPS:
        if any(slip.search(lines[n - 1]) for n in numbers if n <= len(lines)):
            return hint
    return ""
