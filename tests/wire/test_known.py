"""What is known of values: both implementations against a plain dict, and within their bounds."""

from types import ModuleType

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.wire import _known_py, known
from pgproxy.wire._kernel_py import splice
from tests.treatment.test_rows import run_of

MODULES = [_known_py] if known.IMPLEMENTATION == "python" else [_known_py, known._in_use]

SHORT = st.binary(max_size=4)
# Around the sizes where an entry is written in another way.
LONG = st.integers(250, 260).flatmap(lambda size: st.binary(min_size=size, max_size=size))
VALUE = SHORT | LONG
PAIRS = st.dictionaries(VALUE, st.none() | VALUE)


@pytest.fixture(params=MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def module(request: pytest.FixtureRequest) -> ModuleType:
    """Each implementation."""
    found: ModuleType = request.param
    return found


@given(st.lists(PAIRS), st.lists(st.none() | VALUE))
def test_it_knows_what_a_dict_would(
    learned: list[dict[bytes, bytes | None]], column: list[bytes | None]
) -> None:
    model: dict[bytes, bytes | None] = {}
    made = [m.Known(1 << 20) for m in MODULES]
    for pairs in learned:
        model = {**pairs, **model}
        for one in made:
            one.learn(pairs)
    column += list(model)
    missing = list(dict.fromkeys(v for v in column if v is not None and v not in model))
    found = [model.get(v) if v is not None else None for v in column if v is None or v in model]
    for one in made:
        assert one.look_up(column) == (found, missing)
        assert len(one) == len(model)


@given(st.lists(st.lists(st.integers(0, 300), max_size=40), max_size=30))
def test_both_forget_alike(batches: list[list[int]]) -> None:
    made = [m.Known(2000) for m in MODULES]
    for batch in batches:
        column = [b"%d" % number for number in batch]
        told = [one.look_up(column) for one in made]
        assert all(each == told[0] for each in told)
        for one in made:
            one.learn({value: value * 2 for value in told[0][1]})
            assert one.look_up(told[0][1]) == ([value * 2 for value in told[0][1]], [])
            one.trim()
        assert len({one.size for one in made}) == 1


def test_what_is_asked_for_all_the_time_stays(module: ModuleType) -> None:
    one = module.Known(10_000)
    one.learn({b"often": b"here"})
    for number in range(5_000):
        one.learn({b"%d" % number: b"x"})
        assert one.look_up([b"often"]) == ([b"here"], [])
    assert one.size <= 11_000


def test_many_values(module: ModuleType) -> None:
    one = module.Known(1 << 30)
    pairs = {b"%d" % number: b"%x" % number for number in range(200_000)}
    one.learn(pairs)
    assert one.look_up(list(pairs)) == (list(pairs.values()), [])
    assert one.look_up([b"-1", b"-1", b"-2"]) == ([], [b"-1", b"-2"])


ROW = st.tuples(*[st.none() | SHORT] * 3)


@given(st.lists(ROW, max_size=150), st.permutations([0, 1, 2]), PAIRS, st.none() | SHORT)
def test_rows_are_replaced_alike(
    rows: list[tuple[bytes | None, ...]],
    wanted: list[int],
    pairs: dict[bytes, bytes | None],
    constant: bytes | None,
) -> None:
    told = []
    for one in MODULES:
        source = one.Known(1 << 20)
        source.learn(pairs)
        told.append(one.replace(run_of(*rows), 3, tuple(wanted[:2]), (source, constant)))
    assert all(each == told[0] for each in told)
    new, counts, missing = told[0]
    first = [row[wanted[0]] for row in rows]
    lacking = list(dict.fromkeys(v for v in first if v is not None and v not in pairs))
    assert missing == [lacking, []]
    assert (new is None) == bool(lacking)
    if new is not None:
        second = [row[wanted[1]] for row in rows]
        columns = [
            [None if value is None else pairs[value] for value in first],
            [None if value is None else constant for value in second],
        ]
        assert new == splice(run_of(*rows), 3, tuple(wanted[:2]), columns)
        nulls = 0 if constant is None else second.count(None)
        assert counts == [len(rows) - first.count(None), len(rows) - nulls]


@given(st.binary(max_size=80), st.integers(0, 3))
def test_rows_that_are_none_stop(garbage: bytes, fields: int) -> None:
    for one in MODULES:
        with pytest.raises(UpstreamViolation):
            one.replace(b"D" + garbage, fields, (0,) if fields else (), (b"x",) if fields else ())


def test_what_is_no_source_is_told(module: ModuleType) -> None:
    with pytest.raises((TypeError, AttributeError)):
        module.replace(run_of((b"a",)), 1, (0,), ("text",))
    with pytest.raises(ValueError):
        module.replace(run_of((b"a",)), 1, (0, 0), (b"x", b"y"))
    with pytest.raises(ValueError):
        module.replace(run_of((b"a",)), 1, (0,), ())
