"""The statements that read pg_catalog, for PostgreSQL 13 to 18.  Text only.

Run with an empty search_path, so that every name means the one in pg_catalog.  Left out is what
belongs to one connection alone (pg_temp) and what nobody can name (pg_toast).
"""

# Before anything else: what the login starts with, then an empty path.  Every name is qualified.
PREPARE = """
SELECT pg_catalog.current_setting('search_path') AS search_path,
       pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS server_version,
       pg_catalog.current_database()::pg_catalog.text AS database
"""

EMPTY_PATH = "SELECT pg_catalog.set_config('search_path', '', false)"

# The reader sees what is not its own alone: pg_get_viewdef needs no right on the view.
RELATIONS = """
WITH RECURSIVE lines(oid, ancestor, depth, place) AS (
    SELECT inhrelid, inhparent, 1, inhseqno FROM pg_inherits
    UNION ALL
    SELECT l.oid, i.inhparent, l.depth + 1, i.inhseqno
    FROM lines AS l JOIN pg_inherits AS i ON i.inhrelid = l.ancestor
)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       pg_get_userbyid(c.relowner)::text AS owner,
       CASE WHEN c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
            THEN pg_get_viewdef(c.oid) END AS definition,
       ARRAY(SELECT l.ancestor FROM lines AS l WHERE l.oid = c.oid
             ORDER BY l.depth, l.place) AS ancestors,
       (SELECT p.partattrs::int2[]::int4[] FROM pg_partitioned_table AS p
        WHERE p.partrelid = c.oid) AS partition_key,
       CASE WHEN c.relkind = 'S' THEN ARRAY(
           SELECT (d.refobjid::int8 << 16) + d.refobjsubid FROM pg_depend AS d
           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
             AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
           UNION
           SELECT (f.adrelid::int8 << 16) + f.adnum FROM pg_depend AS d
           JOIN pg_attrdef AS f ON f.oid = d.objid
           WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
             AND d.classid = 'pg_attrdef'::regclass) END AS feeds
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
"""

COLUMNS = """
SELECT a.attrelid AS relation, a.attname::text AS name, a.attnum::int4 AS attnum,
       a.atttypid AS type_oid, a.atttypmod AS typmod,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
ORDER BY a.attrelid, a.attnum
"""

# typelem without typlen = -1 is a fixed-length type such as point, not an array.
TYPES = """
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS kind,
       t.typbasetype AS base_oid,
       CASE WHEN t.typlen = -1 THEN t.typelem ELSE 0::oid END AS element_oid,
       t.typrelid AS relation,
       ARRAY(SELECT pg_get_expr(c.conbin, 0) FROM pg_constraint AS c
             WHERE c.contypid = t.oid AND c.contype = 'c' ORDER BY c.oid) AS checks
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
"""

# Access methods that give rows in the order of values; 'hash', 'gin' and 'brin' do not, what an
# extension brings may.  pg_depend names the columns of keys, expressions and predicates alike.
INDEXES = """
SELECT i.indrelid AS relation, i.indisclustered AS clustered, i.indkey[0]::int4 AS first,
       a.amname IN ('hash', 'gin', 'brin') AS unordered,
       ARRAY(SELECT d.refobjsubid::int4 FROM pg_depend AS d
             WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
               AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid)
       || ARRAY(SELECT k::int4 FROM unnest(i.indkey::int2[]) AS k WHERE k > 0) AS columns
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS a ON a.oid = c.relam
WHERE i.indrelid >= 16384 AND c.relpersistence <> 't'
"""

# What the server computes of a row that is written: what comes out, or fails, tells of all of it.
CONDITIONS = """
SELECT c.conrelid AS relation, pg_get_expr(c.conbin, c.conrelid) AS expression
FROM pg_constraint AS c WHERE c.contype = 'c' AND c.conrelid >= 16384
UNION ALL
SELECT i.indrelid, pg_get_indexdef(i.indexrelid, k, false)
FROM pg_index AS i CROSS JOIN LATERAL generate_series(1, i.indnkeyatts::int4) AS k
WHERE i.indrelid >= 16384 AND i.indkey[k - 1] = 0
UNION ALL
SELECT i.indrelid, pg_get_expr(i.indpred, i.indrelid)
FROM pg_index AS i WHERE i.indrelid >= 16384 AND i.indpred IS NOT NULL
"""

