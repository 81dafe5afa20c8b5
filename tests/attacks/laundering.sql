-- A value is put somewhere and read back, or handed to code that nothing follows.

-- @ create table as
CREATE TABLE public.loot AS SELECT email FROM employees;
SELECT * FROM public.loot ORDER BY 1;

-- @ create temp table as
CREATE TEMP TABLE loot AS SELECT email FROM employees;
SELECT * FROM loot ORDER BY 1;

-- @ create table as execute
PREPARE p AS SELECT email FROM employees;
CREATE TEMP TABLE loot AS EXECUTE p;
SELECT * FROM loot ORDER BY 1;

-- @ select into
SELECT email INTO TEMP loot FROM employees;
SELECT * FROM loot ORDER BY 1;

-- @ insert select
CREATE TEMP TABLE loot (x text);
INSERT INTO loot SELECT email FROM employees;
SELECT * FROM loot ORDER BY 1;

-- @ insert values of a subquery
CREATE TEMP TABLE loot (x text);
INSERT INTO loot VALUES ((SELECT email FROM employees WHERE id = 1)) RETURNING x;

-- @ insert conflict on a guess
CREATE TEMP TABLE loot (x text UNIQUE);
INSERT INTO loot VALUES ('Castellanos');
INSERT INTO loot SELECT last_name FROM employees WHERE id = 1 ON CONFLICT DO NOTHING;

-- @ unique violation on a guess
CREATE TEMP TABLE loot (x text UNIQUE);
INSERT INTO loot VALUES ('Castellanos');
INSERT INTO loot SELECT last_name FROM employees WHERE id = 1;

-- @ check violation
CREATE TEMP TABLE loot (x text CHECK (x NOT LIKE 'C%'));
INSERT INTO loot SELECT last_name FROM employees WHERE id = 1;

-- @ check violation on a number
CREATE TEMP TABLE loot (x int CHECK (x > 200000));
INSERT INTO loot SELECT salary FROM employees WHERE id = 1;

-- @ too long for its column
CREATE TEMP TABLE loot (x varchar(9));
INSERT INTO loot SELECT email FROM employees WHERE id = 2;

-- @ update from
CREATE TEMP TABLE loot (id int, x text);
INSERT INTO loot SELECT id FROM products;
UPDATE loot SET x = e.email FROM employees e WHERE e.id = loot.id RETURNING x;

-- @ update set subquery
CREATE TEMP TABLE loot (x text);
INSERT INTO loot VALUES ('');
UPDATE loot SET x = (SELECT email FROM employees WHERE id = 1);
TABLE loot;

-- @ update where
CREATE TEMP TABLE loot (id int);
INSERT INTO loot SELECT id FROM products;
UPDATE loot SET id = 0 WHERE EXISTS (SELECT 1 FROM employees e WHERE e.id = loot.id AND salary > 60000);

-- @ delete where
CREATE TEMP TABLE loot (id int);
INSERT INTO loot SELECT id FROM products;
DELETE FROM loot USING employees e WHERE e.id = loot.id AND e.salary > 60000;

-- @ delete returning
CREATE TEMP TABLE loot (id int);
INSERT INTO loot SELECT id FROM products;
DELETE FROM loot USING employees e WHERE e.id = loot.id RETURNING e.email;

-- @ merge
CREATE TEMP TABLE loot (id int, x text);
MERGE INTO loot l USING employees e ON l.id = e.id WHEN NOT MATCHED THEN INSERT VALUES (e.id, e.email);
SELECT x FROM loot ORDER BY id;

-- @ merge on a condition
CREATE TEMP TABLE loot (id int);
MERGE INTO loot l USING employees e ON false WHEN NOT MATCHED AND e.salary > 60000 THEN INSERT VALUES (e.id);

-- @ writing cte
CREATE TEMP TABLE loot (x text);
WITH w AS (INSERT INTO loot SELECT email FROM employees RETURNING x) SELECT * FROM w;

-- @ create view
CREATE VIEW public.loot AS SELECT email AS harmless FROM shop.employees;
SELECT harmless FROM public.loot ORDER BY 1;

-- @ create temp view
CREATE TEMP VIEW loot AS SELECT id, length(email) AS l FROM employees;
SELECT l FROM loot ORDER BY id;

-- @ create materialized view
CREATE MATERIALIZED VIEW public.loot AS SELECT email AS h FROM shop.employees;
SELECT h FROM public.loot ORDER BY 1;

