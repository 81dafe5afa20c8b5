"""When the server asks for a password: an answer of ours, or the question as it may be relayed."""

from collections.abc import Set

from pgproxy.errors import Refusal, Unavailable, UpstreamViolation
from pgproxy.session.scram import PLAIN, ClientExchange, Keys, ScramError
from pgproxy.wire import backend, frontend


class KeyLogin:
    """Logs in with the keys that a user's own proof has yielded, or those of the service login."""

    def __init__(self, keys: Keys, nonce: bytes) -> None:
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


def relayed(code: int, body: bytes, allowed: Set[int]) -> bytes:
    """An authentication request as the client gets it.

    ``allowed``: what may be asked besides SCRAM.  Raises Refusal for what is not, or cannot be: a
    ticket for the proxy's host is none for the server's, and OAuth's is a key for whoever sees it.
    Raises UpstreamViolation for what PostgreSQL does not ask.
    """
    if code not in backend.AUTHENTICATION_CODES:
        raise UpstreamViolation("the server asks for an authentication that is not known")
    if code == backend.AUTHENTICATION_SASL:
        # Without channel binding: the client does not see the server's certificate, and only a
        # server that is spoken to over TLS offers it (manual 54.3.1).
        if PLAIN not in backend.parse_sasl_mechanisms(body):
            raise _refusal("SASL other than SCRAM-SHA-256", "Use scram-sha-256 in pg_hba.conf.")
        return backend.authentication(code, PLAIN + b"\0\0")
    if code in _SCRAM or code in allowed:
        return backend.authentication(code, body[4:])
    name = _NAMES.get(code, "GSSAPI, SSPI or Kerberos")
    allow = f"`auth.allow: [{name}]` in pgproxy.yaml relays it, or use" if code in _NAMES else "Use"
    raise _refusal(name, f"{allow} scram-sha-256 in pg_hba.conf.")


def service_refused(body: bytes) -> None:
    """The server's error names the proxy's login, which is no client's concern: raises Unavailable.

    What else ends a login, such as too many clients, is passed on.
    """
    if backend.parse_error(body).get("C", b"")[:2] == b"28":
        raise Unavailable("the proxy could not log in at the server", sqlstate="08006")


_SCRAM = frozenset({backend.AUTHENTICATION_SASL_CONTINUE, backend.AUTHENTICATION_SASL_FINAL})
_NAMES = {
    backend.AUTHENTICATION_CLEARTEXT_PASSWORD: "cleartext",
    backend.AUTHENTICATION_MD5_PASSWORD: "md5",
}


def codes(names: Set[str]) -> frozenset[int]:
    """``auth.allow`` as what the server sends."""
    return frozenset(code for code, name in _NAMES.items() if name in names)


def _refusal(what: str, hint: str) -> Refusal:
    return Refusal(
        "login_method",
        f"the server asks for the password by {what}, which is not relayed here",
        hint=hint,
        sqlstate="28000",
    )
