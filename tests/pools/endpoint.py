"""An endpoint of the chat completions form that does as it is told, good or bad."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import threading
from typing import Any

KEY = "sk-hunter2-of-the-test"


@dataclass(frozen=True)
class Turn:
    """One answer.  ``cut``: hang up after so many bytes; ``hold``: answer only when it is set."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hold: threading.Event | None = None


def says(content: object, tokens: tuple[int, int] | None = (100, 40), finish: str = "stop") -> Turn:
    """A completion with this text."""
    document: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": finish,
            }
        ],
    }
    if tokens is not None:
        document["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return Turn(json.dumps(document).encode())


def offers(*values: object) -> Turn:
    """A completion with these values, as it should be."""
    return says(json.dumps({"values": values}))


def fails(status: int, code: str = "", **headers: str) -> Turn:
    """An error, its text a secret."""
    error = {"message": f"Incorrect API key provided: {KEY}", "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Turn(json.dumps({"error": error}).encode(), status, named)


class Scripted:
    """Takes its turns one after the other, the last one for ever; keeps what it was sent."""

    def __init__(self) -> None:
        self.turns: list[Turn | Callable[[dict[str, Any]], Turn]] = []
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, turns: Sequence[Turn | Callable[[dict[str, Any]], Turn]]) -> None:
        """What it does from now on."""
        self.turns = list(turns)

    def turn(self, path: str, headers: dict[str, str], body: bytes) -> Turn:
        self.paths.append(path)
        self.headers.append(headers)
        self.bodies.append(body)
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return turn if isinstance(turn, Turn) else turn(json.loads(body))


@contextmanager
def scripted() -> Iterator[Scripted]:
    """The endpoint, listening on a port of 127.0.0.1."""
    endpoint = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            turn = endpoint.turn(self.path, dict(self.headers.items()), body)
            if turn.hold is not None:
                turn.hold.wait(30)
            self.close_connection = True
            try:
                self.send_response(turn.status)
                if "Content-Length" not in turn.headers:
                    self.send_header("Content-Length", str(len(turn.body)))
                for name, value in turn.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(turn.body[: turn.cut])
            except OSError:
                pass  # the client has gone

        def log_message(self, *_args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
