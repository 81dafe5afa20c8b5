"""The proxy checks passwords: nobody reaches the server before, and wrong is wrong in one way."""

from base64 import b64encode
from dataclasses import replace

import pytest

from pgproxy.session.context import ClientTls, Encrypted, Scram
from pgproxy.session.effects import (
    ConnectUpstream,
    EncryptClient,
    LoadCatalog,
    LoadVerifier,
)
from pgproxy.session.scram import PLAIN, PLUS, ClientExchange, ClientKeys, ServerExchange
from pgproxy.session.session import Session
from pgproxy.wire import backend, frontend
from pgproxy.wire.startup import SSLRequest, StartupMessage, parse_first
from tests.session.plans import catalog
from tests.session.script import READY, WELCOME, Script, letters, messages
from tests.session.test_scram import SALT, client_key, stored

SSL = SSLRequest().encode()


def text() -> str:
    known = stored()
    keys = (b64encode(k).decode() for k in (known.stored_key, known.server_key))
    return f"SCRAM-SHA-256$4096:{SALT.decode()}${':'.join(keys)}"


def start(user: str = "alice") -> bytes:
    return StartupMessage((3, 0), {"user": user, "database": "shop"}).encode()


def scripted(tls: ClientTls | None = None) -> Script:
    """A proxy that checks passwords itself."""
    script = Script()
    context = replace(script.session._context, tls=tls, scram=Scram(lambda: b"nonce", b"secret"))
    script.session = Session(context)
    return script


def initial(mechanism: bytes, data: bytes) -> bytes:
    return frontend.PasswordMessage(
        mechanism + b"\0" + len(data).to_bytes(4, "big") + data
    ).encode()


def prove(script: Script, client: ClientExchange) -> None:
    """The client's side of the exchange, up to its proof."""
    offered = backend.parse_sasl_mechanisms(messages(script.to_client)[-1][1])
    script.client(initial(*client.first(offered)))
    answer = messages(script.to_client)[-1][1][4:]
    script.client(frontend.PasswordMessage(client.final(answer)).encode())


def me(binding: bytes = b"") -> ClientExchange:
    return ClientExchange(ClientKeys(stored(), client_key()), b"me", binding)


def test_nothing_is_fetched_before_the_proof() -> None:
    script = scripted().client(start())
    assert script.effects == [LoadVerifier("alice")]
    assert (script.session.login, script.session.database) == ("alice", "shop")
    script.effects.clear()
    script.do(script.session.verifier_ready(text()))
    client = me()
    prove(script, client)
    assert letters(script.to_client) == "RRR"
    client.check(messages(script.to_client)[-1][1][4:])
    assert script.effects == [LoadCatalog("shop"), ConnectUpstream()]


def logged_in(binding: bytes = b"") -> tuple[Script, ServerExchange]:
    """Up to the server's question."""
    script = scripted().client(start())
    script.do(script.session.verifier_ready(text()))
    prove(script, me())
    script.do(script.session.catalog_ready(catalog()))
    script.do(script.session.upstream_connected(binding))
    packet = parse_first(script.to_upstream)
    assert isinstance(packet, StartupMessage)
    script.forget()
    return script, ServerExchange(stored(), b"of-the-server", binding)


@pytest.mark.parametrize("binding", [b"", b"certificate of the server"])
def test_server_is_answered_with_the_clients_keys(binding: bytes) -> None:
    script, server = logged_in(binding)
    names = b"".join(name + b"\0" for name in server.mechanisms) + b"\0"
    script.server(backend.authentication(10, names))
    ((_, body),) = messages(script.to_upstream)
    mechanism, _, rest = body.partition(b"\0")
    assert mechanism == (PLUS if binding else PLAIN)
    script.to_upstream = b""
    script.server(backend.authentication(11, server.first(mechanism, rest[4:])))
    answer, _ = server.final(messages(script.to_upstream)[0][1])
    script.server(backend.authentication(12, answer), WELCOME)
    assert script.session.ready
    # AuthenticationOk is the server's; what it asked was not the client's affair.
    assert script.to_client == WELCOME


def test_what_the_client_sends_early_is_no_password_for_the_server() -> None:
    script, _ = logged_in()
    script.client(frontend.PasswordMessage(b"more").encode())
    assert script.to_upstream == b""


