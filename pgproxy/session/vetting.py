"""Which logins may start: one entry of the policy must name them, and a masked one may have no
rights that go round the masks (design.md 5, threats.md 4)."""

import re

from pgproxy.analysis.catalog import SYSTEM_SCHEMAS, Catalog, Role
from pgproxy.errors import Refusal
from pgproxy.policy.rules import PUBLIC, UNCLASSIFIED, Policy

OLDEST, NEWEST = 13, 18
_NOT_ALLOWED = "28000"
# Roles of the server that read data, statistics, files or other sessions past any column.
_POWERS = re.compile(
    "pg_(read|write)_all_data|pg_monitor|pg_read_all_(stats|settings)|pg_stat_scan_tables"
    "|pg_.*_server_files|pg_execute_server_program|pg_signal_.*|pg_database_owner"
    "|pg_maintain|pg_checkpoint|pg_create_subscription|pg_use_reserved_connections"
)


def no_entry(login: str) -> Refusal:
    """The policy knows nothing of this login."""
    return Refusal(
        "no_entry",
        f'no entry of the policy names role "{login}" or a role that it is a member of',
        sqlstate=_NOT_ALLOWED,
    )


def unknown_role(login: str) -> Refusal:
    """The snapshot knows nothing of this login: it is new."""
    return Refusal(
        "unknown_role",
        f'role "{login}" was not known here when the connection began',
        hint="Connect again.",
        sqlstate=_NOT_ALLOWED,
    )


def vet(role: Role, catalog: Catalog, policy: Policy) -> None:
    """Raises Refusal for a masked login that could see past its masks."""
    version = catalog.server_version // 10000
    if not OLDEST <= version <= NEWEST:
        raise _refusal(
            "server_version", f"PostgreSQL {version} is not covered, only {OLDEST} to {NEWEST}"
        )
    for power, held in (
        ("SUPERUSER", role.superuser),
        ("REPLICATION", role.replication),
        ("BYPASSRLS", role.bypass_rls),
        ("CREATEROLE", role.create_role),
    ):
        if held:
            raise _refusal("powers", f'role "{role.name}" has masked columns and {power}')
    for name in sorted(role.member_of | {role.name}):
        held_by = catalog.roles.get(name)
        if _POWERS.fullmatch(name) or (held_by and _powerful(held_by)):
            raise _refusal(
                "powers", f'role "{role.name}" has masked columns and is a member of "{name}"'
            )
    _vet_ownership(role, catalog, policy)


def _powerful(role: Role) -> bool:
    # SET ROLE would give these to every member.
    return role.superuser or role.replication or role.bypass_rls or role.create_role


def _vet_ownership(role: Role, catalog: Catalog, policy: Policy) -> None:
    names = role.member_of | {role.name}
    for relation in catalog.relations.values():
        if relation.owner not in names or relation.schema in SYSTEM_SCHEMAS:
            continue
        for column in relation.columns:
            name = relation.schema, relation.name, column.name
            found = {policy.class_of(*name), *policy.paths_of(*name).values()}
            if found - {PUBLIC, UNCLASSIFIED}:
                raise _refusal(
                    "owner",
                    f'role "{role.name}" has masked columns and owns the classified table '
                    f'"{relation.schema}.{relation.name}"',
                )


def _refusal(reason: str, message: str) -> Refusal:
    return Refusal(
        reason,
        message,
        hint="Let it log in as a role without such rights, or give it an entry without masks.",
        sqlstate=_NOT_ALLOWED,
    )
