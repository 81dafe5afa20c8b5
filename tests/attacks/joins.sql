-- A masked column meets what the analyst knows in a join, a subquery or a set operation.

-- @ values
SELECT count(*) FROM employees JOIN (VALUES ('Castellanos'), ('Zamoyski')) v (n) ON v.n = last_name;

-- @ values using
SELECT count(*) FROM employees JOIN (VALUES ('Castellanos'::varchar)) v (last_name) USING (last_name);

-- @ natural join
SELECT count(*) FROM employees NATURAL JOIN (SELECT 'Castellanos'::varchar AS last_name) v;

-- @ left join a guess
SELECT count(v.n) FROM employees LEFT JOIN (SELECT 'Castellanos' AS n) v ON v.n = last_name;

-- @ full join a guess
SELECT count(*) FROM employees FULL JOIN (SELECT 'Castellanos' AS n) v ON v.n = last_name;

-- @ on less
SELECT count(*) FROM employees a JOIN employees b ON a.salary < b.salary AND a.id < b.id;

-- @ on range of series
SELECT g, count(*) FROM generate_series(30000, 140000, 10000) g JOIN employees ON salary BETWEEN g AND g + 9999 GROUP BY g ORDER BY g;

-- @ series from a value
SELECT count(*) FROM employees, generate_series(1, salary / 1000);

-- @ series up to a length
SELECT id, count(*) FROM employees, generate_series(1, length(email)) GROUP BY id ORDER BY id;

-- @ lateral filter
SELECT count(*) FROM employees e, LATERAL (SELECT 1 WHERE e.salary > 60000) l;

-- @ lateral limit
SELECT e.id, count(*) FROM employees e, LATERAL (SELECT 1 FROM products LIMIT e.salary / 20000) l GROUP BY 1 ORDER BY 1;

-- @ lateral values
SELECT count(*) FROM employees e, LATERAL (VALUES (e.salary)) v (s) WHERE s > 60000;

-- @ exists guess
SELECT count(*) FROM products p WHERE EXISTS (SELECT 1 FROM employees e WHERE e.salary > 1000000 - p.id * 60000);

-- @ not exists
SELECT count(*) FROM products p WHERE NOT EXISTS (SELECT 1 FROM employees e WHERE length(e.email) = p.id + 10);

-- @ in subquery of a guess
SELECT count(*) FROM employees WHERE last_name IN (SELECT 'Castellanos');

-- @ guess in subquery
SELECT 'Castellanos' IN (SELECT last_name FROM employees);

-- @ guess not in subquery
SELECT 'Castellanos' NOT IN (SELECT last_name FROM employees);

-- @ any subquery
SELECT 200000 < ANY (SELECT salary FROM employees WHERE id > 1);

-- @ all subquery
SELECT 30000 < ALL (SELECT salary FROM employees);

-- @ row in subquery
SELECT (1, 140000) IN (SELECT id, salary FROM employees);

-- @ scalar subquery compared
SELECT (SELECT salary FROM employees WHERE id = 1) = 140000;

-- @ array subquery contains
SELECT 'Castellanos' = ANY (ARRAY(SELECT last_name::text FROM employees));

-- @ intersect
SELECT count(*) FROM (SELECT last_name FROM employees INTERSECT SELECT 'Castellanos') s;

-- @ intersect all
SELECT count(*) FROM (SELECT last_name::text FROM employees INTERSECT ALL VALUES ('Castellanos'), ('Castellanos')) s;

-- @ except
SELECT count(*) FROM (SELECT 'Castellanos' EXCEPT SELECT last_name FROM employees) s;

-- @ except all
SELECT count(*) FROM (VALUES (140000), (50000) EXCEPT ALL SELECT salary FROM employees) s;

-- @ union dedup
SELECT count(*) FROM (SELECT last_name FROM employees UNION SELECT 'Castellanos') s;

-- @ union of prefixes
SELECT count(*) FROM (SELECT left(email, 1) FROM employees UNION SELECT left(email, 1) FROM customers) s;

