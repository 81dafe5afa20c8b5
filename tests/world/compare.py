"""Runs statements on both databases and compares what comes back, message by message."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
import re

from pgproxy.wire.backend import parse_row_description
from tests.e2e.raw import (
    SYNC,
    RawClient,
    bind,
    describe,
    execute,
    fields,
    parse,
    query,
    rows,
)

Messages = list[tuple[bytes, bytes]]
# Rows of what we leave in no order, and of parallel or hashed plans, may come in any.
_ROWS = (b"D", b"d")


# OIDs of what an attack has made, and names that hold the number of a session.
_PASSING = re.compile(rb"(?<=pg_temp_)\d+|(?<=pg_toast_)\d+")
_FIRST_NORMAL_OID = 16384


def _settled(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
    """A message without what differs from one run to the next."""
    if kind == b"A":
        return kind, body[4:]
    if kind != b"T":
        # As long as before, for the length of a field stands before it.
        return kind, _PASSING.sub(lambda found: b"0" * len(found[0]), body)
    described = parse_row_description(body)
    fields = [
        (f.name, f.attnum, min(f.type_oid, _FIRST_NORMAL_OID), f.typmod, f.format)
        for f in described
    ]
    return kind, repr(fields).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client saw of one statement."""

    messages: tuple[tuple[bytes, bytes], ...]

    @property
    def refused(self) -> str:
        """The message of our refusal; '' where it is none."""
        for kind, body in self.messages:
            if kind == b"E":
                told = fields(body)
                return told.get("M", "") if told.get("C") == "42501" else ""
        return ""

    @property
    def failed(self) -> str:
        """The SQLSTATE of an error; '' for none."""
        return next((fields(body)["C"] for kind, body in self.messages if kind == b"E"), "")

    @property
    def unordered(self) -> tuple[object, ...]:
        """The same whatever the order of rows."""
        rows = Counter(m for m in self.messages if m[0] in _ROWS)
        rest = tuple(m for m in self.messages if m[0] not in _ROWS)
        return (rest, frozenset(rows.items()))


class Asker:
    """One session that answers statements; opened anew when it has ended."""

    def __init__(self, place: tuple[str, int], login: tuple[str, str], database: str) -> None:
        self._place, self._login, self._database = place, login, database
        self._client: RawClient | None = None

    def ask(self, sql: str, *, extended: bool = False) -> Answer:
        """The answer to one Query message, or to Parse, Bind, Describe, Execute and Sync."""
        if self._client is None:
            self._client = RawClient(*self._place, self._login, self._database)
            self._client.start()
            self._client.ask(query("SET statement_timeout = 250"))
        sent = [query(sql)]
        if extended:
            sent = [parse("", sql), bind("", "", 1), describe("P", ""), execute(""), SYNC]
        # It keeps all that it has seen, which is much after some thousand statements.
        self._client.seen = b""
        try:
            return Answer(tuple(_settled(*m) for m in self._client.ask(*sent)))
        except EOFError:
            self._client = None
            return Answer(((b"E", b"C08006\0Mthe session ended\0\0"),))

    def close(self) -> None:
        """End the session."""
        if self._client is not None:
            self._client.__exit__(None, None, None)
            self._client = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What came back for the statements of one attack, in order."""

    answers: tuple[Answer, ...]

    @property
    def unordered(self) -> tuple[object, ...]:
        """The same whatever the order of rows in an answer."""
        return tuple(answer.unordered for answer in self.answers)

    @property
    def refused(self) -> bool:
        """Whether one of them was refused by us."""
        return any(answer.refused for answer in self.answers)


def play(asker: Asker, steps: list[str], *, together: bool, extended: bool = False) -> Transcript:
    """Run statements, in a transaction that is rolled back when ``together``."""
    if together:
        asker.ask("BEGIN")
    answers = tuple(asker.ask(step, extended=extended) for step in steps)
    asker.ask("ROLLBACK")
    asker.ask("DISCARD ALL")
    return Transcript(answers)


def same_up_to_names(one: Transcript, other: Transcript) -> bool:
    """Whether two transcripts are the same but for a one-to-one renaming of values.

    Where the order of rows is left open, values that were renamed only count.
    """
    there: dict[bytes, bytes] = {}
    back: dict[bytes, bytes] = {}
    for left, right in zip(one.answers, other.answers, strict=True):
        if not _renamed(left, right, there, back) and _nameless(left) != _nameless(right):
            return False
    return True


def _renamed(
    left: Answer, right: Answer, there: dict[bytes, bytes], back: dict[bytes, bytes]
) -> bool:
    mine, theirs = _values(left), _values(right)
    if len(mine) != len(theirs):
        return False
    for value, name in zip(mine, theirs, strict=True):
        if (value is None) != (name is None):
            return False
        if value is None or name is None:
            continue
        if there.setdefault(value, name) != name or back.setdefault(name, value) != value:
            return False
        if value != name and not (_TOKEN.search(value) and _TOKEN.search(name)):
            return False
    return True


# What the vault makes of a text, of one that is too short for that, of an integer.
_TOKEN = re.compile(rb"tok_[A-Za-z0-9]+|^[A-Za-z0-9]{11}$|^-?\d{5,}$")


def _values(answer: Answer) -> list[bytes | None]:
    found: list[bytes | None] = []
    for kind, body in answer.messages:
        found += rows([(kind, body)])[0] if kind == b"D" else [kind + body]
    return found


def _nameless(answer: Answer) -> object:
    plain = [
        (kind, tuple(_plain(value) for value in rows([(kind, body)])[0]))
        if kind == b"D"
        else (kind, _TOKEN.sub(b"", body))
        for kind, body in answer.messages
    ]
    return Counter(plain)


def _plain(value: bytes | None) -> bytes | None:
    return None if value is None else _TOKEN.sub(b"", value)


@dataclass(slots=True)
class Tally:
    """What came out of a run."""

    statements: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    sampled: int = 0  # answered, and asked directly as well
    telling: int = 0  # of those, different
    order: int = 0  # the same rows in another order
    noisy: int = 0  # what is left in random order, and then limited, does not repeat
    leaks: list[str] = field(default_factory=list)

    def judge(self, sql: str, one: Answer, other: Answer, more: Callable[[], bool]) -> None:
        """One statement, asked on A and on B; ``more`` asks again whether they ever agree."""
        self.statements += 1
        if one.refused:
            self.refused[reason(one.refused)] += 1
        elif one.failed:
            self.failed[one.failed] += 1
        else:
            self.answered += 1
        if one == other:
            return
        if one.unordered == other.unordered:
            self.order += 1
        elif more():
            self.noisy += 1
        else:
            self.leaks.append(sql)


def reason(message: str) -> str:
    """A refusal without what differs from one to the next."""
    words = [word for word in message.split() if "." not in word and '"' not in word]
    return " ".join(words)[:90]
