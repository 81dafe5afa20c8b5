"""Whole columns: NULL stays NULL, memory stays bounded."""

from pgproxy.treatment.columns import Constant, Mapped, Nulls
from pgproxy.wire.known import Known
from tests.treatment.vault import applied


def test_null_stays_null() -> None:
    assert applied(Nulls(), [b"a", None]) == [None, None]
    assert applied(Constant(b"c"), [b"a", None]) == [b"c", None]
    assert applied(Constant(b"c"), [b"a", b"b"]) == [b"c", b"c"]
    assert applied(Mapped(bytes.upper), [b"a", None, b"a"]) == [b"A", None, b"A"]


def test_a_repeated_value_is_treated_once() -> None:
    seen: list[bytes] = []

    def treat(value: bytes) -> bytes | None:
        seen.append(value)
        return None

    field = Mapped(treat)
    assert applied(field, [b"a", b"a", None, b"b"]) == [None] * 4
    applied(field, [b"b"])
    assert seen == [b"a", b"b"]


def test_memory_is_bounded() -> None:
    field = Mapped(lambda value: value)
    assert isinstance(field.source, Known)
    for number in range(100):
        column: list[bytes | None] = [b"%d/%d" % (number, n) for n in range(5_000)]
        assert applied(field, column) == column
        field.settle()
        assert field.source.size <= 6 << 20


def test_a_huge_value_is_not_kept() -> None:
    field = Mapped(lambda value: value[:10])
    assert isinstance(field.source, Known)
    assert applied(field, [b"x" * 20_000_000, b"y"]) == [b"x" * 10, b"y"]
    field.settle()
    assert len(field.source) == 0


def test_what_is_known_does_not_print_values() -> None:
    field = Mapped(bytes.upper)
    assert applied(field, [b"canary"]) == [b"CANARY"]
    assert "canary" not in repr(field.source).lower()
