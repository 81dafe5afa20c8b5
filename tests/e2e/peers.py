"""Two ways to the same PostgreSQL, as raw messages: directly, and through a session without a
shell.
"""

import base64
from collections.abc import Callable
import hashlib
import hmac
import socket

from pgproxy.analysis.catalog import Catalog
from pgproxy.session.context import SessionContext
from pgproxy.session.effects import (
    Close,
    ConnectUpstream,
    Effect,
    LoadCatalog,
    RefreshCatalog,
    ResolveTokens,
    ToClient,
    ToUpstream,
)
from pgproxy.session.session import Session
from pgproxy.wire import backend, frontend
from pgproxy.wire.startup import StartupMessage
from tests.e2e.pipelines import DATABASE, LOGIN, messages, shapes

START = StartupMessage((3, 0), {"user": LOGIN, "database": DATABASE}).encode()
MARK = frontend.Query(b"SELECT 4711 AS the_end").encode()
_MARKED = (b"D", b"\0\1\0\0\0\x044711")

Chop = Callable[[bytes], list[bytes]]


class Scram:
    """The client's side of SCRAM-SHA-256; the server's proof is not our business here."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._bare = "n=,r=rOprNGfwEbeRWgbNEkqO"

    def first(self) -> bytes:
        """SASLInitialResponse."""
        text = f"n,,{self._bare}".encode()
        body = b"SCRAM-SHA-256\0" + len(text).to_bytes(4, "big") + text
        return frontend.PasswordMessage(body).encode()

    def final(self, challenge: bytes) -> bytes:
        """SASLResponse."""
        given = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salt = base64.b64decode(given["s"])
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, int(given["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        without = f"c=biws,r={given['r']}"
        signed = f"{self._bare},{challenge.decode()},{without}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        text = f"{without},p={base64.b64encode(proof).decode()}"
        return frontend.PasswordMessage(text.encode()).encode()

    def answer(self, heard: bytes) -> bytes:
        """What to say to the last message."""
        body = list(messages(heard))[-1][1]
        code = backend.parse_authentication(body)
        if code == backend.AUTHENTICATION_SASL:
            return self.first()
        assert code == backend.AUTHENTICATION_SASL_CONTINUE
        return self.final(body[4:])


def _ended(data: bytes) -> bool:
    found = list(messages(data))
    return _MARKED in found and found[-1][0] == b"Z"


class Peer:
    """Logs in, sends pipelines, gives back what it heard."""

    def __init__(self) -> None:
        self.heard = b""
        scram = Scram(LOGIN)
        self.say(START)
        for _ in range(2):
            self.heard = b""
            while not list(messages(self.heard)):
                self.listen()
            self.say(scram.answer(self.heard))
        while not self.heard.endswith(backend.ready_for_query()):
            self.listen()

    def run(self, asked: bytes) -> bytes:
        """The answers to these messages, which must leave the server waiting for more."""
        self.heard = b""
        self.say(asked + MARK)
        while not _ended(self.heard):
            self.listen()
        return self.heard

    def say(self, data: bytes) -> None:
        """To the server."""
        raise NotImplementedError

    def listen(self) -> None:
        """What the server has to say."""
        raise NotImplementedError


class Direct(Peer):
    """Without us."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        super().__init__()

    def say(self, data: bytes) -> None:
        """As it is."""
        self._socket.sendall(data)

    def listen(self) -> None:
        """As it comes."""
        data = self._socket.recv(65536)
        assert data, "the server left"
        self.heard += data

    def close(self) -> None:
        """Leave."""
        self._socket.close()


class Through(Peer):
    """Through a session, whose effects are carried out at once; bytes are cut up both ways."""

    def __init__(
        self, port: int, context: SessionContext, catalog: Callable[[], Catalog], chop: Chop
    ) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._catalog = catalog
        self._chop = chop
        self.session = Session(context)
        super().__init__()

    def say(self, data: bytes) -> None:
        """In pieces."""
        for piece in self._chop(data):
            self._do(self.session.client_data(piece))

    def listen(self) -> None:
        """In pieces."""
        assert self._socket is not None
        data = self._socket.recv(65536)
        assert data, "the server left"
        for piece in self._chop(data):
            self._do(self.session.upstream_data(piece))

    def close(self) -> None:
        """Leave."""
        if self._socket is not None:
            self._socket.close()

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, ToClient):
                self.heard += effect.data
            elif isinstance(effect, ToUpstream):
                assert self._socket is not None
                self._socket.sendall(effect.data)
            elif isinstance(effect, ConnectUpstream):
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
                self._do(self.session.upstream_connected())
            elif isinstance(effect, LoadCatalog | RefreshCatalog):
                self._do(self.session.catalog_ready(self._catalog()))
            elif isinstance(effect, ResolveTokens):
                made = [
                    {value: b"tok_%022d" % n for n, value in enumerate(request.values)}
                    for request in effect.requests
                ]
                self._do(self.session.tokens_ready(tuple(made)))
            elif isinstance(effect, Close):
                raise AssertionError(f"the session ended: {effect.reason} {shapes(self.heard)}")
