"""Byte streams to test with: messages, runs of DataRows, and ways to break them."""

import random

from hypothesis import strategies as st

from pgproxy.wire.backend import data_row
from pgproxy.wire.framing import message

Row = list[bytes | None]

values = st.none() | st.binary(max_size=12)


def run_of(rows: list[Row]) -> bytes:
    """The rows as DataRow messages."""
    return b"".join(data_row(row) for row in rows)


@st.composite
def tables(draw: st.DrawFn, *, max_fields: int = 6) -> tuple[int, list[Row]]:
    """A number of fields, and rows of so many."""
    fields = draw(st.integers(0, max_fields))
    row = st.lists(values, min_size=fields, max_size=fields)
    return fields, draw(st.lists(row, max_size=6))


@st.composite
def wanted_of(draw: st.DrawFn, fields: int) -> tuple[int, ...]:
    """Some of the fields, in any order."""
    order = draw(st.permutations(range(fields)))
    return tuple(order[: draw(st.integers(0, fields))])


# Bodies short and long around the header's own length, DataRows often enough to make runs.
messages = st.builds(message, st.sampled_from(b"DDDdCZE"), st.binary(max_size=20))
streams = st.lists(messages, max_size=12).map(b"".join)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The bytes with one to four things wrong: flipped, cut out, doubled, a length gone bad."""
    broken = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randint(0, len(broken))
        match dice.randint(0, 5):
            case 0 if at < len(broken):
                broken[at] = dice.randint(0, 255)
            case 1:
                del broken[at : at + dice.randint(1, 9)]
            case 2:
                broken[at:at] = broken[at : at + dice.randint(1, 9)]
            case 3:
                broken[at : at + 4] = dice.choice(BAD_LENGTHS)
            case 4:
                del broken[at:]
            case _:
                broken[at:at] = dice.randbytes(dice.randint(1, 9))
    return bytes(broken)


BAD_LENGTHS = [
    number.to_bytes(4, "big")
    for number in (0, 1, 2, 3, 4, 5, 6, 0x3FFFFFFF, 0x7FFFFFFF, 2**31, 2**32 - 2, 2**32 - 1)
]
