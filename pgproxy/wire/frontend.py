"""Frontend messages: what a client sends after start-up, as frozen dataclasses.

Named as in the manual, chapter 54.7.  ``parse`` checks the whole layout and raises ClientViolation;
``encode`` gives the message back with its header.  What can hold a value, a literal or a secret is
left out of every repr.  The start-up packets have no type byte: see ``startup``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pgproxy.errors import ClientViolation
from pgproxy.wire.body import Body
from pgproxy.wire.framing import int16s, message, oids, string

BIND = 0x42  # B
CLOSE = 0x43  # C
COPY_DATA = 0x64  # d
COPY_DONE = 0x63  # c
COPY_FAIL = 0x66  # f
DESCRIBE = 0x44  # D
EXECUTE = 0x45  # E
FLUSH = 0x48  # H
FUNCTION_CALL = 0x46  # F
PARSE = 0x50  # P
PASSWORD_MESSAGE = 0x70  # p: GSSResponse, PasswordMessage, SASLInitialResponse, SASLResponse
QUERY = 0x51  # Q
SYNC = 0x53  # S
TERMINATE = 0x58  # X

# What Describe and Close name.
STATEMENT = b"S"
PORTAL = b"P"


@dataclass(frozen=True, slots=True)
class Query:
    """A simple query: one string, any number of statements."""

    query: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The message with its header."""
        return message(QUERY, string(self.query))


@dataclass(frozen=True, slots=True)
class Parse:
    """Makes a prepared statement; b"" is the unnamed one."""

    statement: bytes
    query: bytes = field(repr=False)
    parameter_types: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """The message with its header."""
        strings = string(self.statement) + string(self.query)
        return message(PARSE, strings + oids(self.parameter_types))


@dataclass(frozen=True, slots=True)
class Bind:
    """Makes a portal of a prepared statement.

    ``parameters`` is the raw middle of the message: format codes, then values, both counted.
    """

    portal: bytes
    statement: bytes
    parameters: bytes = field(default=b"\0\0\0\0", repr=False)
    result_formats: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """The message with its header."""
        names = string(self.portal) + string(self.statement)
        return message(BIND, names + self.parameters + int16s(self.result_formats))

    def values(self) -> list[tuple[int, bytes | None]]:
        """Format and value of each parameter; None is NULL.  Raises ClientViolation."""
        body = Body("Bind", self.parameters, ClientViolation)
        formats = body.counts()
        count = body.count()
        if len(formats) not in (0, 1, count):
            raise body.violated()
        each = formats * count if len(formats) == 1 else formats or (0,) * count
        found: list[tuple[int, bytes | None]] = []
        for format in each:
            length = body.int32()
            found.append((format, None if length == -1 else body.take(length)))
        return found

    def with_values(self, parameters: Sequence[tuple[int, bytes | None]]) -> "Bind":
        """The same with other parameters."""
        parts = [int16s(tuple(format for format, _ in parameters))]
        parts.append(len(parameters).to_bytes(2, "big"))
        for _, value in parameters:
            length = -1 if value is None else len(value)
            parts += length.to_bytes(4, "big", signed=True), value or b""
        return replace(self, parameters=b"".join(parts))


@dataclass(frozen=True, slots=True)
class Describe:
    """Asks for the layout of a STATEMENT or a PORTAL."""

    kind: bytes
    name: bytes

    def encode(self) -> bytes:
        """The message with its header."""
        return message(DESCRIBE, self.kind + string(self.name))


@dataclass(frozen=True, slots=True)
class Close:
    """Forgets a STATEMENT or a PORTAL."""

    kind: bytes
    name: bytes

    def encode(self) -> bytes:
        """The message with its header."""
        return message(CLOSE, self.kind + string(self.name))


@dataclass(frozen=True, slots=True)
class Execute:
    """Runs a portal; ``max_rows`` of 0 or less means all."""

    portal: bytes
    max_rows: int = 0

    def encode(self) -> bytes:
        """The message with its header."""
        rows = self.max_rows.to_bytes(4, "big", signed=True)
        return message(EXECUTE, string(self.portal) + rows)


