"""What is written down about one statement, or about a login that was refused.

Never a value: ``sql`` has its literals removed, ``fields`` only counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# allow: a masked role's statement; pass: that of a role without masks; refuse: ours; login: refused
# at start-up.
Decision = Literal["allow", "pass", "refuse", "login"]


# Not frozen: that would double the price of making one, and one is made for every statement.
@dataclass(slots=True)
class AuditRecord:
    """One line of the audit trail; the writer adds the time.

    ``sqlstate`` is '' for success; ``complete`` is False where the session ended before the
    statement did: ``rows`` have been sent all the same.
    """

    database: str
    login: str
    role: str
    client: str
    decision: Decision
    kind: str = ""
    sql: str = ""
    reason: str = ""
    fields: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    seconds: float = 0.0
    sqlstate: str = ""
    complete: bool = True
