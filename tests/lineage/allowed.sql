-- Filters, joins and order over columns that are shown.
SELECT c.city, sum(o.total) AS total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.city LIKE 'a%' AND o.total BETWEEN 1 AND 2 + 3 * 4 AND c.id = ANY (ARRAY[1, 2]) AND c.id IN (1, 2) AND NOT (c.city = 'x' OR c.city <> 'y') GROUP BY c.city HAVING count(*) > 1 ORDER BY 2 DESC NULLS LAST, city LIMIT 10 OFFSET $1;
--> city | copied | show | shop.customers.city
--> total | computed | show | shop.orders.total

-- Equality of tokens: joins of one domain, grouping, distinct.
SELECT c.email, count(*) FROM customers c JOIN employees e ON c.email = e.email GROUP BY c.email;
--> email | copied | token | shop.customers.email
--> count | computed | show |

SELECT 1 FROM customers c JOIN partners p ON c.email IS NOT DISTINCT FROM p.contact;
--> ?column? | computed | show |

SELECT DISTINCT email, city FROM customers;
--> email | copied | token | shop.customers.email
--> city | copied | show | shop.customers.city

SELECT email FROM customers UNION SELECT email FROM employees;
--> email | copied | token | shop.customers.email, shop.employees.email

SELECT id FROM customers WHERE email IN (SELECT email FROM orders) AND email IS NOT NULL;
--> id | copied | show | shop.customers.id

SELECT id, count(*) OVER (PARTITION BY email) FROM customers;
--> id | copied | show | shop.customers.id
--> count | computed | show |

-- A computed field is cut, so DISTINCT and UNION over it compare nothing.
SELECT DISTINCT city, upper(email) FROM customers;
--> city | copied | show | shop.customers.city
--> upper | computed | null | shop.customers.email

-- ORDER BY a masked column: left out, and said so.
SELECT id FROM customers ORDER BY email, id;
--> id | copied | show | shop.customers.id
--! FROM shop.customers customers ORDER BY 1
--? ORDER BY shop.customers.email was left out

SELECT email FROM customers ORDER BY 1;
--> email | copied | token | shop.customers.email
--! SELECT customers.email AS email FROM shop.customers customers

SELECT upper(email) AS u, id FROM customers ORDER BY u DESC, lower(email), id;
--> u | computed | null | shop.customers.email
--> id | copied | show | shop.customers.id
--! ORDER BY 2

SELECT email FROM customers UNION ALL SELECT email FROM orders ORDER BY email;
--> email | copied | token | shop.customers.email, shop.orders.email

-- Dates, windows, arrays, JSON over columns that are shown.
SELECT extract(year FROM born), date '2020-01-01' + interval '1 day', date_trunc('month', made), tags[1], extra->>'a', row_number() OVER w FROM customers, orders, tickets WINDOW w AS (PARTITION BY city ORDER BY made);
--> extract | computed | show | shop.customers.born
--> ?column? | computed | show |
--> date_trunc | computed | show | shop.orders.made
--> tags | computed | show | shop.tickets.tags
--> ?column? | computed | show | shop.tickets.extra
--> row_number | computed | show | shop.orders.made

-- Grouping sets.
SELECT city, born, grouping(city), count(*) FROM customers GROUP BY GROUPING SETS ((city), ROLLUP (born), ());
--> city | copied | show | shop.customers.city
--> born | copied | show | shop.customers.born
--> grouping | counted | show | shop.customers.city
--> count | computed | show |

-- VALUES, series, parameters, no table at all.
SELECT v.a, g, $1, now() FROM (VALUES (1, 'x'), (2, 'y')) AS v(a, b), generate_series(1, 3) AS g;
--> a | computed | show |
--> g | computed | show |
--> ?column? | computed | show |
--> now | computed | show |

VALUES (1, 'a');
--> column1 | computed | show |
--> column2 | computed | show |

-- SET in the spelling of pg_dump.
SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind';
--> set_config | computed | show |

-- SET in the spelling of drivers.
SELECT set_config('jit', $1, false), pg_advisory_unlock_all();
--> set_config | computed | show |
--> pg_advisory_unlock_all | computed | show |

-- Where masked values are compared, rows come in no order.
SELECT email, count(*) AS n FROM customers GROUP BY email ORDER BY n DESC LIMIT 3;
--> email | copied | token | shop.customers.email
--> n | computed | show |
--! GROUP BY customers.email ORDER BY 2 DESC, pg_catalog.random() LIMIT 3

SELECT DISTINCT email, city FROM customers ORDER BY city LIMIT 3;
--> email | copied | token | shop.customers.email
--> city | copied | show | shop.customers.city
--! SELECT "rows in no order".f1 AS email, "rows in no order".f2 AS city FROM (SELECT DISTINCT
--! ORDER BY 2, pg_catalog.random() LIMIT 3

SELECT email FROM customers INTERSECT SELECT email FROM orders;
--> email | copied | token | shop.customers.email, shop.orders.email
--! ORDER BY pg_catalog.random()

-- A view that groups by a masked column has its rows in that order.
SELECT n FROM grouped LIMIT 2;
--> n | computed | show | shop.customers.id
--! ORDER BY pg_catalog.random() LIMIT 2

-- The first row of each: a window that sorts for itself.
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY email ORDER BY id) AS n FROM customers) s WHERE n = 1;
--> id | copied | show | shop.customers.id

