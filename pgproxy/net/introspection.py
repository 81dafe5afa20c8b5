"""Reads pg_catalog into a snapshot.  Needs a login that may connect, and no right on any data.

The fingerprint of a snapshot is taken with it: as long as a probe finds the same one, the snapshot
is what the server has.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

import asyncpg

from pgproxy.analysis.catalog import Catalog, Column, Function, Order, Relation, Role, Type
from pgproxy.analysis.lineage import Source
from pgproxy.errors import Unavailable
from pgproxy.net import catalog_queries as queries

CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 60.0

# What makes the server print a view's constants otherwise, or run the reading otherwise.
_SETTINGS = {
    "application_name": "pgproxy catalog",
    "datestyle": "ISO, YMD",
    "default_transaction_read_only": "on",
    "intervalstyle": "postgres",
    "jit": "off",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
}

_KINDS = {
    "relations": queries.RELATIONS,
    "columns": queries.COLUMNS,
    "types": queries.TYPES,
    "indexes": queries.INDEXES,
    "conditions": queries.CONDITIONS,
    "references": queries.REFERENCES,
    "functions": queries.FUNCTIONS,
    "operators": queries.OPERATORS,
    "casts": queries.CASTS,
    "roles": queries.ROLES,
    "settings": queries.SETTINGS,
}

# BEGIN ATOMIC came with PostgreSQL 14.
_ATOMIC_BODIES = 140000
_BODY = "coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)"

Rows = Sequence[asyncpg.Record]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one connection saw, all of it at one moment."""

    database: str
    server_version: int
    own_path: str
    login: str
    fingerprint: str
    kinds: Mapping[str, Rows]


async def read_catalog(url: str, database: str, version: int) -> Catalog:
    """A snapshot of one database; '' is the one that ``url`` names.

    ``{database}`` in the url is replaced.  Raises Unavailable, in our own words only.
    """
    return (await read_snapshot(url, database, version))[0]


async def read_snapshot(url: str, database: str, version: int) -> tuple[Catalog, str]:
    """The same, with the fingerprint of what was read; see ``probes``."""
    with in_our_words():
        reading = await _read(url, database)
    # Building tens of thousands of objects must not keep the loop from everything else.
    return await asyncio.to_thread(_build, reading, version), reading.fingerprint


