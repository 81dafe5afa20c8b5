"""SCRAM-SHA-256 from both ends (RFC 5802, RFC 7677), with what servers store of a password.

The proof of a client yields its ClientKey; with that and the stored keys the same user can be
logged in at the server.  No password is ever known here.
"""

from base64 import b64decode, b64encode
import binascii
from dataclasses import dataclass, field
import hashlib
import hmac
import re
from typing import Protocol

PLAIN, PLUS = b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS"

_BINDING = b"tls-server-end-point"
_DIGEST = 32
# Attributes of a message: the client's first without its GS2 header, the server's first, …
_CLIENT_FIRST = re.compile(rb"n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?", re.DOTALL)
_CLIENT_FINAL = re.compile(rb"(c=([^,]*),r=([^,]*)(?:,[^,]*)*),p=([^,]*)", re.DOTALL)
_SERVER_FIRST = re.compile(
    rb"r=([\x21-\x2b\x2d-\x7e]+),s=([^,]+),i=([1-9][0-9]{0,9})(?:,.*)?", re.DOTALL
)
_STORED = re.compile(r"SCRAM-SHA-256\$([1-9][0-9]{0,9}):([^$:]+)\$([^$:]+):([^$:]+)")
# What the server takes where nothing else is set (scram_iterations).
ITERATIONS = 4096


class ScramError(Exception):
    """The exchange cannot go on; the message is for the log, and names no value."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """What pg_authid.rolpassword holds of a password."""

    iterations: int
    salt: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Verifier | None":
        """``SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey``; None for anything else."""
        found = _STORED.fullmatch(text)
        if found is None:
            return None
        try:
            salt, stored, server = (_decoded(part.encode()) for part in found.groups()[1:])
        except ScramError:
            return None
        if len(stored) != _DIGEST or len(server) != _DIGEST:
            return None
        return cls(int(found[1]), salt, stored, server)

    def __str__(self) -> str:
        salt, stored, server = (
            b64encode(part).decode() for part in (self.salt, self.stored_key, self.server_key)
        )
        return f"SCRAM-SHA-256${self.iterations}:{salt}${stored}:{server}"

    @classmethod
    def mock(cls, user: str, secret: bytes) -> "Verifier":
        """For a user that is not known: the same each time, and no proof fits it."""
        keys = [_hmac(secret, b"%d %b" % (n, user.encode())) for n in range(3)]
        return cls(ITERATIONS, keys[0][:16], keys[1], keys[2])


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What logs a user in: its ClientKey, and the verifier that it goes with."""

    verifier: Verifier
    client_key: bytes = field(repr=False)

    def matching(self, salt: bytes, iterations: int) -> "ClientKeys":
        """Themselves, where they go with what the server stores.  Raises ScramError."""
        if salt != self.verifier.salt or iterations != self.verifier.iterations:
            raise ScramError("the password has changed since, or the verifier is another one")
        return self


class Keys(Protocol):
    """What yields the keys for a salt: keys that are known, or a password."""

    def matching(self, salt: bytes, iterations: int) -> ClientKeys:
        """Raises ScramError."""


class ServerExchange:
    """The server's side of one login; ``binding`` is b'' where there is no certificate to bind to.

    Raises ScramError where the client is not who it says, or does not keep to the rules.
    """

    def __init__(self, verifier: Verifier, nonce: bytes, binding: bytes = b"") -> None:
        self._verifier = verifier
        self._nonce = nonce
        self._binding = binding
        self._header = b""
        self._sent = b""
        self._bare = b""

    @property
    def mechanisms(self) -> tuple[bytes, ...]:
        """What is offered."""
        return (PLUS, PLAIN) if self._binding else (PLAIN,)

    def first(self, mechanism: bytes, data: bytes) -> bytes:
        """The answer to the client's first message."""
        if mechanism not in self.mechanisms:
            raise ScramError("a mechanism that was not offered")
        parts = data.split(b",", 2)
        if len(parts) != 3 or parts[1]:
            # An authzid: to log in as somebody else is not a thing of PostgreSQL's.
            raise ScramError("a malformed first message")
        flag, _, bare = parts
        expected = (b"p=" + _BINDING,) if mechanism == PLUS else (b"n", b"y")
        if flag not in expected or (flag == b"y" and self._binding):
            raise ScramError("channel binding was negotiated otherwise")
        found = _CLIENT_FIRST.fullmatch(bare)
        if found is None:
            raise ScramError("a malformed first message")
        self._header, self._bare = flag + b",,", bare
        self._nonce = found[2] + self._nonce
        salt = b64encode(self._verifier.salt)
        self._sent = b"r=%b,s=%b,i=%d" % (self._nonce, salt, self._verifier.iterations)
        return self._sent

    def final(self, data: bytes) -> tuple[bytes, ClientKeys]:
        """The answer to the client's proof, and what the proof has yielded."""
        found = _CLIENT_FINAL.fullmatch(data)
        if found is None:
            raise ScramError("a malformed final message")
        unproven, binding, nonce, proof = found.groups()
        bound = self._binding if self._header[:1] == b"p" else b""
        if _decoded(binding) != self._header + bound:
            raise ScramError("bound to another certificate")
        if not hmac.compare_digest(nonce, self._nonce):
            raise ScramError("another nonce")
        said = b",".join((self._bare, self._sent, unproven))
        given = _decoded(proof)
        if len(given) != _DIGEST:
            raise ScramError("a malformed proof")
        client_key = _xor(given, _hmac(self._verifier.stored_key, said))
        if not hmac.compare_digest(_hash(client_key), self._verifier.stored_key):
            raise ScramError("a wrong password")
        signature = b64encode(_hmac(self._verifier.server_key, said))
        return b"v=" + signature, ClientKeys(self._verifier, client_key)


class ClientExchange:
    """The client's side.  Raises ScramError."""

    def __init__(self, keys: Keys, nonce: bytes, binding: bytes = b"") -> None:
        self._keys = keys
        self._nonce = nonce
        self._binding = binding
        self._header = b"n,,"
        self._said = b""
        self._expected = b""

    def first(self, offered: list[bytes]) -> tuple[bytes, bytes]:
        """The mechanism that is taken of those, and the first message."""
        mechanism = PLUS if self._binding and PLUS in offered else PLAIN
        if mechanism not in offered:
            raise ScramError("the server offers no mechanism that is known here")
        if mechanism == PLUS:
            self._header = b"p=" + _BINDING + b",,"
        # The server takes the user from the start-up packet.
        bare = b"n=,r=" + self._nonce
        self._said = bare
        return mechanism, self._header + bare

    def final(self, data: bytes) -> bytes:
        """The proof."""
        found = _SERVER_FIRST.fullmatch(data)
        if found is None or not found[1].startswith(self._nonce) or found[1] == self._nonce:
            raise ScramError("a malformed answer of the server")
        keys = self._keys.matching(_decoded(found[2]), int(found[3]))
        bound = self._binding if self._header[:1] == b"p" else b""
        unproven = b"c=%b,r=%b" % (b64encode(self._header + bound), found[1])
        self._said = b",".join((self._said, data, unproven))
        proof = _xor(keys.client_key, _hmac(keys.verifier.stored_key, self._said))
        self._expected = b"v=" + b64encode(_hmac(keys.verifier.server_key, self._said))
        return unproven + b",p=" + b64encode(proof)

    def check(self, data: bytes) -> None:
        """The server's own proof: that it knows the user too."""
        if not self._expected or not hmac.compare_digest(data, self._expected):
            raise ScramError("the server does not know the user")


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise ScramError("what is no base64") from None


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
