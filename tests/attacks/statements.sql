-- The value by way of another kind of statement: prepared, in a cursor, copied, explained.

-- @ prepare and execute
PREPARE p AS SELECT email FROM employees ORDER BY id;
EXECUTE p;

-- @ prepare with a parameter
PREPARE p (int) AS SELECT upper(email) FROM employees WHERE id = $1;
EXECUTE p(1);

-- @ prepare an oracle
PREPARE p (text) AS SELECT count(*) FROM employees WHERE last_name = $1;
EXECUTE p('Castellanos');

-- @ prepare twice
PREPARE p AS SELECT 1;
DEALLOCATE p;
PREPARE p AS SELECT email FROM employees ORDER BY id;
EXECUTE p;

-- @ prepare and execute in one string
PREPARE p AS SELECT salary + 0 FROM employees ORDER BY id; EXECUTE p;

-- @ declare and fetch
DECLARE c CURSOR FOR SELECT email FROM employees ORDER BY id;
FETCH ALL FROM c;

-- @ declare and fetch backwards
DECLARE c SCROLL CURSOR FOR SELECT email FROM employees ORDER BY id;
MOVE LAST IN c;
FETCH BACKWARD ALL FROM c;

-- @ declare binary
DECLARE c BINARY CURSOR FOR SELECT email FROM employees ORDER BY id;
FETCH 3 FROM c;

-- @ declare an expression
DECLARE c CURSOR FOR SELECT md5(email) FROM employees ORDER BY id;
FETCH 3 FROM c;

-- @ declare an oracle and move
DECLARE c CURSOR FOR SELECT 1 FROM employees WHERE salary > 60000;
MOVE ALL IN c;

-- @ declare with hold
DECLARE c CURSOR WITH HOLD FOR SELECT email FROM employees ORDER BY id;
FETCH ALL FROM c;

-- @ copy query
COPY (SELECT email FROM employees ORDER BY id) TO STDOUT;

-- @ copy table
COPY employees TO STDOUT;

-- @ copy columns
COPY employees (id, email) TO STDOUT;

-- @ copy csv
COPY (SELECT id, email FROM employees ORDER BY id) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *);

-- @ copy binary
COPY (SELECT id, email FROM employees ORDER BY id) TO STDOUT (FORMAT binary);

-- @ copy an expression
COPY (SELECT length(email) FROM employees ORDER BY id) TO STDOUT;

-- @ copy an oracle
COPY (SELECT id FROM employees WHERE email LIKE 'k%' ORDER BY id) TO STDOUT;

-- @ copy a document
COPY profiles (id, notes) TO STDOUT;

-- @ copy view query
COPY (TABLE employee_directory) TO STDOUT;

-- @ copy returning
CREATE TEMP TABLE loot (x text);
COPY (INSERT INTO loot SELECT email FROM employees RETURNING x) TO STDOUT;

-- @ explain estimates of a range
EXPLAIN SELECT * FROM employees WHERE salary > 60000;

-- @ explain estimates of equality
EXPLAIN SELECT 1 FROM employees WHERE email = 'k.castellanos1@shop.example' OR length(email) > 1 AND salary < 40000;

-- @ explain width
EXPLAIN SELECT email FROM employees;

-- @ explain width of a sort
EXPLAIN SELECT id FROM customers ORDER BY email;

-- @ explain width of a count
EXPLAIN SELECT count(DISTINCT email) FROM employees;

-- @ explain analyze
EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT 1 FROM employees WHERE salary > 60000;

-- @ explain analyze filter
EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF, COSTS OFF) SELECT count(*) FROM employees WHERE email < 'm';

-- @ explain verbose json
EXPLAIN (FORMAT json, VERBOSE) SELECT email FROM employees;

-- @ explain serialize
EXPLAIN (ANALYZE, SERIALIZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF, COSTS OFF) SELECT email || repeat(email, 100) FROM customers, generate_series(1, 20);

-- @ explain a join
EXPLAIN SELECT 1 FROM customers c JOIN employees e ON c.last_name = e.last_name AND c.email > e.email;

-- @ explain partitions
EXPLAIN (COSTS OFF) SELECT id FROM wards WHERE name = 'Castellanos';

-- @ explain partition order
EXPLAIN (COSTS OFF) SELECT id FROM wards;

-- @ explain view over a filter
EXPLAIN SELECT * FROM best_paid WHERE first_name > 'M';

-- @ explain execute
PREPARE p AS SELECT 1 FROM employees WHERE salary > 60000;
EXPLAIN EXECUTE p;

-- @ explain create table as
EXPLAIN CREATE TABLE x AS SELECT email FROM employees;

-- @ explain declare
EXPLAIN DECLARE c CURSOR FOR SELECT email FROM employees;

-- @ two statements
SELECT 1; SELECT email FROM employees ORDER BY id;

-- @ after a comment
/* nothing */ SELECT email FROM employees ORDER BY id -- nothing;

-- @ nested comment
SELECT /* /* */ email FROM products */ email FROM employees ORDER BY id;

-- @ dollar quotes around nothing
SELECT $$'$$ || email || $q$'$q$ FROM employees ORDER BY id;

-- @ escape string
SELECT E'\\' || email FROM employees ORDER BY id;

-- @ non-standard strings
-- @alone
SET standard_conforming_strings = off;
SELECT 'a\'', email FROM employees ORDER BY id --';

-- @ search path to another schema
-- @alone
SET search_path = hr;
SELECT email FROM customers ORDER BY id;

-- @ role
-- @alone
SET ROLE analyst;
SELECT email FROM employees ORDER BY id;

-- @ explain analyze storage of a materialized scan
EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF, COSTS OFF) SELECT true FROM generate_series(1, 3) g FULL JOIN shop.employee_directory t ON true;

-- @ explain tells the width of what a LATERAL subquery names
EXPLAIN SELECT c.id, l.discount FROM customers c, LATERAL (SELECT p.discount, c.phone FROM profiles p WHERE p.id = c.id LIMIT 1) l;

-- @ explain tells the width of what a LATERAL subquery computes with
EXPLAIN SELECT c.id, l.discount FROM customers c, LATERAL (SELECT p.discount, upper(c.phone) FROM profiles p WHERE p.id = c.id LIMIT 1) l;

-- @ explain tells the width of what a LATERAL subquery below another names
EXPLAIN SELECT c.id, l.discount FROM customers c, LATERAL (SELECT p.discount, q.x FROM profiles p, (SELECT c.phone AS x LIMIT 1) q WHERE p.id = c.id LIMIT 1) l;

-- @ explain tells the width of what a view has in a UNION ALL
EXPLAIN SELECT id FROM contacts;

-- @ explain tells the width of what a view has in a LATERAL subquery
EXPLAIN SELECT id FROM reachable;

-- @ explain tells the width of what a view has in a WITH query
EXPLAIN SELECT id FROM registered;

-- @ explain tells the width of a view in JSON
EXPLAIN (FORMAT JSON) SELECT id FROM registered;

-- @ explain tells the width where costs are off and on again
EXPLAIN (COSTS OFF, COSTS ON) SELECT id FROM registered;
