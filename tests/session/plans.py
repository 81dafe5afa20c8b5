"""Plans, policies and catalogs small enough to read in a test."""

from collections.abc import Mapping

from pgproxy.analysis.catalog import Catalog, Column, Relation, Role
from pgproxy.errors import Refusal
from pgproxy.policy.plan import (
    REFUSED_STATEMENT,
    CopyFormat,
    Derivation,
    FieldPlan,
    NameAct,
    NameUse,
    QueryPlan,
    StatementPlan,
)
from pgproxy.policy.rules import (
    ClassRule,
    ColumnPattern,
    Policy,
    Redact,
    RoleRule,
    Show,
    Token,
    Treatment,
)
from pgproxy.wire.backend import FieldDescription

TABLE = 100
ID, EMAIL, NAME = (TABLE, 1), (TABLE, 2), (TABLE, 3)


def policy() -> Policy:
    """``analyst`` is masked, ``app`` is not."""
    return Policy(
        classes={"email": ClassRule("email", "email")},
        columns=(ColumnPattern("shop.customers.email", "email"),),
        roles=(
            RoleRule(("analyst",), {"email": Redact()}),
            RoleRule(("app",), otherwise=Show(), hide_unclassified=False),
        ),
    )


ROLES = (
    Role("alice", frozenset({"analyst"})),
    Role("bob", frozenset({"app"})),
    Role("nobody", frozenset()),
    Role("root", frozenset({"analyst"}), superuser=True),
    Role("walker", frozenset({"analyst"}), replication=True),
    Role("free", frozenset({"analyst"}), bypass_rls=True),
    Role("maker", frozenset({"analyst"}), create_role=True),
    Role("reader", frozenset({"analyst", "pg_read_all_data"})),
    Role("filer", frozenset({"analyst", "pg_read_server_files"})),
    Role("climber", frozenset({"analyst", "root"})),
    Role("keeper", frozenset({"analyst"})),
    Role("heir", frozenset({"analyst", "keeper"})),
)


def catalog(
    version: int = 1,
    *,
    server_version: int = 180000,
    owner: str = "shopkeeper",
    search_paths: Mapping[str, str] | None = None,
    without: str = "",
) -> Catalog:
    """One table; ``without`` leaves a role out."""
    columns = (Column("id", 1, 23), Column("email", 2, 25), Column("name", 3, 25))
    table = Relation(TABLE, "shop", "customers", "r", owner, columns)
    return Catalog(
        database="shop",
        version=version,
        server_version=server_version,
        relations={("shop", "customers"): table},
        types={},
        roles={role.name: role for role in ROLES if role.name != without},
        search_paths=search_paths or {},
    )


def field(name: str, treatment: Treatment, *origins: tuple[int, int]) -> FieldPlan:
    """A field of a plan."""
    return FieldPlan(
        name, (), Derivation.COPIED, treatment, name, "domain", frozenset(origins), "a test"
    )


def seen(
    name: str, origin: tuple[int, int] = (0, 0), oid: int = 25, form: int = 0
) -> FieldDescription:
    """A field as the server describes it."""
    return FieldDescription(name.encode(), *origin, oid, -1, -1, form)


SHOWN = field("id", Show(), ID)
MASKED = field("email", Redact("***"), EMAIL)
TOKENIZED = field("email", Token(), EMAIL)


def one(
    *fields: FieldPlan,
    rows: bool = True,
    notices: tuple[str, ...] = (),
    touches: bool = True,
    sql: str = "",
) -> StatementPlan:
    """A statement that may run."""
    return StatementPlan(
        "Select", sql or "select ?", fields if rows else None, None, notices, touches
    )


def refused(reason: str = "filter", *, position: int = 0) -> StatementPlan:
    """A statement that may not."""
    refusal = Refusal(reason, "own words", hint="own hint", position=position)
    return StatementPlan("Select", "", refusal=refusal)


def named(
    act: NameAct,
    name: str = "",
    inner: StatementPlan | None = None,
    *,
    hold: bool = False,
    touches: bool = False,
) -> StatementPlan:
    """A statement that makes, runs or drops what has a name."""
    use = NameUse(act, name, inner, hold)
    return StatementPlan(act.value, "named ?", touches_masked=touches, name_use=use)


def copied(form: CopyFormat, *fields: FieldPlan) -> StatementPlan:
    """COPY of these to STDOUT."""
    return StatementPlan("Copy", "copy ?", fields, copy=form)


def plan(*statements: StatementPlan, sql: bytes = b"", stale: bool = False) -> QueryPlan:
    """A query string of these."""
    if not sql:
        texts = [
            REFUSED_STATEMENT if s.refusal else f"PRINTED {n}" for n, s in enumerate(statements)
        ]
        sql = "; ".join(texts).encode()
    return QueryPlan(statements, sql, stale)


class FakePlanner:
    """Knows its plans by heart; what it does not know is refused."""

    def __init__(self, plans: Mapping[bytes, QueryPlan]) -> None:
        self.plans = plans
        self.hits = 0
        self.misses = 0

    def plan(self, sql: bytes) -> QueryPlan:
        """The plan for that text."""
        self.hits += 1
        return self.plans.get(sql) or plan(refused("unknown"))
