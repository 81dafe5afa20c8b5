"""cut and splice of the reference: what they take and put in, and every row not to believe.

What replaces fields (``test_known``) is held against them.
"""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.wire import _kernel_py
from pgproxy.wire.backend import data_row
from tests.wire.streams import Row, run_of, tables, values, wanted_of

RUN = run_of([[b"1", b"ada", None], [b"22", None, b"x"]])


def framed(body: bytes) -> bytes:
    return b"D" + (len(body) + 4).to_bytes(4, "big") + body


@given(st.data())
def test_cut_gives_the_fields_of_every_row(data: st.DataObject) -> None:
    fields, table = data.draw(tables())
    wanted = data.draw(wanted_of(fields))
    assert _kernel_py.cut(run_of(table), fields, wanted) == [
        [row[index] for row in table] for index in wanted
    ]


@given(st.data())
def test_splice_replaces_the_wanted_fields_only(data: st.DataObject) -> None:
    fields, table = data.draw(tables())
    wanted = data.draw(wanted_of(fields))
    columns = [data.draw(st.lists(values, min_size=len(table), max_size=len(table)))] * len(wanted)
    changed: list[Row] = [
        [columns[wanted.index(i)][r] if i in wanted else row[i] for i in range(fields)]
        for r, row in enumerate(table)
    ]
    assert _kernel_py.splice(run_of(table), fields, wanted, columns) == run_of(changed)


@given(st.data())
def test_splice_of_what_was_cut_changes_nothing(data: st.DataObject) -> None:
    fields, table = data.draw(tables())
    wanted = data.draw(wanted_of(fields))
    run = run_of(table)
    assert _kernel_py.splice(run, fields, wanted, _kernel_py.cut(run, fields, wanted)) == run


def test_order_of_the_wanted_fields_is_the_callers() -> None:
    assert _kernel_py.cut(RUN, 3, (2, 0)) == [[None, b"x"], [b"1", b"22"]]
    new = _kernel_py.splice(RUN, 3, (2, 0), [[b"c", b"d"], [b"a", None]])
    assert new == run_of([[b"a", b"ada", b"c"], [None, None, b"d"]])


def test_values_that_grow_past_the_first_buffer() -> None:
    table: list[Row] = [[b"1", b"x"]] * 500
    column: Row = [bytes([n % 251]) * (n * 7) for n in range(500)]
    want = run_of([[b"1", value] for value in column])
    assert _kernel_py.splice(run_of(table), 2, (1,), [column]) == want


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_growth_by_every_small_step(rows: int) -> None:
    """Some of these fill the first buffer to its last byte, some miss by one."""
    run = run_of([[b"", b"tail"]] * rows)
    for size in range(300):
        column: Row = [b"x" * size] * rows
        want = run_of([[b"x" * size, b"tail"]] * rows)
        assert _kernel_py.splice(run, 2, (0,), [column]) == want


def test_values_that_shrink_to_nothing() -> None:
    table: list[Row] = [[b"x" * 300]] * 50
    assert _kernel_py.splice(run_of(table), 1, (0,), [[None] * 50]) == run_of([[None]] * 50)
    assert _kernel_py.splice(run_of(table), 1, (0,), [[b""] * 50]) == run_of([[b""]] * 50)


def test_empty_run_and_rows_without_fields() -> None:
    assert _kernel_py.cut(b"", 2, (0, 1)) == [[], []]
    assert _kernel_py.splice(b"", 2, (1,), [[]]) == b""
    none = run_of([[], []])
    assert _kernel_py.cut(none, 0, ()) == []
    assert _kernel_py.splice(none, 0, (), []) == none


def test_as_many_fields_as_the_wire_can_count() -> None:
    run = data_row([b"v"] * 65535)
    assert _kernel_py.cut(run, 65535, (0, 65534)) == [[b"v"], [b"v"]]
    new = _kernel_py.splice(run, 65535, (65534,), [[None]])
    assert new == data_row([b"v"] * 65534 + [None])
    everything = tuple(range(65535))
    assert _kernel_py.splice(run, 65535, everything, [[None]] * 65535) == data_row([None] * 65535)


