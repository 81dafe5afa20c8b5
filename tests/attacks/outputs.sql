-- The value itself, or something computed from it, in the select list.

-- @ bare
SELECT id, email FROM employees ORDER BY id;

-- @ star
SELECT * FROM employees ORDER BY id;

-- @ table command
TABLE employees;

-- @ alias
SELECT salary AS x FROM employees ORDER BY id;

-- @ qualified
SELECT shop.employees.salary FROM shop.employees ORDER BY id;

-- @ quoted
SELECT "email" FROM employees ORDER BY id;

-- @ unicode
SELECT U&"\0065mail" FROM employees ORDER BY id;

-- @ alias list
SELECT x FROM employees AS e (i, f, l, x) ORDER BY i;

-- @ shadowing alias
SELECT department AS email, email AS department FROM employees ORDER BY id;

-- @ other table under its name
SELECT products.email FROM employees AS products ORDER BY id;

-- @ subquery
SELECT s.a FROM (SELECT email AS a, id FROM employees) s ORDER BY id;

-- @ cte
WITH x AS (SELECT email AS a, id FROM employees) SELECT a FROM x ORDER BY id;

-- @ nested cte
WITH x AS (WITH y AS (SELECT email AS a, id FROM employees) SELECT a AS b, id FROM y) SELECT b FROM x ORDER BY id;

-- @ cte column list
WITH x (p, q) AS (SELECT email, id FROM employees) SELECT p FROM x ORDER BY q;

-- @ recursive cte
WITH RECURSIVE x AS (SELECT id, email AS a FROM employees WHERE id = 1 UNION ALL SELECT e.id, e.email FROM employees e JOIN x ON e.id = x.id + 1) SELECT a FROM x;

-- @ lateral
SELECT l.a FROM employees e, LATERAL (SELECT e.email AS a) l ORDER BY e.id;

-- @ scalar subquery
SELECT (SELECT email FROM employees e WHERE e.id = p.id) FROM products p ORDER BY p.id;

-- @ array subquery
SELECT ARRAY(SELECT email FROM employees ORDER BY id);

-- @ union all
SELECT email FROM employees WHERE id < 4 UNION ALL SELECT email FROM customers WHERE id < 4;

-- @ values with subquery
VALUES ((SELECT email FROM employees WHERE id = 1));

-- @ using column
SELECT id, last_name FROM employees JOIN (SELECT id, last_name AS l FROM employees) s USING (id) ORDER BY id;

-- @ join alias
SELECT j.mail FROM (employees JOIN (SELECT 1 AS one) o ON true) AS j (i, f, l, mail) ORDER BY i;

-- @ view
SELECT email FROM employee_directory ORDER BY id;

-- @ view renamed
SELECT manager_email FROM employee_directory ORDER BY id;

-- @ materialized view
SELECT email FROM directory ORDER BY id;

-- @ other schema
SELECT email FROM hr.customers ORDER BY id;

-- @ partition
SELECT visitor FROM visits_2025 ORDER BY id;

-- @ partitioned parent
SELECT visitor FROM visits ORDER BY id;

-- @ child
SELECT email FROM staff ORDER BY id;

-- @ parent
SELECT email FROM people ORDER BY id;

-- @ only parent
SELECT email FROM ONLY people ORDER BY id;

-- @ document
SELECT notes FROM profiles ORDER BY id;

-- @ document key
SELECT notes ->> 'contact' FROM profiles ORDER BY id;

-- @ document path
SELECT notes #>> '{contact}' FROM profiles ORDER BY id;

-- @ document subscript
SELECT notes['contact'] FROM profiles ORDER BY id;

-- @ document expanded
SELECT key, value FROM profiles, jsonb_each(notes) ORDER BY id, 1;

-- @ document as record
SELECT r.contact FROM profiles, jsonb_to_record(notes) AS r (contact text) ORDER BY id;

-- @ document populated
SELECT (jsonb_populate_record(NULL::people, jsonb_build_object('email', notes ->> 'contact'))).email FROM profiles ORDER BY id;

-- @ for update
-- @superuser
SELECT email FROM employees ORDER BY id FOR SHARE;

-- @ tablesample
SELECT email FROM employees TABLESAMPLE system (100) ORDER BY id;

-- @ function in SQL
SELECT mail_of(id) FROM customers ORDER BY id;

-- @ function in FROM
SELECT m FROM customers, mail_of(id) m ORDER BY id;

