-- No masked value may decide which rows show.
SELECT id FROM customers WHERE email LIKE 'a%';
--> refused | masked_test

SELECT id FROM customers WHERE email = city;
--> refused | masked_equal

SELECT id FROM employees WHERE salary > 1000 OR id = 1;
--> refused | masked_test

SELECT id FROM employees WHERE (salary, id) > (1, 2);
--> refused | masked_test

SELECT id FROM employees WHERE CASE WHEN salary > 10 THEN true END;
--> refused | masked_test

SELECT id FROM customers WHERE length(email) = 3;
--> refused | masked_test

SELECT city FROM customers GROUP BY city HAVING max(email) > 'a';
--> refused | masked_test

SELECT id FROM customers c JOIN employees e USING (id) WHERE c.first_name = e.ssn;
--> refused | masked_equal

SELECT 1 FROM customers c JOIN employees e ON c.email < e.email;
--> refused | masked_test

SELECT * FROM customers c JOIN public.customers p USING (email);
--> refused | masked_equal

SELECT id FROM customers LIMIT (SELECT salary FROM employees LIMIT 1);
--> refused | masked_test

SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM employees e WHERE e.ssn = customers.city);
--> refused | masked_equal

SELECT id FROM customers WHERE city IN (SELECT ssn FROM employees);
--> refused | masked_equal

SELECT id FROM customers WHERE id > ALL (SELECT salary FROM employees);
--> refused | masked_test

SELECT id FROM customers WHERE id = (SELECT max(salary) FROM employees);
--> refused | masked_test

SELECT id FROM emails, customers WHERE size > 3;
--> refused | masked_test

SELECT g FROM employees, generate_series(1, salary) g;
--> refused | masked_test

SELECT rank() OVER (ORDER BY salary) FROM employees;
--> refused | masked_sort

SELECT sum(id) OVER (ORDER BY id ROWS salary PRECEDING) FROM employees;
--> refused | masked_test

-- Equality that the treatment does not show.
SELECT DISTINCT ssn FROM employees;
--> refused | masked_group

SELECT ssn, count(*) FROM employees GROUP BY 1;
--> refused | masked_group

SELECT count(DISTINCT salary) FROM employees;
--> refused | masked_count_distinct

SELECT lower(email) FROM customers GROUP BY lower(email);
--> refused | masked_test

SELECT email FROM customers UNION SELECT 'x';
--> refused | masked_equal

SELECT city FROM customers INTERSECT SELECT email FROM customers;
--> refused | masked_equal

SELECT email FROM customers EXCEPT SELECT ssn FROM employees;
--> refused | masked_equal

SELECT DISTINCT coalesce(email, 'x') FROM customers;
--> refused | masked_group

SELECT 1 FROM customers c, LATERAL (SELECT coalesce(c.email, 'q') AS x) l WHERE l.x = c.email;
--> refused | masked_equal

-- Views: what is not understood is not shown.
SELECT x FROM opaque;
--> refused | view

-- Functions that are not on the list, in every place.
SELECT pg_sleep(1);
--> refused | function

SELECT shop.order_total(1);
--> refused | function

SELECT query_to_xml('select 1', true, true, '');
--> refused | function

SELECT * FROM dblink('x', 'y') AS t(a int);
--> refused | function

SELECT set_config('search_path', 'x', false);
--> refused | setting

SELECT set_config('datestyle', $1, false);
--> refused | setting

SELECT set_config('application_name', city, false) FROM customers;
--> refused | not_covered

SELECT set_config(city, 'x', false) FROM customers;
--> refused | not_covered

SELECT set_config(setting, 'x', false) FROM pg_settings WHERE name = 'work_mem';
--> refused | not_covered

SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'session_replication_role';
--> refused | setting

SELECT set_config(name, 'x', false) FROM pg_settings WHERE name <> 'work_mem';
--> refused | not_covered

SELECT (SELECT set_config(o.name, 'x', false) FROM pg_settings WHERE name = 'work_mem') FROM pg_settings o;
--> refused | not_covered

SELECT 1 FROM customers ORDER BY nextval('x');
--> refused | function

-- Catalog relations that hold values or statements.
SELECT * FROM pg_statistic;
--> refused | catalog

SELECT 1 FROM pg_catalog.pg_stat_activity WHERE query LIKE 'x%';
--> refused | masked_test

-- Statements that write, store or reinterpret.
INSERT INTO orders (id) VALUES (1);
--> refused | writes

UPDATE orders SET total = 1;
--> refused | writes

WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x;
--> refused | writes

SELECT email INTO copy FROM customers;
--> refused | writes

CREATE TABLE x AS SELECT email FROM customers;
--> refused | writes

CREATE VIEW x AS SELECT 1;
--> refused | writes

DO $$ BEGIN RAISE 'x'; END $$;
--> refused | not_covered

CALL x();
--> refused | not_covered

COPY customers FROM STDIN;
--> refused | writes

COPY customers TO '/tmp/x';
--> refused | copy

COPY customers TO PROGRAM 'cat';
--> refused | copy

COPY customers TO STDOUT WITH (NULL 'bob@example.com');
--> refused | not_covered

COPY customers TO STDOUT WITH (NULL '');
--> refused | not_covered

COPY (DELETE FROM orders RETURNING id) TO STDOUT;
--> refused | writes

EXPLAIN SELECT email FROM customers WHERE email = 'x';
--> refused | masked_equal

