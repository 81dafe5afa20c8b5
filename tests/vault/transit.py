"""A double of HashiCorp Vault's transit engine: one key, its real HTTP forms, real encryption."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import os
import threading

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pgproxy.demo.postgres import free_port

TOKEN = "s.token-of-the-test"


class Engine:
    """What it holds and how it behaves; ``fault`` is a status it answers with instead."""

    def __init__(self) -> None:
        self.gcm = AESGCM(os.urandom(32))
        self.fault = 0
        self.body = b""
        self.asked: list[str] = []
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, token: str, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.asked.append(path)
        if self.fault:
            return self.fault, {"errors": ["secret text of the server"]}
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        bound = base64.b64decode(body["associated_data"])
        if path == "/v1/transit/encrypt/pgproxy":
            nonce = os.urandom(12)
            sealed = nonce + self.gcm.encrypt(nonce, base64.b64decode(body["plaintext"]), bound)
            text = "vault:v1:" + base64.b64encode(sealed).decode()
            return 200, {"data": {"ciphertext": text, "key_version": 1}}
        if path == "/v1/transit/decrypt/pgproxy":
            try:
                sealed = base64.b64decode(body["ciphertext"].removeprefix("vault:v1:"))
                plain = self.gcm.decrypt(sealed[:12], sealed[12:], bound)
            except (InvalidTag, ValueError):
                return 400, {"errors": ["cipher: message authentication failed"]}
            return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}
        return 404, {"errors": ["no handler"]}


@contextmanager
def transit() -> Iterator[Engine]:
    """The engine, listening on a port of 127.0.0.1."""
    engine = Engine()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = self.headers.get("X-Vault-Token", "")
            status, told = engine.answer(self.path, token, body)
            data = engine.body or json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if status == 307:
                self.send_header("Location", f"{engine.address}/elsewhere")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", engine.port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield engine
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
