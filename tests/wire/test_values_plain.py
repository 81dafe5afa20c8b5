"""bytea, uuid, booleans, JSON: both text forms, and nothing else."""

import subprocess
import sys
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pgproxy.wire import values
from tests.wire.round_trip import round_trip


@given(st.binary(max_size=60))
def test_bytea_reads_both_of_its_text_forms(value: bytes) -> None:
    escaped = b"".join(
        b"\\\\" if byte == 0x5C else bytes((byte,)) if 32 <= byte < 127 else b"\\%03o" % byte
        for byte in value
    )
    canonical = values.decode(values.BYTEA, 1, value)
    assert values.decode(values.BYTEA, 0, escaped) == canonical
    assert values.encode(values.BYTEA, 1, canonical) == value


def test_a_long_bytea_costs_a_small_multiple_of_its_length() -> None:
    # In a process of its own: what it takes at its most is told of a whole process only.
    code = """
import resource
from pgproxy.wire import values
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for text in (b"a", b"a" * (4 << 20), b"\\\\x" + b"0f" * (4 << 20)):
    values.decode(values.BYTEA, 0, text)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    argv = [sys.executable, "-c", code]
    found = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert int(found.stdout) < 100 << 10


@given(st.uuids())
def test_a_uuid_is_read_from_sixteen_bytes(value: UUID) -> None:
    canonical = values.decode(values.UUID, 1, value.bytes)
    assert canonical == str(value).encode()
    round_trip(values.UUID, canonical)


def test_a_boolean_is_true_whatever_its_byte() -> None:
    assert [values.decode(values.BOOL, 1, byte) for byte in (b"\0", b"\1", b"\2")] == [
        b"f",
        b"t",
        b"t",
    ]
    round_trip(values.BOOL, b"t")
    round_trip(values.BOOL, b"f")


@given(st.binary(max_size=20))
def test_jsonb_is_its_text_behind_a_version(text: bytes) -> None:
    assert values.encode(values.JSONB, 1, text) == b"\1" + text
    round_trip(values.JSONB, text)
