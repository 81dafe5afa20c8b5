"""When the server asks for a password: an answer of ours, or the question as it may be relayed."""

from pgproxy.errors import Unavailable
from pgproxy.session.scram import ClientExchange, ClientKeys, ScramError
from pgproxy.wire import backend, frontend


class KeyLogin:
    """Logs a user in with the keys that its own proof has yielded."""

    def __init__(self, keys: ClientKeys, nonce: bytes) -> None:
        self._keys = keys
        self._nonce = nonce
        self._exchange: ClientExchange | None = None

    def answer(self, code: int, body: bytes, binding: bytes) -> bytes:
        """The message that answers an authentication request; b'' for one that wants none.

        ``binding`` is that of the server's certificate.  Raises Unavailable.
        """
        try:
            return self._answer(code, body, binding)
        except ScramError as error:
            raise Unavailable(f"the login cannot be carried on: {error}") from None

    def _answer(self, code: int, body: bytes, binding: bytes) -> bytes:
        exchange = self._exchange
        if code == backend.AUTHENTICATION_SASL and exchange is None:
            self._exchange = ClientExchange(self._keys, self._nonce, binding)
            mechanism, first = self._exchange.first(backend.parse_sasl_mechanisms(body))
            answer = mechanism + b"\0" + len(first).to_bytes(4, "big") + first
        elif code == backend.AUTHENTICATION_SASL_CONTINUE and exchange is not None:
            answer = exchange.final(body[4:])
        elif code == backend.AUTHENTICATION_SASL_FINAL and exchange is not None:
            exchange.check(body[4:])
            return b""
        else:
            raise ScramError("the server asks in another way than SCRAM-SHA-256")
        return frontend.PasswordMessage(answer).encode()


def unbound(body: bytes) -> bytes:
    """AuthenticationSASL without channel binding: the client does not see the server's certificate.

    Only a server that is spoken to over TLS offers it (manual 54.3.1).
    """
    offered = backend.parse_sasl_mechanisms(body)
    mechanisms = [name for name in offered if not name.endswith(b"-PLUS")]
    data = b"".join(name + b"\0" for name in mechanisms) + b"\0"
    return backend.authentication(backend.AUTHENTICATION_SASL, data)
