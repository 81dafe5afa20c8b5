"""YAML as a person reads it: text in, plain values with their lines out, every mistake told.

Stricter than YAML on purpose.  A key written twice would silently drop a rule; ``no``, ``010`` and
``22:30`` are other values to other readers; anchors and tags hide what a file says.  All of these
are findings, or become an ``Odd`` value that no key takes.  A finding may quote a key or a short
plain word, never a whole value: it may be secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
import re
from typing import Any

import yaml

from pgproxy.config.slips import explain
from pgproxy.errors import Finding

Path = tuple[str | int, ...]

MAX_DEPTH = 32

_STR = "tag:yaml.org,2002:str"
_MAP = "tag:yaml.org,2002:map"
_SEQ = "tag:yaml.org,2002:seq"

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS = {"null": None, "~": None, "true": True, "false": False}

# What YAML 1.1 and YAML 1.2 readers take for different things.
_OLD_BOOLEANS = {
    "no": "false",
    "off": "false",
    "n": "false",
    "yes": "true",
    "on": "true",
    "y": "true",
}
_OLD_NUMBER = re.compile(
    r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*|[0-9]+(:[0-5]?[0-9])+)"
)

# `$${` stands for a literal `${`.
_REFERENCE = re.compile(r"\$\$(?=\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<bad>\$\{)")


@dataclass(frozen=True, slots=True)
class Odd:
    """A value that no key takes; ``text`` says what was found, '' that it was told already."""

    text: str


BROKEN = Odd("")


class FromEnvironment(str):
    """A text that came from the environment: its value is not shown in findings, its name is."""

    __slots__ = ("origin",)
    origin: str


@dataclass(slots=True)
class Document:
    """One file: its values, the line of each, and what is wrong so far.

    ``broken`` holds the paths whose value could not be read; later checks skip them, so that one
    mistake is told once.
    """

    path: str
    value: Any = None
    findings: list[Finding] = field(default_factory=list)
    lines: dict[Path, int] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def report(self, path: Path, message: str, *, line: int = 0) -> None:
        """Add a finding about the value at ``path``; once per path and message."""
        where = dotted(path)
        text = f"{where}: {message}" if where else message
        finding = Finding(self.path, line or self.line(path), text)
        if finding not in self.findings:
            self.findings.append(finding)

    def reject(self, path: Path, message: str, *, line: int = 0) -> None:
        """Add a finding and mark the value as unreadable."""
        self.report(path, message, line=line)
        self.broken.add(path)

    def is_broken(self, path: Path) -> bool:
        """Whether this value, or one around it, was already rejected."""
        return any(path[:length] in self.broken for length in range(len(path) + 1))


def dotted(path: Path) -> str:
    """A path as findings write it: ``roles[0].treat.email``; a key with dots is quoted."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            name = step if re.fullmatch(r"[\w*-]+", step) else f'"{_clip(step, 64)}"'
            name = "".join(char if char.isprintable() else "?" for char in name)
            # A slip can make a key of a URL, password and all.
            name = '"…"' if "://" in step else name
            out += f".{name}" if out else name
    return out


def read(path: str, data: bytes, environment: Mapping[str, str] | None = None) -> Document:
    """Read one file.  With an environment, ``${NAME}`` in a value is replaced; without, refused."""
    document = Document(path, lines={(): 1})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        document.reject((), "this is not UTF-8 text; save the file as UTF-8", line=line)
        return document
    try:
        deep = _too_deep(text)
        node = None if deep else yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        line, problem = explain(text, error)
        if "nesting depth" in problem:
            # Newer releases of the library count too, as they read ahead.
            problem = f"nested more than {MAX_DEPTH} levels deep"
        document.reject((), problem, line=line)
        return document
    if deep:
        document.reject((), f"nested more than {MAX_DEPTH} levels deep", line=deep)
    elif node is None:
        document.reject((), "the file is empty")
    elif not isinstance(node, yaml.MappingNode):
        document.reject((), f"found {_kind(node)}; expected lines of the form `key: value`")
    else:
        document.value = _Reader(document, environment).value(node, ())
    return document


