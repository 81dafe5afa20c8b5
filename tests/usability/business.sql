-- What analysts and their BI tools ask of the shop.

-- client: analyst
SELECT country, count(*) AS customers FROM customers GROUP BY country ORDER BY customers DESC;
--> show*2
SELECT city, count(DISTINCT email) AS people FROM customers GROUP BY city ORDER BY people DESC, city LIMIT 5;
--> show*2
SELECT city, count(DISTINCT email) FROM customers GROUP BY city HAVING count(DISTINCT email) > 1 ORDER BY 1;
--> show*2
SELECT department, count(*) FROM employees GROUP BY department ORDER BY count(*) DESC, department;
--> show*2
SELECT id, first_name, last_name, email, city FROM customers ORDER BY id;
--> show token*3 show
SELECT * FROM orders ORDER BY id LIMIT 20;
--> show*4 token show*2
SELECT * FROM products WHERE price BETWEEN 20 AND 100 ORDER BY price DESC;
--> show*5
SELECT id, email FROM customers WHERE city LIKE '%a%' ORDER BY id;
--> show token
SELECT id, email FROM customers WHERE email IS NOT NULL AND country <> '' ORDER BY id;
--> show token
SELECT count(*) AS n, count(phone) AS with_phone, count(*) - count(phone) AS without FROM customers;
--> show*3
SELECT c.email, sum(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.email ORDER BY spent DESC;
--> token show
SELECT c.id, c.email, sum(o.total) AS spent FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.email ORDER BY spent DESC NULLS LAST, c.id;
--> show token show
SELECT o.status, count(*), sum(total), avg(total)::numeric(10, 2) FROM orders o GROUP BY o.status ORDER BY o.status;
--> show*4
SELECT date_trunc('month', created_at) AS month, count(*) FROM orders GROUP BY 1 ORDER BY 1;
--> show*2
SELECT created_at::date AS day, sum(total) FROM orders GROUP BY day ORDER BY day;
--> show*2
SELECT extract(year FROM created_at) AS y, extract(month FROM created_at) AS m, sum(total) FROM orders GROUP BY 1, 2 ORDER BY 1, 2;
--> show*3
SELECT to_char(created_at, 'YYYY-MM') AS month, status, count(*) FROM orders GROUP BY month, status ORDER BY month, status;
--> show*3
SELECT d.day::date, count(o.id) FROM generate_series('2025-10-01'::timestamptz, '2025-10-31', interval '1 day') AS d (day) LEFT JOIN orders o ON o.created_at >= d.day AND o.created_at < d.day + interval '1 day' GROUP BY d.day ORDER BY d.day;
--> show*2
SELECT p.category, sum(i.quantity) AS pieces, sum(i.quantity * i.price) AS revenue FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY p.category ORDER BY revenue DESC;
--> show*3
SELECT p.name, sum(i.quantity) FROM products p LEFT JOIN order_items i ON i.product_id = p.id GROUP BY p.id, p.name ORDER BY 2 DESC NULLS LAST, 1 LIMIT 10;
--> show*2
SELECT id, total, sum(total) OVER (ORDER BY created_at, id) AS running FROM orders ORDER BY created_at, id;
--> show*3
SELECT id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY created_at, id) AS nth FROM orders ORDER BY id;
--> show*3
SELECT id, total, rank() OVER (ORDER BY total DESC) FROM orders ORDER BY 3, id;
--> show*3
SELECT id, total - lag(total) OVER (ORDER BY created_at, id) AS change FROM orders ORDER BY id;
--> show*2
SELECT id, avg(total) OVER (ORDER BY created_at, id ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM orders ORDER BY id;
--> show*2
SELECT department, id, count(*) OVER (PARTITION BY department) AS colleagues FROM employees ORDER BY id;
--> show*3
SELECT email, count(*) OVER (PARTITION BY country) FROM customers ORDER BY id;
--> token show
SELECT ntile(4) OVER (ORDER BY total, id) AS quartile, id FROM orders ORDER BY id;
--> show*2
SELECT customer_id, total FROM (SELECT o.*, row_number() OVER (PARTITION BY customer_id ORDER BY total DESC, id) AS r FROM orders o) ranked WHERE r = 1 ORDER BY customer_id;
--> show*2
SELECT DISTINCT ON (customer_id) customer_id, id, total FROM orders ORDER BY customer_id, created_at DESC, id;
--> show*3
SELECT c.id, c.email, last.total FROM customers c CROSS JOIN LATERAL (SELECT o.total FROM orders o WHERE o.customer_id = c.id ORDER BY o.created_at DESC, o.id LIMIT 1) last ORDER BY c.id;
--> show token show
WITH spent AS (SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id), big AS (SELECT * FROM spent WHERE total > 200) SELECT c.email, big.total FROM big JOIN customers c ON c.id = big.customer_id ORDER BY big.total DESC, c.id;
--> token show
WITH RECURSIVE chain AS (SELECT id, manager_id, email, 1 AS depth FROM employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.manager_id, e.email, depth + 1 FROM employees e JOIN chain ON chain.id = e.manager_id) SELECT id, email, depth FROM chain ORDER BY depth, id;
--> show token show
WITH RECURSIVE t AS (SELECT id, manager_id FROM employees WHERE id = 1 UNION SELECT e.id, e.manager_id FROM employees e JOIN t ON e.manager_id = t.id) SELECT count(*) FROM t;
--> show
SELECT status, count(*) FILTER (WHERE total > 100) AS big, count(*) FILTER (WHERE total <= 100) AS small FROM orders GROUP BY status ORDER BY status;
--> show*3
SELECT customer_id, sum(CASE WHEN status = 'returned' THEN total ELSE 0 END) AS returned, sum(CASE WHEN status <> 'returned' THEN total ELSE 0 END) AS kept FROM orders GROUP BY customer_id ORDER BY customer_id;
--> show*3
SELECT country, city, count(*) FROM customers GROUP BY GROUPING SETS ((country, city), (country), ()) ORDER BY 1 NULLS LAST, 2 NULLS LAST;
--> show*3
SELECT country, city, grouping(country, city), count(*) FROM customers GROUP BY ROLLUP (country, city) ORDER BY 1, 2, 3;
--> show*4
SELECT status, ship_city, sum(total) FROM orders GROUP BY CUBE (status, ship_city) ORDER BY 1, 2, 3;
--> show*3
SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id AND o.total > 100) ORDER BY id;
--> show
SELECT id FROM customers WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id) ORDER BY id;
--> show
SELECT id, email FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE status = 'returned') ORDER BY id;
--> show token
SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders) ORDER BY id;
--> show
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY c.id;
--> show
SELECT email FROM customers UNION ALL SELECT email FROM employees;
--> token
SELECT email FROM customers UNION SELECT email FROM employees;
--> token
SELECT email FROM customers INTERSECT SELECT email FROM people;
--> token
SELECT email FROM customers EXCEPT SELECT email FROM people;
--> token
SELECT count(*) FROM customers c JOIN people p ON p.email = c.email;
--> show
SELECT c.id, p.id FROM customers c JOIN people p USING (email) ORDER BY c.id, p.id;
--> show*2
SELECT v.page, count(DISTINCT v.visitor) FROM visits v JOIN customers c ON c.email = v.visitor GROUP BY v.page ORDER BY v.page;
--> show*2
SELECT c.country, count(DISTINCT c.email), count(DISTINCT v.visitor) FROM customers c LEFT JOIN visits v ON v.visitor = c.email GROUP BY c.country ORDER BY c.country;
--> show*3
SELECT id FROM customers WHERE email IN (SELECT visitor FROM visits WHERE page = 'page1') ORDER BY id;
--> show
SELECT id FROM customers c WHERE EXISTS (SELECT 1 FROM visits v WHERE v.visitor = c.email) ORDER BY id;
--> show
SELECT visitor, count(*) FROM visits GROUP BY visitor HAVING count(*) > 1;
--> token show
SELECT DISTINCT visitor FROM visits WHERE day > '2024-12-10';
--> token
SELECT DISTINCT country, city FROM customers ORDER BY country, city;
--> show*2
SELECT day, page FROM visits WHERE day BETWEEN '2024-12-05' AND '2024-12-20' ORDER BY day, id;
--> show*2
SELECT desk, email FROM staff ORDER BY id;
--> show token
SELECT id, first_name, email FROM directory ORDER BY id;
--> show token*2
SELECT * FROM customer_orders ORDER BY order_id;
--> show token*3 show*5
SELECT country, sum(total) FROM customer_orders GROUP BY country ORDER BY 2 DESC, 1;
--> show*2
SELECT * FROM salaries ORDER BY department;
--> show*2 null
SELECT id, email, manager_email FROM employee_directory ORDER BY id;
--> show token*2
SELECT (home).city, (home).zip FROM profiles ORDER BY id;
--> show*2
SELECT id, mood, discount, tags[1], cardinality(tags) FROM profiles ORDER BY id;
--> show*5
SELECT unnest(tags) AS tag, count(*) FROM profiles GROUP BY tag ORDER BY 2 DESC, 1;
--> show*2
SELECT settings ->> 'lang' AS lang, count(*) FROM profiles GROUP BY 1 ORDER BY 2 DESC, 1;
--> show*2
SELECT id FROM profiles WHERE settings @> '{"size": 3}' ORDER BY id;
--> show
SELECT id, (settings -> 'size')::int * 2 FROM profiles WHERE settings ? 'size' ORDER BY id;
--> show*2
SELECT key, count(*) FROM profiles, jsonb_object_keys(settings) AS key GROUP BY key ORDER BY key;
--> show*2
SELECT jt.lang, count(*) FROM profiles, JSON_TABLE(settings, '$' COLUMNS (lang text PATH '$.lang')) jt GROUP BY jt.lang ORDER BY 1;
--> show*2
SELECT mood, count(*) FROM profiles GROUP BY mood ORDER BY mood;
--> show*2
SELECT id FROM profiles WHERE mood = 'happy' AND discount > 10 ORDER BY id;
--> show
SELECT id FROM profiles WHERE 'Germany' = ANY (tags) OR tags && ARRAY['Ulm'] ORDER BY id;
--> show
SELECT json_build_object('id', id, 'city', city) FROM customers ORDER BY id;
--> show
SELECT json_agg(json_build_object('id', id, 'total', total) ORDER BY id) FROM orders WHERE customer_id < 5;
--> show
SELECT string_agg(DISTINCT city, ', ' ORDER BY city) FROM customers;
--> show
SELECT array_agg(id ORDER BY id) FROM orders WHERE status = 'new';
--> show
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), percentile_disc(0.9) WITHIN GROUP (ORDER BY total) FROM orders;
--> show*2
SELECT mode() WITHIN GROUP (ORDER BY status), stddev(total), corr(total, id) FROM orders;
--> show*3
SELECT id, total, net_price(total) FROM orders ORDER BY id;
--> show*3
SELECT width_bucket(total, 0, 1000, 5) AS bucket, count(*) FROM orders GROUP BY bucket ORDER BY bucket;
--> show*2
SELECT floor(total / 50) * 50 AS from_total, count(*) FROM orders GROUP BY 1 ORDER BY 1;
--> show*2
SELECT coalesce(ship_city, 'unknown') AS city, count(*) FROM orders GROUP BY 1 ORDER BY 1;
--> show*2
SELECT coalesce(c.email, e.email) AS mail FROM customers c FULL JOIN employees e ON e.id = c.id ORDER BY c.id, e.id;
--> token
SELECT CASE WHEN total > 100 THEN 'big' WHEN total > 50 THEN 'middle' ELSE 'small' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1;
--> show*2
SELECT CASE WHEN country = 'Germany' THEN email END FROM customers ORDER BY id;
--> token
SELECT id, age('2026-01-01'::timestamptz, created_at) FROM customers ORDER BY id;
--> show*2
SELECT id, created_at AT TIME ZONE 'Europe/Berlin' FROM orders ORDER BY id;
--> show*2
SELECT count(*) FROM orders WHERE created_at > '2025-01-01'::timestamptz + interval '200 days';
--> show
SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET 10;
--> show
SELECT id FROM orders WHERE id > 20 ORDER BY id FETCH FIRST 10 ROWS ONLY;
--> show
SELECT status, id FROM orders ORDER BY status FETCH FIRST 3 ROWS WITH TIES;
--> show*2
--~
SELECT id, total FROM orders WHERE (status, id) > ('new', 3) ORDER BY status, id LIMIT 5;
--> show*2
SELECT count(*) FROM customers c, employees e WHERE c.id = e.id;
--> show
SELECT a.city, b.city FROM customers a JOIN customers b ON a.country = b.country AND a.id < b.id ORDER BY a.id, b.id LIMIT 20;
--> show*2
SELECT id FROM customers WHERE city ILIKE 'b%' OR city ~ '^[C-F]' OR city SIMILAR TO '(X|Y)%' ORDER BY id;
--> show
SELECT upper(city), length(city), left(city, 3), md5(city) FROM customers ORDER BY id;
--> show*4
SELECT count(*) FROM employees WHERE hired_on < '2024-01-01' AND department IN ('Support', 'Finance');
--> show
SELECT hired_on, count(*) FROM employees GROUP BY hired_on ORDER BY hired_on;
--> show*2
SELECT m.id AS manager, count(*) FROM employees e JOIN employees m ON m.id = e.manager_id GROUP BY m.id ORDER BY m.id;
--> show*2
SELECT amount, paid_at FROM payments WHERE card_number IS NOT NULL ORDER BY id;
--> show*2
SELECT count(card_number) AS by_card, count(iban) AS by_iban FROM payments;
--> show*2
SELECT p.id, p.card_number, p.iban, p.amount FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.status = 'paid' ORDER BY p.id;
--> show token*2 show
SELECT subject, created_at FROM support_tickets ORDER BY id;
--> token show
SELECT grade, count(*) FROM hr.customers GROUP BY grade ORDER BY grade;
--> show*2
SELECT s.email, h.email FROM shop.customers s JOIN hr.customers h ON h.id = s.id ORDER BY s.id;
--> token*2
SELECT "c"."id", "c"."email" AS "E-Mail" FROM "shop"."customers" "c" ORDER BY "c"."id";
--> show token
SELECT c FROM (SELECT id, city FROM customers WHERE id < 3) c ORDER BY c.id;
--> show
SELECT to_jsonb(p) FROM products p ORDER BY p.id;
--> show
SELECT row_to_json(t) FROM (SELECT id, status, total FROM orders WHERE id < 4) t ORDER BY t.id;
--> show
TABLE products;
--> show*5
VALUES (1, 'a'), (2, 'b');
--> show*2
SELECT 1;
--> show
SELECT count(*) FROM customers TABLESAMPLE system (100);
--> show
SELECT xmin IS NOT NULL, ctid IS NOT NULL, tableoid::regclass FROM products ORDER BY id LIMIT 1;
--> show*3
SELECT id, email, upper(email) FROM customers ORDER BY id;
--> show token null
SELECT id, first_name || ' ' || last_name AS name FROM customers ORDER BY id;
--> show null
SELECT id, ship_name FROM orders ORDER BY ship_name, id;
--> show token
SELECT department, sum(salary), avg(salary) FROM employees GROUP BY department ORDER BY department;
--> show null*2

