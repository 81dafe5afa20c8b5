-- A column of tokens beside constants: tokens are resolved where they meet their column.  In what is
-- sent a mark stands for the literal.
SELECT id FROM customers WHERE email = 'tok';
--> id | copied | show | shop.customers.id
--! WHERE customers.email OPERATOR(pg_catalog.=) $70001

SELECT id FROM customers WHERE $1 = email AND city = $2;
--> id | copied | show | shop.customers.id
--! $1 OPERATOR(pg_catalog.=) customers.email

SELECT id FROM customers WHERE email <> 'tok' AND email <> 'kot'::varchar;
--> id | copied | show | shop.customers.id
--! customers.email OPERATOR(pg_catalog.<>) $70001
--! $70002::varchar

-- In which order an index gives the rows of several values is theirs.
SELECT id FROM customers WHERE email IN ('a', $1, 'b');
--> id | copied | show | shop.customers.id
--! customers.email IN ($70001, $1, $70003) ORDER BY pg_catalog.random()

SELECT id FROM customers WHERE email NOT IN ('a');
--> id | copied | show | shop.customers.id
--! customers.email NOT IN ($70001)

SELECT id FROM customers WHERE email = ANY ($1) OR email = ANY ('{a,b}'::text[]);
--> id | copied | show | shop.customers.id
--! ANY($1)
--! ANY($70002::pg_catalog.text[])

SELECT id FROM customers WHERE email <> ALL (ARRAY['a', 'b']);
--> id | copied | show | shop.customers.id
--! <>) ALL(ARRAY[$70001, $70002])

SELECT id FROM customers WHERE email IS NOT DISTINCT FROM 'a' OR email IS DISTINCT FROM 'b';
--> id | copied | show | shop.customers.id
--! customers.email OPERATOR(pg_catalog.=) $70001 IS TRUE
--! customers.email OPERATOR(pg_catalog.=) $70002 IS NOT TRUE

SELECT id FROM customers WHERE (email, city) = ('a', 'Ulm');
--> id | copied | show | shop.customers.id
--! ($70001, 'Ulm')

-- Wherever the column has come by then, as long as it is one.
SELECT q.n FROM (SELECT email AS mail, count(*) AS n FROM customers GROUP BY email) q
WHERE q.mail = 'a';
--> n | computed | show |
--! q.mail OPERATOR(pg_catalog.=) $70001

WITH m AS (SELECT mail FROM people) SELECT count(*) FROM m WHERE mail = 'a';
--> count | computed | show |

SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id AND o.email = 'a';
--> id | copied | show | shop.customers.id
--! o.email OPERATOR(pg_catalog.=) $70001

SELECT count(*) FILTER (WHERE email = 'a') FROM customers;
--> count | computed | null | shop.customers.email

-- What is no token, no constant, no equality.
SELECT id FROM customers WHERE first_name = 'Ada';
--> refused | masked_equal

SELECT id FROM employees WHERE salary = 3;
--> refused | masked_equal

SELECT id FROM employees WHERE ssn IN ('1', '2');
--> refused | masked_equal

SELECT id FROM customers WHERE email = 'a' || 'b';
--> refused | masked_test

SELECT id FROM customers WHERE email = 'abc'::varchar(2);
--> refused | masked_test

SELECT id FROM customers WHERE email = 'abc'::uuid;
--> refused | masked_equal

SELECT id FROM customers WHERE email = 5;
--> refused | masked_equal

SELECT id FROM customers WHERE email = ANY (ARRAY['a', city]);
--> refused | masked_test

SELECT id FROM customers WHERE email IN ('a', city);
--> refused | masked_test

SELECT id FROM customers WHERE email > ALL ('{a}');
--> refused | masked_test

SELECT id FROM customers WHERE email IS NOT DISTINCT FROM $1;
--> refused | masked_test

SELECT id FROM customers WHERE coalesce(email, '') = 'a';
--> refused | masked_test

-- A parameter has one meaning: what it is resolved to must not come out elsewhere.
SELECT $1 FROM customers WHERE email = $1;
--> refused | masked_equal

SELECT id FROM customers WHERE email = $1 AND city = $1;
--> refused | masked_equal

SELECT id FROM customers WHERE email = $1 AND email = ANY ($1);
--> refused | masked_equal

-- The plan would show the value.
EXPLAIN SELECT id FROM customers WHERE email = 'a';
--> refused | masked_equal

-- EXECUTE would give it as it is.
PREPARE p (text) AS SELECT id FROM customers WHERE email = $1;
--> refused | masked_equal