-- @ create recursive view
CREATE TEMP RECURSIVE VIEW loot (n) AS SELECT email FROM employees;
SELECT n FROM loot ORDER BY 1;

-- @ temp view that shadows
CREATE TEMP VIEW products AS SELECT id, email AS name FROM shop.employees;
SELECT name FROM products ORDER BY id;

-- @ temp table that shadows
CREATE TEMP TABLE products AS SELECT id, email AS name FROM shop.employees;
SELECT name FROM products ORDER BY id;

-- @ function in SQL
CREATE FUNCTION public.loot() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM shop.employees ORDER BY id';
SELECT public.loot();

-- @ function with an argument
CREATE FUNCTION pg_temp.spy(x text) RETURNS text LANGUAGE sql AS 'SELECT upper(x)';
SELECT pg_temp.spy(email) FROM employees ORDER BY id;

-- @ function in plpgsql
CREATE FUNCTION public.loot() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT email FROM shop.employees WHERE id = 1); END';
SELECT public.loot();

-- @ function that shadows a built-in
CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN $1; END';
SELECT upper(last_name) FROM employees ORDER BY id;

-- @ procedure
CREATE PROCEDURE pg_temp.loot() LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT email FROM shop.employees WHERE id = 1); END';
CALL pg_temp.loot();

