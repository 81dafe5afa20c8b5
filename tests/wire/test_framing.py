"""Framer: the same messages whatever the cuts, and no length believed unseen."""

import itertools
import time
from types import ModuleType

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ClientViolation, UpstreamViolation
from pgproxy.wire import _kernel_py
from pgproxy.wire.backend import command_complete, data_row, ready_for_query
from pgproxy.wire.framing import Framer, int16s, message, oids, string
from tests.wire.streams import run_of, streams

Item = tuple[int, bytes, int]
D = ord("D")


def feed_all(framer: Framer, pieces: list[bytes]) -> list[Item]:
    return [item for piece in pieces for item in framer.feed(piece)]


def unmerged(items: list[Item]) -> list[tuple[int, bytes, int]]:
    """The items with neighbouring runs joined, as cuts may split a run."""
    joined: list[Item] = []
    for kind, payload, count in items:
        if joined and joined[-1][0] == kind and kind in b"Dd":
            joined[-1] = (kind, joined[-1][1] + payload, joined[-1][2] + count)
        else:
            joined.append((kind, payload, count))
    return joined


def expected(stream: bytes, *, merge_rows: bool, discard: bytes) -> list[Item]:
    """The items by the slowest way there is: one message after the other."""
    items: list[Item] = []
    while stream:
        end = 1 + int.from_bytes(stream[1:5], "big")
        kind, whole, stream = stream[0], stream[:end], stream[end:]
        if kind in discard:
            items.append((kind, b"", 1))
        elif kind in b"Dd" and merge_rows:
            items.append((kind, whole, 1))
        else:
            items.append((kind, whole[5:], 1))
    return items


MODES = [(False, b""), (True, b""), (False, b"Dd"), (True, b"d")]


@pytest.mark.parametrize(("merge_rows", "discard"), MODES)
def test_every_single_cut_gives_the_same_messages(
    wire_kernel: ModuleType, merge_rows: bool, discard: bytes
) -> None:
    stream = (
        run_of([[b"ada", None], [b"", b"x" * 40]])
        + message(ord("d"))
        + message(ord("d"), b"copy")
        + command_complete(b"SELECT 2")
        + run_of([[b"1"]])
        + ready_for_query()
    )
    want = unmerged(expected(stream, merge_rows=merge_rows, discard=discard))
    for at in range(len(stream) + 1):
        framer = wire_kernel.Framer(1000, merge_rows=merge_rows, discard=discard)
        items = feed_all(framer, [stream[:at], stream[at:]])
        assert unmerged(items) == want, at
        assert framer.pending == 0


@pytest.mark.parametrize(("merge_rows", "discard"), MODES)
def test_one_byte_at_a_time(wire_kernel: ModuleType, merge_rows: bool, discard: bytes) -> None:
    stream = run_of([[b"a"], [None]]) + message(ord("d"), b"12") + ready_for_query()
    framer = wire_kernel.Framer(1000, merge_rows=merge_rows, discard=discard)
    items = feed_all(framer, [stream[i : i + 1] for i in range(len(stream))])
    assert items == expected(stream, merge_rows=merge_rows, discard=discard)


@given(streams, st.lists(st.integers(0, 300), max_size=6), st.sampled_from(MODES))
def test_any_cuts_give_the_same_messages(
    wire_kernel: ModuleType, stream: bytes, cuts: list[int], mode: tuple[bool, bytes]
) -> None:
    merge_rows, discard = mode
    framer = wire_kernel.Framer(1000, merge_rows=merge_rows, discard=discard)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    want = unmerged(expected(stream, merge_rows=merge_rows, discard=discard))
    assert unmerged(feed_all(framer, pieces)) == want


def test_run_of_rows_is_one_item_per_feed(wire_kernel: ModuleType) -> None:
    rows = run_of([[b"1", b"one"], [b"2", None], [b"3", b"three"]])
    framer = wire_kernel.Framer(1000, merge_rows=True)
    items = framer.feed(rows)
    assert items == [(D, rows, 3)]
    assert items[0][1] is rows, "a read that is one run need not be copied"
    assert framer.feed(rows + ready_for_query())[0] == (D, rows, 3)
    # a row held from the feed before starts the run
    assert framer.feed(rows[:9]) == []
    assert framer.feed(rows[9:]) == [(D, rows, 3)]
    # one that is not complete stays behind
    assert framer.feed(rows[:-1]) == [(D, rows[:-1][: -len(data_row([b"3", b"three"])) + 1], 2)]
    assert framer.pending == len(data_row([b"3", b"three"])) - 1


