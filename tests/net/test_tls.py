"""TLS over bytes: cut anywhere, failures told to the peer, names and bindings of certificates."""

import hashlib
from pathlib import Path
import ssl

import pytest

from pgproxy.config.proxy import ListenTls
from pgproxy.errors import ConfigError
from pgproxy.net.certificates import ServerTls, listen_side
from pgproxy.net.tls import Tls, common_name, end_point
from tests.certificates import Authority, Pair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.sign("server", hosts=("db.test", "127.0.0.1"))


def listening(cert: Path, key: Path, client_ca: Path | None = None) -> ListenTls:
    """``listen.tls`` of a configuration."""
    keys = {"cert": str(cert), "key": str(key), "client_ca": client_ca and str(client_ca)}
    return ListenTls.model_validate({name: text for name, text in keys.items() if text})


def sides(
    authority: Authority, pair: Pair, *, client: Pair | None = None, host: str = "db.test"
) -> tuple[Tls, Tls]:
    """A server and a client that trust each other."""
    tls = listening(pair.cert, pair.key, authority.root if client else None)
    asked = ServerTls(
        "verify-full",
        str(authority.root),
        str(client.cert) if client else "",
        str(client.key) if client else "",
    )
    return (
        Tls(listen_side(tls).context, server_side=True),
        Tls(asked.context(), server_side=False, hostname=host),
    )


def shake(server: Tls, client: Tls, step: int = 1 << 20) -> None:
    """The handshake, its bytes in pieces."""
    to_server, to_client = client.begin(), b""
    while to_server or to_client:
        for at in range(0, len(to_server), step):
            assert server.receive(to_server[at : at + step]) == b""
            to_client += server.outgoing()
        to_server = b""
        for at in range(0, len(to_client), step):
            assert client.receive(to_client[at : at + step]) == b""
            to_server += client.outgoing()
        to_client = b""


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_handshake_in_pieces(authority: Authority, pair: Pair, step: int) -> None:
    server, client = sides(authority, pair)
    shake(server, client, step)
    assert server.established
    assert client.established
    assert (server.alpn, client.alpn) == ("postgresql", "postgresql")
    sent = client.send(b"hello") + client.send(b" there")
    said = b"".join(server.receive(sent[at : at + step]) for at in range(0, len(sent), step))
    assert said == b"hello there"
    long = bytes(range(256)) * 1000
    assert client.receive(server.send(long)) == long


def test_farewell_is_told_from_a_cut(authority: Authority, pair: Pair) -> None:
    server, client = sides(authority, pair)
    shake(server, client)
    said = client.send(b"last words") + client.close()
    assert server.receive(said) == b"last words"
    assert server.ended


def test_certificate_for_another_host_is_not_taken(authority: Authority, pair: Pair) -> None:
    server, client = sides(authority, pair, host="other.test")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server, client)
    alert = client.outgoing()
    assert alert
    with pytest.raises(ssl.SSLError):
        server.receive(alert)


def test_client_without_a_certificate_is_not_taken(
    authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    server, _ = sides(authority, pair, client=authority.sign("alice"))
    _, bare = sides(authority, pair)
    with pytest.raises(ssl.SSLError):
        shake(server, bare)


def test_name_and_binding_are_those_of_the_certificate(authority: Authority, pair: Pair) -> None:
    server, client = sides(authority, pair, client=authority.sign("alice"))
    shake(server, client)
    assert common_name(server.peer) == "alice"
    assert end_point(client.peer) == hashlib.sha256(client.peer).digest()
    long = authority.sign("long", hosts=("db.test",), long=True)
    server, client = sides(authority, long)
    shake(server, client)
    assert server.peer == b""
    assert end_point(client.peer) == hashlib.sha384(client.peer).digest()


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\x08\x04\xd2\x16\x2f", b"\x16\3\1\0\5hello"],
)
def test_what_is_no_tls_is_an_error(authority: Authority, pair: Pair, data: bytes) -> None:
    server, _ = sides(authority, pair)
    with pytest.raises(ssl.SSLError):
        server.receive(data)


def test_files_that_cannot_be_used_are_told_by_their_key(
    authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    other = authority.sign("other")
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    empty.chmod(0o600)
    shown = tmp_path / "shown.key"
    shown.write_bytes(pair.key.read_bytes())
    shown.chmod(0o644)

    def told(cert: Path, key: Path, ca: Path | None = None) -> str:
        tls = listening(cert, key, ca)
        with pytest.raises(ConfigError) as caught:
            listen_side(tls)
        return str(caught.value)

    assert "listen.tls.cert, listen.tls.key: the key does not belong" in told(pair.cert, other.key)
    assert "listen.tls.key: there is no such file" in told(pair.cert, tmp_path / "none")
    assert "listen.tls.key: others can read it" in told(pair.cert, shown)
    assert "listen.tls.cert, listen.tls.key: the file cannot be used" in told(empty, pair.key)
    assert "listen.tls.client_ca: " in told(pair.cert, pair.key, empty)
    with pytest.raises(ConfigError, match=r"upstream\.url: sslrootcert: there is no such file"):
        ServerTls("verify-full", str(tmp_path / "none")).context()
