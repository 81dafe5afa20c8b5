"""Whole columns: NULL stays NULL, memory stays bounded."""

from pgproxy.treatment.columns import Constant, Mapped, Memo, Nulls


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


def test_memory_is_bounded_by_count_and_by_size() -> None:
    memo = Memo(lambda value: value)
    for number in range(50_000):
        assert memo[b"%d" % number] == b"%d" % number
        assert len(memo) <= 20_000
    memo.clear()
    assert memo[b"x" * 1_000_000] == b"x" * 1_000_000
    assert len(memo) == 0


def test_a_memo_does_not_print_values() -> None:
    memo = Memo(bytes.upper)
    assert memo[b"canary"] == b"CANARY"
    assert "canary" not in repr(memo).lower()
