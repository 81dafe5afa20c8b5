"""A session between a fake client and a fake server, both in the hands of the test."""

from collections.abc import Callable, Mapping, Sequence

from pgproxy.analysis.catalog import Catalog
from pgproxy.policy.plan import QueryPlan
from pgproxy.policy.rules import RoleRule
from pgproxy.session.audit import AuditRecord
from pgproxy.session.context import Limits, SessionContext
from pgproxy.session.counters import Counters
from pgproxy.session.effects import Audit, Close, Effect, ToClient, ToUpstream
from pgproxy.session.session import Session
from pgproxy.treatment.fields import Keys, Treatments
from pgproxy.treatment.tokens import TokenMap
from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import HEADER
from pgproxy.wire.startup import StartupMessage
from tests.session import plans

Plans = Mapping[bytes, QueryPlan]
Message = tuple[bytes, bytes]
KEY = b"key!"


def messages(data: bytes) -> list[Message]:
    """The (letter, body) pairs of whole messages."""
    found = []
    while data:
        assert len(data) >= HEADER, "a message is cut off"
        end = 1 + int.from_bytes(data[1:HEADER], "big")
        assert end <= len(data), "a message is cut off"
        found.append((data[:1], data[HEADER:end]))
        data = data[end:]
    return found


def letters(data: bytes) -> str:
    """The types of whole messages."""
    return b"".join(letter for letter, _ in messages(data)).decode()


class Script:
    """Does what is to happen; keeps what came of it."""

    def __init__(self, known: Plans | None = None, *, limits: Limits | None = None) -> None:
        self.known = known or {}
        self.later: dict[int, Plans] = {}  # plans from that catalog version on
        self.planners: list[tuple[int, list[str]]] = []
        self.clock = 0.0
        self.holds: Callable[[int], bool] = lambda version: True  # may be planned on
        self.counters = Counters()
        self.tokens = TokenMap()
        context = SessionContext(
            policy=plans.policy(),
            treatments=Treatments(Keys(b"k" * 32), self.tokens),
            tokens=self.tokens,
            counters=self.counters,
            make_planner=self._planner,
            audit_sql=lambda text: f"audited {len(text)}",
            now=lambda: self.clock,
            catalog_holds=lambda database, version: self.holds(version),
            client="192.0.2.1",
            limits=limits or Limits(),
        )
        self.session = Session(context)
        self.to_client = b""
        self.to_upstream = b""
        self.effects: list[Effect] = []
        self.audits: list[AuditRecord] = []
        self.closed: Close | None = None

    def _planner(self, catalog: Catalog, rule: RoleRule, path: list[str]) -> plans.FakePlanner:
        self.planners.append((catalog.version, path))
        versions = [version for version in self.later if version <= catalog.version]
        return plans.FakePlanner(self.later[max(versions)] if versions else self.known)

    def do(self, effects: Sequence[Effect]) -> "Script":
        """Note what the session wants."""
        for effect in effects:
            assert self.closed is None, "an effect after Close"
            if isinstance(effect, ToClient):
                self.to_client += effect.data
            elif isinstance(effect, ToUpstream):
                self.to_upstream += effect.data
            elif isinstance(effect, Audit):
                self.audits.append(effect.record)
            elif isinstance(effect, Close):
                self.closed = effect
            else:
                self.effects.append(effect)
        return self

    def client(self, *data: bytes) -> "Script":
        """The client sends this, in one piece."""
        return self.do(self.session.client_data(b"".join(data)))

    def server(self, *data: bytes) -> "Script":
        """The server sends this, in one piece."""
        return self.do(self.session.upstream_data(b"".join(data)))

    def start(self, user: str = "alice", **parameters: str) -> "Script":
        """Up to the start-up packet on its way to the server."""
        self.client(
            StartupMessage((3, 0), {"user": user, "database": "shop"} | parameters).encode()
        )
        self.do(self.session.upstream_connected())
        return self.do(self.session.catalog_ready(plans.catalog()))

    def log_in(self, user: str = "alice") -> "Script":
        """Up to the first ReadyForQuery; what was said until then is forgotten."""
        self.start(user).server(WELCOME)
        assert self.session.ready
        return self.forget()

    def forget(self) -> "Script":
        """Look only at what comes from here on."""
        self.to_client = self.to_upstream = b""
        self.effects.clear()
        self.audits.clear()
        return self

    @property
    def heard(self) -> str:
        """The letters of what the client got."""
        return letters(self.to_client)

    @property
    def asked(self) -> str:
        """The letters of what the server got."""
        return letters(self.to_upstream)

    def errors(self) -> list[dict[str, str]]:
        """The errors that the client got."""
        return [
            {k: v.decode() for k, v in backend.parse_error(body).items()}
            for letter, body in messages(self.to_client)
            if letter == b"E"
        ]

    def rows(self) -> list[bytes]:
        """The bodies of the rows that the client got."""
        return [body for letter, body in messages(self.to_client) if letter == b"D"]

    def stopped(self) -> dict[str, str]:
        """The session is over, and this is the FATAL error that the client got last."""
        assert self.closed is not None
        assert self.session.closed
        error = self.errors()[-1]
        assert error["S"] == error["V"] == "FATAL"
        return error


OK = backend.authentication(0)
READY = backend.ready_for_query()
IN_BLOCK = backend.ready_for_query(b"T")
FAILED_BLOCK = backend.ready_for_query(b"E")
WELCOME = b"".join(
    (
        OK,
        backend.parameter_status(b"client_encoding", b"UTF8"),
        backend.parameter_status(b"standard_conforming_strings", b"on"),
        backend.parameter_status(b"is_superuser", b"off"),
        backend.backend_key_data(7, KEY),
        READY,
    )
)
PARSED = b"1\0\0\0\4"
BOUND = b"2\0\0\0\4"
CLOSED = b"3\0\0\0\4"
NO_DATA = b"n\0\0\0\4"
SUSPENDED = b"s\0\0\0\4"
EMPTY = b"I\0\0\0\4"
DONE = backend.command_complete(b"SELECT 1")
SYNC = frontend.Sync().encode()


def query(text: bytes) -> bytes:
    """A simple query."""
    return frontend.Query(text).encode()


def parse(text: bytes, name: bytes = b"") -> bytes:
    """A statement."""
    return frontend.Parse(name, text).encode()


def bind(statement: bytes = b"", portal: bytes = b"", formats: tuple[int, ...] = ()) -> bytes:
    """A portal."""
    return frontend.Bind(portal, statement, result_formats=formats).encode()


def execute(portal: bytes = b"", rows: int = 0) -> bytes:
    """A run."""
    return frontend.Execute(portal, rows).encode()


def error(code: str, *, severity: bytes = b"ERROR", text: bytes = b"raw secret") -> bytes:
    """The server fails something, and says too much about it."""
    fields = {"S": severity, "V": severity, "C": code.encode(), "M": text, "D": b"raw secret"}
    return backend.encode_error(fields | {"W": b"raw secret", "P": b"3"})


def row(*values: bytes | None) -> bytes:
    """A row."""
    return backend.data_row(values)