-- @ aggregate
CREATE FUNCTION pg_temp.step(text, text) RETURNS text LANGUAGE sql AS 'SELECT coalesce($1, '''') || $2';
CREATE AGGREGATE pg_temp.glue(text) (SFUNC = pg_temp.step, STYPE = text);
SELECT pg_temp.glue(email ORDER BY id) FROM employees;

-- @ operator
CREATE FUNCTION public.tell(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END';
CREATE OPERATOR public.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = public.tell);
SELECT count(*) FROM employees WHERE email OPERATOR(public.===) 'x';

-- @ operator that shadows
CREATE FUNCTION public.tell(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END';
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.tell);
SELECT count(*) FROM employees WHERE last_name = 'x'::varchar;

-- @ cast
CREATE TYPE pg_temp.box AS (x text);
CREATE FUNCTION pg_temp.open(pg_temp.box) RETURNS int LANGUAGE sql AS 'SELECT length($1.x)';
CREATE CAST (pg_temp.box AS int) WITH FUNCTION pg_temp.open(pg_temp.box);
SELECT ROW(email)::pg_temp.box::int FROM employees ORDER BY id;

-- @ domain
CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END';
CREATE DOMAIN pg_temp.d AS text CHECK (pg_temp.tell(VALUE));
SELECT email::pg_temp.d FROM employees;

-- @ trigger
CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT email FROM shop.employees WHERE id = 1); RETURN NEW; END';
CREATE TEMP TABLE loot (x int);
CREATE TRIGGER t BEFORE INSERT ON loot FOR EACH ROW EXECUTE FUNCTION pg_temp.tell();
INSERT INTO loot VALUES (1);

-- @ rule
CREATE TEMP TABLE loot (x text);
CREATE RULE r AS ON UPDATE TO loot DO INSTEAD SELECT email FROM shop.employees ORDER BY id;
UPDATE loot SET x = '';

-- @ generated column
CREATE TEMP TABLE loot (x text, y int GENERATED ALWAYS AS (length(x)) STORED);
INSERT INTO loot SELECT email FROM employees;
SELECT y FROM loot ORDER BY x;

-- @ row security policy
CREATE TEMP TABLE loot (id int);
INSERT INTO loot SELECT id FROM products;
ALTER TABLE loot ENABLE ROW LEVEL SECURITY;
ALTER TABLE loot FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON loot USING ((SELECT salary FROM shop.employees e WHERE e.id = loot.id) > 60000);
SELECT id FROM loot ORDER BY id;

-- @ expression index
CREATE TEMP TABLE loot (x text);
INSERT INTO loot SELECT email FROM employees;
CREATE UNIQUE INDEX ON loot (left(x, 2));

-- @ exclusion constraint
CREATE TEMP TABLE loot (x int, EXCLUDE USING btree (x WITH =));
INSERT INTO loot SELECT salary / 10000 FROM employees;

-- @ foreign key
CREATE TEMP TABLE k (x int PRIMARY KEY);
INSERT INTO k SELECT generate_series(30000, 140000);
CREATE TEMP TABLE loot (x int REFERENCES k);
INSERT INTO loot SELECT salary FROM employees;

-- @ statistics of a copy
CREATE TEMP TABLE loot AS SELECT email FROM employees;
ANALYZE loot;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'loot';

-- @ partition routing
CREATE TEMP TABLE loot (x text) PARTITION BY RANGE (x);
CREATE TEMP TABLE l1 PARTITION OF loot FOR VALUES FROM (MINVALUE) TO ('k');
CREATE TEMP TABLE l2 PARTITION OF loot FOR VALUES FROM ('k') TO (MAXVALUE);
INSERT INTO loot SELECT email FROM employees;
SELECT count(*) FROM l1;

-- @ do into a setting
DO $$ BEGIN PERFORM set_config('my.loot', (SELECT email FROM shop.employees WHERE id = 1), false); END $$;
SELECT current_setting('my.loot');

-- @ set_config
SELECT set_config('application_name', left(email, 20), true) FROM employees WHERE id = 1;

-- @ set_config then show
SELECT count(set_config('my.loot', email, true)) FROM employees WHERE id = 1;
SHOW my.loot;

-- @ set_config in where
SELECT 1 FROM employees WHERE id = 1 AND set_config('my.loot', email, true) <> '';
SELECT current_setting('my.loot');

-- @ sequence
CREATE TEMP SEQUENCE s;
SELECT setval('s', salary) FROM employees WHERE id = 1;
SELECT last_value FROM s;

-- @ nextval as a counter
CREATE TEMP SEQUENCE s;
SELECT count(*) FROM employees WHERE salary > 60000 AND nextval('s') > 0;
SELECT last_value FROM s;

-- @ advisory lock
SELECT pg_advisory_xact_lock(salary) FROM employees WHERE id = 1;
SELECT objid FROM pg_locks WHERE locktype = 'advisory';

-- @ try advisory lock
SELECT count(pg_try_advisory_xact_lock(salary)) FROM employees;
SELECT objid FROM pg_locks WHERE locktype = 'advisory' ORDER BY 1;

-- @ large object
SELECT lo_from_bytea(987654, email::bytea) FROM employees WHERE id = 1;
SELECT lo_get(987654);

-- @ large object by number
SELECT lo_create(salary + 1000000) FROM employees WHERE id = 1;
SELECT oid FROM pg_largeobject_metadata;

-- @ notify
-- @alone
LISTEN loot;
SELECT pg_notify('loot', email) FROM employees WHERE id = 1;
COMMIT;

-- @ comment
CREATE TEMP TABLE loot (x int);
DO $$ BEGIN EXECUTE format('COMMENT ON TABLE loot IS %L', (SELECT email FROM shop.employees WHERE id = 1)); END $$;
SELECT obj_description('loot'::regclass);

-- @ name of a table
DO $$ BEGIN EXECUTE format('CREATE TEMP TABLE %I (x int)', (SELECT email FROM shop.employees WHERE id = 1)); END $$;
SELECT relname FROM pg_class WHERE relname LIKE '%@%' OR relname = 'ispwkxyv';

-- @ temp enum label
DO $$ BEGIN EXECUTE format('CREATE TYPE pg_temp.e AS ENUM (%L)', (SELECT email FROM shop.employees WHERE id = 1)); END $$;
SELECT enum_range(NULL::pg_temp.e);

-- @ column default
DO $$ BEGIN EXECUTE format('CREATE TEMP TABLE loot (x text DEFAULT %L)', (SELECT email FROM shop.employees WHERE id = 1)); END $$;
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'loot'::regclass;

-- @ application name
DO $$ BEGIN EXECUTE format('SET application_name = %L', (SELECT email FROM shop.employees WHERE id = 1)); END $$;
SHOW application_name;

-- @ ts_stat
SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', last_name) FROM shop.employees') ORDER BY 1;

-- @ ts_rewrite
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, to_tsquery(''simple'', last_name) FROM shop.employees WHERE id = 1');

-- @ crosstab
SELECT * FROM crosstab('SELECT id, 1, email FROM shop.employees ORDER BY 1') AS t (id int, x text);

-- @ connectby
SELECT * FROM connectby('(SELECT email AS k, NULL::text AS p FROM shop.employees WHERE id = 1) s', 'k', 'p', (SELECT email FROM employees WHERE id = 1), 0) AS t (k text, p text, l int);

-- @ query text in attribute notation
SELECT ('SELECT to_tsvector(''simple'', last_name) FROM shop.employees').ts_stat;

-- @ execute format
DO $$ DECLARE r text; BEGIN EXECUTE 'SELECT email FROM shop.employees WHERE id = 1' INTO r; RAISE WARNING '%', r; END $$;
