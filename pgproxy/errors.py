"""Whose fault, which SQLSTATE, what to tell the peer.  Never a value from a row.

Messages are a function of the statement, the policy and the catalog only: an error text that data
can shape is a way out for masked values.

    PgproxyError
    ├── Refusal            the policy says no (42501, or the server's own code for a bad statement)
    ├── ClientViolation    the client broke the protocol (08P01)
    ├── UpstreamViolation  the server, or our idea of it, is off: the session ends (08P01)
    ├── Unavailable        something of ours is away; rows stop (58000)
    └── ConfigError        a file of the user is wrong; carries every finding
"""

from dataclasses import dataclass


class PgproxyError(Exception):
    """Base of what pgproxy raises on purpose; carries what the peer is told."""

    sqlstate = "XX000"

    def __init__(self, message: str, *, hint: str = "", sqlstate: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if sqlstate:
            self.sqlstate = sqlstate


class Refusal(PgproxyError):
    """A statement or a login that the policy, or our knowledge, does not cover.

    ``reason`` is one short word for metrics and audit, from a fixed set: never client text.
    ``position`` is the 1-based character index into the client's statement, 0 when unknown.
    """

    sqlstate = "42501"

    def __init__(
        self, reason: str, message: str, *, hint: str = "", sqlstate: str = "", position: int = 0
    ) -> None:
        super().__init__(message, hint=hint, sqlstate=sqlstate)
        self.reason = reason
        self.position = position


class ClientViolation(PgproxyError):
    """The client sent what the protocol does not allow here."""

    sqlstate = "08P01"


class UpstreamViolation(PgproxyError):
    """The server sent what we did not expect: the session is tainted and ends."""

    sqlstate = "08P01"


class Unavailable(PgproxyError):
    """The vault, the catalog or the server cannot be reached; nothing raw passes meanwhile."""

    sqlstate = "58000"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a file: where it is, what is wrong, what was expected."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.message}"


class ConfigError(PgproxyError):
    """Every mistake found in the user's files, in the order of the files."""

    sqlstate = "F0000"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings
