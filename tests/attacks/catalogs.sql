-- Values, or what can be computed from them, in the system's own relations and functions.

-- @ most common values
SELECT attname, most_common_vals FROM pg_stats WHERE tablename IN ('orders', 'customers', 'employees') ORDER BY tablename, attname;

-- @ histogram bounds
SELECT attname, histogram_bounds FROM pg_stats WHERE tablename = 'employees' ORDER BY attname;

-- @ correlation
SELECT attname, correlation FROM pg_stats WHERE tablename = 'employees' ORDER BY attname;

-- @ average width
SELECT attname, avg_width FROM pg_stats WHERE tablename = 'customers' ORDER BY attname;

-- @ stats as text
SELECT s::text FROM pg_stats s WHERE tablename = 'employees' ORDER BY attname;

-- @ stats joined
SELECT a.attname FROM pg_stats s JOIN pg_attribute a ON a.attname = s.attname AND a.attrelid = 'shop.employees'::regclass WHERE s.tablename = 'employees' AND s.avg_width > 10 ORDER BY 1;

-- @ stats by view subquery
SELECT h FROM (SELECT attname, histogram_bounds AS h FROM pg_catalog.pg_stats WHERE tablename = 'customers') s ORDER BY attname;

-- @ stats of an expression index
-- @superuser
SELECT tablename, most_common_vals, histogram_bounds, avg_width FROM pg_stats WHERE schemaname = 'shop' AND tablename LIKE 'customers_%' ORDER BY 1;

-- @ extended statistics
-- @superuser
SELECT most_common_vals FROM pg_stats_ext WHERE schemaname = 'shop';

-- @ extended statistics all
-- @superuser
SELECT s::text FROM pg_stats_ext s;

-- @ missing value
SELECT attname, attmissingval FROM pg_attribute WHERE attrelid = 'shop.customers'::regclass ORDER BY attnum;

-- @ missing value as row
SELECT a::text FROM pg_attribute a WHERE attname = 'contact' AND attrelid = 'shop.customers'::regclass;

-- @ missing value filtered
SELECT count(*) FROM pg_attribute WHERE attmissingval::text LIKE '%@%';

-- @ missing value through xmin
SELECT a.attmissingval, a.xmin IS NULL FROM pg_attribute a WHERE a.attname = 'contact' AND a.attrelid = 'shop.customers'::regclass;

-- @ partition bounds
SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname LIKE 'wards_%' ORDER BY 1;

-- @ partition bound length
SELECT length(pg_get_expr(relpartbound, oid)) FROM pg_class WHERE relname LIKE 'wards_%' ORDER BY relname;

-- @ partition constraint
SELECT pg_get_partition_constraintdef(('shop.wards_' || n)::regclass) FROM generate_series(1, 5) n;

-- @ partition constraint in where
SELECT n FROM generate_series(1, 5) n WHERE pg_get_partition_constraintdef(('shop.wards_' || n)::regclass) LIKE '%Castellanos%';

-- @ one partition
SELECT count(*) FROM wards_1 WHERE name = 'Castellanos';

-- @ raw statistics
-- @superuser
SELECT stavalues1 FROM pg_statistic WHERE starelid = 'shop.employees'::regclass ORDER BY staattnum;

-- @ raw extended statistics
-- @superuser
SELECT stxdmcv FROM pg_statistic_ext_data;

-- @ statistics items
-- @superuser
SELECT m.values FROM pg_statistic_ext_data, pg_mcv_list_items(stxdmcv) m;

-- @ toast of a value
SELECT sum(pg_column_size(email)) FROM customers;

-- @ column size
SELECT pg_column_size(email) FROM employees ORDER BY id;

-- @ row size
SELECT pg_column_size(e) FROM employees e ORDER BY id;

-- @ statistics of a materialized view under other names
SELECT attname, most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'mailboxes' ORDER BY attname;

-- @ statistics of what a materialized view computes
SELECT n_distinct, most_common_freqs, correlation FROM pg_stats WHERE tablename = 'mailboxes' AND attname = 'size';
