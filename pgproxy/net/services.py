"""What all conversations of this process share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pgproxy.net.audit import AuditTrail
from pgproxy.net.catalogs import Catalogs
from pgproxy.net.certificates import ListenSide
from pgproxy.net.histogram import Histogram
from pgproxy.net.hosts import Hosts
from pgproxy.net.lookups import Lookups
from pgproxy.net.verifiers import Verifiers
from pgproxy.session.counters import Counters
from pgproxy.session.session import Session

# The peer's address → a session under the rules of the moment.
OpenSession = Callable[[str], Session]


@dataclass(slots=True)
class Services:
    """The outside of a session.

    ``open_session`` and ``client_tls``, what clients are spoken to with, change with a reload.
    """

    upstream: Hosts
    catalogs: Catalogs
    lookups: Lookups
    audit: AuditTrail
    counters: Counters
    open_session: OpenSession
    client_tls: ListenSide | None = None
    verifiers: Verifiers = field(default_factory=Verifiers)
    connecting: Histogram = field(default_factory=Histogram)
