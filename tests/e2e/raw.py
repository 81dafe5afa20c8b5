"""A client that sends exactly the bytes it is told to, and keeps exactly what comes back.

Knows just enough to log in with SCRAM-SHA-256 (RFC 5802); everything after that is the test's.
"""

import base64
import hashlib
import hmac
import secrets
import socket
import struct
from types import TracebackType
from typing import Self

SECONDS = 20.0


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One frontend message."""
    return kind + struct.pack("!i", len(body) + 4) + body


def query(sql: str) -> bytes:
    """A Query message."""
    return message(b"Q", sql.encode() + b"\0")


def parse(name: str, sql: str) -> bytes:
    """A Parse message without parameter types."""
    return message(b"P", f"{name}\0{sql}\0".encode() + b"\0\0")


def bind(portal: str, statement: str, *formats: int) -> bytes:
    """A Bind message without parameters; ``formats`` are the result formats."""
    body = f"{portal}\0{statement}\0".encode() + struct.pack("!hh", 0, 0)
    return message(b"B", body + struct.pack(f"!h{len(formats)}h", len(formats), *formats))


def describe(kind: str, name: str) -> bytes:
    """A Describe message: kind S or P."""
    return message(b"D", f"{kind}{name}\0".encode())


def execute(portal: str, rows: int = 0) -> bytes:
    """An Execute message."""
    return message(b"E", f"{portal}\0".encode() + struct.pack("!i", rows))


def close(kind: str, name: str) -> bytes:
    """A Close message."""
    return message(b"C", f"{kind}{name}\0".encode())


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")


class RawClient:
    """One connection; a context manager that logs in."""

    def __init__(self, host: str, port: int, login: tuple[str, str], database: str) -> None:
        self._user, self._password = login
        self._database = database
        self._socket = socket.create_connection((host, port), SECONDS)
        self._buffer = b""
        self.seen = b""
        self.parameters: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, *messages: bytes) -> None:
        """Send, all in one write."""
        self._socket.sendall(b"".join(messages))

    def next(self) -> tuple[bytes, bytes]:
        """The next message: type and body.  Raises EOFError."""
        while len(self._buffer) < 5 or len(self._buffer) < self._length():
            data = self._socket.recv(65536)
            if not data:
                raise EOFError
            self._buffer += data
            self.seen += data
        length = self._length()
        kind, body = self._buffer[:1], self._buffer[5:length]
        self._buffer = self._buffer[length:]
        return kind, body

    def until(self, last: bytes = b"Z", times: int = 1) -> list[tuple[bytes, bytes]]:
        """Messages up to and including the n-th of type ``last``."""
        found: list[tuple[bytes, bytes]] = []
        while times:
            found.append(self.next())
            times -= found[-1][0] == last
        return found

    def ask(self, *messages: bytes, syncs: int = 1) -> list[tuple[bytes, bytes]]:
        """Send, and what comes up to the n-th ReadyForQuery."""
        self.send(*messages)
        return self.until(times=syncs)

    def start(self) -> None:
        """Start-up and login.  Raises AssertionError with the server's SQLSTATE and message."""
        names = {"user": self._user, "database": self._database, **self.parameters}
        pairs = "".join(f"{name}\0{value}\0" for name, value in names.items())
        body = struct.pack("!i", 196608) + pairs.encode() + b"\0"
        self.send(struct.pack("!i", len(body) + 4) + body)
        nonce = base64.b64encode(secrets.token_bytes(12)).decode()
        first = f"n=,r={nonce}"
        while True:
            kind, body = self.next()
            if kind == b"E":
                self._socket.close()
                raise AssertionError(fields(body))
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            (code,) = struct.unpack("!i", body[:4])
            if code == 10:
                begin = f"n,,{first}".encode()
                reply = b"SCRAM-SHA-256\0" + struct.pack("!i", len(begin)) + begin
                self.send(message(b"p", reply))
            elif code == 11:
                self.send(message(b"p", self._proof(first, body[4:].decode())))

    def _proof(self, first: str, challenge: str) -> bytes:
        parts = dict(part.split("=", 1) for part in challenge.split(","))
        salt, turns = base64.b64decode(parts["s"]), int(parts["i"])
        salted = hashlib.pbkdf2_hmac("sha256", self._password.encode(), salt, turns)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={parts['r']}"
        signed = ",".join((first, challenge, final)).encode()
        stored = hashlib.sha256(client_key).digest()
        signature = hmac.digest(stored, signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{final},p={base64.b64encode(proof).decode()}".encode()

    def _length(self) -> int:
        length: int = struct.unpack("!i", self._buffer[1:5])[0] + 1
        return length


def fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse or NoticeResponse, by letter."""
    parts = [part for part in body.split(b"\0") if part]
    return {part[:1].decode(): part[1:].decode() for part in parts}


def kinds(messages: list[tuple[bytes, bytes]]) -> str:
    """The types of messages, as one word."""
    return b"".join(kind for kind, _ in messages).decode()


def rows(messages: list[tuple[bytes, bytes]]) -> list[list[bytes | None]]:
    """The fields of every DataRow."""
    found = []
    for kind, body in messages:
        if kind == b"D":
            found.append(_fields(body))
    return found


def _fields(body: bytes) -> list[bytes | None]:
    (count,) = struct.unpack("!h", body[:2])
    position, row = 2, []
    for _ in range(count):
        (length,) = struct.unpack("!i", body[position : position + 4])
        position += 4
        row.append(None if length < 0 else body[position : position + length])
        position += max(length, 0)
    return row