-- @ table function
SELECT name FROM customers c, customers_of(c.country) f ORDER BY 1;

-- @ upper
SELECT upper(email) FROM employees ORDER BY id;

-- @ lower
SELECT lower(last_name) FROM employees ORDER BY id;

-- @ reverse
SELECT reverse(email) FROM employees ORDER BY id;

-- @ left
SELECT left(email, 2) FROM employees ORDER BY id;

-- @ right
SELECT right(ssn, 6) FROM employees ORDER BY id;

-- @ substring
SELECT substring(ssn FROM 1 FOR 3) FROM employees ORDER BY id;

-- @ substr
SELECT substr(email, 2) FROM employees ORDER BY id;

-- @ length
SELECT length(email) FROM employees ORDER BY id;

-- @ md5
SELECT md5(email) FROM employees ORDER BY id;

-- @ sha512
SELECT sha512(email::bytea) FROM employees ORDER BY id;

-- @ crc32
SELECT crc32(email::bytea) FROM employees ORDER BY id;

-- @ hashtext
SELECT hashtext(email) FROM employees ORDER BY id;

-- @ encode
SELECT encode(email::bytea, 'base64') FROM employees ORDER BY id;

-- @ bytea
SELECT email::bytea FROM employees ORDER BY id;

-- @ cast of a type to itself by varchar
SELECT email::varchar(3) FROM employees ORDER BY id;

-- @ char cast
SELECT last_name::char(2) FROM employees ORDER BY id;

-- @ name cast
SELECT last_name::name FROM employees ORDER BY id;

-- @ quoted char
SELECT last_name::"char" FROM employees ORDER BY id;

-- @ text function
SELECT text(last_name) FROM employees ORDER BY id;

-- @ concat
SELECT concat(email, '!') FROM employees ORDER BY id;

-- @ concat_ws
SELECT concat_ws('-', first_name, last_name) FROM employees ORDER BY id;

-- @ double pipe
SELECT first_name || ' ' || last_name FROM employees ORDER BY id;

-- @ format
SELECT format('%s', email) FROM employees ORDER BY id;

-- @ quote_literal
SELECT quote_literal(email) FROM employees ORDER BY id;

-- @ quote_ident
SELECT quote_ident(email) FROM employees ORDER BY id;

-- @ initcap
SELECT initcap(email) FROM employees ORDER BY id;

-- @ split_part
SELECT split_part(email, '@', 1) FROM employees ORDER BY id;

-- @ translate
SELECT translate(email, 'aeiou', '12345') FROM employees ORDER BY id;

-- @ replace
SELECT replace(email, '@', ' at ') FROM employees ORDER BY id;

-- @ regexp_replace
SELECT regexp_replace(email, '@.*', '') FROM employees ORDER BY id;

-- @ regexp_match
SELECT regexp_match(email, '^(.)') FROM employees ORDER BY id;

-- @ regexp_substr
SELECT regexp_substr(email, '[a-z]+') FROM employees ORDER BY id;

-- @ string_to_array
SELECT string_to_array(email, '@') FROM employees ORDER BY id;

-- @ array element
SELECT (string_to_array(email, '@'))[1] FROM employees ORDER BY id;

-- @ overlay
SELECT overlay(email PLACING '-' FROM 1 FOR 1) FROM employees ORDER BY id;

-- @ trim
SELECT trim(BOTH 'k' FROM email) FROM employees ORDER BY id;

-- @ lpad
SELECT lpad(email, 40, '.') FROM employees ORDER BY id;

-- @ repeat
SELECT repeat(left(last_name, 1), 3) FROM employees ORDER BY id;

-- @ ascii
SELECT ascii(last_name) FROM employees ORDER BY id;

-- @ collate
SELECT last_name COLLATE "C" FROM employees ORDER BY id;

-- @ normalize
SELECT normalize(last_name) FROM employees ORDER BY id;

-- @ soundex
SELECT soundex(last_name) FROM employees ORDER BY id;

-- @ similarity
SELECT similarity(last_name, 'Castellanos') FROM employees ORDER BY id;

-- @ levenshtein
SELECT levenshtein(last_name, 'Castellanos') FROM employees ORDER BY id;

-- @ to_tsvector
SELECT to_tsvector('simple', last_name) FROM employees ORDER BY id;

