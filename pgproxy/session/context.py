"""What a session is given at its start: rules, keys, limits, a clock, ways to plan."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pgproxy.analysis.catalog import Catalog
from pgproxy.policy.plan import QueryPlan
from pgproxy.policy.rules import Policy, RoleRule
from pgproxy.session.counters import Counters
from pgproxy.session.service import Service
from pgproxy.treatment.fields import Treatments
from pgproxy.treatment.tokens import TokenMap


class Planner(Protocol):
    """Plans for one role on one catalog snapshot; ``policy.planner`` has the real one."""

    hits: int
    misses: int

    def plan(self, sql: bytes) -> QueryPlan:
        """The plan for a query string.  Never raises."""


# catalog, rule, search_path.  Sessions may share what it returns.
PlannerFactory = Callable[[Catalog, RoleRule, list[str]], Planner]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one session; those of the server where nothing smaller is set."""

    message_bytes: int = 0x3FFFFFFE
    pipeline: int = 10_000  # replies outstanding before we stop reading the client


@dataclass(frozen=True, slots=True)
class ClientTls:
    """TLS may be spoken on the client's side; must it, and must the client have a certificate?"""

    required: bool = False
    certificates: bool = False


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What is known of a client that speaks TLS.

    ``protocol``: what ALPN agreed on, '' for nothing; ``name``: the common name of its certificate,
    '' without one.
    """

    protocol: str = ""
    name: str = ""
    binding: bytes = b""  # ``tls-server-end-point`` of our certificate


@dataclass(frozen=True, slots=True)
class Scram:
    """The proxy checks passwords: a fresh nonce each time, and what unknown users are told with."""

    nonce: Callable[[], bytes]
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is logged in, and which entry of the policy that is."""

    database: str
    login: str
    rule: RoleRule
    server_login: str  # another one where a service logs in for everybody

    @property
    def role(self) -> str:
        """The label in metrics and audit: the first name of the policy entry."""
        return self.rule.names[0]


@dataclass(frozen=True, slots=True)
class SessionContext:
    """Shared by the sessions of a worker, but for ``client``: the peer's address for the audit."""

    policy: Policy
    treatments: Treatments
    tokens: TokenMap  # the one the treatments look into
    counters: Counters
    make_planner: PlannerFactory
    audit_sql: Callable[[bytes], str]
    now: Callable[[], float]
    # Whether plans may be made on that version of a database's catalog: it was found true of late.
    catalog_holds: Callable[[str, int], bool]
    client: str = ""
    tls: ClientTls | None = None
    scram: Scram | None = None
    service: Service | None = None
    allowed: frozenset[int] = frozenset()  # authentication requests relayed besides SCRAM's
    limits: Limits = field(default_factory=Limits)
