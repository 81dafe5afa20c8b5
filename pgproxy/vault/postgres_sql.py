"""The vault as tables of a PostgreSQL database: its versions, and every statement asked of it.

``token_of`` leads from a look-up to the place of its token, ``value_of`` from a place to the sealed
value (see ``places``).  Each is hash-partitioned by what it is looked up by, and unique in it: on a
distributed PostgreSQL both spread, and both uniquenesses hold without an index across partitions,
which PostgreSQL does not have.  Rows of both are written in one transaction, never one alone.

Plain SQL and ON CONFLICT only; only PostgreSQL itself was tried.
"""

SCHEMA = "pgproxy_vault"
PARTITIONS = 16
# "pgproxy" in ASCII: the key of the advisory lock under which the tables are made and changed.
LOCK = 0x70_67_70_72_6F_78_79


def _partitioned(table: str) -> str:
    return ";".join(
        f"CREATE TABLE {SCHEMA}.{table}_{n} PARTITION OF {SCHEMA}.{table}"
        f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {n})"
        for n in range(PARTITIONS)
    )


# One script a version, the first makes an empty database version 1.  Never changed, only added to.
MIGRATIONS = (
    f"""
    CREATE TABLE {SCHEMA}.vault (version integer NOT NULL, fingerprint bytea NOT NULL);
    CREATE TABLE {SCHEMA}.sealing_key (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE,
        proof bytea NOT NULL
    );
    CREATE TABLE {SCHEMA}.space (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        domain text NOT NULL,
        kind text NOT NULL,
        UNIQUE (domain, kind)
    );
    CREATE TABLE {SCHEMA}.token_of (
        space integer NOT NULL,
        lookup bytea NOT NULL,
        place bytea NOT NULL,
        PRIMARY KEY (lookup, space)
    ) PARTITION BY HASH (lookup);
    {_partitioned("token_of")};
    CREATE TABLE {SCHEMA}.value_of (
        space integer NOT NULL,
        place bytea NOT NULL,
        key integer NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (place, space)
    ) PARTITION BY HASH (place);
    {_partitioned("value_of")}
    """,
)
VERSION = len(MIGRATIONS)

EXISTS = f"SELECT to_regclass('{SCHEMA}.vault') IS NOT NULL"
CREATE = f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"
BELONGS = f"INSERT INTO {SCHEMA}.vault (version, fingerprint) VALUES ($1, $2)"
MIGRATED = f"UPDATE {SCHEMA}.vault SET version = $1"
IDENTITY = f"SELECT version, fingerprint FROM {SCHEMA}.vault"

KEYS = f"SELECT id, name, proof FROM {SCHEMA}.sealing_key"
ADD_KEY = (
    f"INSERT INTO {SCHEMA}.sealing_key (name, proof) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
)
SPACE = f"SELECT id FROM {SCHEMA}.space WHERE domain = $1 AND kind = $2"
ADD_SPACE = f"INSERT INTO {SCHEMA}.space (domain, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING"

# The LIMIT keeps it a probe of one partition a row, whatever the planner believes of the sizes.
FIND = f"""
    SELECT w.lookup, t.place FROM unnest($2::bytea[]) AS w (lookup) CROSS JOIN LATERAL (
        SELECT place FROM {SCHEMA}.token_of WHERE space = $1 AND lookup = w.lookup LIMIT 1) AS t
"""
OPEN = f"""
    SELECT w.place, v.key, v.sealed FROM unnest($2::bytea[]) AS w (place) CROSS JOIN LATERAL (
        SELECT key, sealed FROM {SCHEMA}.value_of WHERE space = $1 AND place = w.place LIMIT 1
    ) AS v
"""
# The common case, one round trip: rows for all that nobody else has made; how many those were.  A
# place that is taken fails the whole statement.
MAKE = f"""
    WITH made AS (
        INSERT INTO {SCHEMA}.token_of (space, lookup, place)
        SELECT $1, w.lookup, w.place FROM unnest($2::bytea[], $3::bytea[]) AS w (lookup, place)
        ON CONFLICT (lookup, space) DO NOTHING RETURNING place
    ), held AS (
        INSERT INTO {SCHEMA}.value_of (space, place, key, sealed)
        SELECT $1, w.place, $4, w.sealed FROM unnest($3::bytea[], $5::bytea[]) AS w (place, sealed)
        WHERE w.place IN (SELECT place FROM made)
    )
    SELECT count(*) FROM made
"""
# The same in three steps of one transaction, for spaces so small that drawn places are often taken.
HOLD = f"""
    INSERT INTO {SCHEMA}.value_of (space, place, key, sealed)
    SELECT $1, w.place, $2, w.sealed FROM unnest($3::bytea[], $4::bytea[]) AS w (place, sealed)
    ON CONFLICT (place, space) DO NOTHING RETURNING place
"""
POINT = f"""
    INSERT INTO {SCHEMA}.token_of (space, lookup, place)
    SELECT $1, w.lookup, w.place FROM unnest($2::bytea[], $3::bytea[]) AS w (lookup, place)
    ON CONFLICT (lookup, space) DO NOTHING RETURNING place
"""
RELEASE = f"DELETE FROM {SCHEMA}.value_of WHERE space = $1 AND place = ANY ($2::bytea[])"
TAKEN = f"SELECT place FROM {SCHEMA}.value_of WHERE space = $1"
FORGET = f"""
    DELETE FROM {SCHEMA}.token_of WHERE space = $1 AND lookup = ANY ($2::bytea[]) RETURNING place
"""

SPACES = f"""
    SELECT domain, kind, (SELECT count(*) FROM {SCHEMA}.token_of WHERE space = s.id) AS tokens
    FROM {SCHEMA}.space AS s ORDER BY domain, kind
"""
SEALED = f"""
    SELECT name, (SELECT count(*) FROM {SCHEMA}.value_of WHERE key = k.id) AS sealed
    FROM {SCHEMA}.sealing_key AS k ORDER BY id
"""
BYTES = f"""
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class AS c
    WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind = 'r'
"""
# Rows still under another key, in the order of their index; changed only if they still are.
STALE = f"""
    SELECT v.space, s.domain, s.kind, v.place, v.key, k.name, v.sealed
    FROM {SCHEMA}.value_of AS v
    JOIN {SCHEMA}.space AS s ON s.id = v.space JOIN {SCHEMA}.sealing_key AS k ON k.id = v.key
    WHERE v.key <> $1 AND (v.place, v.space) > ($2, $3) ORDER BY v.place, v.space LIMIT $4
"""
RESEAL = f"""
    UPDATE {SCHEMA}.value_of AS v SET key = $1, sealed = w.sealed
    FROM unnest($2::integer[], $3::bytea[], $4::integer[], $5::bytea[])
        AS w (space, place, key, sealed)
    WHERE v.space = w.space AND v.place = w.place AND v.key = w.key
"""
