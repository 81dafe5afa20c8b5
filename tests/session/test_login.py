"""Authentication is the server's; who may start, and with which settings, is ours."""

from dataclasses import replace

import pytest

from pgproxy.session.effects import RefreshCatalog
from pgproxy.session.key_login import codes
from pgproxy.session.session import Session
from pgproxy.wire import backend, frontend
from pgproxy.wire.startup import StartupMessage, parse_first
from tests.session import plans
from tests.session.plans import MASKED, one, plan
from tests.session.script import (
    KEY,
    OK,
    READY,
    WELCOME,
    Script,
    error,
    letters,
    messages,
    query,
    row,
)

PASSWORD = frontend.PasswordMessage(b"secret\0").encode()
SASL = backend.authentication(10, b"SCRAM-SHA-256\0\0")
MORE = backend.authentication(11, b"more")
FINAL = backend.authentication(12, b"final")


def sent(script: Script) -> StartupMessage:
    """The start-up packet that went up."""
    packet = parse_first(script.to_upstream)
    assert isinstance(packet, StartupMessage)
    return packet


def test_authentication_is_relayed_message_by_message() -> None:
    script = Script().start()
    script.to_upstream = b""
    script.server(SASL).client(PASSWORD).server(MORE).client(PASSWORD).server(FINAL)
    assert script.to_client == SASL + MORE + FINAL
    assert script.to_upstream == PASSWORD * 2
    script.server(OK)
    assert script.to_client == SASL + MORE + FINAL
    script.server(WELCOME[len(OK) :])
    assert script.to_client == SASL + MORE + FINAL + WELCOME
    assert script.session.ready


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_channel_binding_is_not_offered_for_a_certificate_that_is_not_seen(user: str) -> None:
    offered = backend.authentication(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")
    assert Script().start(user).server(offered).to_client == SASL


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_one_byte_at_a_time_is_the_same_login(user: str) -> None:
    script = Script().start(user)
    for byte in SASL:
        script.server(bytes((byte,)))
    for byte in PASSWORD:
        script.client(bytes((byte,)))
    for byte in WELCOME:
        script.server(bytes((byte,)))
    assert script.to_client == SASL + WELCOME
    assert script.to_upstream.endswith(PASSWORD)


def test_the_servers_refusal_of_a_password_is_passed_on() -> None:
    told = error("28P01", severity=b"FATAL")
    script = Script().start().server(SASL, told)
    script.do(script.session.upstream_closed())
    assert script.to_client == SASL + told
    assert script.closed is not None


def test_an_error_after_authentication_comes_with_what_was_held() -> None:
    told = error("3D000", severity=b"FATAL")
    script = Script().start().server(OK, told)
    assert script.to_client == OK + told


def test_a_role_without_masks_starts_as_it_asked() -> None:
    start = StartupMessage((3, 2), {"user": "bob", "options": "-c x=y", "_pq_.new": "1"})
    script = Script().client(start.encode())
    script.do(script.session.catalog_ready(plans.catalog()))
    assert script.to_upstream == b""
    script.do(script.session.upstream_connected())
    assert script.to_upstream == start.encode()
    script.server(WELCOME)
    assert script.to_client == WELCOME


def test_a_masked_role_starts_with_pinned_settings() -> None:
    script = Script()
    script.start("alice", application_name="psql", client_encoding="'utf-8'", DateStyle="DMY")
    assert sent(script).parameters == {
        "user": "alice",
        "database": "shop",
        "application_name": "psql",
        "client_encoding": "UTF8",
        "DateStyle": "ISO, DMY",
        "standard_conforming_strings": "on",
        "bytea_output": "hex",
        "client_min_messages": "notice",
        "transform_null_equals": "off",
        "log_parameter_max_length_on_error": "0",
        "enable_indexonlyscan": "off",
        "search_path": '"$user", public',
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("options", "-c search_path=evil"),
        ("search_path", "evil"),
        ("replication", "database"),
        ("replication", "true"),
        ("client_encoding", "LATIN1"),
        ("CLIENT_ENCODING", "SJIS"),
        ("standard_conforming_strings", "off"),
        ("DateStyle", "SQL"),
        ("client_min_messages", "debug5"),
        ("debug_print_parse", "on"),
        ("role", "bob"),
        ("session_authorization", "bob"),
        ("made_up", "1"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_after_authentication(
    name: str, value: str
) -> None:
    script = Script().start("alice", **{name: value})
    assert sent(script).parameters == {"user": "alice", "database": "shop"}
    script.server(SASL).client(PASSWORD)
    assert script.to_client == SASL
    script.server(WELCOME)
    assert letters(script.to_client) == "RRE"
    assert script.stopped()["C"] == "42501"
    assert script.audits[0].reason == "startup_parameter"


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ("nobody", "no_entry"),
        ("root", "powers"),
        ("walker", "powers"),
        ("free", "powers"),
        ("maker", "powers"),
        ("reader", "powers"),
        ("filer", "powers"),
        ("climber", "powers"),
        ("keeper", "owner"),
        ("heir", "owner"),
    ],
)
def test_a_login_that_may_not_start_is_refused_after_authentication(user: str, reason: str) -> None:
    start = StartupMessage((3, 0), {"user": user, "database": "shop", "TimeZone": "UTC"})
    script = Script().client(start.encode())
    script.do(script.session.upstream_connected())
    script.do(script.session.catalog_ready(plans.catalog(owner="keeper")))
    assert sent(script).parameters == {"user": user, "database": "shop"}
    assert script.to_client == b""
    script.server(WELCOME)
    assert script.stopped()["C"] == "28000"
    assert letters(script.to_client) == "RE"
    (record,) = script.audits
    assert (record.decision, record.reason, record.login) == ("login", reason, user)
    assert script.to_upstream.endswith(frontend.Terminate().encode())
    assert not script.session.ready


def test_a_server_of_another_version_is_not_covered() -> None:
    for version in (120022, 190000):
        script = Script().client(StartupMessage((3, 0), {"user": "alice"}).encode())
        script.do(script.session.upstream_connected())
        script.do(script.session.catalog_ready(plans.catalog(server_version=version)))
        assert script.server(WELCOME).stopped()["C"] == "28000"


def test_a_role_made_since_the_snapshot_is_looked_up_after_authentication() -> None:
    script = Script().client(StartupMessage((3, 0), {"user": "alice", "database": "shop"}).encode())
    script.do(script.session.upstream_connected())
    script.do(script.session.catalog_ready(plans.catalog(without="alice")))
    script.forget().server(WELCOME)
    assert script.effects == [RefreshCatalog("shop", 1)]
    assert script.to_client == b""
    script.do(script.session.catalog_ready(plans.catalog(2)))
    assert script.stopped()["H"] == "Connect again."


def test_a_role_that_stays_unknown_is_refused() -> None:
    script = Script().client(StartupMessage((3, 0), {"user": "stranger"}).encode())
    script.do(script.session.upstream_connected())
    script.do(script.session.catalog_ready(plans.catalog()))
    script.server(WELCOME)
    script.do(script.session.catalog_failed("away"))
    assert script.stopped()["C"] == "28000"


def test_without_a_catalog_only_the_server_says_who_is_unknown() -> None:
    script = Script().client(StartupMessage((3, 0), {"user": "alice", "x": "y"}).encode())
    script.do(script.session.catalog_failed("away"))
    script.do(script.session.upstream_connected())
    assert sent(script).parameters == {"user": "alice", "database": "alice"}
    told = error("3D000", severity=b"FATAL")
    assert script.server(told).to_client == told
    script = Script().client(StartupMessage((3, 0), {"user": "alice"}).encode())
    script.do(script.session.catalog_failed("away"))
    script.do(script.session.upstream_connected())
    assert script.server(WELCOME).stopped()["C"] == "58000"


def test_a_server_that_cannot_be_reached_is_told() -> None:
    script = Script().client(StartupMessage((3, 0), {"user": "alice"}).encode())
    script.do(script.session.upstream_failed("some address"))
    assert script.stopped()["C"] == "08006"
    assert b"some address" not in script.to_client


def test_a_server_that_goes_in_the_middle_of_the_login_is_told() -> None:
    script = Script().start().server(SASL)
    script.do(script.session.upstream_closed())
    assert script.stopped()["C"] == "08006"


@pytest.mark.parametrize(
    "answer",
    [
        READY,
        row(b"raw"),
        backend.parameter_status(b"a", b"raw"),
        backend.backend_key_data(1, b"raw!"),
        OK + row(b"raw"),
        OK + OK,
        OK + b"T\0\0\0\6\0\0",
        OK + b"N\0\x20\0\0",
        b"R\0\0\0\3",
        b"R\0\0\0\5\0",
        OK + backend.parameter_status(b"standard_conforming_strings", b"off"),
        OK + backend.parameter_status(b"client_encoding", b"LATIN1"),
        error("28P01", severity=b"FATAL") + OK,
    ],
)
def test_a_server_that_says_something_else_is_not_let_through(answer: bytes) -> None:
    script = Script().start().server(answer)
    script.stopped()
    assert b"raw!" not in script.to_client


def test_notices_during_the_login_are_passed_on() -> None:
    told = backend.encode_notice({"S": b"WARNING", "C": b"01000", "M": b"expires"})
    assert Script().start().server(told, OK, told, READY).to_client == told + OK + told + READY


@pytest.mark.parametrize("data", [query(b"x"), b"p\0\0\0\3", b"p\0\1\0\5"])
def test_only_passwords_answer_a_request_for_one(data: bytes) -> None:
    assert Script().start().server(SASL).client(data).stopped()["C"] == "08P01"


def test_a_password_before_it_is_asked_for_is_the_servers_affair() -> None:
    script = Script().start()
    script.to_upstream = b""
    assert script.client(PASSWORD).to_upstream == PASSWORD


def test_what_comes_before_ready_waits() -> None:
    script = Script({b"x": plan(one(MASKED))}).start()
    script.to_upstream = b""
    script.client(query(b"x"))
    assert script.to_upstream == b""
    script.server(WELCOME)
    assert script.to_upstream == query(b"PRINTED 0")


def test_what_comes_with_ready_is_not_lost() -> None:
    later = backend.parameter_status(b"TimeZone", b"UTC")
    for user in ("alice", "bob"):
        script = Script().start(user).server(WELCOME, later, later[:7])
        assert script.to_client.startswith(WELCOME + later)
        assert script.server(later[7:]).to_client == WELCOME + later + later


def test_a_client_may_leave_at_the_password_prompt() -> None:
    script = Script().start().server(SASL).client(frontend.Terminate().encode())
    assert script.closed is not None
    assert script.to_client == SASL


def test_a_login_is_drained_with_an_error() -> None:
    script = Script().start()
    script.do(script.session.drain())
    assert script.stopped()["C"] == "57P01"


# Versions and options of the protocol


def negotiated(user: str, *answer: bytes, minor: int = 0, **options: str) -> Script:
    """A start with that minor version and those options."""
    names = {f"_pq_.{name}": value for name, value in options.items()}
    start = StartupMessage((3, minor), {"user": user, "database": "shop"} | names)
    script = Script().client(start.encode())
    script.do(script.session.upstream_connected())
    script.do(script.session.catalog_ready(plans.catalog()))
    assert sent(script).protocol == (3, minor)
    return script.server(*answer)


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_the_servers_answer_to_an_unknown_version_is_passed_on(user: str) -> None:
    answer = backend.negotiate_protocol_version(3 << 16, [b"_pq_.test"])
    script = negotiated(user, answer, WELCOME, minor=9999, test="1")
    assert script.to_client == answer + WELCOME
    assert script.session.ready


def test_version_3_2_and_its_long_key_are_passed_on() -> None:
    welcome = WELCOME.replace(
        backend.backend_key_data(7, KEY), backend.backend_key_data(7, KEY * 8)
    )
    script = negotiated("alice", welcome, minor=2)
    assert script.to_client == welcome


@pytest.mark.parametrize(
    "answer",
    [
        WELCOME,
        backend.negotiate_protocol_version(3 << 16, []) + WELCOME,
        backend.negotiate_protocol_version(3 << 16 | 3, [b"_pq_.test"]) + WELCOME,
        backend.negotiate_protocol_version(3 << 16, [b"_pq_.other"]) + WELCOME,
    ],
)
def test_an_option_that_the_server_takes_on_is_not_covered(answer: bytes) -> None:
    assert negotiated("alice", answer, test="1").stopped()["C"] in ("0A000", "08P01")


def test_a_version_that_the_server_takes_on_is_not_covered() -> None:
    assert negotiated("alice", WELCOME, minor=3).stopped()["C"] == "0A000"


@pytest.mark.parametrize("user", ["alice", "bob"])
@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (backend.authentication(5, b"salt"), "md5"),
        (backend.authentication(3), "cleartext"),
        (backend.authentication(7), "GSSAPI"),
        (backend.authentication(9), "GSSAPI"),
        (backend.authentication(10, b"OAUTHBEARER\0\0"), "other than SCRAM"),
    ],
)
def test_what_is_not_relayed_is_refused_by_name(user: str, request_: bytes, named: str) -> None:
    script = Script().start(user).server(request_)
    (told,) = messages(script.to_client)
    assert told[0] == b"E"
    assert b"C28000\0" in told[1]
    assert named.encode() in told[1]
    assert script.closed is not None
    assert [r.reason for r in script.audits] == ["login_method"]


@pytest.mark.parametrize(("name", "code"), [("md5", 5), ("cleartext", 3)])
def test_what_is_allowed_is_relayed(name: str, code: int) -> None:
    script = Script()
    script.session = Session(replace(script.session._context, allowed=codes({name})))
    asked = backend.authentication(code, b"salt" if code == 5 else b"")
    script.start("bob").server(asked).client(PASSWORD)
    assert script.to_client == asked
    assert script.to_upstream.endswith(PASSWORD)
    other = backend.authentication(8 - code, b"salt" if code == 3 else b"")
    assert letters(script.server(other).to_client) == "RE"
