"""The login that the proxy has of its own at the server, for clients whose passwords it checks."""

from dataclasses import dataclass, field
import hashlib
import hmac
import stringprep
import unicodedata

from pgproxy.session.scram import ITERATIONS, ClientKeys, ScramError, Verifier
from pgproxy.wire.startup import StartupMessage

# A server that asks for more keeps the proxy busy, not an attacker (libpq has no bound).
_MOST_ITERATIONS = 1_000_000


class PasswordKeys:
    """Keys of a password, made once for each salt."""

    def __init__(self, password: str) -> None:
        self._password = prepared(password)
        self._made: ClientKeys | None = None

    def matching(self, salt: bytes, iterations: int) -> ClientKeys:
        """Those for what the server stores.  Raises ScramError."""
        made = self._made
        if made is None or (made.verifier.salt, made.verifier.iterations) != (salt, iterations):
            if iterations > _MOST_ITERATIONS:
                raise ScramError("the server asks for too many iterations")
            self._made = made = _keys(self._password, salt, iterations)
        return made


@dataclass(frozen=True, slots=True)
class Service:
    """Who logs in at the server in place of every client."""

    user: str
    keys: PasswordKeys = field(repr=False)

    def in_place(self, startup: StartupMessage) -> StartupMessage:
        """The start-up packet with this user.

        The database is named in it: the server would take it from the user.
        """
        named = {"user": self.user, "database": startup.database}
        return StartupMessage(startup.protocol, {**startup.parameters, **named})


def new_verifier(password: str, salt: bytes) -> str:
    """What is stored of a password, as pg_authid holds it."""
    return str(_keys(prepared(password), salt, ITERATIONS).verifier)


def _keys(password: bytes, salt: bytes, iterations: int) -> ClientKeys:
    """RFC 5802, section 3."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    return ClientKeys(Verifier(iterations, salt, stored_key, server_key), client_key)


def prepared(password: str) -> bytes:
    """SASLprep (RFC 4013); a password that it does not take stays as it is, as in PostgreSQL."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    text = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not text or any(map(_prohibited, text)) or _mixed_directions(text):
        text = password
    return text.encode()


def _prohibited(char: str) -> bool:
    return (
        stringprep.in_table_a1(char)
        or stringprep.in_table_c12(char)
        or stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
    )


def _mixed_directions(text: str) -> bool:
    """RFC 3454, section 6."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends or any(map(stringprep.in_table_d2, text))
