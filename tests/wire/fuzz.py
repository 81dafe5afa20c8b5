"""Spoilt bytes into every reader of the wire: ``python -m tests.wire.fuzz [COUNT [SEED [NAME]]]``.

COUNT inputs for each reader: good ones with something wrong, or with a piece said again and again
until they are long.  A reader gives a value or raises what its docstring names, soon, and what it
gives is not much longer than what it was given; a compiled kernel answers as the reference does.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
import random
import sys
import time

from pgproxy.compiled import choose
from pgproxy.errors import ClientViolation, UpstreamViolation
from pgproxy.wire import _copy_py, _kernel_py, _known_py, arrays, backend, frontend, startup, values
from pgproxy.wire.copy import BinaryRows, CopyRows, CsvRows, Style, TextRows
from pgproxy.wire.framing import HEADER
from pgproxy.wire.proxy_header import parse_proxy_header
from tests.wire.streams import mutated
from tests.wire.test_kernel_pair import MODES, fed, outcome, sources

# Of processor time, for one input of at most LONG bytes.
SECONDS = 1.0
LONG = 200_000
GROWTH = 64  # bytes out for one in, at most; a row of NULLs is a list of Nones

Read = Callable[[bytes], object]


@dataclass(frozen=True)
class Reader:
    """One reader, inputs it takes, and what it may raise."""

    read: Read
    good: Sequence[bytes]
    raises: tuple[type[Exception], ...]


def _bodies(*whole: bytes) -> list[bytes]:
    return [message[HEADER:] for message in whole]


_PARAMETERS = b"\0\1\0\1\0\2\0\0\0\1a\xff\xff\xff\xff"
_MESSAGES: list[frontend.Message] = [
    frontend.Query(b"select 1"),
    frontend.Parse(b"s", b"select $1", (23, 25)),
    frontend.Bind(b"p", b"s", _PARAMETERS, (0, 1)),
    frontend.Describe(b"S", b"s"),
    frontend.Close(b"P", b"p"),
    frontend.Execute(b"p", 5),
    frontend.Sync(),
    frontend.FunctionCall(7),
    frontend.CopyData(b"1\t2\n"),
    frontend.CopyFail(b"why"),
    frontend.PasswordMessage(b"SCRAM-SHA-256\0\0\0\0\1n"),
]
_FIELDS = [backend.FieldDescription(b"a", 1, 1, 25, -1, -1, 0)] * 2
_BACKEND: dict[str, tuple[Read, list[bytes]]] = {
    "row description": (backend.parse_row_description, [backend.row_description(_FIELDS)]),
    "command complete": (backend.parse_command_complete, [backend.command_complete(b"SELECT 1")]),
    "ready": (backend.parse_ready_for_query, [backend.ready_for_query()]),
    "parameter status": (backend.parse_parameter_status, [backend.parameter_status(b"a", b"b")]),
    "parameters": (backend.parse_parameter_description, [backend.parameter_description([1, 2])]),
    "authentication": (backend.parse_authentication, [backend.authentication(5, b"salt")]),
    "negotiation": (
        backend.parse_negotiate_protocol_version,
        [backend.negotiate_protocol_version(3, [b"_pq_.a"])],
    ),
    "mechanisms": (
        backend.parse_sasl_mechanisms,
        [backend.authentication(10, b"SCRAM-SHA-256\0\0")],
    ),
    "key": (backend.parse_backend_key_data, [backend.backend_key_data(7, b"key!")]),
    "notification": (backend.parse_notification, [backend.notification_response(1, b"a", b"b")]),
    "copy response": (backend.parse_copy_response, [backend.copy_response(0x48, 0, [0, 1])]),
}
_ERROR = backend.encode_error({"S": b"ERROR", "C": b"42501", "M": b"no", "P": b"7"})
_START = startup.StartupMessage((3, 0), {"user": "alice", "database": "shop", "_pq_.a": "b"})
_HEADERS = [
    b"PROXY TCP4 192.0.2.1 10.0.0.1 57005 5432\r\n",
    b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n",
    bytes.fromhex("0d0a0d0a000d0a515549540a 21 11 000c c0000201 0a000001 dead 1538"),
]
_ARRAYS = [b'{a, "b\\"c",NULL, d e }', b"{ }", arrays.write_array(1, 25, [b"a", None, b"bc"])]
_VALUES = [
    b"-12", b"1.5e-7", b"NaN", b"0.001", b"t", b"\\x00ff", b"a\\\\b\\001", b"192.0.2.1/24",
    b"0b0e7a1c-36b0-4b0f-9d3a-1f2e3d4c5b6a", b"2024-02-29", b"2024-02-29 12:00:00.5+02",
    b"0044-03-15 BC", b"infinity", b"\1{}", b"\0\0\0\7", b"\0\0\0\0\0\0\0\7",
    b"\2\x18\0\4\xc0\0\2\1", b"\0\2\0\0\x40\0\0\2\0\1\x13\x88", b"\0" * 16,
]  # fmt: skip
_ROWS = backend.data_row([b"1", b"a", None]) + backend.data_row([b"", b"bb", b"ccc"])
_BINARY = (
    b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\2\0\0\0\1a\xff\xff\xff\xff\0\2\0\0\0\0\0\0\0\1b\xff\xff"
)
_LINES = [b"1\t\\N\n2\\t\tb\n", b'1,"a\n""b"\n2,\n', b"a\tb\nc\td\n"]


def _frontend(data: bytes) -> object:
    return frontend.parse(data[0], data[HEADER:]) if data else None


def _bind(data: bytes) -> object:
    bind = frontend.Bind(b"", b"", data)
    return bind.with_values(bind.values()).values()


def _array(data: bytes) -> object:
    return [_maybe(arrays.read_array, form, data) for form in (0, 1)]


def _value(data: bytes) -> object:
    found: list[object] = []
    for oid in values.CODECS:
        for form in (0, 1):
            canonical = _maybe(values.decode, oid, form, data)
            if isinstance(canonical, bytes):
                # What was read can be written, where its type is one that is written so.
                found.append(_maybe(values.encode, oid, form, canonical))
    return max(found, key=lambda each: len(each) if isinstance(each, bytes) else 0, default=b"")


def _maybe(call: Callable[..., object], *arguments: object) -> object:
    try:
        return call(*arguments)
    except values.Unsupported:
        return None


def _copied(make: Callable[[], CopyRows]) -> Read:
    def read(data: bytes) -> object:
        whole, parts = make(), make()
        whole.feed(data)
        at = len(data) // 2
        parts.feed(data[:at])
        parts.feed(data[at:])
        taken = [rows.take((0,), (b"***",))[0] for rows in (whole, parts)]
        # In parts the stream says the same, or stops earlier.
        assert taken[0] == taken[1], "cut elsewhere it reads otherwise"
        whole.end()
        return taken[0]

    return read


_PAIRS = {
    name: (reference, choose(f"pgproxy.wire.{name}", reference, "")[1])
    for name, reference in (("_kernel", _kernel_py), ("_known", _known_py))
}


def _framed(data: bytes) -> object:
    reference, compiled = _PAIRS["_kernel"]
    step = 1 + len(data) // 3
    said: object = None
    for mode in MODES[:: 1 + len(data) // 64]:
        said = fed(reference, data, step, mode)
        assert said == fed(compiled, data, step, mode), "the kernels differ"
    return said


def _replaced(data: bytes) -> object:
    columns: list[list[bytes | None]] = [[b"1", b"a"], [b"bb", None], [b"ccc"]]
    said = [
        outcome(module.replace, data, 3, (2, 0, 1), sources(module, columns))
        for module in _PAIRS["_known"]
    ]
    assert said[0] == said[1], "the kernels differ"
    return said[0]


def _lines(data: bytes) -> object:
    said: list[object] = []
    styles = [(9, None, -1, 0, b""), (44, b"", 34, 34, b"\1"), (44, b"N", 34, 92, b"")]
    for style in styles:
        said = [
            outcome(
                module.replace_lines,
                data,
                2,
                (1, 0),
                sources(module, [[b"a", b"b"], [b"1"]]),
                (style, style),
            )
            for module in _PAIRS["_known"]
        ]
        assert said[0] == said[1], "the kernels differ"
    return said[0]


def _copy_kernel(data: bytes) -> object:
    compiled = _PAIRS["_kernel"][1]
    copied = _copy_py if compiled is _kernel_py else compiled
    said: object = None
    for name, more in (("copies", ()), ("payload", ()), ("binary_rows", (0, 2))):
        said = outcome(getattr(_copy_py, name), data, *more)
        assert said == outcome(getattr(copied, name), data, *more), "the kernels differ"
    for state in range(3):
        said = outcome(_copy_py.rows_end, data, state, 34, 92)
        assert said == outcome(copied.rows_end, data, state, 34, 92), "the kernels differ"
    return said


_CLIENT, _SERVER = (ClientViolation,), (UpstreamViolation,)
_TEXT = Style(2, b"\t", b"\\N")
_CSV = Style(2, b",", b"", header=True)
READERS: dict[str, Reader] = {
    "frontend": Reader(_frontend, [each.encode() for each in _MESSAGES], _CLIENT),
    "bind values": Reader(_bind, [_PARAMETERS], _CLIENT),
    "start-up": Reader(
        startup.parse_first,
        [
            _START.encode(),
            startup.SSLRequest().encode(),
            startup.CancelRequest(7, b"key!").encode(),
        ],
        _CLIENT,
    ),
    "proxy header": Reader(parse_proxy_header, _HEADERS, _CLIENT),
    "error": Reader(backend.parse_error, _bodies(_ERROR), ()),
    **{
        f"backend {name}": Reader(read, _bodies(*good), _SERVER)
        for name, (read, good) in _BACKEND.items()
    },
    "arrays": Reader(_array, _ARRAYS, ()),
    "values": Reader(_value, _VALUES, ()),
    "copy text": Reader(_copied(lambda: TextRows(_TEXT)), _LINES, _SERVER),
    "copy csv": Reader(_copied(lambda: CsvRows(_CSV)), _LINES, _SERVER),
    "copy binary": Reader(_copied(lambda: BinaryRows(2)), [_BINARY], _SERVER),
    "kernel framer": Reader(_framed, [_ROWS, _ERROR + _ROWS], ()),
    "kernel rows": Reader(_replaced, [_ROWS], ()),
    "kernel lines": Reader(_lines, _LINES, ()),
    "kernel copy": Reader(_copy_kernel, [_ROWS, _ROWS.replace(b"D", b"d"), _BINARY[19:]], ()),
}


def spoilt(good: bytes, dice: random.Random) -> bytes:
    """The bytes with something wrong; once in a while long."""
    data = mutated(good, dice)
    if data and dice.random() < 0.002:
        at = dice.randrange(len(data))
        piece = data[at : at + dice.randint(1, 4)]
        data = data[:at] + piece * (LONG // len(piece)) + data[at:]
    return data


def inputs(name: str, count: int, seed: int) -> Iterator[bytes]:
    """So many for that reader."""
    dice = random.Random(f"{seed} {name}")
    good = READERS[name].good
    for _ in range(count):
        yield spoilt(dice.choice(good), dice)


def judge(name: str, data: bytes) -> str:
    """How it ended.  Raises AssertionError where it must not end so."""
    reader = READERS[name]
    began = time.process_time()
    try:
        found = reader.read(data)
        ended = "read"
    except reader.raises:
        found, ended = None, "refused"
    assert time.process_time() - began < SECONDS, "it takes too long"
    size = len(found) if isinstance(found, bytes) else 0
    assert size <= GROWTH * (len(data) + 16), "it grows"
    return ended


def main() -> int:
    """Run, print how it went, exit 1 where one reader failed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    failed = 0
    for name in sys.argv[3:] or READERS:
        began = time.monotonic()
        ends: Counter[str] = Counter()
        for data in inputs(name, count, seed):
            try:
                ends[judge(name, data)] += 1
            except Exception as fault:
                print(
                    f"{name}: {type(fault).__name__}: {fault}: {data[:200]!r} ({len(data)} bytes)"
                )
                failed = 1
                break
        print(f"{name}: {dict(ends)} in {time.monotonic() - began:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
