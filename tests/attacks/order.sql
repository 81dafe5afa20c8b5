-- The order of rows, which ones a LIMIT keeps, what a window or an ordered aggregate sees.

-- @ order by
SELECT id FROM employees ORDER BY salary;

-- @ order by desc
SELECT id FROM employees ORDER BY email DESC;

-- @ order by using
SELECT id FROM employees ORDER BY salary USING >;

-- @ order by position
SELECT salary, id FROM employees ORDER BY 1;

-- @ order by alias
SELECT salary AS s, id FROM employees ORDER BY s;

-- @ order by expression
SELECT id FROM employees ORDER BY length(email), id;

-- @ order by case
SELECT id FROM employees ORDER BY CASE WHEN salary > 60000 THEN 0 ELSE 1 END, id;

-- @ order by comparison
SELECT id FROM employees ORDER BY salary > 60000, id;

-- @ order by collate
SELECT id FROM employees ORDER BY last_name COLLATE "C", id;

-- @ order by subquery
SELECT p.id FROM products p ORDER BY (SELECT e.salary FROM employees e WHERE e.id = p.id);

-- @ order by row
SELECT id FROM employees ORDER BY ROW(salary, id);

-- @ order by whole row part
SELECT id FROM employees e ORDER BY (e).salary;

-- @ order in subquery
SELECT id FROM (SELECT id FROM employees ORDER BY salary) s;

-- @ order in subquery limited
SELECT id FROM (SELECT id FROM employees ORDER BY salary DESC LIMIT 3) s ORDER BY id;

-- @ order in cte
WITH s AS (SELECT id FROM employees ORDER BY salary) SELECT id FROM s;

-- @ order then row number
SELECT id, row_number() OVER () FROM (SELECT id FROM employees ORDER BY salary) s ORDER BY id;

-- @ order then limit
SELECT id FROM employees ORDER BY salary LIMIT 1;

-- @ order then offset
SELECT id FROM employees ORDER BY salary OFFSET 29;

-- @ order fetch with ties
SELECT id FROM employees ORDER BY salary FETCH FIRST 3 ROWS WITH TIES;

-- @ limit by a value
SELECT id FROM products ORDER BY id LIMIT (SELECT salary / 10000 FROM employees WHERE id = 2);

-- @ offset by a value
SELECT id FROM products ORDER BY id OFFSET (SELECT length(email) FROM employees WHERE id = 2) - 14;

-- @ fetch first by a value
SELECT id FROM products ORDER BY id FETCH FIRST (SELECT salary / 20000 FROM employees WHERE id = 3) ROWS ONLY;

-- @ distinct on
SELECT DISTINCT ON (department) department, id FROM employees ORDER BY department, salary DESC;

-- @ distinct on expression
SELECT DISTINCT ON (left(email, 1)) id FROM employees ORDER BY left(email, 1), id;

-- @ rank
SELECT id, rank() OVER (ORDER BY salary) FROM employees ORDER BY id;

-- @ dense_rank
SELECT id, dense_rank() OVER (ORDER BY length(email)) FROM employees ORDER BY id;

-- @ row_number
SELECT id, row_number() OVER (ORDER BY email) FROM employees ORDER BY id;

-- @ ntile
SELECT id, ntile(4) OVER (ORDER BY salary) FROM employees ORDER BY id;

-- @ percent_rank
SELECT id, percent_rank() OVER (ORDER BY salary) FROM employees ORDER BY id;

-- @ cume_dist
SELECT id, cume_dist() OVER (ORDER BY salary) FROM employees ORDER BY id;

-- @ lag
SELECT id, lag(id) OVER (ORDER BY salary) FROM employees ORDER BY id;

-- @ lead
SELECT id, lead(id) OVER (ORDER BY email) FROM employees ORDER BY id;

-- @ first_value
SELECT id, first_value(id) OVER (ORDER BY salary DESC) FROM employees ORDER BY id;

-- @ nth_value
SELECT id, nth_value(id, 2) OVER (ORDER BY salary ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM employees ORDER BY id;

-- @ sum over order
SELECT id, sum(id) OVER (ORDER BY salary) FROM employees ORDER BY id;

-- @ count over range
SELECT id, count(*) OVER (ORDER BY salary RANGE BETWEEN 5000 PRECEDING AND 5000 FOLLOWING) FROM employees ORDER BY id;

-- @ count over groups
SELECT id, count(*) OVER (ORDER BY length(email) GROUPS 1 PRECEDING) FROM employees ORDER BY id;

-- @ partition by expression
SELECT id, count(*) OVER (PARTITION BY left(email, 1)) FROM employees ORDER BY id;

-- @ partition by comparison
SELECT id, count(*) OVER (PARTITION BY salary > 60000) FROM employees ORDER BY id;

-- @ named window
SELECT id, rank() OVER w FROM employees WINDOW w AS (ORDER BY salary) ORDER BY id;

-- @ inherited window
SELECT id, rank() OVER (w ORDER BY salary) FROM employees WINDOW w AS (PARTITION BY department) ORDER BY id;

-- @ frame by a value
SELECT p.id, count(*) OVER (ORDER BY p.id ROWS (SELECT salary / 20000 FROM employees WHERE id = 2) PRECEDING) FROM products p ORDER BY id;

-- @ array_agg order
SELECT array_agg(id ORDER BY salary) FROM employees;

-- @ string_agg order
SELECT string_agg(id::text, ',' ORDER BY email) FROM employees;

-- @ json_agg order
SELECT json_agg(id ORDER BY last_name, id) FROM employees;

-- @ json_arrayagg order
SELECT JSON_ARRAYAGG(id ORDER BY salary) FROM employees;

-- @ array subquery order
SELECT ARRAY(SELECT id FROM employees ORDER BY salary);

-- @ percentile_disc
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY salary) FROM employees;

