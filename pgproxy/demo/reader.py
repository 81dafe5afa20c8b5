"""Asks the database as one of the demo's logins, through the proxy or past it.

What comes back is text to be shown; an answer is rows or an error, never an exception.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from pgproxy.errors import Unavailable

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one statement gave: rows of values, or the server's error."""

    names: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    sqlstate: str = ""
    message: str = ""
    hint: str = ""


def ask(dsn: str, statements: Sequence[str]) -> list[Answer]:
    """Run the statements in one session."""
    try:
        return asyncio.run(_session(dsn, statements))
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Unavailable(f"the session failed: {type(error).__name__}: {error}") from error


async def _session(dsn: str, statements: Sequence[str]) -> list[Answer]:
    connection = await asyncpg.connect(dsn, timeout=TIMEOUT_SECONDS)
    try:
        return [await _statement(connection, sql) for sql in statements]
    finally:
        await connection.close(timeout=TIMEOUT_SECONDS)


async def _statement(connection: "asyncpg.Connection[Any]", sql: str) -> Answer:
    try:
        prepared = await connection.prepare(sql, timeout=TIMEOUT_SECONDS)
        records = await prepared.fetch(timeout=TIMEOUT_SECONDS)
    except asyncpg.PostgresError as error:
        # after a FATAL there is no session to go on with
        if connection.is_closed():
            raise
        told = error.as_dict()
        return Answer(
            sqlstate=told.get("sqlstate") or "",
            message=told.get("message") or "",
            hint=told.get("hint") or "",
        )
    names = tuple(attribute.name for attribute in prepared.get_attributes())
    return Answer(names, tuple(tuple(record) for record in records))