def _too_deep(text: str) -> int:
    """The line where nesting goes too deep, else 0: composing recurses in C and would crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return _line(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return 0


class _Loader(yaml.CSafeLoader):
    """Leaves the meaning of plain words to ``_Reader``."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute


class _Reader:
    """Turns composed nodes into values, collecting findings on the way."""

    def __init__(self, document: Document, environment: Mapping[str, str] | None) -> None:
        self._document = document
        self._environment = environment
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        # PyYAML hands out the same node again for an alias, so this also ends a cycle.
        if id(node) in self._seen:
            self._document.reject(path, "aliases (`*name`) are not read here; write the value out")
            return BROKEN
        self._seen.add(id(node))
        if node.tag not in (_STR, _MAP, _SEQ):
            self._document.reject(path, "tags (`!name`) are not read here; write the plain value")
            return BROKEN
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*path, i)) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node.value, bool(node.style), path)

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self._document.lines[path] = _line(node)
        return self.value(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in node.value:
            line = _line(key)
            if not isinstance(key, yaml.ScalarNode):
                self._document.report(
                    path, f"found {_kind(key)} as a key; expected a name", line=line
                )
                continue
            inner = (*path, key.value)
            if key.value == "<<" and not key.style:
                self._document.reject(
                    inner, "merge keys are not read here; write the keys out", line=line
                )
            elif key.value in out:
                first = self._document.lines[inner]
                self._document.report(
                    inner, f"written twice (first on line {first}); keep one of them", line=line
                )
            else:
                self._document.lines[inner] = line
                out[key.value] = self.value(value, inner)
        return out

    def _scalar(self, text: str, quoted: bool, path: Path) -> Any:
        if quoted:
            return self._substitute(text, path)
        if not text:
            return Odd("nothing")
        folded = text.lower() if text in (text.lower(), text.upper(), text.capitalize()) else text
        if folded in _CONSTANTS:
            return _CONSTANTS[folded]
        if _INTEGER.fullmatch(text) and len(text) < 64:
            return int(text)
        if folded in _OLD_BOOLEANS:
            taken = f"some YAML readers take for {_OLD_BOOLEANS[folded]} and others for a text"
            return Odd(f"`{text}` without quotes, which {taken}")
        if _OLD_NUMBER.fullmatch(text):
            taken = "not all YAML readers take for the same number"
            return Odd(f"`{_clip(text)}` without quotes, which {taken}")
        if _DECIMAL.fullmatch(text) and len(text) < 64:
            return Decimal(text)
        return self._substitute(text, path)

    def _substitute(self, text: str, path: Path) -> str | Odd:
        if "${" not in text:
            return text
        if self._environment is None:
            self._document.reject(path, "${NAME} is read in pgproxy.yaml only; write the value out")
            return BROKEN
        problems: list[str] = []
        out = FromEnvironment(_REFERENCE.sub(lambda m: self._reference(m, problems), text))
        out.origin = " ".join(
            match[0] for match in _REFERENCE.finditer(text) if match["name"] is not None
        )
        for problem in problems:
            self._document.reject(path, problem)
        if problems:
            return BROKEN
        return out if out.origin else str(out)

    def _reference(self, match: re.Match[str], problems: list[str]) -> str:
        name = match["name"]
        if match["bad"]:
            problems.append("found `${` without a name; expected ${NAME}, or $${ for a literal ${")
            return ""
        if name is None:
            return "$"
        value = (self._environment or {}).get(name)
        if value is None:
            problems.append(f"the environment variable {name} is not set")
            return ""
        return value


def _clip(text: str, length: int = 24) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _line(found: yaml.Node | yaml.Event) -> int:
    return found.start_mark.line + 1 if found.start_mark else 1


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single text"