-- client: Metabase
SELECT "source"."city" AS "city", COUNT(*) AS "count" FROM (SELECT "shop"."customers"."id" AS "id", "shop"."customers"."email" AS "email", "shop"."customers"."city" AS "city" FROM "shop"."customers") "source" GROUP BY "source"."city" ORDER BY "count" DESC, "source"."city" ASC LIMIT 2000;
--> show*2
SELECT DATE_TRUNC('week', ("shop"."orders"."created_at" + INTERVAL '1 day')) + INTERVAL '-1 day' AS "created_at", SUM("shop"."orders"."total") AS "sum" FROM "shop"."orders" GROUP BY DATE_TRUNC('week', ("shop"."orders"."created_at" + INTERVAL '1 day')) + INTERVAL '-1 day' ORDER BY DATE_TRUNC('week', ("shop"."orders"."created_at" + INTERVAL '1 day')) + INTERVAL '-1 day' ASC;
--> show*2
SELECT "shop"."orders"."id" AS "id", "Customers"."email" AS "Customers__email", "Customers"."city" AS "Customers__city" FROM "shop"."orders" LEFT JOIN "shop"."customers" AS "Customers" ON "shop"."orders"."customer_id" = "Customers"."id" ORDER BY "shop"."orders"."id" ASC LIMIT 1048575;
--> show token show
SELECT COUNT(DISTINCT "shop"."customers"."email") AS "count" FROM "shop"."customers" WHERE ("shop"."customers"."country" = 'Germany') OR ("shop"."customers"."country" IS NULL);
--> show

