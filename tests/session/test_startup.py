"""The first packets of a client."""

import pytest

from pgproxy.session.effects import ConnectUpstream, ForwardCancel, LoadCatalog
from pgproxy.wire.startup import (
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    StartupMessage,
)
from tests.session.script import Script

SSL = SSLRequest().encode()
GSS = GSSENCRequest().encode()
START = StartupMessage((3, 0), {"user": "alice", "database": "shop"}).encode()


@pytest.mark.parametrize("asked", [(), (SSL,), (GSS,), (SSL, GSS), (GSS, SSL)])
def test_encryption_is_declined_and_the_login_begins(asked: tuple[bytes, ...]) -> None:
    script = Script().client(*asked, START)
    assert script.to_client == b"N" * len(asked)
    assert script.effects == [LoadCatalog("shop"), ConnectUpstream()]
    assert (script.session.login, script.session.database) == ("alice", "shop")
    assert not script.session.ready


def test_single_bytes_are_as_good_as_one_piece() -> None:
    script = Script()
    for byte in SSL + GSS + START:
        script.client(bytes((byte,)))
    assert script.to_client == b"NN"
    assert script.effects == [LoadCatalog("shop"), ConnectUpstream()]


def test_the_database_is_the_users_where_none_is_named() -> None:
    script = Script().client(StartupMessage((3, 0), {"user": "alice"}).encode())
    assert script.effects[0] == LoadCatalog("alice")


def test_a_cancel_is_passed_on_and_nothing_is_said() -> None:
    packet = CancelRequest(7, b"key!").encode()
    script = Script().client(packet)
    assert script.effects == [ForwardCancel(packet)]
    assert script.to_client == b""
    assert script.closed is not None
    assert script.closed.reason == ""


@pytest.mark.parametrize(
    ("data", "sqlstate"),
    [
        (SSL + SSL, "08P01"),
        (GSS + GSS, "08P01"),
        (b"\0\0\0\7\0\0\0", "08P01"),
        (b"\xff\xff\xff\xff", "08P01"),
        (b"\0\0\x27\x15\0\3\0\0", "08P01"),
        (b"\x16\3\1\2\0", "08P01"),
        (b"GET / HTTP/1.1\r\n\r\n", "08P01"),
        (StartupMessage((2, 0), {"user": "alice"}).encode(), "0A000"),
        (StartupMessage((3, 0), {"database": "shop"}).encode(), "28000"),
    ],
)
def test_what_is_no_startup_packet_is_refused(data: bytes, sqlstate: str) -> None:
    script = Script()
    for byte in data:
        if script.closed is None:
            script.client(bytes((byte,)))
    error = script.to_client.removeprefix(b"N")
    script.to_client = error
    assert script.stopped()["C"] == sqlstate
    assert script.effects == []


@pytest.mark.parametrize("data", [b"", SSL, START[:20]])
def test_a_health_check_leaves_without_a_word(data: bytes) -> None:
    script = Script()
    if data:
        script.client(data)
    script.to_client = b""
    script.do(script.session.client_closed())
    assert script.to_client == b""
    assert script.closed is not None
    assert script.closed.reason == ""
    assert script.counters.sessions_total == 0


def test_a_client_that_has_not_said_who_it_is_is_drained_without_a_word() -> None:
    script = Script()
    script.do(script.session.drain())
    assert script.to_client == b""
    assert script.closed is not None
