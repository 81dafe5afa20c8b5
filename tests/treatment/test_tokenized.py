"""token: what is not known is asked for, once, and a raw value never stands in for a token."""

import struct

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import Token
from pgproxy.treatment.fields import FieldType
from pgproxy.treatment.token_kinds import FORMATS, canonical, kind_of, space_of
from pgproxy.treatment.tokenized import tokenized
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.vault.tokens import draw
from pgproxy.wire import values
from tests.treatment.vault import CountingVault, applied, treated

TEXT = FieldType(values.TEXT, -1, 0)


def test_asks_for_distinct_values_in_the_order_of_the_rows() -> None:
    tokens = TokenMap()
    field = tokenized(Token(), "email", TEXT, tokens)
    column: list[bytes | None] = [b"b", None, b"a", b"b"]
    space = TokenSpace("email", "text")
    assert applied(field, column) == TokenRequest(space, (b"b", b"a"))
    tokens.learn(space, {b"b": b"T1"})
    assert applied(field, column) == TokenRequest(space, (b"a",))
    tokens.learn(space, {b"a": b"T2"})
    assert applied(field, column) == [b"T1", None, b"T2", b"T1"]
    assert applied(field, [None]) == [None]


@pytest.mark.parametrize(
    ("oid", "typmod", "kind"),
    [
        (values.TEXT, -1, "text"),
        (values.NAME, -1, "text"),
        (values.VARCHAR, -1, "text"),
        (values.VARCHAR, 4 + 26, "text"),
        (values.VARCHAR, 4 + 25, "text/25"),
        (values.BPCHAR, 4 + 8, "text/8"),
        (values.INT2, -1, "smallint"),
        (values.INT4, -1, "integer"),
        (values.INT8, -1, "integer"),
    ],
)
def test_the_kind_of_token_fits_the_column(oid: int, typmod: int, kind: str) -> None:
    tokens = TokenMap()
    for format, one in ((0, b"1"), (1, struct.pack(">q", 1)[-{21: 2, 23: 4}.get(oid, 8) :])):
        value = one if oid in (values.INT2, values.INT4, values.INT8) else b"1"
        request = applied(tokenized(Token(), "d", FieldType(oid, typmod, format), tokens), [value])
        assert request == TokenRequest(TokenSpace("d", kind), (b"1",))


NUMERIC_5_2, NUMERIC_2_1, NUMERIC_9_MINUS_2 = (
    4 + (precision << 16 | scale & 0x7FF) for precision, scale in ((5, 2), (2, 1), (9, -2))
)


@pytest.mark.parametrize(
    "field",
    [
        FieldType(values.VARCHAR, 4 + 7, 0),
        FieldType(values.NUMERIC, NUMERIC_2_1, 0),
        FieldType(values.NUMERIC, NUMERIC_9_MINUS_2, 0),
        FieldType(values.FLOAT8, -1, 0),
        FieldType(values.JSONB, -1, 0),
        FieldType(99999, -1, 0),
    ],
)
def test_where_no_token_fits_there_is_null(field: FieldType) -> None:
    assert tokenized(Token(), "d", field, TokenMap()).null_only


@pytest.mark.parametrize(("format", "room"), [("email", 19), ("phone", 11), ("uuid", 35)])
def test_a_format_that_has_no_room_is_null_not_another_format(format: str, room: int) -> None:
    field = FieldType(values.VARCHAR, 4 + room, 0)
    assert tokenized(Token(format=format), "d", field, TokenMap()).null_only
    field = FieldType(values.VARCHAR, 4 + room + 1, 0)
    assert not tokenized(Token(format=format), "d", field, TokenMap()).null_only


def test_a_value_without_the_form_becomes_null_and_is_not_asked_for() -> None:
    tokens = TokenMap()
    field = tokenized(Token(format="card"), "d", TEXT, tokens)
    request = applied(field, [b"n/a", b"4111111111111111", None])
    assert request == TokenRequest(TokenSpace("d", "card"), (b"4111111111111111",))
    tokens.learn(request.space, {b"4111111111111111": b"T"})
    assert applied(field, [b"n/a", b"4111111111111111", None]) == [None, b"T", None]