-- client: Superset
SELECT city AS city, COUNT(*) AS count FROM (SELECT * FROM shop.customers) AS virtual_table GROUP BY city ORDER BY count DESC, city LIMIT 1000;
--> show*2
SELECT DATE_TRUNC('day', created_at) AS __timestamp, status AS status, SUM(total) AS "SUM(total)" FROM shop.orders WHERE created_at >= TO_TIMESTAMP('2025-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND created_at < TO_TIMESTAMP('2026-12-31 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', created_at), status ORDER BY "SUM(total)" DESC, 1, 2 LIMIT 10000;
--> show*3

-- client: Tableau
SELECT "customers"."city" AS "city", SUM(1) AS "cnt:customers:ok", COUNT(DISTINCT "customers"."email") AS "ctd:email:ok" FROM "shop"."customers" "customers" GROUP BY 1;
--> show*3
SELECT CAST("orders"."status" AS TEXT) AS "status", SUM("orders"."total") AS "sum:total:ok", DATE_TRUNC('MONTH', CAST("orders"."created_at" AS TIMESTAMP)) AS "tmn:created_at:ok" FROM "shop"."orders" "orders" GROUP BY 1, 3;
--> show*3

-- client: Power BI
select "_"."city", "_"."a0" from (select "rows"."city" as "city", count(1) as "a0" from (select "city", "email" from "shop"."customers" "$Table") "rows" group by "city") "_" where not "_"."a0" is null order by 1 limit 1000;
--> show*2
select "$Outer"."id", "$Inner"."email", "$Outer"."total" from "shop"."orders" "$Outer" left outer join "shop"."customers" "$Inner" on ("$Outer"."customer_id" = "$Inner"."id") order by 1;
--> show token show

-- client: Looker
SELECT (DATE(orders.created_at)) AS "orders.created_date", customers.country AS "customers.country", COUNT(DISTINCT customers.id) AS "customers.count", COALESCE(SUM(orders.total), 0) AS "orders.total_revenue" FROM shop.orders AS orders LEFT JOIN shop.customers AS customers ON orders.customer_id = customers.id WHERE ((orders.created_at) >= (TIMESTAMP '2025-01-01')) GROUP BY 1, 2 ORDER BY 1 DESC, 2 FETCH NEXT 500 ROWS ONLY;
--> show*4

-- client: Grafana
SELECT floor(extract(epoch from created_at) / 86400) * 86400 AS "time", status AS metric, count(*) AS value FROM shop.orders WHERE created_at BETWEEN '2025-01-01T00:00:00Z' AND '2027-01-01T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2;
--> show*3

-- client: Django
SELECT "customers"."id", "customers"."email" FROM "shop"."customers" WHERE ("customers"."city" = 'Ulm' AND NOT ("customers"."id" IN (1, 2, 3))) ORDER BY "customers"."id" ASC LIMIT 21;
--> show token
SELECT COUNT(*) AS "__count" FROM (SELECT "orders"."customer_id" AS "col1" FROM "shop"."orders" GROUP BY 1 HAVING COUNT("orders"."id") > 1) subquery;
--> show
SELECT (1) AS "a" FROM "shop"."customers" WHERE "customers"."country" = 'Germany' LIMIT 1;
--> show

-- client: Hibernate
select c1_0.id,c1_0.city,c1_0.email,o1_0.customer_id,o1_0.id,o1_0.total from shop.customers c1_0 left join shop.orders o1_0 on c1_0.id=o1_0.customer_id where c1_0.country='Germany' order by c1_0.id, o1_0.id fetch first 10 rows only;
--> show*2 token show*3

-- client: ActiveRecord
SELECT "orders".* FROM "shop"."orders" INNER JOIN "shop"."customers" ON "customers"."id" = "orders"."customer_id" WHERE "customers"."city" IN ('Ulm', 'Bonn') AND "orders"."created_at" >= '2025-01-01 00:00:00' ORDER BY "orders"."id" DESC LIMIT 25 OFFSET 0;
--> show*4 token show*2
SELECT 1 AS one FROM "shop"."orders" WHERE "orders"."status" = 'new' LIMIT 1;
--> show

-- client: Prisma
SELECT "t0"."id", "t0"."email", COALESCE("t1"."__prisma_data__", '[]') AS "orders" FROM "shop"."customers" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_AGG("__prisma_data__") AS "__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'total', "t2"."total") AS "__prisma_data__" FROM "shop"."orders" AS "t2" WHERE "t0"."id" = "t2"."customer_id" ORDER BY "t2"."id") AS "t3") AS "t1" ON TRUE ORDER BY "t0"."id";
--> show token show

-- client: dbt
with source as (select * from "shop"."orders"), renamed as (select id as order_id, customer_id, status, total::numeric(16, 2) as amount from source) select * from renamed order by order_id;
--> show*4
select customer_id as unique_field, count(*) as n_records from "shop"."orders" where customer_id is not null group by customer_id having count(*) > 1 order by 1;
--> show*2

-- client: psql
EXPLAIN SELECT city, count(*) FROM customers GROUP BY city;
--> show
--~
EXPLAIN (ANALYZE, BUFFERS) SELECT name, price FROM products WHERE id = 3;
--> show
--~
COPY (SELECT id, email, city FROM customers ORDER BY id) TO STDOUT;
--> show token show
COPY products TO STDOUT WITH (FORMAT csv, HEADER);
--> show*5
PREPARE by_city (text) AS SELECT id, email FROM customers WHERE city = $1;
--> no rows
SHOW server_version;
--> show
SHOW ALL;
--> show*3
--~

-- client: analyst, with tokens from an earlier result
SELECT id, email FROM customers WHERE email = 'tok_0123456789ABCDEFGHIJKL';
--> show token
SELECT id, total FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email IN ('tok_0123456789ABCDEFGHIJKL', 'tok_ABCDEFGHIJKLMNOPQRSTUV')) ORDER BY id;
--> show*2
SELECT c.city, count(*) FROM customers c WHERE c.email = ANY ('{tok_0123456789ABCDEFGHIJKL}'::text[]) GROUP BY c.city;
--> show*2
SELECT count(*) FROM employees WHERE email <> 'tok_0123456789ABCDEFGHIJKL' AND email IS NOT NULL;
--> show
--~

-- client: what extensions and composite types bring
SELECT id, name FROM products WHERE name % 'office chair' ORDER BY name <-> 'office chair', id;
--> show*2
SELECT u.city, u.zip FROM unnest(ARRAY[ROW('Main 1', 'Graz', '8010')::address, NULL]) u;
--> show*2
SELECT p.id, a.street FROM profiles p, unnest(ARRAY[p.home, p.home]) a ORDER BY 1, 2;
--> show*2
SELECT id, (home).city, (ARRAY[home])[1] FROM profiles ORDER BY id;
--> show*3
