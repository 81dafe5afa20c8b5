"""PostgreSQL as the judge of values: what it sends for a type, and whether it takes ours back."""

from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from pgproxy.demo.postgres import Cluster
from pgproxy.treatment.fields import FieldType

Connection = psycopg.Connection[tuple[object, ...]]


def connect(cluster: Cluster) -> Connection:
    """A session of the superuser, straight to the server."""
    return psycopg.connect(cluster.dsn(), autocommit=True)


@dataclass(frozen=True)
class Sent:
    """One value as the server sends it."""

    text: bytes | None
    binary: bytes | None


class Oracle:
    """One session with a temporary table of one column."""

    def __init__(self, connection: Connection, type_name: str) -> None:
        self._connection = connection
        self._run("DROP TABLE IF EXISTS pg_temp.oracle", [], [], [], Format.TEXT)
        self._run(f"CREATE TEMP TABLE oracle (c {type_name})", [], [], [], Format.TEXT)
        described = self._run("SELECT c FROM oracle", [], [], [], Format.TEXT)
        self.oid = described.ftype(0)
        self.typmod = described.fmod(0)

    def field(self, format: int) -> FieldType:
        """The column as RowDescription names it."""
        return FieldType(self.oid, self.typmod, format)

    def sends(self, literal: str | None) -> Sent:
        """What the column sends for a value written as a literal."""
        return self._through(None if literal is None else literal.encode(), 0, Format.TEXT)

    def takes(self, value: bytes | None, format: Format) -> Sent:
        """What the column sends after taking a value in that format; fails where it does not."""
        return self._through(value, self.oid, format)

    def _through(self, value: bytes | None, oid: int, format: Format) -> Sent:
        # An INSERT casts by assignment: too long is an error, never a silent cut.
        insert = "INSERT INTO oracle VALUES ($1) RETURNING c"
        text = self._run(insert, [value], [oid], [format], Format.TEXT).get_value(0, 0)
        binary = self._run(insert, [value], [oid], [format], Format.BINARY).get_value(0, 0)
        return Sent(text, binary)

    def _run(
        self,
        statement: str,
        values: list[bytes | None],
        oids: list[int],
        formats: list[Format],
        result: Format,
    ) -> PGresult:
        answer = self._connection.pgconn.exec_params(
            statement.encode(), values, oids, formats, result
        )
        if answer.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            # Test values are made up: the server's text may be shown.
            raise AssertionError(answer.error_message.decode())
        return answer

    def set(self, name: str, value: str) -> None:
        """A setting for the session."""
        self._connection.execute(
            sql.SQL("SELECT set_config({}, {}, false)").format(
                sql.Literal(name), sql.Literal(value)
            )
        )
