"""Backend messages: read what a server says, believe only what adds up."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.wire import backend
from pgproxy.wire.backend import ERROR_FIELDS, FieldDescription

text = st.binary(max_size=20).map(lambda data: data.replace(b"\0", b"x"))
uint32 = st.integers(0, 2**32 - 1)
int16 = st.integers(-(2**15), 2**15 - 1)
int32 = st.integers(-(2**31), 2**31 - 1)
descriptions = st.builds(
    FieldDescription, text, uint32, int16, uint32, int16, int32, st.integers(0, 1)
)
error_fields = st.dictionaries(st.sampled_from(sorted(ERROR_FIELDS)), text)


def body(message: bytes, kind: int) -> bytes:
    assert message[0] == kind
    assert int.from_bytes(message[1:5], "big") == len(message) - 1
    return message[5:]


@given(st.lists(descriptions, max_size=5).map(tuple))
def test_row_description_there_and_back(fields: tuple[FieldDescription, ...]) -> None:
    sent = body(backend.row_description(fields), backend.ROW_DESCRIPTION)
    assert backend.parse_row_description(sent) == fields


def test_row_description_as_the_server_sends_it() -> None:
    """select relname from pg_class, from the layout in the manual: written out by hand."""
    sent = b"\0\1relname\0\0\0\4\xeb\0\2\0\0\0\x13\0\x40\xff\xff\xff\xff\0\1"
    field = FieldDescription(b"relname", 1259, 2, 19, 64, -1, 1)
    assert backend.parse_row_description(sent) == (field,)


@given(error_fields)
def test_error_and_notice_there_and_back(fields: dict[str, bytes]) -> None:
    assert backend.parse_error(body(backend.encode_error(fields), ord("E"))) == fields
    assert backend.parse_error(body(backend.encode_notice(fields), ord("N"))) == fields


@given(st.binary(max_size=60))
def test_any_error_body_can_be_read(data: bytes) -> None:
    fields = backend.parse_error(data)
    assert fields.keys() <= ERROR_FIELDS
    assert not any(b"\0" in value for value in fields.values())


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"", {}),
        (b"\0", {}),
        (b"SERROR\0C42501\0", {"S": b"ERROR", "C": b"42501"}),  # no terminator
        (b"SERROR\0MHalf a mess", {"S": b"ERROR"}),
        (b"CA\0CB\0\0", {"C": b"A"}),
        (b"\xffodd\0zodd\0CX\0\0", {"C": b"X"}),
        (b"C\0\0", {"C": b""}),
        (b"C1\0\0M2\0\0", {"C": b"1"}),  # nothing counts after the terminator
    ],
)
def test_odd_errors_do_not_crash(data: bytes, fields: dict[str, bytes]) -> None:
    assert backend.parse_error(data) == fields


def test_unknown_error_field_is_not_sent() -> None:
    with pytest.raises(ValueError, match="no such field"):
        backend.encode_error({"z": b"x"})
    with pytest.raises(ValueError, match="NUL"):
        backend.encode_error({"M": b"one\0Htwo"})


def test_small_messages_there_and_back() -> None:
    tag = body(backend.command_complete(b"SELECT 2"), backend.COMMAND_COMPLETE)
    assert backend.parse_command_complete(tag) == b"SELECT 2"
    for status in (backend.IDLE, backend.IN_TRANSACTION, backend.FAILED_TRANSACTION):
        ready = body(backend.ready_for_query(status), backend.READY_FOR_QUERY)
        assert backend.parse_ready_for_query(ready) == status
    setting = body(backend.parameter_status(b"TimeZone", b"UTC"), backend.PARAMETER_STATUS)
    assert backend.parse_parameter_status(setting) == (b"TimeZone", b"UTC")
    types = body(backend.parameter_description([25, 2**32 - 1]), backend.PARAMETER_DESCRIPTION)
    assert backend.parse_parameter_description(types) == (25, 2**32 - 1)
    asked = body(backend.authentication(10, b"SCRAM-SHA-256\0\0"), backend.AUTHENTICATION)
    assert backend.parse_authentication(asked) == backend.AUTHENTICATION_SASL
    key = body(backend.backend_key_data(7, b"k" * 32), backend.BACKEND_KEY_DATA)
    assert backend.parse_backend_key_data(key) == (7, b"k" * 32)
    told = backend.notification_response(7, b"news", b"x")
    assert backend.parse_notification(body(told, ord("A"))) == (7, b"news", b"x")


def test_rows_and_copies_as_the_manual_lays_them_out() -> None:
    assert backend.data_row([b"ab", None]) == b"D\0\0\0\x10\0\2\0\0\0\2ab\xff\xff\xff\xff"
    assert backend.copy_response(backend.COPY_OUT_RESPONSE, 1, [1]) == b"H\0\0\0\x09\1\0\1\0\1"
    told = backend.negotiate_protocol_version(0x30000, [b"_pq_.x"])
    assert told == b"v\0\0\0\x13\0\3\0\0\0\0\0\1_pq_.x\0"


PARSERS: list[Callable[[bytes], object]] = [
    backend.parse_row_description,
    backend.parse_command_complete,
    backend.parse_ready_for_query,
    backend.parse_parameter_status,
    backend.parse_parameter_description,
    backend.parse_authentication,
    backend.parse_backend_key_data,
    backend.parse_notification,
]


@pytest.mark.parametrize("parser", PARSERS)
def test_empty_body_is_refused(parser: Callable[[bytes], object]) -> None:
    with pytest.raises(UpstreamViolation):
        parser(b"")


@given(st.sampled_from(PARSERS), st.binary(max_size=60))
def test_any_body_is_read_or_refused(parser: Callable[[bytes], object], data: bytes) -> None:
    try:
        parser(data)
    except UpstreamViolation as error:
        assert error.message.startswith("malformed ")
        assert error.message.endswith(" message")


@pytest.mark.parametrize(
    ("parser", "data"),
    [
        (backend.parse_row_description, b"\0\1name\0" + bytes(17)),
        (backend.parse_row_description, b"\0\1name\0" + bytes(19)),
        (backend.parse_row_description, b"\0\0\0"),
        (backend.parse_row_description, b"\xff\xff" + b"n\0" + bytes(18)),
        (backend.parse_command_complete, b"SELECT 1"),
        (backend.parse_command_complete, b"SELECT 1\0\0"),
        (backend.parse_ready_for_query, b"X"),
        (backend.parse_ready_for_query, b"II"),
        (backend.parse_parameter_status, b"TimeZone\0"),
        (backend.parse_parameter_status, b"TimeZone\0UTC\0x"),
        (backend.parse_parameter_description, b"\0\2\0\0\0\x19"),
        (backend.parse_authentication, b"\0\0\0"),
        (backend.parse_notification, b"\0\0\0\1news\0"),
    ],
)
def test_body_that_does_not_add_up(parser: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(UpstreamViolation):
        parser(data)


def test_row_description_of_65535_fields() -> None:
    field = FieldDescription(b"", 0, 0, 25, -1, -1, 0)
    sent = body(backend.row_description([field] * 65535), backend.ROW_DESCRIPTION)
    assert len(backend.parse_row_description(sent)) == 65535
