-- A bare column.
SELECT email FROM customers;
--> email | copied | token | shop.customers.email
--! SELECT customers.email AS email FROM shop.customers customers

-- A star is written out in the order of the table.
SELECT * FROM partners;
--> id | copied | show | shop.partners.id
--> contact | copied | token | shop.partners.contact
--> code | copied | hash | shop.partners.code

-- Aliases of tables and columns.
SELECT c.email AS e, c.city "City" FROM customers AS c;
--> e | copied | token | shop.customers.email
--> City | copied | show | shop.customers.city

-- A schema names one of two tables of the same name; unclassified columns are hidden.
SELECT email FROM public.customers;
--> email | copied | null | public.customers.email

-- Quoted and U& names are what they say.
SELECT "email", U&"em\0061il" FROM "customers";
--> email | copied | token | shop.customers.email
--> email | copied | token | shop.customers.email

-- Column aliases of a table.
SELECT x FROM customers AS c(i, x);
--> x | copied | token | shop.customers.email

-- A subquery passes on what it copies.
SELECT s.mail FROM (SELECT email AS mail, id FROM customers) s;
--> mail | copied | token | shop.customers.email

-- A subquery without a name, and a correlated scalar one.
SELECT mail, (SELECT c.email FROM customers c WHERE c.id = i) FROM (SELECT id AS i, email AS mail FROM employees);
--> mail | copied | token | shop.employees.email
--> email | copied | token | shop.customers.email

-- LATERAL sees its neighbours.
SELECT o.total, l.e FROM orders o, LATERAL (SELECT o.email AS e) l;
--> total | copied | show | shop.orders.total
--> e | copied | token | shop.orders.email

-- A common table, renamed.
WITH t(a, b) AS (SELECT id, email FROM customers) SELECT b FROM t;
--> b | copied | token | shop.customers.email

-- A common table hides a table of its name.
WITH customers AS (SELECT 1 AS email) SELECT email FROM customers;
--> email | computed | show |

-- ... but not one that is written with its schema.
WITH customers AS (SELECT 1 AS email) SELECT email FROM shop.customers;
--> email | copied | token | shop.customers.email

-- Recursion carries a column along.
WITH RECURSIVE t AS (SELECT id, email FROM customers UNION ALL SELECT t.id, t.email FROM t WHERE t.id < 3) SELECT email FROM t;
--> email | copied | token | shop.customers.email

-- ... and renames it from turn to turn.
WITH RECURSIVE t(a, b, c) AS (SELECT id::text, city, email FROM customers UNION ALL SELECT t.b, t.c, t.a FROM t) SELECT a FROM t;
--> a | computed | null | shop.customers.id, shop.customers.email, shop.customers.city

-- A join with USING shows both sides once.
SELECT * FROM (SELECT email, id FROM customers) c JOIN (SELECT email, total FROM orders) o USING (email);
--> email | copied | token | shop.customers.email, shop.orders.email
--> id | copied | show | shop.customers.id
--> total | copied | show | shop.orders.total

-- NATURAL JOIN merges what has the same name.
SELECT * FROM (SELECT email FROM customers) a NATURAL FULL JOIN (SELECT email FROM orders) b;
--> email | copied | token | shop.customers.email, shop.orders.email

-- A join with an alias hides its sides.
SELECT j.email FROM (customers c JOIN partners p ON c.id = p.id) AS j(i, email);
--> email | copied | token | shop.customers.email

-- UNION ALL of columns that are masked alike.
SELECT email FROM customers UNION ALL SELECT email FROM employees;
--> email | copied | token | shop.customers.email, shop.employees.email

-- One domain, two classes: masked alike too.
SELECT email FROM customers UNION ALL SELECT contact FROM partners;
--> email | copied | token | shop.customers.email, shop.partners.contact

-- Masked differently: redacted.
SELECT email FROM customers UNION ALL SELECT ssn FROM employees;
--> email | copied | redact | shop.customers.email, shop.employees.ssn

-- A view is looked through.
SELECT mail, cid FROM emails;
--> mail | copied | token | shop.customers.email
--> cid | copied | show | shop.customers.id

-- A view over a view, and one over a set operation.
SELECT n.m, p.mail FROM nested n, people p;
--> m | copied | token | shop.customers.email
--> mail | copied | token | shop.customers.email, shop.employees.email

-- COALESCE and CASE of columns masked alike.
SELECT coalesce(c.email, o.email), CASE WHEN c.id = 1 THEN c.email ELSE o.email END FROM customers c, orders o;
--> coalesce | copied | token | shop.customers.email, shop.orders.email
--> email | copied | token | shop.customers.id, shop.customers.email, shop.orders.email

-- A partition has the classes of its parent.
SELECT first_name, email FROM customers_2020;
--> first_name | copied | synthetic | shop.customers_2020.first_name
--> email | copied | token | shop.customers_2020.email

-- A cast to the column's own type is none.
SELECT email::text FROM customers;
--> email | copied | token | shop.customers.email

-- System columns and the catalog are shown.
SELECT c.ctid, k.relname FROM customers c, pg_class k;
--> ctid | computed | show |
--> relname | computed | show |

-- What nobody has classified is hidden.
SELECT body FROM tickets;
--> body | copied | null | shop.tickets.body
