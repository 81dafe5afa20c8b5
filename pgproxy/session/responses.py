"""Errors and notices as a client of a masked role gets them: ours, and the server's made safe."""

from pgproxy.errors import PgproxyError, Refusal
from pgproxy.session.conditions import condition
from pgproxy.wire.backend import encode_error, encode_notice, parse_error

_WITHHELD = b"The server's own text is withheld: masked columns take part."
_PLAIN = ("25", "26", "34", "40", "57")
_LEVELS = frozenset(
    {b"ERROR", b"FATAL", b"PANIC", b"WARNING", b"NOTICE", b"DEBUG", b"INFO", b"LOG"}
)


def _own(severity: bytes, error: PgproxyError) -> dict[str, bytes]:
    fields = {
        "S": severity,
        "V": severity,
        "C": error.sqlstate.encode(),
        "M": _line(error.message),
    }
    if error.hint:
        fields["H"] = _line(error.hint)
    return fields


def _line(text: str) -> bytes:
    # Names in it may be surrogate escapes from a start-up packet.
    return text.encode("utf-8", "backslashreplace").replace(b"\0", b"?")


def fatal(error: PgproxyError) -> bytes:
    """The last message of a session that we end."""
    return encode_error(_own(b"FATAL", error))


def refused(refusal: Refusal) -> bytes:
    """In place of the error that the server raised for ``REFUSED_STATEMENT``."""
    fields = _own(b"ERROR", refusal)
    if refusal.position > 0:
        fields["P"] = str(refusal.position).encode()
    return encode_error(fields)


def notice(text: str) -> bytes:
    """A notice of ours about a statement."""
    return encode_notice({"S": b"NOTICE", "V": b"NOTICE", "C": b"01000", "M": _line(text)})


class ServerError:
    """An ErrorResponse or NoticeResponse of the server, however odd."""

    def __init__(self, body: bytes) -> None:
        self._fields = parse_error(body)

    @property
    def sqlstate(self) -> str:
        """Five characters; XX000 where the server sent none."""
        code = self._fields.get("C", b"")
        return code.decode() if len(code) == 5 and code.isalnum() and code.isascii() else "XX000"

    @property
    def is_fatal(self) -> bool:
        """Whether the server ends the session with it."""
        return self._severity in (b"FATAL", b"PANIC")

    @property
    def _severity(self) -> bytes:
        severity = self._fields.get("V", self._fields.get("S", b"ERROR"))
        return severity if severity in _LEVELS else b"ERROR"

    def shown(self, *, position: bool) -> dict[str, bytes]:
        """The fields as they are; the position only counts in a text that the client wrote."""
        return {k: v for k, v in self._fields.items() if position or k != "P"}

    def withheld(self) -> dict[str, bytes]:
        """Severity and SQLSTATE; the rest may have been shaped by masked values."""
        fields = {
            "S": self._severity,
            "V": self._severity,
            "C": self.sqlstate.encode(),
            "M": condition(self.sqlstate).encode(),
        }
        # Of a state or of a person's act the code says all there is to say.
        plain = self.is_fatal or self.sqlstate.startswith(_PLAIN)
        return fields if plain else fields | {"H": _WITHHELD}