@contextmanager
def in_our_words() -> Iterator[None]:
    """Whatever a connection of the catalog login raises, as Unavailable."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _unavailable(getattr(error, "sqlstate", None) or "no SQLSTATE") from None
    except (asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
        raise _unavailable(type(error).__name__) from None


def _unavailable(why: str) -> Unavailable:
    return Unavailable(f"the catalog of the database cannot be read ({why})")


async def connect(url: str, database: str, connect: float, statement: float) -> Connection:
    """A connection of the catalog login; the limits are in seconds."""
    return await asyncpg.connect(
        url.replace("{database}", quote(database, safe="")),
        database=database or None,
        timeout=connect,
        command_timeout=statement,
        server_settings=_SETTINGS,
        statement_cache_size=0,
    )


async def _read(url: str, database: str) -> _Reading:
    connection = await connect(url, database, CONNECT_SECONDS, STATEMENT_SECONDS)
    try:
        start = await connection.fetchrow(queries.PREPARE)
        assert start is not None
        await connection.execute(queries.EMPTY_PATH)
        login = await connection.fetchval("SELECT session_user::text")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # First: a view's text is read as it is by then, never as it was before.
            fingerprint = await connection.fetchval(queries.FINGERPRINT)
            body = _BODY if start["server_version"] >= _ATOMIC_BODIES else "p.prosrc"
            kinds = {
                kind: await connection.fetch(sql.replace("{body}", body))
                for kind, sql in _KINDS.items()
            }
        await connection.close(timeout=CONNECT_SECONDS)
    finally:
        if not connection.is_closed():
            connection.terminate()
    return _Reading(
        start["database"],
        start["server_version"],
        start["search_path"],
        login,
        fingerprint,
        kinds,
    )


def _build(reading: _Reading, version: int) -> Catalog:
    kinds = reading.kinds
    return Catalog(
        database=reading.database,
        version=version,
        server_version=reading.server_version,
        relations=_relations(kinds),
        types={(r["schema"], r["name"]): _type(r) for r in kinds["types"]},
        roles={r["name"]: _role(r) for r in kinds["roles"]},
        operators=_operators(kinds["operators"], native=False),
        native_operators=_operators(kinds["operators"], native=True),
        new_operators=frozenset(r["name"] for r in kinds["operators"] if r["new"]),
        cast_sources=frozenset(r["source"] for r in kinds["casts"]),
        search_paths=_search_paths(kinds["settings"], reading),
        functions=_functions(kinds["functions"]),
    )


def _relations(kinds: Mapping[str, Rows]) -> dict[tuple[str, str], Relation]:
    by_relation: defaultdict[int, list[Column]] = defaultdict(list)
    for row in kinds["columns"]:
        by_relation[row["relation"]].append(
            Column(
                row["name"],
                row["attnum"],
                row["type_oid"],
                row["typmod"],
                row["generated"] or "",
            )
        )
    orders: defaultdict[int, list[Order]] = defaultdict(list)
    for row in kinds["indexes"]:
        if row["clustered"] or not row["unordered"]:
            order = Order(frozenset(row["columns"]), row["first"], row["clustered"])
            orders[row["relation"]].append(order)
    conditions: defaultdict[int, list[str]] = defaultdict(list)
    for row in kinds["conditions"]:
        conditions[row["relation"]].append(row["expression"])
    references: defaultdict[int, list[tuple[int, Source]]] = defaultdict(list)
    for row in kinds["references"]:
        key = Source(row["referenced"], row["key"])
        references[row["relation"]].append((row["own"], key))
    return {
        (row["schema"], row["name"]): Relation(
            oid=row["oid"],
            schema=row["schema"],
            name=row["name"],
            kind=row["kind"],
            owner=row["owner"],
            columns=tuple(by_relation[row["oid"]]),
            definition=row["definition"] or "",
            # By way of two parents it may have one grandparent: named once, where it is nearest.
            ancestors=tuple(dict.fromkeys(row["ancestors"])),
            orders=tuple(orders[row["oid"]]),
            partition_key=frozenset(row["partition_key"] or ()),
            feeds=frozenset((fed >> 16, fed & 0xFFFF) for fed in row["feeds"] or ()),
            conditions=tuple(conditions[row["oid"]]),
            references=tuple(references[row["oid"]]),
        )
        for row in kinds["relations"]
    }


def _type(row: asyncpg.Record) -> Type:
    return Type(**{**dict(row), "checks": tuple(row["checks"])})


def _functions(rows: Rows) -> dict[tuple[str, str], tuple[Function, ...]]:
    found: defaultdict[tuple[str, str], list[Function]] = defaultdict(list)
    for row in rows:
        modes = row["modes"] or ["i"] * len(row["arguments"])
        types = row["all_types"] or row["arguments"]
        names = row["names"] or [""] * len(modes)
        columns = list(zip(modes, names, types, strict=True))
        found[row["schema"], row["name"]].append(
            Function(
                oid=row["oid"],
                schema=row["schema"],
                name=row["name"],
                kind=row["kind"],
                arguments=tuple(row["arguments"]),
                names=tuple(name for mode, name, _ in columns if mode in "ibv"),
                outputs=tuple((name, oid) for mode, name, oid in columns if mode in "obt"),
                returns=row["returns"],
                returns_set=row["returns_set"],
                defaults=row["defaults"],
                variadic=row["variadic"],
                language=row["language"],
                body=row["body"] or "",
                settings=tuple(row["settings"] or ()),
            )
        )
    return {key: tuple(functions) for key, functions in found.items()}


def _role(row: asyncpg.Record) -> Role:
    return Role(**{**dict(row), "member_of": frozenset(row["member_of"])})


def _operators(rows: Rows, *, native: bool) -> dict[str, frozenset[tuple[int, int]]]:
    operands: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for row in rows:
        if row["native"] is native:
            operands[row["name"]].add((row["left_oid"], row["right_oid"]))
    return {name: frozenset(pairs) for name, pairs in operands.items()}


def _search_paths(rows: Rows, reading: _Reading) -> dict[str, str]:
    paths = {row["role"]: row["search_path"] for row in rows}
    # What postgresql.conf says shows in a login that has no setting of its own, and in no other.
    if "" not in paths and reading.login not in paths:
        paths[""] = reading.own_path
    return paths
