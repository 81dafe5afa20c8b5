"""The first packets: bounded before they are held, read one way only."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ClientViolation
from pgproxy.wire.startup import (
    CANCEL_REQUEST_CODE,
    GSSENC_REQUEST_CODE,
    MAX_PACKET,
    SSL_REQUEST_CODE,
    CancelRequest,
    FirstPacket,
    GSSENCRequest,
    SSLRequest,
    StartupMessage,
    packet_length,
    parse_first,
)

PSQL = StartupMessage((3, 0), {"user": "ada", "database": "shop", "application_name": "psql"})

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
startups = st.builds(
    lambda minor, user, more: StartupMessage((3, minor), {"user": user, **more}),
    st.integers(0, 0xFFFF),
    words,
    st.dictionaries(words.filter(lambda word: word != "user"), words, max_size=4),
)
packets: st.SearchStrategy[FirstPacket] = st.one_of(
    st.just(SSLRequest()),
    st.just(GSSENCRequest()),
    st.builds(CancelRequest, st.integers(0, 2**32 - 1), st.binary(min_size=4, max_size=256)),
    startups,
)


def packet(code: int, rest: bytes = b"") -> bytes:
    return (8 + len(rest)).to_bytes(4, "big") + code.to_bytes(4, "big") + rest


@given(packets, st.binary(max_size=9))
def test_packet_there_and_back_with_more_behind_it(sent: FirstPacket, more: bytes) -> None:
    data = sent.encode()
    assert parse_first(data + more) == sent
    assert packet_length(data + more) == len(data)


@given(packets)
def test_every_cut_waits_for_the_rest(sent: FirstPacket) -> None:
    data = sent.encode()
    for end in range(len(data)):
        assert parse_first(data[:end]) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_a_packet_or_a_violation(data: bytes) -> None:
    for candidate in (data, packet(3 << 16, data)):
        try:
            parsed = parse_first(candidate)
        except ClientViolation:
            continue
        if parsed is not None:
            assert parsed.encode() == candidate[: packet_length(candidate)]


@pytest.mark.parametrize("length", [*range(8), MAX_PACKET + 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_bad_length_is_refused_from_its_four_bytes(length: int) -> None:
    with pytest.raises(ClientViolation) as caught:
        parse_first(length.to_bytes(4, "big"))
    assert caught.value.sqlstate == "08P01"


def test_longest_packet_of_the_server_passes() -> None:
    rest = b"user\0ada\0application_name\0"
    rest += b"x" * (MAX_PACKET - 8 - len(rest) - 2) + b"\0\0"
    assert isinstance(parse_first(packet(3 << 16, rest)), StartupMessage)


@pytest.mark.parametrize("code", [SSL_REQUEST_CODE, GSSENC_REQUEST_CODE])
def test_encryption_request_has_no_body(code: int) -> None:
    with pytest.raises(ClientViolation):
        parse_first(packet(code, b"\0"))


@pytest.mark.parametrize("rest", [b"", b"\0\0\0\1", b"\0\0\0\1abc", b"\0\0\0\1" + bytes(257)])
def test_cancel_request_with_no_key_or_too_long_a_key(rest: bytes) -> None:
    with pytest.raises(ClientViolation):
        parse_first(packet(CANCEL_REQUEST_CODE, rest))


@pytest.mark.parametrize("version", [0, 2 << 16, 4 << 16, (1234 << 16) | 5677, 0xFFFFFFFF])
def test_other_major_version_is_not_supported(version: int) -> None:
    with pytest.raises(ClientViolation) as caught:
        parse_first(packet(version, b"user\0ada\0\0"))
    assert caught.value.sqlstate == "0A000"


@pytest.mark.parametrize("rest", [b"\0", b"database\0shop\0\0", b"user\0\0\0"])
def test_no_user_is_the_servers_own_error(rest: bytes) -> None:
    with pytest.raises(ClientViolation) as caught:
        parse_first(packet(3 << 16, rest))
    assert caught.value.sqlstate == "28000"


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"user\0ada\0",  # no terminator
        b"user\0ada",
        b"user\0",
        b"user\0ada\0\0x",
        b"user\0ada\0\0\0",
        b"user\0ada\0database\0\0",  # the value's NUL is taken for the terminator's
    ],
)
def test_layout_must_end_at_its_last_byte(rest: bytes) -> None:
    with pytest.raises(ClientViolation):
        parse_first(packet(3 << 16, rest))


@pytest.mark.parametrize("name", ["user", "database", "options"])
def test_parameter_given_twice_is_refused(name: str) -> None:
    pair = name.encode() + b"\0one\0"
    with pytest.raises(ClientViolation, match="twice"):
        parse_first(packet(3 << 16, b"user\0ada\0" * (name != "user") + pair + pair + b"\0"))


@pytest.mark.parametrize("name", [b"user", b"database"])
def test_login_that_is_not_utf8_is_refused(name: bytes) -> None:
    user = b"" if name == b"user" else b"user\0ada\0"
    with pytest.raises(ClientViolation) as caught:
        parse_first(packet(3 << 16, user + name + b"\0caf\xe9\0\0"))
    assert caught.value.sqlstate == "28000"


def test_other_bytes_come_back_as_they_were() -> None:
    data = packet(3 << 16, b"user\0ada\0application_name\0caf\xe9\0\0")
    parsed = parse_first(data)
    assert isinstance(parsed, StartupMessage)
    assert parsed.encode() == data


def test_database_is_the_user_when_none_is_named() -> None:
    assert PSQL.database == "shop"
    assert StartupMessage((3, 0), {"user": "ada"}).database == "ada"
    assert StartupMessage((3, 0), {"user": "ada", "database": ""}).database == "ada"


def test_nul_in_a_value_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="NUL"):
        StartupMessage((3, 0), {"user": "ada\0database\0other"}).encode()


def test_no_repr_shows_a_key_or_a_parameter() -> None:
    assert "canary" not in repr(CancelRequest(7, b"canary"))
    assert "canary" not in repr(StartupMessage((3, 0), {"user": "ada", "options": "canary"}))