EXPLAIN SELECT count(*) FROM customers c JOIN orders o ON c.email = o.email;
--> refused | masked_explain

EXPLAIN SELECT DISTINCT email FROM customers;
--> refused | masked_explain

EXPLAIN SELECT count(email) FROM customers;
--> refused | masked_explain

EXPLAIN SELECT count(DISTINCT email) FROM customers;
--> refused | masked_explain

EXPLAIN SELECT id FROM customers WHERE email IS NULL;
--> refused | masked_explain

EXPLAIN (ANALYZE) SELECT city FROM customers;
--> refused | masked_explain

EXPLAIN ANALYZE VERBOSE SELECT cid FROM emails;
--> refused | masked_explain

EXPLAIN SELECT cid FROM rich;
--> refused | masked_explain

EXPLAIN SELECT mail FROM grouped;
--> refused | masked_explain

EXPLAIN INSERT INTO orders (id) VALUES (1);
--> refused | not_covered

EXPLAIN EXECUTE p;
--> refused | not_covered

EXPLAIN (NOVELTY) SELECT 1;
--> refused | not_covered

PREPARE p AS SELECT id FROM customers WHERE email = $1;
--> refused | masked_equal

DECLARE c CURSOR FOR SELECT id FROM customers WHERE email LIKE 'a%';
--> refused | masked_test

PREPARE p AS INSERT INTO orders (id) VALUES ($1);
--> refused | writes

EXECUTE p((SELECT max(salary) FROM employees));
--> refused | masked_test

SET search_path = public;
--> refused | setting

SET standard_conforming_strings = off;
--> refused | setting

SET ROLE owner;
--> refused | setting

SET client_encoding = 'SJIS';
--> refused | setting

PREPARE TRANSACTION 'x';
--> refused | not_covered

SELECT * FROM customers TABLESAMPLE mine (1);
--> refused | not_covered

SELECT 1 FROM customers TABLESAMPLE system (50) REPEATABLE ((SELECT max(salary) FROM employees));
--> refused | masked_test

SELECT DISTINCT email FROM customers FOR UPDATE;
--> refused | masked_order

-- Names that are not there, as the server says it.
SELECT 1 FROM nowhere;
--> refused | name

SELECT nothing FROM customers;
--> refused | name

SELECT c.email FROM customers;
--> refused | name

SELECT id FROM customers, orders;
--> refused | name

SELECT 1 FROM otherdb.shop.customers;
--> refused | name

-- Types and operators of extensions.
SELECT 1 FROM nick WHERE name = 'x';
--> refused | operator

SELECT 1 OPERATOR(shop.=) 2;
--> refused | not_covered

SELECT 1 FROM customers WHERE city ILIKE 'x';
--> refused | operator

-- Attribute notation calls any function of one argument, one that runs text as SQL among them.
SELECT ('select to_tsvector(''simple'', email) from shop.employees').ts_stat;
--> refused | not_covered

SELECT (id).spy FROM customers;
--> refused | not_covered

SELECT (c.id).spy FROM customers c;
--> refused | not_covered

SELECT (0.01).pg_sleep;
--> refused | not_covered

SELECT (c).spy FROM customers c;
--> refused | name

-- ON sees the two sides of its own join: a decoy before it must not stand for the outer table.
SELECT id, (SELECT count(*) FROM (SELECT 0 AS salary) e, generate_series(1, 9) g JOIN (SELECT 1) b ON g <= e.salary) FROM employees e;
--> refused | masked_test

SELECT id, (SELECT count(*) FROM (SELECT 'x' AS email) c JOIN ((SELECT 2) b JOIN (SELECT 3) d ON c.email LIKE 'd%') ON true) FROM customers c;
--> refused | masked_test

-- WITH RECURSIVE shows later queries too: the name must not fall through to one further out.
WITH x AS (SELECT 0 AS v) SELECT s.v + 0 FROM (WITH RECURSIVE a AS (SELECT v FROM x), x AS (SELECT salary AS v FROM employees) SELECT * FROM a) s;
--> refused | not_covered

WITH RECURSIVE a AS (SELECT id FROM partners), partners AS (SELECT 1 AS id) SELECT * FROM a;
--> refused | not_covered

-- The order of rows that are compared by masked values.
SELECT id, row_number() OVER () FROM (SELECT DISTINCT ON (email) id, email FROM employees) s;
--> refused | masked_sort

SELECT c.id, last_value(c.id) OVER (ORDER BY c.city) FROM customers c JOIN employees e ON c.email = e.email;
--> refused | masked_order

SELECT c.id, nth_value(c.id, 2) OVER (ORDER BY c.city) FROM customers c JOIN employees e ON c.email = e.email;
--> refused | masked_order

SELECT row_number() OVER w, sum(c.id) OVER w FROM customers c JOIN employees e ON c.email = e.email WINDOW w AS (ORDER BY c.city);
--> refused | masked_order

WITH RECURSIVE t AS (SELECT email FROM customers UNION SELECT email FROM t) SELECT * FROM t;
--> refused | masked_order

-- Catalog columns that can hold values.
SELECT rolpassword FROM pg_authid;
--> refused | catalog

-- Partitions by a masked column: which one a row is in tells its value.
SELECT count(*) FROM members_a;
--> refused | masked_test

SELECT id FROM members WHERE tableoid = 3;
--> refused | masked_equal

-- Not SQL.
SELEC 1;
--> refused | syntax
