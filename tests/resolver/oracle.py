"""What the server says of a statement: the columns it uses, and its fields."""

from dataclasses import dataclass

import psycopg
from psycopg import pq

Connection = psycopg.Connection[tuple[object, ...]]
Column = tuple[int, int]

VIEW = "resolved"
# FirstNormalObjectId of transam.h.
FIRST_NORMAL_OID = 16384
USED = f"""
    SELECT d.refobjid::int8, d.refobjsubid FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class c ON c.oid = d.refobjid AND c.relkind <> 'c'
    WHERE d.classid = 'pg_rewrite'::regclass AND r.ev_class = '{VIEW}'::regclass
      AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
      AND d.refobjid >= {FIRST_NORMAL_OID} AND d.refobjid <> r.ev_class
      -- A function that returns the row type of a table does not read that table.
      AND r.ev_action::text LIKE '%:relid ' || d.refobjid || ' %'
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a RowDescription; ``column`` is (0, 0) where it is no column of a table's.

    Those of the catalog do not count: what shows in some rows only is computed.
    """

    name: str
    column: Column
    type_oid: int
    typmod: int


def used(server: Connection, sql: str) -> set[Column] | None:
    """What the server's analysis uses; None where it makes no view of the statement."""
    try:
        with server.transaction(force_rollback=True):
            server.execute(f"CREATE TEMP VIEW {VIEW} AS {sql.rstrip(';')}".encode())
            return {(int(str(oid)), int(str(n))) for oid, n in server.execute(USED)}
    except psycopg.Error:
        return None


def described(server: Connection, sql: str) -> list[Field] | None:
    """The fields of a statement that is not run; None where the server does not take it."""
    connection = server.pgconn
    try:
        with server.transaction(force_rollback=True):
            if connection.prepare(b"", sql.encode()).status != pq.ExecStatus.COMMAND_OK:
                return None
            found = connection.describe_prepared(b"")
            return [
                Field(
                    (found.fname(n) or b"").decode(),
                    _column(found.ftable(n), found.ftablecol(n)),
                    found.ftype(n),
                    found.fmod(n),
                )
                for n in range(found.nfields)
            ]
    except psycopg.Error:
        return None


def _column(relation: int, attnum: int) -> Column:
    return (relation, attnum) if relation >= FIRST_NORMAL_OID else (0, 0)