-- @ distinct with a literal
SELECT count(*) FROM (SELECT DISTINCT coalesce(last_name, 'x') FROM employees UNION ALL SELECT DISTINCT left(last_name, 1) FROM employees) s;

-- @ cte then filter
WITH e AS (SELECT id, salary AS s FROM employees) SELECT count(*) FROM e WHERE s > 60000;

-- @ cte materialized then filter
WITH e AS MATERIALIZED (SELECT id, email AS s FROM employees) SELECT count(*) FROM e WHERE s LIKE 'k%';

-- @ subquery renamed then filter
SELECT count(*) FROM (SELECT x.y AS z FROM (SELECT salary AS y FROM employees) x) q WHERE z > 60000;

-- @ alias list
SELECT count(*) FROM employees AS e (a, b, c, d, e1, f, g, h, i) WHERE h > 60000;

-- @ join alias
SELECT count(*) FROM (employees a JOIN products p ON a.id = p.id) AS j (i1, f, l, e, d, m, s, pay) WHERE pay > 60000;

-- @ recursive walk
WITH RECURSIVE t (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < (SELECT length(email) FROM employees WHERE id = 2)) SELECT count(*) FROM t;

-- @ recursive over salary
WITH RECURSIVE t (s) AS (SELECT salary FROM employees WHERE id = 2 UNION ALL SELECT s / 2 FROM t WHERE s > 1) SELECT count(*) FROM t;

-- @ recursive cycle
WITH RECURSIVE t AS (SELECT left(last_name, 1) AS l, 1 AS n FROM employees WHERE id = 1 UNION ALL SELECT left(e.last_name, 1), n + 1 FROM employees e JOIN t ON e.id = n + 1) CYCLE l SET again USING path SELECT count(*) FROM t;

-- @ recursive union dedup
WITH RECURSIVE t AS (SELECT length(email) AS l FROM employees UNION SELECT l - 1 FROM t WHERE l > 0) SELECT count(*) FROM t;

-- @ view column filtered
SELECT count(*) FROM employee_directory WHERE manager_email LIKE 'k%';

-- @ view aggregate compared
SELECT department FROM salaries WHERE total < 500000 ORDER BY 1;

-- @ materialized view filtered
SELECT count(*) FROM directory WHERE first_name < 'M';

-- @ partition key compared
SELECT count(*) FROM wards WHERE name < 'M';

-- @ inherited child
SELECT count(*) FROM staff WHERE email LIKE '%shop%';

-- @ inherited parent
SELECT count(*) FROM people WHERE email LIKE '%shop%';

-- @ other schema
SELECT count(*) FROM hr.customers WHERE email LIKE 'm%';

-- @ json path of a document
SELECT count(*) FROM profiles WHERE notes ->> 'contact' LIKE '%@%';

-- @ json containment of a document
SELECT count(*) FROM profiles WHERE notes @> '{"by": "Nolan"}' OR notes::text LIKE '%@%';

-- @ json table of a document
SELECT count(*) FROM profiles, JSON_TABLE(notes, '$' COLUMNS (c text PATH '$.contact')) j WHERE c LIKE '%@%';

-- @ jsonb_each of a document
SELECT count(*) FROM profiles, jsonb_each_text(notes) n WHERE value LIKE '%@%';

-- @ generated column
SELECT count(*) FROM customers WHERE email_size > 20;

-- @ generated column shown
SELECT id, email_size FROM customers ORDER BY id;

-- @ function in SQL
SELECT count(*) FROM customers WHERE mail_of(id) LIKE '%@mail%';

-- @ function in SQL as oracle
SELECT is_mail_of(1, 'x') IS NULL, count(*) FILTER (WHERE is_mail_of(id, mail_of(id)) AND mail_of(id) LIKE '%@%') FROM customers;

-- @ function in plpgsql
SELECT id, mail_length(id) FROM customers ORDER BY id;

-- @ table function renamed
SELECT count(*) FROM customers_of('Germany') c UNION ALL SELECT count(*) FROM customers_of('DE') c WHERE name < 'M' UNION ALL SELECT count(*) FROM customers c, customers_of(c.country) f WHERE f.name < 'M';
