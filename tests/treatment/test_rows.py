"""Runs of DataRows: masked fields replaced, the rest byte for byte what the server sent."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.rules import Token
from pgproxy.treatment.columns import Constant, Nulls
from pgproxy.treatment.rows import RowTreatment
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.tokenized import tokenized
from pgproxy.treatment.tokens import TokenMap, TokenSpace
from pgproxy.wire import values

Row = tuple[bytes | None, ...]


def run_of(*rows: Row) -> bytes:
    """DataRow messages with their headers."""
    out = b""
    for row in rows:
        fields = b"".join(
            b"\xff\xff\xff\xff" if field is None else len(field).to_bytes(4) + field
            for field in row
        )
        body = len(row).to_bytes(2) + fields
        out += b"D" + (len(body) + 4).to_bytes(4) + body
    return out


def test_rows_without_treatments_are_the_same_object() -> None:
    rows = run_of((b"a", b"b"))
    assert RowTreatment(2, {}).apply(rows) is rows


def test_only_the_masked_fields_change() -> None:
    treatment = RowTreatment(3, {2: Constant(b"***"), 0: Nulls()})
    rows = run_of((b"a", b"b", b"c"), (None, None, None), (b"", b"", b""))
    assert treatment.apply(rows) == run_of(
        (None, b"b", b"***"), (None, None, None), (None, b"", b"***")
    )
    assert treatment.treated == {0: 3, 2: 2}


def test_a_result_of_nothing_but_nulls_is_counted_too() -> None:
    treatment = RowTreatment(2, {0: Nulls(), 1: Nulls()})
    assert treatment.apply(run_of((b"a", b"b"), (b"c", None))) == run_of((None, None), (None, None))
    assert treatment.treated == {0: 2, 1: 2}


def test_two_fields_of_one_domain_ask_once_together() -> None:
    tokens = TokenMap()
    text = FieldType(values.TEXT, -1, 0)
    mail, phone = TokenSpace("mail", "text"), TokenSpace("phone", "text")
    treatment = RowTreatment(
        3,
        {
            0: tokenized(Token(), "mail", text, tokens),
            1: tokenized(Token(), "phone", text, tokens),
            2: tokenized(Token(), "mail", text, tokens),
        },
    )
    rows = run_of((b"a", b"1", b"b"), (b"b", None, b"c"))
    requests = treatment.apply(rows)
    assert isinstance(requests, tuple)
    assert {request.space: set(request.values) for request in requests} == {
        mail: {b"a", b"b", b"c"},
        phone: {b"1"},
    }
    assert treatment.treated == {0: 0, 1: 0, 2: 0}, "rows that wait are not counted"
    tokens.learn(mail, {b"a": b"A", b"b": b"B", b"c": b"C"})
    assert treatment.apply(rows) == tuple(r for r in requests if r.space == phone)
    tokens.learn(phone, {b"1": b"I"})
    assert treatment.apply(rows) == run_of((b"A", b"I", b"B"), (b"B", None, b"C"))
    assert treatment.treated == {0: 2, 1: 1, 2: 2}


def test_malformed_rows_stop() -> None:
    treatment = RowTreatment(2, {0: Constant(b"x")})
    for rows in (run_of((b"a",)), run_of((b"a", b"b"))[:-1], run_of((b"a", b"b", b"c"))):
        with pytest.raises(UpstreamViolation):
            treatment.apply(rows)


CELL = st.none() | st.binary(max_size=8)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1), st.sets(st.integers(0, 2)))
def test_no_masked_byte_survives_and_no_other_changes(rows: list[Row], masked: set[int]) -> None:
    treatment = RowTreatment(3, dict.fromkeys(masked, Constant(b"#")))
    expected = [
        tuple(b"#" if i in masked and f is not None else f for i, f in enumerate(row))
        for row in rows
    ]
    assert treatment.apply(run_of(*rows)) == run_of(*expected)