ANY_FORMAT = [FieldType(oid, -1, 0) for oid in (values.TEXT, values.DATE, values.UUID)] + [
    FieldType(values.VARCHAR, 4 + 26, 0),
    FieldType(values.NUMERIC, NUMERIC_5_2, 0),
    FieldType(values.NUMERIC, -1, 0),
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("field", ANY_FORMAT, ids=str)
def test_a_token_tells_where_to_look_for_it(format: str, field: FieldType) -> None:
    kind = kind_of(format, field)
    if kind is None:
        return
    for token in draw(kind, [b"4111 1111 1111 1234"] * 50):
        space = space_of(Token(format=format), "d", field.oid, canonical(field.oid, token))
        assert space == TokenSpace("d", kind)


def test_the_tokens_domain_beats_that_of_the_class() -> None:
    request = applied(tokenized(Token(domain="person"), "email", TEXT, TokenMap()), [b"a"])
    assert isinstance(request, TokenRequest)
    assert request.space.domain == "person"


@given(st.lists(st.none() | st.integers(-(1 << 31), (1 << 31) - 1)))
def test_formats_and_widths_share_tokens(numbers: list[int | None]) -> None:
    tokens = TokenMap()
    vault = CountingVault(tokens)
    results = []
    for oid, layout in ((values.INT4, ">i"), (values.INT8, ">q")):
        binary = [None if n is None else struct.pack(layout, n) for n in numbers]
        text = [None if n is None else b"%d" % n for n in numbers]
        from_text = treated(tokenized(Token(), "d", FieldType(oid, -1, 0), tokens), text, vault)
        result = treated(tokenized(Token(), "d", FieldType(oid, -1, 1), tokens), binary, vault)
        assert [None if v is None else struct.unpack(layout, v)[0] for v in result] == [
            None if v is None else int(v) for v in from_text
        ]
        results.append(from_text)
    assert results[0] == results[1]
    assert len(vault.requests) <= 1


def test_a_char_asks_without_its_padding_and_is_padded_again() -> None:
    tokens = TokenMap()
    vault = CountingVault(tokens)
    field = tokenized(Token(), "d", FieldType(values.BPCHAR, 4 + 30, 0), tokens)
    (token,) = treated(field, [b"Ada".ljust(30)], vault)
    assert vault.requests[0].values == (b"Ada",)
    assert token is not None
    assert len(token) == 30
    (plain,) = treated(tokenized(Token(), "d", TEXT, tokens), [b"Ada"], vault)
    assert token.rstrip() == plain
    assert len(vault.requests) == 1


def test_bytes_that_are_not_of_the_type_become_null_and_are_not_asked_for() -> None:
    field = tokenized(Token(), "d", FieldType(values.INT4, -1, 1), TokenMap())
    assert applied(field, [bytes(8), None]) == [None, None]


def test_a_token_of_the_wrong_kind_becomes_null() -> None:
    tokens = TokenMap()
    tokens.learn(TokenSpace("d", "integer"), {b"1": b"99999999999"})
    field = tokenized(Token(), "d", FieldType(values.INT4, -1, 1), tokens)
    assert applied(field, [b"\0\0\0\1"]) == [None]


def test_a_request_does_not_print_values() -> None:
    assert "canary" not in repr(TokenRequest(TokenSpace("d", "text"), (b"canary",)))


def test_forgotten_tokens_are_asked_for_again() -> None:
    tokens = TokenMap(capacity=300)
    vault = CountingVault(tokens)
    field = tokenized(Token(), "d", TEXT, tokens)
    for number in range(20):
        assert treated(field, [b"%d" % number], vault) != [None]
    assert len(tokens) <= 6
    assert isinstance(applied(field, [b"0"]), TokenRequest)