@pytest.mark.parametrize("code", [3, 5, 7, 11, 12])
def test_server_that_asks_in_another_way(code: int) -> None:
    script, _ = logged_in()
    script.server(backend.authentication(code, b"salt"))
    assert script.stopped()["C"] == "58000"


def test_server_that_asks_nothing() -> None:
    script, _ = logged_in()
    script.server(WELCOME)
    assert script.session.ready
    assert script.to_client.endswith(READY)


def wrong(script: Script, verifier: str) -> bytes:
    """All that a client hears whose proof does not fit."""
    script.client(start())
    script.do(script.session.verifier_ready(verifier))
    script.client(initial(PLAIN, b"n,,n=,r=me"))
    script.client(frontend.PasswordMessage(b"c=biws,r=menonce,p=" + b"A" * 43 + b"=").encode())
    assert script.stopped()["C"] == "28P01"
    assert script.stopped()["M"] == 'password authentication failed for user "alice"'
    assert [record.reason for record in script.audits] == ["password"]
    assert script.effects == [LoadVerifier("alice")]
    return script.to_client


def test_unknown_user_and_wrong_password_are_told_alike() -> None:
    known, unknown = wrong(scripted(), text()), wrong(scripted(), "")
    assert letters(known) == letters(unknown) == "RRE"
    assert messages(known)[2] == messages(unknown)[2]
    assert wrong(scripted(), "") == unknown
    assert wrong(scripted(), "md5aaaa") == unknown


def test_without_verifiers_nobody_gets_in() -> None:
    script = scripted().client(start())
    script.do(script.session.verifier_failed("secret reason"))
    assert script.stopped()["C"] == "58000"
    assert b"secret reason" not in script.to_client


@pytest.mark.parametrize(
    "sent",
    [
        frontend.Query(b"SELECT 1").encode(),
        frontend.PasswordMessage(b"SCRAM-SHA-256\0\0\0\0\x7fn,,").encode(),
        b"p\xff\xff\xff\xff",
        b"p\0\0\x7f\xff",
    ],
)
def test_what_is_no_answer_ends_it(sent: bytes) -> None:
    script = scripted().client(start())
    script.do(script.session.verifier_ready(text())).client(sent)
    assert script.stopped()["C"] == "08P01"


def test_certificate_is_bound_to_where_there_is_one() -> None:
    script = scripted(ClientTls()).client(SSL)
    assert script.to_client == b"S"
    assert script.effects == [EncryptClient()]
    script.forget()
    script.do(script.session.client_encrypted(Encrypted(binding=b"ours")))
    script.client(start())
    script.do(script.session.verifier_ready(text()))
    offered = backend.parse_sasl_mechanisms(messages(script.to_client)[-1][1])
    assert offered == [PLUS, PLAIN]
    client = me(b"ours")
    prove(script, client)
    client.check(messages(script.to_client)[-1][1][4:])


@pytest.mark.parametrize("minor", [2, 9999])
def test_version_is_negotiated_before_anybody_is_asked(minor: int) -> None:
    """The server is reached too late to negotiate with it: 3.0 is what both sides speak."""
    packet = StartupMessage((3, minor), {"user": "alice", "database": "shop", "_pq_.new": "1"})
    script = scripted().client(packet.encode())
    assert script.to_client == b"v\0\0\0\x15\0\3\0\0\0\0\0\1_pq_.new\0"
    script.do(script.session.verifier_ready(text()))
    prove(script, me())
    script.do(script.session.catalog_ready(catalog()))
    script.do(script.session.upstream_connected())
    sent = parse_first(script.to_upstream)
    assert isinstance(sent, StartupMessage)
    assert sent.protocol == (3, 0)
    assert "_pq_.new" not in sent.parameters


def test_one_byte_at_a_time_is_the_same_login() -> None:
    script = scripted()
    for byte in start():
        script.client(bytes((byte,)))
    script.do(script.session.verifier_ready(text()))
    client = me()
    for byte in initial(*client.first([PLAIN])):
        script.client(bytes((byte,)))
    answer = messages(script.to_client)[-1][1][4:]
    for byte in frontend.PasswordMessage(client.final(answer)).encode():
        script.client(bytes((byte,)))
    assert letters(script.to_client) == "RRR"