REFERENCES = """
SELECT c.conrelid AS relation, k.own::int4 AS own, c.confrelid AS referenced, k.key::int4 AS key
FROM pg_constraint AS c CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(own, key)
WHERE c.contype = 'f'
"""

# The body only of what SQL can be read from: sqlbody is there from PostgreSQL 14 on.
FUNCTIONS = """
SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name, p.prokind::text AS kind,
       p.proargtypes::oid[] AS arguments, p.proallargtypes AS all_types,
       p.proargmodes::text[] AS modes, p.proargnames AS names, p.prorettype AS returns,
       p.proretset AS returns_set, p.pronargdefaults::int4 AS defaults,
       p.provariadic <> 0 AS variadic, l.lanname::text AS language,
       CASE WHEN l.lanname = 'sql' THEN {body} END AS body, p.proconfig AS settings
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
   OR n.nspname = 'pg_catalog' AND p.proname IN (
          SELECT o.proname FROM pg_proc AS o
          WHERE o.pronamespace = 'pg_catalog'::regnamespace AND o.proargmodes IS NOT NULL)
"""

OPERATORS = """
SELECT o.oprname::text AS name, o.oprleft AS left_oid, o.oprright AS right_oid,
       coalesce(l.lanname IN ('c', 'internal'), false) AND EXISTS (
           SELECT FROM pg_depend AS d WHERE d.classid = 'pg_operator'::regclass
           AND d.objid = o.oid AND d.deptype = 'e') AS native,
       NOT EXISTS (SELECT FROM pg_operator AS b WHERE b.oprname = o.oprname
                   AND b.oprnamespace = 'pg_catalog'::regnamespace) AS new
FROM pg_operator AS o
JOIN pg_namespace AS n ON n.oid = o.oprnamespace
LEFT JOIN pg_proc AS p ON p.oid = o.oprcode
LEFT JOIN pg_language AS l ON l.oid = p.prolang
WHERE n.nspname <> 'pg_catalog'
"""

CASTS = """
SELECT DISTINCT c.castsource AS source
FROM pg_cast AS c
JOIN pg_proc AS p ON p.oid = c.castfunc
JOIN pg_language AS l ON l.oid = p.prolang
WHERE c.castmethod = 'f' AND c.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
"""

# Every membership counts, whether or not it inherits: SET ROLE would reach it.  The owner of the
# database is a member of pg_database_owner without a row that says so (14 and later).
ROLES = """
WITH RECURSIVE edges(member, role) AS (
    SELECT member, roleid FROM pg_auth_members
    UNION
    SELECT d.datdba, r.oid FROM pg_database AS d, pg_roles AS r
    WHERE d.datname = current_database() AND r.rolname = 'pg_database_owner'
), reach(member, role) AS (
    SELECT member, role FROM edges
    UNION
    SELECT reach.member, edges.role FROM reach JOIN edges ON edges.member = reach.role
)
SELECT r.rolname::text AS name, r.rolsuper AS superuser, r.rolreplication AS replication,
       r.rolbypassrls AS bypass_rls, r.rolcreaterole AS create_role,
       ARRAY(SELECT pg_get_userbyid(reach.role)::text FROM reach
             WHERE reach.member = r.oid) AS member_of
FROM pg_roles AS r
"""

# The least specific first: each line overrides those before it.
SETTINGS = """
SELECT CASE WHEN s.setrole = 0 THEN '' ELSE pg_get_userbyid(s.setrole)::text END AS role,
       substr(c.line, length('search_path=') + 1) AS search_path
FROM pg_db_role_setting AS s
LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) AS c(line)
WHERE (s.setdatabase = 0 OR d.datname = current_database()) AND c.line LIKE 'search\\_path=%'
ORDER BY s.setrole <> 0, s.setdatabase <> 0
"""

