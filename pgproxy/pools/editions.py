"""The file of a pool: JSON Lines, a header and then a value a line.

Every line carries a check of itself and of all before it, so that the first one that is not what
was written can be named.  The header of a whole edition has their number and the last check in
full: the digest, which stands for the values.  The header of an unfinished one has neither.
The checks are no signature: they tell accidents, and edits by hand.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
import hashlib
import json
from typing import Any

from pgproxy.pools.texts import printable, sound

FORMAT = 1

_FORMAT_KEY = "pgproxy_pool"
_CHECK_DIGITS = 16
_TYPES = {"name": str, "edition": int, "recipe": str, "model": str, "created": str}
_WHOLE_TYPES = {**_TYPES, "count": int, "digest": str}


class DamagedPool(Exception):
    """The file is not what was written; ``line`` counts from 1.  The message holds no value."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Header:
    """The first line.  ``recipe``: digest of what was asked; ``created``: ISO 8601, UTC.

    ``count`` and ``digest`` are 0 and '' until the edition is whole; a whole one has values.
    """

    name: str
    edition: int
    recipe: str
    model: str
    created: str
    count: int = 0
    digest: str = ""

    def line(self) -> bytes:
        """As it stands in the file."""
        known = {key: value for key, value in asdict(self).items() if value or key in _TYPES}
        return _line({_FORMAT_KEY: FORMAT, **known})


@dataclass(frozen=True, slots=True)
class Edition:
    """A header and the values below it; ``size``: the bytes of the file that are good."""

    header: Header
    values: tuple[str, ...]
    size: int


class Chain:
    """The lines below a header, one after the other."""

    def __init__(self, header: Header) -> None:
        begun = replace(header, count=0, digest="")
        self.digest = hashlib.sha256(begun.line()).hexdigest()

    def line(self, value: str) -> bytes:
        """The next line."""
        link = f"{self.digest}\n{value}".encode()
        self.digest = hashlib.sha256(link).hexdigest()
        return _line({"value": value, "check": self.digest[:_CHECK_DIGITS]})


def whole_file(header: Header, values: Iterable[str]) -> bytes:
    """A finished edition as a file."""
    chain = Chain(header)
    lines = [chain.line(value) for value in values]
    whole = replace(header, count=len(lines), digest=chain.digest)
    return whole.line() + b"".join(lines)


def read_whole(data: bytes) -> Edition:
    """A finished edition.  Raises DamagedPool."""
    header = read_header(data)
    values, chain, size = _values(header, data)
    at = len(values) + 1
    if size != len(data):
        raise DamagedPool(at + 1, "the line is cut off")
    if len(values) != header.count:
        there = f"{len(values)} values are there, {header.count} were written"
        raise DamagedPool(at, f"the file ends here; {there}")
    if chain.digest != header.digest:
        raise DamagedPool(1, "the digest is not that of the values")
    return Edition(header, values, size)


def read_header(data: bytes) -> Header:
    """That of an edition which was whole once, whatever became of its values.

    Raises DamagedPool.
    """
    return _header(data.partition(b"\n")[0], _WHOLE_TYPES)


def read_part(data: bytes) -> Edition | None:
    """An unfinished edition; None when not even the header is there.  Raises DamagedPool.

    A last line without its end was being written when the build stopped: it does not count.
    """
    if b"\n" not in data:
        return None
    header = _header(data.partition(b"\n")[0], _TYPES)
    values, _, size = _values(header, data)
    return Edition(header, values, size)


def _values(header: Header, data: bytes) -> tuple[tuple[str, ...], Chain, int]:
    chain, values = Chain(header), []
    lines = data.split(b"\n")
    size = len(lines[0]) + 1
    for at, line in enumerate(lines[1:-1], 2):
        found = _object(line, at, {"value": str, "check": str})
        value: str = found["value"]
        if not sound(value):
            raise DamagedPool(at, "the value holds characters that no value may have")
        if chain.line(value) != line + b"\n":
            raise DamagedPool(at, "the line is not what was written there")
        values.append(value)
        size += len(line) + 1
    return tuple(values), chain, size


def _header(line: bytes, types: dict[str, type]) -> Header:
    found = _object(line, 1, {_FORMAT_KEY: int, **types}, "the header of a pool")
    version = found.pop(_FORMAT_KEY)
    if version != FORMAT:
        raise DamagedPool(1, f"format {version} is not known; this version reads {FORMAT}")
    header = Header(**found)
    if printable(header.name) != header.name or header.edition < 1:
        raise DamagedPool(1, "expected the header of a pool")
    return header


def _object(
    line: bytes, at: int, types: dict[str, type], expected: str = "a value and its check"
) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, dict)
        or found.keys() != types.keys()
        or any(type(found[key]) is not kind for key, kind in types.items())
    ):
        raise DamagedPool(at, f"expected {expected}")
    return found


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n"
