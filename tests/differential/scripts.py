"""Reads the files of scripts."""

from dataclasses import dataclass, field
import json
from pathlib import Path
import struct
from typing import Any

HERE = Path(__file__).parent


@dataclass(slots=True)
class Script:
    """One conversation: the client's messages."""

    where: str
    name: str
    whole: bool = False  # not to be cut
    messages: list[bytes] = field(default_factory=list)


def corpus() -> list[Script]:
    """Every script of every file."""
    return [script for path in sorted(HERE.glob("*.txt")) for script in read(path)]


def read(path: Path) -> list[Script]:
    """The scripts of one file.  Raises ValueError, with the line, for what is none."""
    scripts: list[Script] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith(("== ", "-~ ")):
            where = f"{path.stem}:{number}"
            scripts.append(Script(where, line[3:].strip(), whole=line.startswith("-~")))
        elif line.strip() and not line.startswith("--"):
            try:
                scripts[-1].messages.append(encoded(line))
            except (ValueError, IndexError, KeyError, TypeError) as error:
                raise ValueError(f"{path.name}:{number}: {error}") from None
    return scripts


def encoded(line: str) -> bytes:
    """The message that a line stands for."""
    letter, _, rest = line.partition(" ")
    if letter == "!!":
        return bytes.fromhex(rest)
    if letter == "Q":
        return message(b"Q", rest.encode() + b"\0")
    return message(letter.encode(), _BODIES[letter](json.loads(rest) if rest else None))


def message(kind: bytes, body: bytes) -> bytes:
    """One frontend message."""
    return kind + struct.pack("!i", len(body) + 4) + body


def _string(text: str) -> bytes:
    return text.encode() + b"\0"


def _int16s(numbers: list[int]) -> bytes:
    return struct.pack(f"!H{len(numbers)}H", len(numbers), *numbers)


def _value(value: Any) -> bytes:
    if value is None:
        return b"\xff\xff\xff\xff"
    data = bytes.fromhex(value["hex"]) if isinstance(value, dict) else str(value).encode()
    return struct.pack("!i", len(data)) + data


def _values(formats: list[int], values: list[Any]) -> bytes:
    return _int16s(formats) + struct.pack("!H", len(values)) + b"".join(map(_value, values))


def _parse(given: list[Any]) -> bytes:
    name, sql, oids = [*given, []][:3]
    return _string(name) + _string(sql) + struct.pack(f"!H{len(oids)}I", len(oids), *oids)


def _bind(given: list[Any]) -> bytes:
    portal, statement, formats, values, results = [*given, [], [], []][:5]
    return _string(portal) + _string(statement) + _values(formats, values) + _int16s(results)


def _function(given: list[Any]) -> bytes:
    oid, formats, values, result = given
    return struct.pack("!I", oid) + _values(formats, values) + struct.pack("!H", result)


_BODIES: dict[str, Any] = {
    "P": _parse,
    "B": _bind,
    "D": lambda given: given[0].encode() + _string(given[1]),
    "C": lambda given: given[0].encode() + _string(given[1]),
    "E": lambda given: _string(given[0]) + struct.pack("!i", [*given, 0][1]),
    "F": _function,
    "d": lambda text: text.encode(),
    "f": _string,
    "H": lambda _: b"",
    "S": lambda _: b"",
    "c": lambda _: b"",
    "X": lambda _: b"",
}
