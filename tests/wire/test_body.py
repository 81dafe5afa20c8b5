"""Body: every read checked, every error silent about the bytes."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ClientViolation, UpstreamViolation
from pgproxy.wire.body import Body


def body(data: bytes) -> Body:
    return Body("Odd", data, ClientViolation)


def test_reads_in_order() -> None:
    cursor = body(b"x\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffname\0rest")
    assert cursor.byte1() == b"x"
    assert cursor.int16() == -1
    assert cursor.count() == 0xFFFF
    assert cursor.int32() == -1
    assert cursor.uint32() == 0xFFFFFFFF
    assert cursor.string() == b"name"
    assert cursor.rest() == b"rest"
    cursor.end()


READS = ["byte1", "int16", "count", "int32", "uint32", "string", "counts", "oids", "values"]


@pytest.mark.parametrize("read", READS)
def test_nothing_is_read_past_the_end(read: str) -> None:
    with pytest.raises(ClientViolation, match="malformed Odd message"):
        getattr(body(b""), read)()


@pytest.mark.parametrize("size", [-1, 5, 2**31, 2**63])
def test_take_wants_a_size_that_is_there(size: int) -> None:
    with pytest.raises(ClientViolation):
        body(b"four").take(size)


def test_string_without_its_nul_is_refused() -> None:
    with pytest.raises(ClientViolation):
        body(b"name").string()


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1",  # a format code announced, none there
        b"\0\0\0\1\0\0\0\5four",
        b"\0\0\0\1\xff\xff\xff\xfe",
        b"\0\0\0\1\x80\0\0\0",
        b"\0\0\xff\xff\0\0\0\0",
    ],
)
def test_values_that_are_not_there(data: bytes) -> None:
    with pytest.raises(ClientViolation):
        body(data).values()


def test_values_come_back_as_they_stand() -> None:
    raw = b"\0\1\0\1\0\3\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0"
    cursor = body(raw + b"tail")
    assert cursor.values() == raw
    assert cursor.rest() == b"tail"


def test_what_is_left_over_is_refused() -> None:
    cursor = body(b"\0\0\0")
    cursor.int16()
    with pytest.raises(ClientViolation):
        cursor.end()


@given(st.lists(st.sampled_from(READS), max_size=5), st.binary(max_size=40))
def test_any_reads_of_any_bytes_end_in_a_violation_at_worst(reads: list[str], data: bytes) -> None:
    cursor = Body("Odd", data, UpstreamViolation)
    try:
        for read in reads:
            getattr(cursor, read)()
    except UpstreamViolation as error:
        assert error.message == "malformed Odd message"
