-- What gives no value by itself but opens a way to one: it has only to be refused.

-- @ role
-- @same
SET ROLE owner_app;

-- @ local role
-- @same
SET LOCAL ROLE owner_app;

-- @ session authorization
-- @same
SET SESSION AUTHORIZATION analyst;

-- @ search path
-- @same
SET search_path = pg_temp, shop;

-- @ search path by function
-- @same
SELECT set_config('search_path', 'pg_temp', false);

-- @ search path local
-- @same
SET LOCAL search_path TO public;

-- @ standard strings
-- @same
SET standard_conforming_strings = off;

-- @ standard strings by function
-- @same
SELECT set_config('standard_conforming_strings', 'off', false);

-- @ backslash quote
-- @same
SET backslash_quote = on;

-- @ client encoding
-- @same
SET client_encoding = 'SJIS';

-- @ names
-- @same
SET NAMES 'GBK';

-- @ transform null equals
-- @same
SET transform_null_equals = on;

-- @ debug print parse
-- @same
SET debug_print_parse = on;

-- @ debug print plan
-- @same
SET debug_print_plan = on;

-- @ debug print rewritten
-- @same
SET debug_print_rewritten = on;

-- @ client messages
-- @same
SET client_min_messages = debug5;

-- @ log messages
-- @same
SET client_min_messages = log;

-- @ parameters in errors
-- @same
SET log_parameter_max_length_on_error = -1;

-- @ index only scans
-- @same
SET enable_indexonlyscan = on;

-- @ hash joins
-- @same
SET enable_hashjoin = off;

-- @ sorts
-- @same
SET enable_sort = off;

-- @ preload
-- @same
SET session_preload_libraries = 'x';

-- @ local preload
-- @same
SET local_preload_libraries = 'x';

-- @ dynamic path
-- @same
SET dynamic_library_path = '/tmp';

-- @ temp tablespace
-- @same
SET temp_tablespaces = 'x';

-- @ default tablespace
-- @same
SET default_tablespace = '';

-- @ bytea escape
-- @same
SET bytea_output = 'escape';

-- @ replica role
-- @same
SET session_replication_role = replica;

-- @ check function bodies
-- @same
SET check_function_bodies = off;

-- @ from a current value
-- @same
SET search_path FROM CURRENT;

-- @ set_config of a column
-- @same
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'session_replication_role';

-- @ update of settings
-- @same
UPDATE pg_settings SET setting = 'off' WHERE name = 'session_replication_role';

-- @ load
-- @same
LOAD 'auto_explain';

-- @ listen payload
-- @same
NOTIFY x, 'y';

-- @ do
-- @same
DO $$ BEGIN END $$;

-- @ call
-- @same
CALL tell(1);

-- @ vacuum
-- @same
VACUUM;

-- @ analyze
-- @same
ANALYZE;

-- @ reindex
-- @same
REINDEX TABLE customers;

-- @ cluster
-- @same
CLUSTER customers USING customers_pkey;

-- @ checkpoint
-- @same
CHECKPOINT;

-- @ truncate
-- @same
TRUNCATE products;

-- @ drop
-- @same
DROP TABLE products;

-- @ alter table
-- @same
ALTER TABLE products ADD x int;

-- @ rename
-- @same
ALTER TABLE customers RENAME email TO harmless;

-- @ alter role
-- @same
ALTER ROLE analyst SET search_path = pg_temp;

-- @ alter database
-- @same
ALTER DATABASE shop SET search_path = pg_temp;

-- @ alter system
-- @same
ALTER SYSTEM SET log_statement = 'all';

-- @ grant
-- @same
GRANT SELECT ON customers TO PUBLIC;

-- @ create role
-- @same
CREATE ROLE x;

-- @ create schema
-- @same
CREATE SCHEMA x;

-- @ create table
-- @same
CREATE TABLE public.x (i int);

-- @ create temp table
-- @same
CREATE TEMP TABLE customers (id int, email text);

-- @ create function
-- @same
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';

-- @ create operator
-- @same
CREATE OPERATOR public.~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);

-- @ create extension
-- @same
CREATE EXTENSION hstore;

-- @ create server
-- @same
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;

-- @ create user mapping
-- @same
CREATE USER MAPPING FOR analyst SERVER s;

-- @ import schema
-- @same
IMPORT FOREIGN SCHEMA x FROM SERVER s INTO public;

-- @ create statistics
-- @same
CREATE STATISTICS public.x ON city, email FROM customers;

-- @ create index
-- @same
CREATE INDEX ON customers (id);

-- @ create publication
-- @same
CREATE PUBLICATION p FOR TABLE customers;

