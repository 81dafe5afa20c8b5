"""Frontend messages: there and back, and every body that is not quite one."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ClientViolation
from pgproxy.wire import frontend
from pgproxy.wire.frontend import (
    PORTAL,
    STATEMENT,
    Bind,
    Close,
    CopyData,
    CopyDone,
    CopyFail,
    Describe,
    Execute,
    Flush,
    FunctionCall,
    Message,
    Parse,
    PasswordMessage,
    Query,
    Sync,
    Terminate,
    parse,
)

text = st.binary(max_size=20).map(lambda data: data.replace(b"\0", b"x"))
codes = st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple)
oids = st.lists(st.integers(0, 0xFFFFFFFF), max_size=4).map(tuple)
kinds = st.sampled_from([STATEMENT, PORTAL])
arguments = st.sampled_from(
    [b"\0\0\0\0", b"\0\0\0\1\0\0\0\2ab", b"\0\1\0\1\0\2\xff\xff\xff\xff\0\0\0\0"]
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Query, text),
    st.builds(Parse, text, text, oids),
    st.builds(Bind, text, text, arguments, codes),
    st.builds(Describe, kinds, text),
    st.builds(Close, kinds, text),
    st.builds(Execute, text, st.integers(-(2**31), 2**31 - 1)),
    st.sampled_from([Sync(), Flush(), Terminate(), CopyDone()]),
    st.builds(FunctionCall, st.integers(0, 2**32 - 1), arguments, st.integers(0, 0xFFFF)),
    st.builds(CopyData, st.binary(max_size=20)),
    st.builds(CopyFail, text),
    st.builds(PasswordMessage, st.binary(max_size=20)),
)


def reparsed(data: bytes) -> Message:
    assert int.from_bytes(data[1:5], "big") == len(data) - 1
    return parse(data[0], data[5:])


@given(messages)
def test_encoded_message_parses_back(sent: Message) -> None:
    assert reparsed(sent.encode()) == sent


@given(st.integers(0, 255), st.binary(max_size=60))
def test_any_body_parses_to_its_own_bytes_or_is_a_violation(kind: int, body: bytes) -> None:
    """What parses must encode to the very bytes it came from: nothing is read two ways."""
    try:
        parsed = parse(kind, body)
    except ClientViolation as error:
        assert error.message in {"unknown message type"} | {
            f"malformed {name} message" for name, _ in frontend._LAYOUTS.values()
        }
    else:
        assert parsed.encode()[5:] == body


@given(messages, st.data())
def test_truncated_message_is_never_taken_for_the_whole(sent: Message, data: st.DataObject) -> None:
    body = sent.encode()[5:]
    end = data.draw(st.integers(0, max(len(body) - 1, 0)))
    try:
        parsed = parse(sent.encode()[0], body[:end])
    except ClientViolation:
        return
    assert parsed.encode()[5:] == body[:end]


def test_bind_names_the_portal_first() -> None:
    body = b"portal\0statement\0" + b"\0\1\0\1" + b"\0\1\0\0\0\4\0\0\0\7" + b"\0\2\0\1\0\0"
    bind = parse(frontend.BIND, body)
    assert bind == Bind(b"portal", b"statement", b"\0\1\0\1\0\1\0\0\0\4\0\0\0\7", (1, 0))


def test_letters_are_the_manuals() -> None:
    sent: list[tuple[Message, bytes]] = [
        (Query(b""), b"Q"), (Parse(b"", b""), b"P"), (Bind(b"", b""), b"B"),
        (Describe(STATEMENT, b""), b"D"), (Close(PORTAL, b""), b"C"), (Execute(b""), b"E"),
        (Sync(), b"S"), (Flush(), b"H"), (Terminate(), b"X"), (FunctionCall(1), b"F"),
        (CopyData(b""), b"d"), (CopyDone(), b"c"), (CopyFail(b""), b"f"),
        (PasswordMessage(b""), b"p"),
    ]  # fmt: skip
    for message, letter in sent:
        assert message.encode()[:1] == letter
    assert {letter[0] for _, letter in sent} == set(frontend._LAYOUTS)


REFUSED = {
    "query without its NUL": (frontend.QUERY, b"select 1"),
    "query with a NUL inside": (frontend.QUERY, b"select 1\0; drop\0"),
    "query with bytes after its NUL": (frontend.QUERY, b"select 1\0x"),
    "empty query body": (frontend.QUERY, b""),
    "parse without type count": (frontend.PARSE, b"s\0select 1\0"),
    "parse with a type missing": (frontend.PARSE, b"s\0q\0\0\1\0\0\0"),
    "parse with a type too many": (frontend.PARSE, b"s\0q\0\0\0\0\0\0\0"),
    "bind with 65535 values announced": (frontend.BIND, b"\0\0\0\0\xff\xff\0\0"),
    "bind without result formats": (frontend.BIND, b"\0\0\0\0\0\0"),
    "bind with a value past the end": (frontend.BIND, b"\0\0\0\0\0\1\0\0\0\x09abc\0\0"),
    "bind with a value of length -2": (frontend.BIND, b"\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"),
    "describe of another kind": (frontend.DESCRIBE, b"Xname\0"),
    "close of nothing": (frontend.CLOSE, b""),
    "execute with half a count": (frontend.EXECUTE, b"p\0\0\0"),
    "sync with a body": (frontend.SYNC, b"\0"),
    "flush with a body": (frontend.FLUSH, b"x"),
    "terminate with a body": (frontend.TERMINATE, b"x"),
    "copy done with a body": (frontend.COPY_DONE, b"x"),
    "function call cut off": (frontend.FUNCTION_CALL, b"\0\0\0\1\0\0\0\0"),
    "backend message": (ord("Z"), b"I"),
    "no letter at all": (0, b""),
}


@pytest.mark.parametrize("why", REFUSED)
def test_malformed_message_is_refused(why: str) -> None:
    with pytest.raises(ClientViolation):
        parse(*REFUSED[why])


def test_no_repr_shows_sql_values_or_secrets() -> None:
    secret = b"canary"
    for message in (
        Query(secret), Parse(b"s", secret), Bind(b"p", b"s", secret), FunctionCall(1, secret),
        CopyData(secret), CopyFail(secret), PasswordMessage(secret),
    ):  # fmt: skip
        assert "canary" not in repr(message)


def test_nul_in_a_name_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="NUL"):
        Query(b"select 1\0select 2").encode()


def test_parameters_of_a_bind_are_read_and_replaced() -> None:
    asked = Bind(b"p", b"s", b"\0\1\0\1\0\2\xff\xff\xff\xff\0\0\0\2ab", (0, 1))
    assert asked.values() == [(1, None), (1, b"ab")]
    changed = asked.with_values([(0, b"cde"), (1, None)])
    assert (changed.portal, changed.statement, changed.result_formats) == (b"p", b"s", (0, 1))
    assert changed.values() == [(0, b"cde"), (1, None)]
    assert Bind(b"", b"", b"\0\0\0\1\0\0\0\1x").values() == [(0, b"x")]
    assert Bind(b"", b"").values() == []


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.binary(max_size=9)), max_size=5))
def test_parameters_there_and_back(given_values: list[tuple[int, bytes | None]]) -> None:
    assert Bind(b"", b"").with_values(given_values).values() == given_values


def test_formats_that_do_not_fit_the_parameters_are_a_violation() -> None:
    with pytest.raises(ClientViolation):
        Bind(b"", b"", b"\0\2\0\0\0\0\0\3" + b"\0\0\0\0" * 3).values()