-- @ percentile_cont
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FROM employees;

-- @ mode
SELECT mode() WITHIN GROUP (ORDER BY last_name) FROM employees;

-- @ rank within group
SELECT rank(60000) WITHIN GROUP (ORDER BY salary) FROM employees;

-- @ cume_dist within group
SELECT cume_dist('m') WITHIN GROUP (ORDER BY email) FROM employees;

-- @ percent_rank within group
SELECT percent_rank(60000) WITHIN GROUP (ORDER BY salary) FROM employees;

-- @ any_value after order
SELECT any_value(id) FROM (SELECT id FROM employees ORDER BY salary) s;

-- @ group by prefix
SELECT left(email, 1), count(*) FROM employees GROUP BY 1 ORDER BY 2, 1;

-- @ group by length
SELECT count(*) FROM employees GROUP BY length(email) ORDER BY 1;

-- @ group by comparison
SELECT count(*) FROM employees GROUP BY salary > 60000 ORDER BY 1;

-- @ group by bucket
SELECT count(*) FROM employees GROUP BY salary / 10000 ORDER BY 1;

-- @ group by alias of expression
SELECT upper(left(last_name, 1)) AS l, count(*) FROM employees GROUP BY l ORDER BY 2, 1;

-- @ grouping sets of expression
SELECT count(*) FROM employees GROUP BY GROUPING SETS ((salary > 60000), ()) ORDER BY 1;

-- @ rollup of expression
SELECT count(*) FROM employees GROUP BY ROLLUP (length(last_name)) ORDER BY 1;

-- @ cube of expression
SELECT count(*) FROM employees GROUP BY CUBE (salary % 7, department) ORDER BY 1;

-- @ group order of values
SELECT min(id) FROM employees GROUP BY email;

-- @ having max
SELECT department FROM employees GROUP BY 1 HAVING max(salary) > 90000 ORDER BY 1;

-- @ having sum
SELECT department FROM employees GROUP BY 1 HAVING sum(salary) > 400000 ORDER BY 1;

-- @ having min text
SELECT department FROM employees GROUP BY 1 HAVING min(email) < 'c' ORDER BY 1;

-- @ having bool_or
SELECT department FROM employees GROUP BY 1 HAVING bool_or(salary > 90000) ORDER BY 1;

-- @ having count filter
SELECT department FROM employees GROUP BY 1 HAVING count(*) FILTER (WHERE salary > 60000) > 2 ORDER BY 1;

-- @ having count distinct of expression
SELECT department FROM employees GROUP BY 1 HAVING count(DISTINCT left(email, 1)) > 3 ORDER BY 1;

-- @ index order of two columns
-- @alone
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
SELECT id FROM customers WHERE city >= 'A' ORDER BY city;

-- @ index order of equal cities
-- @alone
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT id FROM customers WHERE city = (SELECT city FROM customers GROUP BY city ORDER BY count(*) DESC, city LIMIT 1);

-- @ list partitions in order of bounds
SELECT id FROM wards;

-- @ list partitions numbered
SELECT id, row_number() OVER () FROM wards;

-- @ ctid of a partition
SELECT array_agg(id) FROM wards WHERE ctid = '(0,1)';

-- @ merge join order
-- @alone
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT c.id FROM customers c JOIN people p ON p.email = c.email;

-- @ distinct in order
-- @alone
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT DISTINCT last_name, id FROM customers) s;
SELECT id FROM (SELECT DISTINCT last_name, id FROM customers) s;

-- @ sorted group
-- @alone
SET enable_hashagg = off;
SELECT max(id) FROM customers GROUP BY email;

-- @ union sorted
-- @alone
SET enable_hashagg = off;
SELECT id FROM (SELECT last_name, id FROM customers UNION SELECT last_name, id FROM employees) s;

-- @ ties of a sort that spills
-- @alone
SET work_mem = '64kB';
SELECT row_number() OVER (ORDER BY g % 3), g, last_name FROM employees, generate_series(1, 400) g;

-- @ ties of a sort that spills, aggregated
-- @alone
SET work_mem = '64kB';
SET enable_hashagg = off;
SELECT g % 3, md5(array_agg(g)::text), count(last_name) FROM employees, generate_series(1, 400) g GROUP BY 1;
