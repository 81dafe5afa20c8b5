-- Every form of a query that is no plain SELECT … FROM … WHERE.
SELECT j.id, city FROM customers c JOIN orders o USING (id) AS j WHERE j.id = 3;
--> id | copied | show | shop.customers.id, shop.orders.id
--> city | copied | show | shop.customers.city

SELECT email FROM customers TABLESAMPLE bernoulli (10) REPEATABLE (3);
--> email | copied | token | shop.customers.email

SELECT email FROM ONLY customers;
--> email | copied | token | shop.customers.email

SELECT o.id, l.email FROM orders o, LATERAL (SELECT c.email FROM customers c WHERE c.id = o.customer_id LIMIT 1) l;
--> id | copied | show | shop.orders.id
--> email | copied | token | shop.customers.email

SELECT email FROM customers WHERE id = 3 FOR NO KEY UPDATE OF customers SKIP LOCKED;
--> email | copied | token | shop.customers.email

WITH RECURSIVE t AS (SELECT id, 1 AS n FROM orders UNION ALL SELECT o.id, n + 1 FROM t JOIN orders o ON o.customer_id = t.id) SEARCH DEPTH FIRST BY id SET path CYCLE id SET again USING seen SELECT id, path, again, seen FROM t;
--> id | copied | show | shop.orders.id
--> path | computed | show | shop.orders.id
--> again | computed | show | shop.orders.id
--> seen | computed | show | shop.orders.id

WITH RECURSIVE t AS (WITH start AS (SELECT id, email FROM customers) SELECT id, email FROM start UNION ALL SELECT t.id + 1, t.email FROM t WHERE t.id < 3) SELECT * FROM t;
--> id | computed | show | shop.customers.id
--> email | copied | token | shop.customers.email

WITH RECURSIVE t AS (SELECT id, email FROM customers UNION ALL SELECT id, email FROM t) SEARCH BREADTH FIRST BY email SET path SELECT id, path FROM t;
--> id | copied | show | shop.customers.id
--> path | computed | null | shop.customers.email

SELECT (id, city) = (1, 'x'), (id, customer_id) IN (SELECT id, id FROM employees) FROM customers JOIN orders USING (id) WHERE (customers.email, city) = (orders.email, 'x');
--> ?column? | computed | show | shop.customers.id, shop.customers.city, shop.orders.id
--> ?column? | computed | show | shop.customers.id, shop.orders.id, shop.orders.customer_id, shop.employees.id

SELECT id FROM customers WHERE (email, id) IN (SELECT email, id FROM employees);
--> id | copied | show | shop.customers.id

-- Rows.
SELECT (c).*, (c.*).email FROM (SELECT id, email FROM customers) c;
--> id | copied | show | shop.customers.id
--> email | copied | token | shop.customers.email
--> email | copied | token | shop.customers.email

SELECT (SELECT c FROM customers c LIMIT 1).city;
--> city | computed | null | shop.customers.id, shop.customers.email, shop.customers.first_name, shop.customers.last_name, shop.customers.city, shop.customers.born

SELECT city(c), first_name(c) FROM customers c;
--> city | copied | show | shop.customers.city
--> first_name | copied | synthetic | shop.customers.first_name

-- SQL/JSON and SQL/XML.
SELECT JSON_OBJECT('a': city), JSON_OBJECT('b': email), JSON_ARRAY(id, city), JSON_ARRAY(SELECT email FROM customers), JSON_SCALAR(city), JSON_SERIALIZE(JSON(city)), city IS JSON OBJECT FROM customers;
--> json_object | computed | show | shop.customers.city
--> json_object | computed | null | shop.customers.email
--> json_array | computed | show | shop.customers.id, shop.customers.city
--> json_array | computed | null | shop.customers.email
--> json_scalar | computed | show | shop.customers.city
--> json_serialize | computed | show | shop.customers.city
--> ?column? | computed | show | shop.customers.city

SELECT JSON_VALUE(extra, '$.x' RETURNING int DEFAULT 0 ON EMPTY), JSON_QUERY(extra, '$.y' PASSING id AS i), JSON_EXISTS(extra, '$.z'), JSON_VALUE(extra, '$.x' PASSING body AS b) FROM tickets;
--> json_value | computed | show | shop.tickets.extra
--> json_query | computed | show | shop.tickets.id, shop.tickets.extra
--> json_exists | computed | show | shop.tickets.extra
--> json_value | computed | null | shop.tickets.body, shop.tickets.extra

SELECT JSON_OBJECTAGG(city: id), JSON_ARRAYAGG(email) FROM customers;
--> json_objectagg | computed | show | shop.customers.id, shop.customers.city
--> json_arrayagg | computed | null | shop.customers.email

SELECT jt.* FROM tickets, JSON_TABLE(extra, '$.a[*]' COLUMNS (n FOR ORDINALITY, x text PATH '$.x', NESTED PATH '$.k' COLUMNS (y int))) jt;
--> n | computed | show | shop.tickets.extra
--> x | computed | show | shop.tickets.extra
--> y | computed | show | shop.tickets.extra

SELECT jt.x FROM tickets t, JSON_TABLE(t.body, '$' COLUMNS (x text)) jt;
--> refused | masked_test

SELECT xmlelement(name a, xmlattributes(city), id), xmlforest(city), xmlforest(email AS e), xmlconcat(NULL) FROM customers;
--> xmlelement | computed | show | shop.customers.id, shop.customers.city
--> xmlforest | computed | show | shop.customers.city
--> xmlforest | computed | null | shop.customers.email
--> xmlconcat | computed | show |

-- Functions in FROM.
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY[1, 2])) WITH ORDINALITY AS t;
--> generate_series | computed | show |
--> unnest | computed | show |
--> ordinality | computed | show |

SELECT * FROM unnest(ARRAY[1], ARRAY['x']) AS u(a, b);
--> a | computed | show |
--> b | computed | show |

SELECT d FROM current_date AS d;
--> d | computed | show |

-- count in every form: how many, not which.
SELECT count(email) FILTER (WHERE city = 'x'), count(DISTINCT email) FILTER (WHERE id > 1), count(email) OVER (PARTITION BY city), count(*) FILTER (WHERE email = 'x') FROM customers GROUP BY email, city;
--> count | computed | show | shop.customers.email, shop.customers.city
--> count | computed | show | shop.customers.id, shop.customers.email
--> count | counted | show | shop.customers.email
--> count | computed | null | shop.customers.email

SELECT city FROM customers GROUP BY city HAVING count(DISTINCT email) > 1 AND count(email) > 2 ORDER BY count(DISTINCT email) DESC, city;
--> city | copied | show | shop.customers.city

-- Statements around a query.
EXPLAIN (VERBOSE, COSTS) SELECT email, upper(email), city FROM customers WHERE city = 'x';
--> QUERY PLAN | computed | show |
--! SELECT CASE WHEN false THEN customers.email END AS email

COPY (SELECT id, email FROM customers WHERE id < 10) TO STDOUT;
--> id | copied | show | shop.customers.id
--> email | copied | token | shop.customers.email

COPY customers (email, city) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE (city));
--> email | copied | token | shop.customers.email
--> city | copied | show | shop.customers.city
--! FROM ONLY shop.customers

-- Casts and types of one's own.
SELECT 'x'::citext, 3::positive, ARRAY[1]::int[], 'happy'::mood, '(1,a)'::text::json, CAST(id AS text) FROM customers;
--> citext | computed | show |
--> positive | computed | show |
--> array | computed | show |
--> mood | computed | show |
--> json | computed | show |
--> id | computed | show | shop.customers.id