-- @ create subscription
-- @same
CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;

-- @ create policy
-- @same
CREATE POLICY p ON customers USING (true);

-- @ create trigger
-- @same
CREATE TRIGGER t AFTER UPDATE ON customers EXECUTE FUNCTION f();

-- @ create rule
-- @same
CREATE RULE r AS ON SELECT TO products DO INSTEAD SELECT * FROM customers;

-- @ create event trigger
-- @same
CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f();

-- @ create language
-- @same
CREATE LANGUAGE plperl;

-- @ create collation
-- @same
CREATE COLLATION public.c (locale = 'C');

-- @ create conversion
-- @same
CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;

-- @ create text search
-- @same
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);

-- @ create type
-- @same
CREATE TYPE public.t AS (x int);

-- @ create enum
-- @same
CREATE TYPE public.e AS ENUM ('x');

-- @ create domain
-- @same
CREATE DOMAIN public.d AS text;

-- @ create cast
-- @same
CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT;

-- @ comment
-- @same
COMMENT ON TABLE customers IS 'x';

-- @ security label
-- @same
SECURITY LABEL ON TABLE customers IS 'x';

-- @ refresh
-- @same
REFRESH MATERIALIZED VIEW directory;

-- @ copy from stdin
-- @same
COPY products FROM STDIN;

-- @ copy to file
-- @same
COPY products TO '/tmp/x';

-- @ copy to program
-- @same
COPY products TO PROGRAM 'cat';

-- @ copy from program
-- @same
COPY products FROM PROGRAM 'cat';

-- @ prepare transaction
-- @same
PREPARE TRANSACTION 'x';

-- @ insert
-- @same
INSERT INTO products VALUES (99, 'a', 'b', 1, 1);

-- @ update
-- @same
UPDATE products SET stock = 0;

-- @ delete
-- @same
DELETE FROM products;

-- @ merge
-- @same
MERGE INTO products p USING products q ON p.id = q.id WHEN MATCHED THEN DELETE;

-- @ server file
-- @same
SELECT pg_read_file('postgresql.conf');

-- @ server directory
-- @same
SELECT pg_ls_dir('.');

-- @ large object import
-- @same
SELECT lo_import('/etc/hostname');

-- @ sleep
-- @same
SELECT pg_sleep(0);

-- @ terminate
-- @same
SELECT pg_terminate_backend(1);

-- @ query to xml
-- @same
SELECT query_to_xml('SELECT email FROM shop.employees', true, false, '');

-- @ table to xml
-- @same
SELECT table_to_xml('shop.employees', true, false, '');

-- @ schema to xml
-- @same
SELECT schema_to_xml('shop', true, false, '');

-- @ database to xml
-- @same
SELECT database_to_xml(true, false, '');

-- @ cursor to xml
-- @same
SELECT cursor_to_xml('c', 1, true, false, '');

-- @ dblink
-- @same
SELECT * FROM dblink('dbname=shop', 'SELECT email FROM shop.employees') AS t (x text);

-- @ dblink exec
-- @same
SELECT dblink_exec('dbname=shop', 'SELECT 1');

-- @ current query
-- @same
SELECT current_query();

-- @ passwords
-- @same
SELECT rolpassword FROM pg_authid;

-- @ shadow
-- @same
SELECT passwd FROM pg_shadow;

-- @ user mappings
-- @same
SELECT umoptions FROM pg_user_mapping;

-- @ hba rules
-- @same
SELECT * FROM pg_hba_file_rules;

-- @ file settings
-- @same
SELECT * FROM pg_file_settings;

-- @ large objects
-- @same
SELECT data FROM pg_largeobject;

-- @ memory contexts
-- @same
SELECT * FROM pg_backend_memory_contexts;

-- @ own reads
-- @same
SELECT * FROM pg_stat_xact_all_tables;

-- @ logical decoding
-- @same
SELECT pg_create_logical_replication_slot('x', 'test_decoding');

-- @ seed
-- @same
SELECT setseed(0.5);

-- @ export snapshot
-- @same
SELECT pg_export_snapshot();

-- @ unknown function
-- @same
SELECT no_such_function(1);

-- @ function of another
-- @same
SELECT mail_length(1);

-- @ operator of another schema
-- @same
SELECT 1 OPERATOR(shop.=) 1;

-- @ tablesample of an extension
-- @same
SELECT 1 FROM products TABLESAMPLE system_rows (1);

-- @ xid wraparound trick
-- @same
SELECT binary_upgrade_set_next_pg_type_oid(1);

-- @ currtid
-- @same
SELECT currtid2('shop.customers', '(0,1)');