-- @ ts_headline
SELECT ts_headline('simple', last_name, to_tsquery('simple', 'castellanos')) FROM employees ORDER BY id;

-- @ plus zero
SELECT salary + 0 FROM employees ORDER BY id;

-- @ negated
SELECT -salary FROM employees ORDER BY id;

-- @ as numeric
SELECT salary::numeric FROM employees ORDER BY id;

-- @ as text
SELECT salary::text FROM employees ORDER BY id;

-- @ to_hex
SELECT to_hex(salary) FROM employees ORDER BY id;

-- @ modulo
SELECT salary % 7 FROM employees ORDER BY id;

-- @ sqrt
SELECT sqrt(salary) FROM employees ORDER BY id;

-- @ width_bucket
SELECT width_bucket(salary, 0, 150000, 10) FROM employees ORDER BY id;

-- @ bit cast
SELECT salary::bit(32) FROM employees ORDER BY id;

-- @ greater
SELECT salary > 60000 FROM employees ORDER BY id;

-- @ compared with a column
SELECT salary > id * 3000 FROM employees ORDER BY id;

-- @ is distinct
SELECT salary IS DISTINCT FROM 140000 FROM employees ORDER BY id;

-- @ greatest
SELECT greatest(salary, 60000) FROM employees ORDER BY id;

-- @ coalesce with a literal
SELECT coalesce(email, 'none') FROM employees ORDER BY id;

-- @ nullif
SELECT nullif(last_name, 'Castellanos') FROM employees ORDER BY id;

-- @ nullif is null
SELECT nullif(last_name, 'Castellanos') IS NULL FROM employees ORDER BY id;

-- @ case on a value
SELECT CASE WHEN salary > 60000 THEN 'rich' ELSE 'poor' END FROM employees ORDER BY id;

-- @ case simple
SELECT CASE last_name WHEN 'Castellanos' THEN 1 ELSE 0 END FROM employees ORDER BY id;

-- @ case null arm
SELECT CASE WHEN salary > 60000 THEN email END FROM employees ORDER BY id;

-- @ in list
SELECT last_name IN ('Castellanos', 'Zamoyski') FROM employees ORDER BY id;

-- @ like
SELECT email LIKE 'k%' FROM employees ORDER BY id;

-- @ between
SELECT salary BETWEEN 1 AND 60000 FROM employees ORDER BY id;

-- @ exists correlated
SELECT EXISTS (SELECT 1 WHERE salary > 60000) FROM employees ORDER BY id;

-- @ count of a comparison
SELECT count(salary > 60000 OR NULL) FROM employees;

-- @ date plus
SELECT birth_date + 1 FROM customers ORDER BY id;

-- @ date age
SELECT age('2024-01-01', birth_date) FROM customers ORDER BY id;

-- @ date extract
SELECT extract(year FROM birth_date) FROM customers ORDER BY id;

-- @ date to_char
SELECT to_char(birth_date, 'YYYY') FROM customers ORDER BY id;

-- @ date trunc
SELECT date_trunc('year', birth_date) FROM customers ORDER BY id;

-- @ date as text
SELECT birth_date::text FROM customers ORDER BY id;

-- @ date in range
SELECT daterange(birth_date, NULL) FROM customers ORDER BY id;

-- @ whole row
SELECT e FROM employees e ORDER BY id;

-- @ whole row as text
SELECT e::text FROM employees e ORDER BY id;

-- @ whole row star as text
SELECT (e.*)::text FROM employees e ORDER BY id;

-- @ row constructor
SELECT ROW(e.*) FROM employees e ORDER BY id;

-- @ row of columns
SELECT ROW(id, email) FROM employees ORDER BY id;

-- @ row cast to its type
SELECT ROW(id, email)::people FROM customers ORDER BY id;

-- @ row attribute
SELECT (e).email FROM employees e ORDER BY id;

-- @ row attribute of star
SELECT (e.*).email FROM employees e ORDER BY id;

-- @ row expanded
SELECT (e).* FROM employees e ORDER BY id;

-- @ function notation
SELECT email(e) FROM employees e ORDER BY id;

-- @ subquery row attribute
SELECT ((SELECT e FROM employees e WHERE id = 1)).email;

-- @ subquery row expanded
SELECT ((SELECT e FROM employees e WHERE id = 1)).*;

-- @ row_to_json
SELECT row_to_json(e) FROM employees e ORDER BY id;

-- @ to_json
SELECT to_json(e) FROM employees e ORDER BY id;