@dataclass(frozen=True, slots=True)
class Sync:
    """Ends a pipeline; the server answers ReadyForQuery."""

    def encode(self) -> bytes:
        """The message with its header."""
        return message(SYNC)


@dataclass(frozen=True, slots=True)
class Flush:
    """Asks for the replies that are due; has none of its own."""

    def encode(self) -> bytes:
        """The message with its header."""
        return message(FLUSH)


@dataclass(frozen=True, slots=True)
class Terminate:
    """The client leaves."""

    def encode(self) -> bytes:
        """The message with its header."""
        return message(TERMINATE)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """Calls a function by OID; ``arguments`` is the raw middle, as in Bind."""

    function: int
    arguments: bytes = field(default=b"\0\0\0\0", repr=False)
    result_format: int = 0

    def encode(self) -> bytes:
        """The message with its header."""
        ends = self.function.to_bytes(4, "big"), self.result_format.to_bytes(2, "big")
        return message(FUNCTION_CALL, ends[0] + self.arguments + ends[1])


@dataclass(frozen=True, slots=True)
class CopyData:
    """A piece of a COPY stream, cut anywhere."""

    data: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The message with its header."""
        return message(COPY_DATA, self.data)


@dataclass(frozen=True, slots=True)
class CopyDone:
    """The COPY stream is complete."""

    def encode(self) -> bytes:
        """The message with its header."""
        return message(COPY_DONE)


@dataclass(frozen=True, slots=True)
class CopyFail:
    """The client gives the COPY up."""

    reason: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The message with its header."""
        return message(COPY_FAIL, string(self.reason))


@dataclass(frozen=True, slots=True)
class PasswordMessage:
    """Any reply to an authentication request: one letter, four layouts, told apart by context."""

    response: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The message with its header."""
        return message(PASSWORD_MESSAGE, self.response)


Message = (
    Query | Parse | Bind | Describe | Close | Execute | Sync | Flush | Terminate | FunctionCall
    | CopyData | CopyDone | CopyFail | PasswordMessage
)  # fmt: skip


def _query(body: Body) -> Message:
    return Query(body.string())


def _parse(body: Body) -> Message:
    return Parse(body.string(), body.string(), body.oids())


def _bind(body: Body) -> Message:
    return Bind(body.string(), body.string(), body.values(), body.counts())


def _kind(body: Body) -> bytes:
    kind = body.byte1()
    if kind not in (STATEMENT, PORTAL):
        raise body.violated()
    return kind


def _describe(body: Body) -> Message:
    return Describe(_kind(body), body.string())


def _close(body: Body) -> Message:
    return Close(_kind(body), body.string())


def _execute(body: Body) -> Message:
    return Execute(body.string(), body.int32())


def _function_call(body: Body) -> Message:
    return FunctionCall(body.uint32(), body.values(), body.count())


_LAYOUTS: dict[int, tuple[str, Callable[[Body], Message]]] = {
    BIND: ("Bind", _bind),
    CLOSE: ("Close", _close),
    COPY_DATA: ("CopyData", lambda body: CopyData(body.rest())),
    COPY_DONE: ("CopyDone", lambda _: CopyDone()),
    COPY_FAIL: ("CopyFail", lambda body: CopyFail(body.string())),
    DESCRIBE: ("Describe", _describe),
    EXECUTE: ("Execute", _execute),
    FLUSH: ("Flush", lambda _: Flush()),
    FUNCTION_CALL: ("FunctionCall", _function_call),
    PARSE: ("Parse", _parse),
    PASSWORD_MESSAGE: ("authentication", lambda body: PasswordMessage(body.rest())),
    QUERY: ("Query", _query),
    SYNC: ("Sync", lambda _: Sync()),
    TERMINATE: ("Terminate", lambda _: Terminate()),
}


def parse(kind: int, body: bytes) -> Message:
    """The message of this type and body; ClientViolation when it is none."""
    if kind not in _LAYOUTS:
        raise ClientViolation("unknown message type")
    name, layout = _LAYOUTS[kind]
    cursor = Body(name, body, ClientViolation)
    parsed = layout(cursor)
    cursor.end()
    return parsed