SELECT email, array_agg(id) AS ids FROM customers GROUP BY email;
--> email | copied | token | shop.customers.email
--> ids | computed | show | shop.customers.id

-- Names that a star shows twice.
SELECT * FROM (SELECT c.id, o.id FROM customers c, orders o) s;
--> id | copied | show | shop.customers.id
--> id | copied | show | shop.orders.id

-- Aliases are distinct in what is sent, whatever they hide here.
SELECT c.id, (SELECT max(c.id) FROM orders c) FROM customers c;
--> id | copied | show | shop.customers.id
--> max | computed | show | shop.orders.id
--! FROM shop.orders c_1

-- NATURAL is written out.
SELECT id FROM customers NATURAL JOIN (SELECT id FROM orders) o;
--> id | copied | show | shop.customers.id, shop.orders.id
--! USING (id)

-- Catalog columns that can hold values show for relations without a masked column only.
SELECT attname, attmissingval FROM pg_attribute WHERE attmissingval IS DISTINCT FROM NULL;
--> attname | computed | show |
--> attmissingval | computed | show |
--! THEN t.attmissingval END AS attmissingval

SELECT a.most_common_vals FROM pg_catalog.pg_stats a WHERE tablename = 'orders';
--> most_common_vals | computed | show |
--! END AS most_common_vals

SELECT pg_stats.tablename FROM pg_stats;
--> tablename | computed | show |

-- Other people's statements never.
SELECT query FROM pg_catalog.pg_stat_activity;
--> query | copied | null |

-- An operator of an extension for text does not stand in the way of numbers.
SELECT id % 10 FROM customers WHERE city LIKE 'a#_%' ESCAPE '#';
--> ?column? | computed | show | shop.customers.id

-- An enum of the database.
SELECT 'happy'::mood;
--> mood | computed | show |
--! 'happy'::shop.mood

-- What is no query but needed.
SHOW server_version;
--> server_version | computed | show |

SHOW ALL;
--> name | computed | show |
--> setting | computed | show |
--> description | computed | show |

-- Where the order of rows is masked, chance decides between those that tie.
SELECT email, row_number() OVER () FROM employees GROUP BY email;
--> email | copied | token | shop.employees.email
--> row_number | computed | show |
--! OVER (ORDER BY pg_catalog.random())

SELECT email, row_number() OVER (ORDER BY city) FROM customers;
--> email | copied | token | shop.customers.email
--> row_number | computed | show | shop.customers.city
--! OVER (ORDER BY customers.city, pg_catalog.random())

SELECT c.id, row_number() OVER (PARTITION BY c.city ORDER BY c.born DESC) FROM customers c JOIN employees e ON c.email = e.email;
--> id | copied | show | shop.customers.id
--> row_number | computed | show | shop.customers.born
--! ORDER BY c.born DESC, pg_catalog.random())

SELECT c.id, lag(c.id) OVER w FROM customers c JOIN employees e ON c.email = e.email WINDOW w AS (ORDER BY c.born);
--> id | copied | show | shop.customers.id
--> lag | computed | show | shop.customers.id, shop.customers.born
--! WINDOW w AS (ORDER BY c.born, pg_catalog.random())

SELECT sum(c.id) OVER (ORDER BY c.born ROWS 2 PRECEDING), sum(c.id) OVER (ORDER BY c.born) FROM customers c JOIN employees e ON c.email = e.email;
--> sum | computed | show | shop.customers.id, shop.customers.born
--> sum | computed | show | shop.customers.id, shop.customers.born
--! (ORDER BY c.born, pg_catalog.random() ROWS 2 PRECEDING)
--! (ORDER BY c.born) AS sum

SELECT array_agg(c.id), string_agg(c.city, ',' ORDER BY c.born), array_agg(DISTINCT c.id), JSON_ARRAYAGG(c.id) FROM customers c JOIN employees e USING (email);
--> array_agg | computed | show | shop.customers.id
--> string_agg | computed | show | shop.customers.city, shop.customers.born
--> array_agg | computed | show | shop.customers.id
--> json_arrayagg | computed | show | shop.customers.id
--! pg_catalog.array_agg(c.id ORDER BY pg_catalog.random())
--! ORDER BY c.born, pg_catalog.random())
--! pg_catalog.array_agg(DISTINCT c.id)

SELECT count(*) OVER (PARTITION BY email), row_number() OVER () FROM customers;
--> count | computed | show |
--> row_number | computed | show |

SELECT DISTINCT ON (n) n, mail FROM grouped;
--> n | computed | show | shop.customers.id
--> mail | copied | token | shop.customers.email
--! ORDER BY n, pg_catalog.random()

SELECT row_number() OVER () FROM grouped;
--> row_number | computed | show |

-- A view that sorts by a masked column on its way gives its rows in no order.
SELECT rid FROM ranked;
--> rid | copied | show | shop.employees.id
--! ORDER BY pg_catalog.random()
