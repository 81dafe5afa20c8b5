"""The proxy checks the password itself: SCRAM against what the server stores of it.

Nobody reaches the server, or learns anything of it, before that.  A user that is not known goes
through the same exchange, and fails it as a wrong password does.
"""

from pgproxy.errors import ClientViolation, Refusal, Unavailable
from pgproxy.session.context import Encrypted, Scram, SessionContext
from pgproxy.session.effects import Close, LoadVerifier
from pgproxy.session.key_login import KeyLogin
from pgproxy.session.ledger import refused_login
from pgproxy.session.login import Login
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.session.scram import ScramError, ServerExchange, Verifier
from pgproxy.wire import backend, frontend
from pgproxy.wire.body import Body
from pgproxy.wire.framing import HEADER
from pgproxy.wire.startup import StartupMessage

# The longest message of a login; those of SCRAM have some hundred bytes.
_LIMIT = 8192


class Authentication(Phase):
    """From the start-up packet to the client's proof."""

    def __init__(
        self,
        context: SessionContext,
        outbox: Outbox,
        startup: tuple[StartupMessage, bytes],
        encrypted: Encrypted | None,
    ) -> None:
        super().__init__(outbox)
        assert context.scram is not None
        self._context = context
        self._scram: Scram = context.scram
        self._startup, self._raw = startup
        self._negotiate()
        self._binding = encrypted.binding if encrypted else b""
        self._exchange: ServerExchange | None = None
        self._buffer = b""
        self._started = False

    def _negotiate(self) -> None:
        """What the server speaks is not known before the client is: 3.0 is spoken to both."""
        parameters = self._startup.parameters
        options = [name for name in parameters if name.startswith("_pq_.")]
        if self._startup.protocol == (3, 0) and not options:
            return
        names = [name.encode("utf-8", "surrogateescape") for name in options]
        self._outbox.client(backend.negotiate_protocol_version(3 << 16, names))
        plain = {name: text for name, text in parameters.items() if name not in options}
        self._startup = StartupMessage((3, 0), plain)
        self._raw = self._startup.encode()

    @property
    def user(self) -> str:
        """Who it says it is."""
        return self._startup.user

    @property
    def database(self) -> str:
        """Where it wants to go."""
        return self._startup.database

    def enter(self) -> None:
        """What is stored of the user's password?"""
        self._outbox.add(LoadVerifier(self.user))

    def verifier_ready(self, text: str) -> None:
        """What is stored; '' for nothing."""
        stored = Verifier.parse(text) or Verifier.mock(self.user, self._scram.secret)
        self._exchange = ServerExchange(stored, self._scram.nonce(), self._binding)
        names = b"".join(name + b"\0" for name in self._exchange.mechanisms) + b"\0"
        self._outbox.client(backend.authentication(backend.AUTHENTICATION_SASL, names))
        self._read()

    def verifier_failed(self, reason: str) -> None:
        """Nobody can log in now."""
        raise Unavailable("logins cannot be checked at the moment", sqlstate="58000")

    @property
    def client_blocked(self) -> bool:
        """What comes before its time is bounded."""
        return len(self._buffer) >= _LIMIT

    def client_data(self, data: bytes) -> None:
        """The client's answers, one after the other."""
        self._buffer += data
        self._read()

    def leftovers(self) -> tuple[bytes, bytes]:
        """What came behind the proof."""
        return self._buffer, b""

    def _read(self) -> None:
        while self._exchange is not None and self.next is None and len(self._buffer) >= HEADER:
            kind = self._buffer[0]
            if kind == frontend.TERMINATE:
                self._outbox.add(Close())
                return
            length = 1 + int.from_bytes(self._buffer[1:HEADER], "big")
            if kind != frontend.PASSWORD_MESSAGE or not HEADER <= length <= _LIMIT:
                raise ClientViolation("a password message is expected")
            if length > len(self._buffer):
                return
            body, self._buffer = self._buffer[HEADER:length], self._buffer[length:]
            try:
                self._answer(self._exchange, body)
            except ScramError:
                raise self._refused() from None

    def _answer(self, exchange: ServerExchange, body: bytes) -> None:
        if not self._started:
            self._started = True
            mechanism, data = _initial_response(body)
            answer = exchange.first(mechanism, data)
            code = backend.AUTHENTICATION_SASL_CONTINUE
            self._outbox.client(backend.authentication(code, answer))
            return
        answer, keys = exchange.final(body)
        self._outbox.client(backend.authentication(backend.AUTHENTICATION_SASL_FINAL, answer))
        service = self._context.service
        login = KeyLogin(service.keys if service else keys, self._scram.nonce())
        self.next = Login(self._context, self._outbox, self._startup, self._raw, login)

    def _refused(self) -> Refusal:
        """As the server says it, whatever was wrong."""
        refusal = Refusal(
            "password",
            f'password authentication failed for user "{self.user}"',
            sqlstate="28P01",
        )
        refused_login(self._context, self._outbox, self._startup, refusal)
        return refusal


def _initial_response(body: bytes) -> tuple[bytes, bytes]:
    cursor = Body("SASLInitialResponse", body, ClientViolation)
    mechanism = cursor.string()
    length = cursor.int32()
    data = cursor.take(length) if length >= 0 else b""
    cursor.end()
    return mechanism, data
