"""The two kernels against each other on COPY: the same value or the same error, on anything."""

from collections.abc import Callable
import random
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

from pgproxy.wire import _copy_py, _known_py
from tests.wire.copies import HEADER, binary, streams
from tests.wire.streams import mutated, run_of, tables
from tests.wire.test_kernel_pair import Columns, outcome, sources

Style = tuple[int, bytes | None, int, int, bytes]
CASES = 20_000

bytes_of = st.sampled_from([9, 1, 8, ord("|"), ord(","), ord("'"), ord('"'), ord("a"), 92])
# What means something to some style, in any order.
texts = st.lists(
    st.sampled_from(list(b"a\"'\\|,\t\n\r\bN.xnt\x01")), max_size=30
).map(bytes)  # fmt: skip
values = st.none() | texts.map(lambda text: text[:6])


@st.composite
def styles(draw: st.DrawFn) -> Style:
    """Styles, the server would not take all of them."""
    quote = draw(st.sampled_from([-1, -1, ord('"'), ord("'"), 92]))
    escape = draw(st.sampled_from([max(quote, 0), 92, ord("'")]))
    null = draw(st.none() | st.sampled_from([b"", b"\\N", b"N", b"a", b'"a"']))
    forced = draw(st.sampled_from([b"", b"\1", b"\0\1\0\1"]))
    delimiter = draw(bytes_of.filter(lambda char: char != 92 or quote >= 0))
    return delimiter, null, quote, escape, forced


def assert_same(compiled: ModuleType, name: str, *arguments: object) -> tuple[str, object]:
    """Both kernels give one outcome; which."""
    said = outcome(getattr(compiled, name), *arguments)
    known: Callable[..., object] = getattr(_copy_py, name)
    assert said == outcome(known, *arguments)
    return said


def assert_same_lines(
    compiled: ModuleType, lines: bytes, fields: int, columns: Columns, style: Style
) -> tuple[str, object]:
    """Both replace fields alike, or find the same fault; which."""
    wanted = tuple(range(len(columns)))[::-1]
    said = [
        outcome(
            module.replace_lines, lines, fields, wanted, sources(module, columns), (style, style)
        )
        for module in (_known_py, compiled)
    ]
    assert said[0] == said[1]
    return said[0]


@settings(max_examples=1000)
@given(texts, st.integers(-1, 4), styles(), st.data())
def test_same_on_any_lines(
    compiled: ModuleType,
    compiled_known: ModuleType,
    text: bytes,
    fields: int,
    style: Style,
    data: st.DataObject,
) -> None:
    columns = data.draw(st.lists(st.lists(values, max_size=4), max_size=3))
    for lines in (text, text + b"\n"):
        assert_same_lines(compiled_known, lines, fields, columns, style)
    state = data.draw(st.integers(0, 2))
    assert_same(compiled, "rows_end", text, state, style[2], style[3])


def test_same_on_a_mass_of_lines(compiled_known: ModuleType) -> None:
    """Most of them whole."""
    dice = random.Random(3)
    tally = {"value": 0, "UpstreamViolation": 0}
    for _ in range(CASES):
        quote = dice.choice([-1, 34])
        style = dice.choice([9, 44, 124]), dice.choice([b"", b"\\N"]), quote, 34, b""
        fields = dice.randrange(1, 4)
        row = bytes([style[0]]).join(_field(dice, style) for _ in range(fields)) + b"\n"
        lines = row * dice.randrange(3)
        if dice.random() < 0.2:
            lines = mutated(lines, dice)
        read: list[bytes | None] = [one.strip(b'"') for one in row.split(bytes([style[0]]))]
        columns = [read] * 3
        said = assert_same_lines(compiled_known, lines, fields, columns[:fields], style)
        tally[said[0]] += 1
    assert min(tally.values()) > CASES // 50, tally


def _field(dice: random.Random, style: Style) -> bytes:
    plain = bytes(dice.choice(b"abc.") for _ in range(dice.randrange(4)))
    if style[2] < 0:
        return plain + dice.choice([b"", b"\\\\", b"\\n", b"\\N", b"\\" + bytes([style[0]])])
    return dice.choice([plain, b'"' + plain + b'"', b'"a""' + plain + b'\n,"'])


@given(st.data())
def test_same_on_damaged_streams(
    compiled: ModuleType, compiled_known: ModuleType, data: st.DataObject
) -> None:
    _, rows, sent, *_ = data.draw(streams())
    fields = len(rows[0]) if rows else 1
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    stream = b"".join(sent)
    for lines in (stream, mutated(stream, dice)):
        for style in ((9, b"\\N", -1, 0, b""), (44, b"", 34, 34, b"")):
            columns = [[row[index] for row in rows] for index in range(len(rows and rows[0]))]
            assert_same_lines(compiled_known, lines, fields, columns, style)
            assert_same(compiled, "rows_end", lines, 0, 34, 34)


@given(st.data())
def test_same_on_damaged_binary_rows(compiled: ModuleType, data: st.DataObject) -> None:
    fields, table = data.draw(tables())
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    stream = b"".join(binary(table))
    for rows in (stream, mutated(stream, dice)):
        for at in (0, len(HEADER), len(rows), len(rows) + 1, -1):
            assert_same(compiled, "binary_rows", rows, at, fields)
        assert_same(compiled, "binary_rows", rows, min(len(HEADER), len(rows)), fields + 1)
    run = run_of(table)
    for damaged in (run, mutated(run, dice), run[:-1], run + b"D"):
        assert_same(compiled, "copies", damaged)
        assert_same(compiled, "payload", damaged.replace(b"D", b"d"))
        assert_same(compiled, "payload", damaged)


def test_same_on_every_length_word_of_binary_rows(compiled: ModuleType) -> None:
    rows = b"".join(binary([[b"12", None], [b"", b"abcdef"]]))[len(HEADER) :]
    edges = [0, 1, 2, 6, 2**30 - 1, 2**30, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]
    for at in range(len(rows) - 3):
        for edge in edges:
            broken = rows[:at] + edge.to_bytes(4, "big") + rows[at + 4 :]
            assert_same(compiled, "binary_rows", broken, 0, 2)
    for end in range(len(rows)):
        assert_same(compiled, "binary_rows", rows[:end], 0, 2)


def test_wrong_arguments_are_errors_of_python(
    compiled: ModuleType, compiled_known: ModuleType
) -> None:
    style = 9, b"\\N", -1, 0, b""
    calls: tuple[tuple[object, ...], ...] = (
        (b"1\n", 1, (0,), ("x",), (style, style)),
        (b"1\n", 1, (0,), (), (style, style)),
        (b"1\n", 1, (1,), (b"x",), (style, style)),
        (b"1\n", 70_000, (), (), (style, style)),
    )
    for module in (_known_py, compiled_known):
        for arguments in calls:
            said = outcome(module.replace_lines, *arguments)
            assert said[0] in ("TypeError", "ValueError", "AttributeError")
    for wrong in (bytearray(b"1\n"), None, "1\n"):
        assert outcome(compiled_known.replace_lines, wrong, 1, (), (), (style, style))[0] == (
            "TypeError"
        )
        assert outcome(compiled.copies, wrong)[0] == "TypeError"
        assert outcome(compiled.payload, wrong)[0] == "TypeError"
        assert outcome(compiled.binary_rows, wrong, 0, 1)[0] == "TypeError"
        assert outcome(compiled.rows_end, wrong, 0, 34, 34)[0] == "TypeError"
    for bad in ((), (9,), (9, "x", -1, 0, b""), (9, b"", -1, 0, None), (9, b"", "q", 0, b"")):
        said = outcome(compiled_known.replace_lines, b"1\n", 1, (), (), (style, bad))
        assert said[0] in ("TypeError", "ValueError")
