"""The file of a pool: what was written is read; what was not is named by its line."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
import pytest

from pgproxy.pools.editions import Chain, DamagedPool, Header, read_part, read_whole, whole_file
from pgproxy.pools.texts import MAX_CHARACTERS, likeness, printable, sound

HEADER = Header("job_title", 3, "ab" * 32, "some-model", "2026-11-27T12:00:00+00:00")
TEXTS = st.text(min_size=1, max_size=30).filter(sound)
POOLS = st.lists(TEXTS, min_size=1, max_size=12)


def part_file(values: list[str]) -> bytes:
    chain = Chain(HEADER)
    return HEADER.line() + b"".join(map(chain.line, values))


@given(POOLS)
def test_what_was_written_is_read(values: list[str]) -> None:
    data = whole_file(HEADER, values)
    edition = read_whole(data)
    assert edition.values == tuple(values)
    assert edition.header.count == len(values)
    assert replace(edition.header, count=0, digest="") == HEADER
    assert data.count(b"\n") == len(values) + 1


@given(st.lists(TEXTS, max_size=12))
def test_an_unfinished_file_reads_alike(values: list[str]) -> None:
    data = part_file(values)
    part = read_part(data)
    assert part is not None
    assert (part.header, part.values, part.size) == (HEADER, tuple(values), len(data))


@given(POOLS, st.data())
def test_a_file_cut_anywhere_is_refused_when_whole_and_gone_on_with_when_not(
    values: list[str], data: st.DataObject
) -> None:
    file = whole_file(HEADER, values)
    with pytest.raises(DamagedPool):
        read_whole(file[: data.draw(st.integers(0, len(file) - 1))])
    file = part_file(values)
    cut = data.draw(st.integers(0, len(file)))
    part = read_part(file[:cut])
    if part is None:
        assert cut < len(HEADER.line())
    else:
        assert part.values == tuple(values[: len(part.values)])
        # What goes on behind what was good is the file that was never cut.
        chain = Chain(HEADER)
        lines = [chain.line(value) for value in values]
        assert file[: part.size] + b"".join(lines[len(part.values) :]) == file


@given(POOLS, st.data())
def test_a_changed_byte_is_found_in_its_line(values: list[str], data: st.DataObject) -> None:
    file = whole_file(HEADER, values)
    at = data.draw(st.integers(0, len(file) - 1))
    byte = data.draw(st.integers(0, 255))
    assume(byte != file[at])
    changed = file[:at] + bytes([byte]) + file[at + 1 :]
    with pytest.raises(DamagedPool) as caught:
        read_whole(changed)
    line = file[:at].count(b"\n") + 1
    # A damaged header shows in itself, or in the first line that hangs on it, or at the end.
    assert caught.value.line == line or (line == 1 and caught.value.line <= len(values) + 2)


@given(st.lists(TEXTS, min_size=2, max_size=8, unique=True), st.data())
def test_lines_dropped_doubled_or_swapped_are_found(values: list[str], data: st.DataObject) -> None:
    lines = whole_file(HEADER, values).split(b"\n")[:-1]
    at = data.draw(st.integers(1, len(lines) - 1))
    other = data.draw(st.integers(1, len(lines) - 1).filter(lambda n: n != at))
    swapped = list(lines)
    swapped[at], swapped[other] = swapped[other], swapped[at]
    for changed in (
        lines[:at] + lines[at + 1 :],
        lines[: at + 1] + lines[at:],
        swapped,
    ):
        with pytest.raises(DamagedPool) as caught:
            read_whole(b"\n".join(changed) + b"\n")
        assert caught.value.line >= min(at, other)


def test_an_edit_by_hand_is_named_by_its_line() -> None:
    file = whole_file(HEADER, ["Baker", "Miller", "Cook"])
    with pytest.raises(DamagedPool) as caught:
        read_whole(file.replace(b"Miller", b"Smith"))
    assert caught.value.line == 3
    assert "Smith" not in caught.value.message
    with pytest.raises(DamagedPool, match="the file ends here; 2 values are there, 3 were"):
        read_whole(b"".join(file.splitlines(keepends=True)[:3]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected the header of a pool"),
        (b"Baker\n", "expected the header of a pool"),
        (b"[" * 100_000 + b"\n", "expected the header of a pool"),
        (whole_file(HEADER, []), "expected the header of a pool"),
        (HEADER.line(), "expected the header of a pool"),
        (
            whole_file(HEADER, ["a"]).replace(b'"pgproxy_pool": 1', b'"pgproxy_pool": 2'),
            "format 2 is not known; this version reads 1",
        ),
        (whole_file(replace(HEADER, edition=0), ["a"]), "expected the header of a pool"),
        (whole_file(replace(HEADER, name="\x1b[2J"), ["a"]), "expected the header of a pool"),
    ],
)
def test_what_is_no_pool_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DamagedPool, match=message) as caught:
        read_whole(data)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    "bad", ["", "a\0b", "\x1b[31mred", "a\tb", "a\r\nb", "\x9b0m", "a\u202eb", "\ufeffa", "\u2028"]
)
def test_a_value_of_bad_characters_is_refused_even_where_its_check_is_right(bad: str) -> None:
    assert not sound(bad)
    with pytest.raises(DamagedPool, match="characters that no value may have") as caught:
        read_whole(whole_file(HEADER, ["good", bad]))
    assert caught.value.line == 3
    assert printable(bad).isprintable()


def test_what_a_value_may_be() -> None:
    for good in ("Café", "two\nlines", "می‌خواهم", "👩‍🍳", "x" * MAX_CHARACTERS):
        assert sound(good)
    assert not sound("x" * (MAX_CHARACTERS + 1))
    assert not sound("half \ud83d a pair")
    assert likeness(" Head  BAKER\n") == likeness("head baker")
    assert likeness("Baker") != likeness("Bakers")
