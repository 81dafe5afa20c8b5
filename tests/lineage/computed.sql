-- Any function of a masked value: cut before it runs, NULL in the row.
SELECT upper(email) FROM customers;
--> upper | computed | null | shop.customers.email
--! upper(CASE WHEN false THEN customers.email END) AS upper
--? field "upper" is NULL

-- Operators and casts.
SELECT email || 'x', email::varchar, salary + 1, -salary FROM employees;
--> ?column? | computed | null | shop.employees.email
--> email | computed | null | shop.employees.email
--> ?column? | computed | null | shop.employees.salary
--> ?column? | computed | null | shop.employees.salary

-- An aggregate's argument is cut, not its result.
SELECT max(salary), sum(salary) FILTER (WHERE city LIKE 'a%'), string_agg(employees.email, ',') FROM employees, customers GROUP BY employees.id;
--> max | computed | null | shop.employees.salary
--> sum | computed | null | shop.customers.city, shop.employees.salary
--> string_agg | computed | null | shop.employees.email

-- A masked FILTER or CASE condition makes the field computed.
SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM employees;
--> count | computed | null | shop.employees.ssn

SELECT CASE WHEN salary > 10 THEN 'rich' END FROM employees;
--> case | computed | null | shop.employees.salary
--! CASE WHEN false THEN employees.salary END

-- A token mixed with what the reader chose would make the proxy a dictionary.
SELECT coalesce(email, 'x'), CASE WHEN id = 1 THEN email ELSE $1 END FROM customers;
--> coalesce | computed | null | shop.customers.email
--> case | computed | null | shop.customers.id, shop.customers.email

SELECT email FROM customers UNION ALL SELECT 'me@here';
--> email | computed | null | shop.customers.email

SELECT email FROM customers UNION ALL SELECT city FROM customers;
--> email | computed | null | shop.customers.email, shop.customers.city

SELECT * FROM (VALUES ((SELECT email FROM customers LIMIT 1)), ('x')) v;
--> column1 | computed | null | shop.customers.email

-- Whole rows, in the spellings there are.
SELECT c FROM customers c;
--> c | computed | null | shop.customers.id, shop.customers.email, shop.customers.first_name, shop.customers.last_name, shop.customers.city, shop.customers.born

SELECT row_to_json(c.*), ROW(c.*) IS NULL FROM partners c;
--> row_to_json | computed | null | shop.partners.id, shop.partners.contact, shop.partners.code
--> ?column? | computed | null | shop.partners.id, shop.partners.contact, shop.partners.code

-- (c).email is the column.
SELECT (c).email, (c).city, (s).mail FROM customers c, (SELECT email AS mail FROM customers) s;
--> email | copied | token | shop.customers.email
--> city | copied | show | shop.customers.city
--> mail | copied | token | shop.customers.email

SELECT row_to_json(c), to_jsonb(c)->>'email' FROM customers c;
--> row_to_json | computed | null | shop.customers.id, shop.customers.email, shop.customers.first_name, shop.customers.last_name, shop.customers.city, shop.customers.born
--> ?column? | computed | null | shop.customers.id, shop.customers.email, shop.customers.first_name, shop.customers.last_name, shop.customers.city, shop.customers.born

-- A function in attribute notation is a function.
SELECT email(c) FROM customers c;
--> email | copied | token | shop.customers.email
--! SELECT c.email AS email

-- Computed in a view: cut where the view is used.
SELECT size FROM emails;
--> size | computed | null | shop.customers.email
--! CASE WHEN false THEN emails.size END

-- Computed below, used above.
SELECT n + 1 FROM (SELECT length(email) AS n FROM customers) s;
--> ?column? | computed | null | shop.customers.email

-- A subquery's value in an expression, in an array, in IN.
SELECT upper((SELECT email FROM customers LIMIT 1)), ARRAY(SELECT email FROM customers), city IN (SELECT ssn FROM employees) FROM customers;
--> upper | computed | null | shop.customers.email
--> array | computed | null | shop.customers.email
--> ?column? | computed | null | shop.customers.city, shop.employees.ssn

-- Counting is allowed, by bare columns.
SELECT count(*), count(email), count(DISTINCT email) FROM customers;
--> count | computed | show |
--> count | counted | show | shop.customers.email
--> count | counted | show | shop.customers.email

SELECT email IS NULL, ssn IS NOT NULL FROM employees;
--> ?column? | counted | show | shop.employees.email
--> ?column? | counted | show | shop.employees.ssn

-- Window functions over a masked argument.
SELECT lag(salary) OVER (ORDER BY id) FROM employees;
--> lag | computed | null | shop.employees.id, shop.employees.salary

SELECT first_value(email) OVER (PARTITION BY email) FROM employees;
--> first_value | computed | null | shop.employees.email

-- In which partition a row lies is what its key says.
SELECT id, tableoid, ctid FROM members;
--> id | copied | show | shop.members.id
--> tableoid | computed | null | shop.members.email
--> ctid | computed | null | shop.members.email
