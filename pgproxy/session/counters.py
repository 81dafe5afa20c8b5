"""Plain integers that ``net.metrics`` turns into metrics (design.md 11); one object a worker.

Every label comes from the policy or from a fixed set of ours, never from a client.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """What the sessions of one worker have done since it started.

    ``bytes`` by direction: ``from_client``, ``to_client``, ``from_upstream``, ``to_upstream``.
    ``vault_lookups`` by result: ``asked`` values here, the rest is the shell's.
    ``role`` is the first name of the policy entry.
    """

    sessions: int = 0
    sessions_total: int = 0
    statements: Counter[tuple[str, str]] = field(default_factory=Counter)  # role, decision
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)  # role, reason
    rows: Counter[str] = field(default_factory=Counter)  # role
    fields_treated: Counter[tuple[str, str]] = field(default_factory=Counter)  # class, treatment
    vault_lookups: Counter[str] = field(default_factory=Counter)  # result
    tokens_resolved: int = 0  # tokens that came in and stood for something
    tokens_unknown: int = 0  # what was compared with a token and is none
    plan_cache: Counter[str] = field(default_factory=Counter)  # hit, miss
    plan_seconds: float = 0.0
    bytes: Counter[str] = field(default_factory=Counter)  # direction
    errors: Counter[str] = field(default_factory=Counter)  # SQLSTATE, unknown ones by class
    faults: int = 0  # our own bugs: each ended a session