def test_discarded_bodies_are_never_held(wire_kernel: ModuleType) -> None:
    framer = wire_kernel.Framer(100, merge_rows=False, discard=b"D")
    row = data_row([b"x" * 5000])
    assert framer.feed(row[:1000]) == []
    assert framer.pending == 0
    assert framer.feed(row[1000:-1]) == []
    assert framer.feed(row[-1:] + row + row + row[:7]) == [(D, b"", 3)]
    assert framer.pending == 0


def test_discarded_message_without_a_body_counts(wire_kernel: ModuleType) -> None:
    framer = wire_kernel.Framer(100, merge_rows=False, discard=b"d")
    empty = message(ord("d"))
    assert framer.feed(empty[:3]) == []
    assert framer.feed(empty[3:] + empty) == [(ord("d"), b"", 2)]


BAD = [0, 1, 2, 3, 1001, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]


@pytest.mark.parametrize("length", BAD)
@pytest.mark.parametrize("kind", b"DZ")
@pytest.mark.parametrize("merge_rows", [True, False])
def test_bad_length_is_refused_before_its_body_is_held(
    wire_kernel: ModuleType, length: int, kind: int, merge_rows: bool
) -> None:
    head = bytes([kind]) + length.to_bytes(4, "big")
    for pieces in ([head], [head[:1], head[1:]], [head[:4], head[4:]], [data_row([]) + head]):
        framer = wire_kernel.Framer(1000, merge_rows=merge_rows, violation=ClientViolation)
        with pytest.raises(ClientViolation) as caught:
            feed_all(framer, pieces)
        assert str(length) not in caught.value.message
        assert framer.pending == 0
        with pytest.raises(ClientViolation):
            framer.feed(ready_for_query())


@pytest.mark.parametrize("length", [0, 3, 2**31, 2**32 - 1])
def test_discarded_message_must_have_a_length_too(wire_kernel: ModuleType, length: int) -> None:
    framer = wire_kernel.Framer(1000, merge_rows=False, discard=b"D")
    with pytest.raises(UpstreamViolation):
        framer.feed(b"D" + length.to_bytes(4, "big"))


def test_limit_is_for_the_length_word(wire_kernel: ModuleType) -> None:
    framer = wire_kernel.Framer(14, merge_rows=False)
    assert framer.feed(message(D, b"0123456789")) == [(D, b"0123456789", 1)]
    with pytest.raises(UpstreamViolation):
        framer.feed(message(D, b"01234567890"))


@pytest.mark.parametrize("limit", [-1, 0, 3, 2**31, 2**40])
def test_odd_limits_do_not_wrap(wire_kernel: ModuleType, limit: int) -> None:
    framer = wire_kernel.Framer(limit, merge_rows=True)
    with pytest.raises(UpstreamViolation):
        framer.feed(b"D\xff\xff\xff\xff")
    if limit < 4:
        with pytest.raises(UpstreamViolation):
            wire_kernel.Framer(limit, merge_rows=True).feed(b"D\0\0\0\4")


def test_small_pieces_of_a_long_message_are_not_quadratic(wire_kernel: ModuleType) -> None:
    """65,536 pieces: to copy all that is held at each of them would be 137 GB, 14 s at best."""
    stream = message(D, bytes(1 << 22))
    framer = wire_kernel.Framer(1 << 23, merge_rows=True)
    start = time.process_time()
    items = feed_all(framer, [stream[i : i + 64] for i in range(0, len(stream), 64)])
    assert time.process_time() - start < 5
    assert items == [(D, stream, 1)]


def test_message_of_four_megabytes_by_single_bytes(wire_kernel: ModuleType) -> None:
    framer = wire_kernel.Framer(1 << 23, merge_rows=False)
    body = bytes(range(256)) * (1 << 14)
    stream = message(D, body)
    items = [item for i in range(len(stream)) for item in framer.feed(stream[i : i + 1])]
    assert items == [(D, body, 1)]
    assert framer.pending == 0


def test_both_kernels_carry_the_chosen_names() -> None:
    assert Framer.__name__ == _kernel_py.Framer.__name__


def test_too_long_a_message_is_not_built() -> None:
    with pytest.raises(ValueError, match="longer than the protocol allows"):
        message(D, bytes(0x3FFFFFFF - 3))


def test_string_with_a_nul_would_shift_what_follows() -> None:
    with pytest.raises(ValueError, match="NUL"):
        string(b"a\0b")
    assert string(b"ab") == b"ab\0"


def test_counted_lists() -> None:
    assert int16s((1, 0)) == b"\0\2\0\1\0\0"
    assert oids((25,)) == b"\0\1\0\0\0\x19"
    with pytest.raises(OverflowError):
        oids([0] * 65536)
