"""What a session wants done.  The shell carries effects out in the order they are listed.

Values sit in ``data`` and in token requests only, and neither is ever printed.
"""

from dataclasses import dataclass, field

from pgproxy.session.audit import AuditRecord
from pgproxy.treatment.tokens import TokenRequest, ValueRequest


# These two come with every message: not frozen, which would double their price.
@dataclass(slots=True)
class ToClient:
    """Write to the client."""

    data: bytes = field(repr=False)


@dataclass(slots=True)
class ToUpstream:
    """Write to the server."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EncryptClient:
    """Speak TLS with the client from here on; answered by ``client_encrypted``.

    ``received``: what it has said of that already, unasked.
    """

    received: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ConnectUpstream:
    """Open the server's leg; answered by ``upstream_connected`` or ``upstream_failed``."""


@dataclass(frozen=True, slots=True)
class ForwardCancel:
    """Deliver a CancelRequest to the server on a connection of its own; nobody waits for it.

    ``again``: and once more soon, for the session it is for is over and runs nothing else: what it
    runs may just not have begun.
    """

    packet: bytes = field(repr=False)
    again: bool = False


@dataclass(frozen=True, slots=True)
class LoadVerifier:
    """What is stored of a password?  Answered by ``verifier_ready`` or ``verifier_failed``."""

    user: str


@dataclass(frozen=True, slots=True)
class LoadCatalog:
    """Any snapshot of that database; answered by ``catalog_ready`` or ``catalog_failed``."""

    database: str


@dataclass(frozen=True, slots=True)
class RefreshCatalog:
    """A snapshot newer than that version; answered as ``LoadCatalog`` is."""

    database: str
    newer_than: int


@dataclass(frozen=True, slots=True)
class CatalogChanged:
    """What this session ran may have changed a catalog: no snapshot read before is to be trusted.

    Carried out before anything else is planned, in whichever session.
    """


@dataclass(frozen=True, slots=True)
class ResolveTokens:
    """Durable tokens for these values; answered by ``tokens_ready`` or ``tokens_failed``."""

    requests: tuple[TokenRequest, ...]


@dataclass(frozen=True, slots=True)
class ResolveValues:
    """What these tokens stand for; answered by ``values_ready`` or ``values_failed``."""

    requests: tuple[ValueRequest, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Put down one record."""

    record: AuditRecord


@dataclass(frozen=True, slots=True)
class Close:
    """End both legs once what was written before is out.  The last effect of a session.

    ``reason`` is for the log, made of our own words only; '' is an ordinary end.
    """

    reason: str = ""


Effect = (
    ToClient
    | ToUpstream
    | EncryptClient
    | ConnectUpstream
    | ForwardCancel
    | LoadVerifier
    | LoadCatalog
    | RefreshCatalog
    | CatalogChanged
    | ResolveTokens
    | ResolveValues
    | Audit
    | Close
)
