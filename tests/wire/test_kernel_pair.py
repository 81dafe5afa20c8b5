"""The two kernels against each other: the same value or the same error, on good and bad input."""

from collections.abc import Callable
import random
from types import ModuleType

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ClientViolation, UpstreamViolation
from pgproxy.wire import _kernel_py, _known_py
from pgproxy.wire.framing import message
from tests.wire.streams import mutated, run_of, streams, tables, values

CASES = 50_000
Columns = list[list[bytes | None]]


def outcome(call: Callable[..., object], *arguments: object) -> tuple[str, object]:
    """What a call gives, or the kind and text of what it raises."""
    try:
        return "value", call(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def fed(kernel: ModuleType, stream: bytes, step: int, mode: dict[str, object]) -> object:
    """All that a Framer says about a stream that comes in pieces, up to its error."""
    framer = kernel.Framer(**mode)
    said: list[object] = []
    for at in range(0, len(stream), step):
        said.append((outcome(framer.feed, stream[at : at + step]), framer.pending))
    return said


MODES: list[dict[str, object]] = [
    {"limit": limit, "merge_rows": merge_rows, "discard": discard, "violation": violation}
    for limit in (12, 60, 2**31 - 1)
    for merge_rows, discard in ((False, b""), (True, b""), (False, b"DdC"), (True, b"dZ"))
    for violation in (ClientViolation, UpstreamViolation)
]


def sources(module: ModuleType, columns: Columns) -> tuple[object, ...]:
    """One of each kind in turn; what is known is the values of that column."""
    found: list[object] = []
    for place, column in enumerate(columns):
        known = module.Known(1 << 20)
        known.learn({value: value[1:] or None for value in column if value is not None})
        found.append((known, b"constant", None)[place % 3])
    return tuple(found)


def assert_same_rows(compiled: ModuleType, run: bytes, fields: int, columns: Columns) -> str:
    """Both replace fields alike, or find the same fault; which."""
    wanted = tuple(range(len(columns)))[::-1]
    said = [
        outcome(module.replace, run, fields, wanted, sources(module, columns))
        for module in (_known_py, compiled)
    ]
    assert said[0] == said[1]
    return said[0][0]


@given(st.binary(max_size=80), st.integers(-1, 6), st.data())
def test_same_on_any_bytes(
    compiled_known: ModuleType, run: bytes, fields: int, data: st.DataObject
) -> None:
    columns = data.draw(st.lists(st.lists(values, max_size=3), max_size=3))
    assert_same_rows(compiled_known, run, fields, columns)


@given(st.data())
def test_same_on_damaged_rows(compiled_known: ModuleType, data: st.DataObject) -> None:
    fields, table = data.draw(tables())
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    run = mutated(run_of(table), dice)
    column = st.lists(values, min_size=len(table), max_size=len(table))
    columns = data.draw(st.lists(column, max_size=fields))
    assert_same_rows(compiled_known, run, fields, columns)


@given(streams, st.integers(1, 400), st.sampled_from(MODES), st.integers(0, 2**32))
def test_same_on_damaged_streams(
    compiled: ModuleType, stream: bytes, step: int, mode: dict[str, object], seed: int
) -> None:
    broken = mutated(stream, random.Random(seed))
    for data in (stream, broken):
        assert fed(compiled, data, step, mode) == fed(_kernel_py, data, step, mode)


def test_same_on_many_damaged_rows(compiled_known: ModuleType) -> None:
    """A seeded mass of them, more than hypothesis would try; some must survive, most must not."""
    dice = random.Random(1)
    tally = {"value": 0, "UpstreamViolation": 0}
    for _ in range(CASES):
        fields = dice.randint(0, 5)
        table = [random_row(dice, fields) for _ in range(dice.randint(0, 4))]
        run = mutated(run_of(table), dice)
        columns = [[row[index] for row in table[1:]] for index in range(dice.randint(0, fields))]
        tally[assert_same_rows(compiled_known, run, fields, columns[::-1])] += 1
    assert min(tally.values()) > CASES // 20, tally


def test_same_on_many_damaged_streams(compiled: ModuleType) -> None:
    dice = random.Random(2)
    for _ in range(CASES // 5):
        parts = [
            message(dice.choice(b"DDDdCZ"), dice.randbytes(dice.randint(0, 30)))
            for _ in range(dice.randint(0, 6))
        ]
        stream = mutated(b"".join(parts), dice)
        step, mode = dice.randint(1, 200), dice.choice(MODES)
        assert fed(compiled, stream, step, mode) == fed(_kernel_py, stream, step, mode)


def random_row(dice: random.Random, size: int) -> list[bytes | None]:
    return [
        None if dice.random() < 0.2 else dice.randbytes(dice.randint(0, 9)) for _ in range(size)
    ]


def test_same_on_every_length_word(compiled: ModuleType, compiled_known: ModuleType) -> None:
    """Each length word of a run set to each edge value, one at a time."""
    run = run_of([[b"12", None], [b"", b"abcdef"]])
    edges = [0, 1, 2, 3, 4, 5, 6, 2**30, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 2, 2**32 - 1]
    for at in range(len(run) - 3):
        for edge in edges:
            broken = run[:at] + edge.to_bytes(4, "big") + run[at + 4 :]
            assert_same_rows(compiled_known, broken, 2, [[b"new", None]])
            assert_same_rows(compiled_known, broken, 2, [[b"new", None], [None, b"x"]])
            for mode in MODES[:8]:
                assert fed(compiled, broken, 9, mode) == fed(_kernel_py, broken, 9, mode)


def test_same_on_every_truncation(compiled_known: ModuleType) -> None:
    run = run_of([[b"12", None], [b"", b"abcdef"]])
    for end in range(len(run) + 1):
        assert_same_rows(compiled_known, run[:end], 2, [[b"new", None]])
        assert_same_rows(compiled_known, run[end:], 2, [[b"new", None]])


def test_revisions_agree(compiled: ModuleType, compiled_known: ModuleType) -> None:
    """Bump both when either changes what it gives, or a stale build would be taken for good."""
    assert compiled.REVISION == _kernel_py.REVISION
    assert compiled_known.REVISION == _known_py.REVISION


def test_compiled_kernel_takes_bytes_only(compiled: ModuleType, compiled_known: ModuleType) -> None:
    for wrong in (bytearray(b"D"), None, "D"):
        with pytest.raises(TypeError):
            compiled_known.replace(wrong, 0, (), ())
        with pytest.raises(TypeError):
            compiled.Framer(10, merge_rows=False).feed(wrong)
    with pytest.raises(TypeError):
        compiled_known.replace(b"", 0, None, ())
    with pytest.raises(TypeError):
        compiled_known.replace(b"", 0, (), None)
