"""Whole columns: NULL stays NULL, memory stays bounded."""

from pgproxy.treatment.columns import Constant, Mapped, Nulls
from pgproxy.wire.known import Known


def test_null_stays_null() -> None:
    assert Nulls().apply([b"a", None]) == [None, None]
    assert Constant(b"c").apply([b"a", None]) == [b"c", None]
    assert Constant(b"c").apply([b"a", b"b"]) == [b"c", b"c"]
    assert Mapped(bytes.upper).apply([b"a", None, b"a"]) == [b"A", None, b"A"]


def test_a_repeated_value_is_treated_once() -> None:
    seen: list[bytes] = []

    def treat(value: bytes) -> bytes | None:
        seen.append(value)
        return None

    field = Mapped(treat)
    assert field.apply([b"a", b"a", None, b"b"]) == [None] * 4
    field.apply([b"b"])
    assert seen == [b"a", b"b"]


def test_memory_is_bounded() -> None:
    field = Mapped(lambda value: value)
    assert isinstance(field.source, Known)
    for number in range(100):
        column: list[bytes | None] = [b"%d/%d" % (number, n) for n in range(5_000)]
        assert field.apply(column) == column
        field.settle()
        assert field.source.size <= 6 << 20


def test_a_huge_value_is_not_kept() -> None:
    field = Mapped(lambda value: value[:10])
    assert isinstance(field.source, Known)
    assert field.apply([b"x" * 20_000_000, b"y"]) == [b"x" * 10, b"y"]
    field.settle()
    assert len(field.source) == 0


def test_what_is_known_does_not_print_values() -> None:
    field = Mapped(bytes.upper)
    assert field.apply([b"canary"]) == [b"CANARY"]
    assert "canary" not in repr(field.source).lower()
