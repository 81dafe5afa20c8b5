-- The value, or one bit of it, in an error, a notice, a SQLSTATE or in whether there is one.

-- @ cast to integer
SELECT email::int FROM employees WHERE id = 1;

-- @ cast to integer by CAST
SELECT CAST(ssn AS numeric) FROM employees WHERE id = 1;

-- @ cast to date
SELECT last_name::date FROM employees WHERE id = 1;

-- @ cast to uuid
SELECT email::uuid FROM employees WHERE id = 1;

-- @ cast to inet
SELECT email::inet FROM employees WHERE id = 1;

-- @ cast to json
SELECT email::json FROM employees WHERE id = 1;

-- @ cast to regclass
SELECT email::regclass FROM employees WHERE id = 1;

-- @ cast to enum
SELECT last_name::mood FROM employees WHERE id = 1;

-- @ cast to interval
SELECT last_name::interval FROM employees WHERE id = 1;

-- @ cast to boolean
SELECT last_name::boolean FROM employees WHERE id = 1;

-- @ cast to bit
SELECT last_name::bit(8) FROM employees WHERE id = 1;

-- @ cast to array
SELECT last_name::int[] FROM employees WHERE id = 1;

-- @ cast to range
SELECT last_name::int4range FROM employees WHERE id = 1;

-- @ cast to composite
SELECT last_name::address FROM employees WHERE id = 1;

-- @ to_number
SELECT to_number(ssn || 'x', '999S9') FROM employees WHERE id = 1;

-- @ to_date
SELECT to_date(email, 'YYYY') FROM employees WHERE id = 1;

-- @ make_date
SELECT make_date(2000, salary / 10000, 1) FROM employees ORDER BY id;

-- @ chr
SELECT chr(salary * 100) FROM employees WHERE id = 1;

-- @ division by zero on a condition
SELECT 1 / (CASE WHEN last_name = 'Castellanos' THEN 0 ELSE 1 END) FROM employees WHERE id = 1;

-- @ division by a difference
SELECT 1 / (salary - 140000) FROM employees WHERE id = 1;

-- @ overflow on a condition
SELECT 2147483647 + (last_name = 'Castellanos')::int FROM employees WHERE id = 1;

-- @ subscript
SELECT ('{1,2}'::int[])[salary / 70000] FROM employees ORDER BY id;

-- @ cardinality on a condition
SELECT (SELECT 1 FROM generate_series(1, 2) WHERE last_name = 'Castellanos') FROM employees WHERE id = 1;

-- @ has_table_privilege
SELECT has_table_privilege(email, 'select') FROM employees WHERE id = 1;

-- @ current_setting
SELECT current_setting(email) FROM employees WHERE id = 1;

-- @ encode format
SELECT encode('x', email) FROM employees WHERE id = 1;

-- @ timezone name
SELECT now() AT TIME ZONE last_name FROM employees WHERE id = 1;

-- @ date_trunc field
SELECT date_trunc(last_name, now()) FROM employees WHERE id = 1;

-- @ text search configuration
SELECT to_tsvector(last_name::regconfig, 'x') FROM employees WHERE id = 1;

-- @ where cast
SELECT id FROM employees WHERE email::int > 0;

-- @ where division
SELECT id FROM employees WHERE 1 / (salary - 140000) > 0;

-- @ order by division
SELECT id FROM employees ORDER BY 1 / (salary - 140000);

-- @ limit of a cast
SELECT 1 LIMIT (SELECT email::int FROM employees WHERE id = 1);

-- @ domain check
SELECT (length(email) * 9)::percent FROM employees WHERE id = 1;

-- @ setseed
SELECT setseed(salary / 200000.0) FROM employees WHERE id = 2;

-- @ pg_input_error_info
SELECT (pg_input_error_info(email, 'int4')).message FROM employees WHERE id = 1;

-- @ notice of a procedure
CALL tell(1);

-- @ notice of DO
DO $$ BEGIN RAISE NOTICE '%', (SELECT email FROM shop.employees WHERE id = 1); END $$;

-- @ exception of DO
DO $$ BEGIN RAISE EXCEPTION '%', (SELECT email FROM shop.employees WHERE id = 1); END $$;

-- @ sqlstate of DO
DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = CASE WHEN (SELECT last_name FROM shop.employees WHERE id = 1) < 'M' AND (SELECT last_name FROM shop.employees WHERE id = 1) ~ '^[A-Z]' THEN 'AB001' ELSE 'AB002' END; END $$;

-- @ hint of DO
DO $$ BEGIN RAISE EXCEPTION 'x' USING HINT = (SELECT email FROM shop.employees WHERE id = 1); END $$;

-- @ assert of DO
DO $$ BEGIN ASSERT (SELECT last_name <> 'Castellanos' FROM shop.employees WHERE id = 1), 'it is'; END $$;