# One short text, and another one once anything above would read differently.  Needs no right on
# data.  Sums of hashes need no order; where other work than DDL writes a row again (TRUNCATE in
# pg_class) its content counts, else who wrote it: no row comes back with the xmin it had.
FINGERPRINT = """
SELECT concat_ws('; ',
    (SELECT 'class ' || sum(hashtextextended(
                concat_ws(' ', oid, relname, relnamespace, relkind, relowner), 0))
     FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND relpersistence <> 't'
       AND relnamespace <> 'pg_toast'::regnamespace),
    (SELECT 'column ' || sum(hashint8extended((a.attrelid::int8 << 16) + a.attnum,
                                              a.xmin::text::int8))
     FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
     WHERE a.attrelid >= 16384 AND a.attnum > 0
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't'),
    (SELECT 'index ' || sum(hashint8extended((i.indexrelid::int8 << 1)
                                             + i.indisclustered::int4, 0))
     FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
     WHERE i.indrelid >= 16384 AND c.relpersistence <> 't'),
    (SELECT 'generated ' || sum(hashint8extended(d.oid::int8, d.xmin::text::int8))
     FROM pg_attrdef AS d
     JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
     JOIN pg_class AS c ON c.oid = d.adrelid
     WHERE a.attgenerated <> '' AND c.relpersistence <> 't'),
    (SELECT 'feeds ' || sum(hashint8extended((s.oid::int8 << 32) + d.refobjid::int8, d.refobjsubid))
     FROM pg_class AS s
     JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
     WHERE s.relkind = 'S' AND s.relpersistence <> 't' AND d.deptype IN ('a', 'i')),
    (SELECT 'default ' || sum(hashint8extended((s.oid::int8 << 32) + f.adrelid::int8, f.adnum))
     FROM pg_class AS s
     JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
     JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
     WHERE s.relkind = 'S' AND s.relpersistence <> 't'),
    (SELECT 'check ' || sum(hashint8extended(oid::int8, xmin::text::int8))
     FROM pg_constraint WHERE contypid >= 16384),
    (SELECT 'constraint ' || sum(hashint8extended(k.oid::int8, k.xmin::text::int8))
     FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
     WHERE k.conrelid >= 16384 AND k.contype IN ('c', 'f') AND c.relpersistence <> 't'),
    (SELECT 'rule ' || sum(hashint8extended(r.oid::int8, r.xmin::text::int8))
     FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class
     WHERE r.oid >= 16384 AND c.relpersistence <> 't'),
    (SELECT 'parent ' || sum(hashint8extended((inhrelid::int8 << 32) + inhparent::int8,
                                              (inhseqno::int8 << 32) + xmin::text::int8))
     FROM pg_inherits),
    (SELECT 'type ' || sum(hashint8extended(oid::int8, xmin::text::int8))
     FROM pg_type WHERE oid >= 16384 AND typrelid = 0 AND NOT EXISTS (
         SELECT FROM pg_type AS e JOIN pg_class AS c ON c.oid = e.typrelid
         WHERE e.oid = pg_type.typelem AND c.relpersistence = 't')),
    (SELECT 'operator ' || sum(hashint8extended(oid::int8, xmin::text::int8))
     FROM pg_operator WHERE oid >= 16384),
    (SELECT 'cast ' || sum(hashint8extended(oid::int8, xmin::text::int8))
     FROM pg_cast WHERE oid >= 16384),
    (SELECT 'function ' || sum(hashint8extended(oid::int8, xmin::text::int8))
     FROM pg_proc WHERE oid >= 16384),
    (SELECT 'schema ' || sum(hashtextextended(concat_ws(' ', oid, nspname), 0))
     FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp_|toast_temp_)'),
    (SELECT 'role ' || sum(hashtextextended(
                concat_ws(' ', oid, rolname, rolsuper, rolreplication, rolbypassrls,
                          rolcreaterole), 0))
     FROM pg_roles),
    (SELECT 'member ' || sum(hashint8extended((roleid::int8 << 32) + member::int8,
                                              xmin::text::int8))
     FROM pg_auth_members),
    (SELECT 'setting ' || sum(hashint8extended((setdatabase::int8 << 32) + setrole::int8,
                                               xmin::text::int8))
     FROM pg_db_role_setting),
    (SELECT 'owner ' || concat_ws(' ', oid, datdba)
     FROM pg_database WHERE datname = current_database())
)
"""