-- @ to_jsonb
SELECT to_jsonb(e) -> 'email' FROM employees e ORDER BY id;

-- @ json_build_object
SELECT json_build_object('m', email) FROM employees ORDER BY id;

-- @ json_object constructor
SELECT JSON_OBJECT('m': email) FROM employees ORDER BY id;

-- @ json_array constructor
SELECT JSON_ARRAY(email) FROM employees ORDER BY id;

-- @ json_scalar
SELECT JSON_SCALAR(email) FROM employees ORDER BY id;

-- @ json_value
SELECT JSON_VALUE(to_jsonb(email), '$') FROM employees ORDER BY id;

-- @ json_query passing
SELECT JSON_QUERY('{}', '$x' PASSING email AS x) FROM employees ORDER BY id;

-- @ json_serialize
SELECT JSON_SERIALIZE(to_json(email)) FROM employees ORDER BY id;

-- @ jsonb_each of a row
SELECT j.value FROM employees e, jsonb_each_text(to_jsonb(e)) j WHERE j.key = 'email' ORDER BY id;

-- @ json populate of a row
SELECT p.email FROM employees e, jsonb_populate_record(NULL::people, to_jsonb(e)) p ORDER BY e.id;

-- @ array constructor
SELECT ARRAY[email] FROM employees ORDER BY id;

-- @ array of rows
SELECT ARRAY[e] FROM employees e ORDER BY id;

-- @ array then element
SELECT (ARRAY[email])[1] FROM employees ORDER BY id;

-- @ unnest of array
SELECT unnest(ARRAY[email, last_name]) FROM employees ORDER BY id;

-- @ unnest in FROM
SELECT u FROM employees, unnest(ARRAY[email]) u ORDER BY id;

-- @ range of a value
SELECT int4range(salary, NULL) FROM employees ORDER BY id;

-- @ min
SELECT min(email) FROM employees;

-- @ max
SELECT max(salary) FROM employees;

-- @ sum
SELECT sum(salary) FROM employees;

-- @ avg
SELECT avg(salary) FROM employees;

-- @ sum of a group of one
SELECT id, sum(salary) FROM employees GROUP BY id ORDER BY id;

-- @ differencing
SELECT sum(salary) - (SELECT sum(salary) FROM employees WHERE id <> 2) FROM employees;

-- @ stddev
SELECT stddev(salary) FROM employees;

-- @ variance
SELECT var_pop(salary) FROM employees;

-- @ corr
SELECT corr(salary, id) FROM employees;

-- @ regr_slope
SELECT regr_slope(salary, id) FROM employees;

-- @ bit_or
SELECT bit_or(salary) FROM employees;

-- @ bit_xor
SELECT bit_xor(salary) FROM employees;

-- @ bool_and
SELECT bool_and(salary > 20000), bool_or(salary > 500000) FROM employees;

-- @ every
SELECT every(email LIKE '%@%') FROM employees;

-- @ array_agg
SELECT array_agg(email) FROM employees;

-- @ string_agg
SELECT string_agg(email, ',' ORDER BY id) FROM employees;

-- @ json_agg
SELECT json_agg(e ORDER BY id) FROM employees e;

-- @ json_object_agg
SELECT json_object_agg(email, 1) FROM employees;

-- @ json_objectagg
SELECT JSON_OBJECTAGG(id: email) FROM employees;

-- @ range_agg
SELECT range_agg(int4range(salary, salary + 1)) FROM employees;

-- @ count filter
SELECT count(*) FILTER (WHERE salary > 60000) FROM employees;

-- @ sum filter
SELECT sum(id) FILTER (WHERE email < 'm') FROM employees;

-- @ count distinct of expression
SELECT count(DISTINCT left(email, 1)) FROM employees;

-- @ count distinct of row
SELECT count(DISTINCT (left(email, 1), department)) FROM employees;

-- @ lag default
SELECT lag(email, 1, 'none') OVER (ORDER BY id) FROM employees ORDER BY id;

-- @ first_value
SELECT first_value(email) OVER (ORDER BY id) FROM employees;

-- @ sum window
SELECT sum(salary) OVER (ORDER BY id) FROM employees ORDER BY id;

-- @ max window difference
SELECT max(salary) OVER () - salary FROM employees ORDER BY id;

-- @ any_value
SELECT any_value(email) FROM employees WHERE id = 1;
