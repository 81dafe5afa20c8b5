"""SCRAM from both ends: the example of RFC 7677, every message that is not quite one, the keys."""

from base64 import b64decode, b64encode
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.session.scram import (
    PLAIN,
    PLUS,
    ClientExchange,
    ClientKeys,
    ScramError,
    ServerExchange,
    Verifier,
)

# RFC 7677, section 3: user "user", password "pencil".
SALT = b"W22ZaJ0SNY7soEsUEjb6gQ=="
CLIENT_NONCE, SERVER_NONCE = b"rOprNGfwEbeRWgbNEkqO", b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
FIRST = b"n,,n=user,r=" + CLIENT_NONCE
ANSWER = b"r=" + CLIENT_NONCE + SERVER_NONCE + b",s=" + SALT + b",i=4096"
FINAL = (
    b"c=biws,r=" + CLIENT_NONCE + SERVER_NONCE
    + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)  # fmt: skip
PROOF = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def stored(password: bytes = b"pencil", salt: bytes = SALT, iterations: int = 4096) -> Verifier:
    """What a server keeps of a password."""
    raw = hashlib.pbkdf2_hmac("sha256", password, b64decode(salt), iterations)
    client = hmac.digest(raw, b"Client Key", "sha256")
    server = hmac.digest(raw, b"Server Key", "sha256")
    keys = [b64encode(key).decode() for key in (hashlib.sha256(client).digest(), server)]
    found = Verifier.parse(f"SCRAM-SHA-256${iterations}:{salt.decode()}${keys[0]}:{keys[1]}")
    assert found is not None
    return found


def test_example_of_the_rfc() -> None:
    exchange = ServerExchange(stored(), SERVER_NONCE)
    assert exchange.mechanisms == (PLAIN,)
    assert exchange.first(PLAIN, FIRST) == ANSWER
    answer, keys = exchange.final(FINAL)
    assert answer == PROOF
    assert hashlib.sha256(keys.client_key).digest() == stored().stored_key


@pytest.mark.parametrize("binding", [b"", b"certificate of ours"])
@pytest.mark.parametrize("theirs", [b"", b"certificate of the server"])
def test_keys_of_one_login_do_for_the_next(binding: bytes, theirs: bytes) -> None:
    """What a client proves to us is enough to be that client at the server."""
    keys = ClientKeys(stored(), client_key())
    for one, other in ((binding, binding), (theirs, theirs)):
        server, client = (
            ServerExchange(stored(), b"server", one),
            ClientExchange(keys, b"me", other),
        )
        mechanism, first = client.first(list(server.mechanisms))
        assert mechanism == (PLUS if one else PLAIN)
        answer, keys = server.final(client.final(server.first(mechanism, first)))
        client.check(answer)


def client_key() -> bytes:
    exchange = ServerExchange(stored(), SERVER_NONCE)
    exchange.first(PLAIN, FIRST)
    return exchange.final(FINAL)[1].client_key


@pytest.mark.parametrize(
    ("mechanism", "data"),
    [
        (b"SCRAM-SHA-1", FIRST),
        (PLUS, b"p=tls-server-end-point,,n=,r=x"),
        (PLAIN, b"p=tls-server-end-point,,n=,r=x"),
        (PLAIN, b"n,a=root,n=user,r=x"),
        (PLAIN, b"n,,m=ext,n=user,r=x"),
        (PLAIN, b"n,,n=user"),
        (PLAIN, b"n,,n=user,r="),
        (PLAIN, b"n,,n=user,r=a b"),
        (PLAIN, b"x,,n=user,r=x"),
        (PLAIN, b""),
    ],
)
def test_first_message_that_is_not_one(mechanism: bytes, data: bytes) -> None:
    with pytest.raises(ScramError):
        ServerExchange(stored(), SERVER_NONCE).first(mechanism, data)


def test_client_that_was_made_to_believe_we_cannot_bind() -> None:
    with pytest.raises(ScramError):
        ServerExchange(stored(), SERVER_NONCE, b"certificate").first(PLAIN, b"y,,n=,r=x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        FINAL[:-1],
        FINAL.replace(b"c=biws", b"c=eSws"),
        FINAL.replace(b"c=biws", b"c=!!!!"),
        FINAL.replace(b"rOpr", b"rOpq"),
        FINAL.replace(b"p=dHzb", b"p=eHzb"),
        FINAL.replace(b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", b"p=dHzb"),
        FINAL.rpartition(b",p=")[0],
    ],
)
def test_proof_that_is_none(data: bytes) -> None:
    exchange = ServerExchange(stored(), SERVER_NONCE)
    exchange.first(PLAIN, FIRST)
    with pytest.raises(ScramError):
        exchange.final(data)


def test_bound_to_another_certificate() -> None:
    keys = ClientKeys(stored(), client_key())
    server = ServerExchange(stored(), b"server", b"ours")
    client = ClientExchange(keys, b"me", b"of somebody between")
    mechanism, first = client.first(list(server.mechanisms))
    with pytest.raises(ScramError):
        server.final(client.final(server.first(mechanism, first)))


@pytest.mark.parametrize(
    "answer",
    [
        b"r=me,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=you123,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=me123,s=AAAA,i=4096",
        b"r=me123,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
        b"r=me123,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        b"e=other-error",
        b"",
    ],
)
def test_answer_of_a_server_that_is_not_the_one(answer: bytes) -> None:
    client = ClientExchange(ClientKeys(stored(), client_key()), b"me")
    client.first([PLAIN])
    with pytest.raises(ScramError):
        client.final(answer)


def test_server_without_the_users_key_is_found_out() -> None:
    client = ClientExchange(ClientKeys(stored(), client_key()), b"me")
    client.first([PLAIN])
    client.final(b"r=me123,s=" + SALT + b",i=4096")
    with pytest.raises(ScramError):
        client.check(PROOF)
    with pytest.raises(ScramError):
        client.first([b"OAUTHBEARER"])


def test_unknown_user_is_told_the_same_each_time_and_never_fits() -> None:
    one, again = Verifier.mock("nobody", b"secret"), Verifier.mock("nobody", b"secret")
    assert one == again
    assert one.iterations == 4096
    assert len(one.salt) == 16
    assert one != Verifier.mock("somebody", b"secret")
    assert one != Verifier.mock("nobody", b"other")
    exchange = ServerExchange(one, SERVER_NONCE)
    exchange.first(PLAIN, FIRST)
    with pytest.raises(ScramError):
        exchange.final(FINAL)


@pytest.mark.parametrize(
    "text",
    ["", "md5abcdef", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA", "SCRAM-SHA-256$0:a$b:c",
     "SCRAM-SHA-256$4096:!$AAAA:AAAA", "secret"],
)  # fmt: skip
def test_what_is_no_verifier(text: str) -> None:
    assert Verifier.parse(text) is None


def test_nothing_secret_is_shown() -> None:
    keys = ClientKeys(stored(), client_key())
    assert "b'" not in repr(keys)


@given(st.binary(max_size=80), st.binary(max_size=120))
def test_any_bytes_are_answered_or_refused(first: bytes, final: bytes) -> None:
    exchange = ServerExchange(stored(iterations=1), SERVER_NONCE)
    try:
        exchange.first(PLAIN, first)
        exchange.final(final)
    except ScramError:
        return
    pytest.fail("a proof out of nothing")