MALFORMED = {
    "header cut off": RUN[:3],
    "count cut off": b"D\0\0\0\4",
    "half a count": b"D\0\0\0\5\0",
    "row cut off": RUN[:-1],
    "bytes after the last row": RUN + b"D",
    "another message": RUN + b"C\0\0\0\6\0\3",
    "length 0": b"D\0\0\0\0\0\3" + bytes(20),
    "length 3": b"D\0\0\0\3\0\3" + bytes(20),
    "length 2^31": b"D\x80\0\0\0\0\3" + bytes(20),
    "length -1": b"D\xff\xff\xff\xff\0\3" + bytes(20),
    "length past the end": b"D\0\0\0\x20\0\3" + bytes(12),
    "no field after the count": framed(b"\0\3"),
    "field length cut off": framed(b"\0\3" + bytes(8) + b"\0\0\0"),
    "field past its row": framed(b"\0\3" + bytes(8) + b"\0\0\0\2x") + RUN,
    "field length 2^31 - 1": framed(b"\0\3" + bytes(8) + b"\x7f\xff\xff\xffx"),
    "field length -2": framed(b"\0\3" + bytes(8) + b"\xff\xff\xff\xfex"),
    "field length 2^31": framed(b"\0\3" + bytes(8) + b"\x80\0\0\0x"),
    "row longer than its fields": framed(b"\0\3" + bytes(12) + b"\0"),
    "row of two fields": run_of([[b"1", b"2"]]),
    "row of four fields": run_of([[b"1", b"2", None, None]]),
    "row without fields": run_of([[]]),
    "good row, then another count": RUN + run_of([[b"1"]]),
}


@pytest.mark.parametrize("why", MALFORMED)
@pytest.mark.parametrize("wanted", [(), (0,), (2,), (0, 1, 2)])
def test_malformed_row_is_refused(why: str, wanted: tuple[int, ...]) -> None:
    run = MALFORMED[why]
    with pytest.raises(UpstreamViolation):
        _kernel_py.cut(run, 3, wanted)
    with pytest.raises(UpstreamViolation):
        _kernel_py.splice(run, 3, wanted, [[b"v"] * 3 for _ in wanted])


@pytest.mark.parametrize("size", [0, 1, 3])
def test_column_of_another_length_than_the_run(size: int) -> None:
    with pytest.raises(UpstreamViolation):
        _kernel_py.splice(RUN, 3, (0, 1), [[b"a", b"b"], [b"v"] * size])
    with pytest.raises(UpstreamViolation):
        _kernel_py.splice(b"", 3, (0,), [[b"v"]])


@pytest.mark.parametrize("wanted", [(3,), (-1,), (0, 0), (1, 2, 1), (2**40,), (-(2**70),)])
def test_wanted_must_be_distinct_fields(wanted: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="distinct indexes"):
        _kernel_py.cut(RUN, 3, wanted)
    with pytest.raises(ValueError, match="distinct indexes"):
        _kernel_py.splice(RUN, 3, wanted, [[b"v"] * 2 for _ in wanted])


@pytest.mark.parametrize("fields", [-1, 65536, 2**31, 2**64])
def test_number_of_fields_must_fit_the_wire(fields: int) -> None:
    with pytest.raises(ValueError, match="0 to 65535"):
        _kernel_py.cut(RUN, fields, ())
    with pytest.raises(ValueError, match="0 to 65535"):
        _kernel_py.splice(RUN, fields, (), [])


def test_one_column_for_each_wanted_field() -> None:
    with pytest.raises(ValueError, match="one column"):
        _kernel_py.splice(RUN, 3, (0, 1), [[b"v"] * 2])


@pytest.mark.parametrize("value", ["text", 7, bytearray(b"v"), memoryview(b"v")])
def test_only_bytes_go_into_a_row(value: object) -> None:
    with pytest.raises(TypeError):
        _kernel_py.splice(RUN, 3, (0,), [[b"v", value]])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        _kernel_py.splice(RUN, 3, (0,), [(b"v", b"w")])  # type: ignore[list-item]


def test_length_that_would_wrap_is_refused() -> None:
    """A row beyond 2^30 - 1 is no message; past 2^32 its rest would be read as messages."""
    # zero pages that nobody touches: each must be refused before it is copied
    for size in (0x3FFFFFFF - 9, 0x3FFFFFFF, 0x40000000):
        with pytest.raises(UpstreamViolation):
            _kernel_py.splice(run_of([[b"1"]]), 1, (0,), [[bytes(size)]])
    columns: list[Row] = [[b"x" * 100], [bytes(0x3FFFFFFF - 100)]]
    with pytest.raises(UpstreamViolation):
        _kernel_py.splice(run_of([[b"1", b"2"]]), 2, (0, 1), columns)


def test_row_may_also_become_too_long_behind_its_last_new_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_kernel_py, "MAX_LENGTH", 30)
    run = run_of([[b"1", b"0123456789"]])
    assert _kernel_py.splice(run, 2, (0,), [[b"123456"]])
    with pytest.raises(UpstreamViolation, match="too long"):
        _kernel_py.splice(run, 2, (0,), [[b"1234567"]])


def test_errors_hold_no_bytes_of_the_row() -> None:
    for run in MALFORMED.values():
        with pytest.raises(UpstreamViolation) as caught:
            _kernel_py.cut(run, 3, ())
        assert "data row" in caught.value.message
        assert not any(character.isdigit() for character in caught.value.message)
