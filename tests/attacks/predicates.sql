-- A masked column decides which rows show, in WHERE.

-- @ equals a guess
SELECT e.id FROM employees e WHERE email = (SELECT 'k.castellanos1@shop.example') ORDER BY 1;

-- @ not equal
SELECT e.id FROM employees e WHERE last_name <> 'Castellanos' ORDER BY 1;

-- @ less than
SELECT e.id FROM employees e WHERE email < 'm' ORDER BY 1;

-- @ greater or equal
SELECT e.id FROM employees e WHERE last_name >= 'N' ORDER BY 1;

-- @ between
SELECT e.id FROM employees e WHERE email BETWEEN 'a' AND 'k' ORDER BY 1;

-- @ not between symmetric
SELECT e.id FROM employees e WHERE last_name NOT BETWEEN SYMMETRIC 'z' AND 'k' ORDER BY 1;

-- @ in list of prefixes
SELECT e.id FROM employees e WHERE left(last_name, 1) IN ('A', 'B', 'C') ORDER BY 1;

-- @ any array
SELECT e.id FROM employees e WHERE left(email, 1) = ANY (ARRAY['a', 'b', 'c', 'd']) ORDER BY 1;

-- @ all array
SELECT e.id FROM employees e WHERE email > ALL (ARRAY['b', 'f']) ORDER BY 1;

-- @ like prefix
SELECT e.id FROM employees e WHERE email LIKE 'k%' ORDER BY 1;

-- @ like suffix
SELECT e.id FROM employees e WHERE email LIKE '%.example' ORDER BY 1;

-- @ like one character
SELECT e.id FROM employees e WHERE email LIKE '_.%' ORDER BY 1;

-- @ like escape
SELECT e.id FROM employees e WHERE email LIKE 'k#.%' ESCAPE '#' ORDER BY 1;

-- @ not like
SELECT e.id FROM employees e WHERE email NOT LIKE '%@%' ORDER BY 1;

-- @ ilike
SELECT e.id FROM employees e WHERE last_name ILIKE 'c%' ORDER BY 1;

-- @ similar to
SELECT e.id FROM employees e WHERE email SIMILAR TO '[a-k]%' ORDER BY 1;

-- @ not similar to
SELECT e.id FROM employees e WHERE email NOT SIMILAR TO '%@%' ORDER BY 1;

-- @ regex
SELECT e.id FROM employees e WHERE email ~ '^[a-k]' ORDER BY 1;

-- @ regex case insensitive
SELECT e.id FROM employees e WHERE last_name ~* '^[a-f]' ORDER BY 1;

-- @ regex negated
SELECT e.id FROM employees e WHERE email !~ '@' ORDER BY 1;

-- @ regexp_like
SELECT e.id FROM employees e WHERE regexp_like(email, '@') ORDER BY 1;

-- @ regexp_count
SELECT e.id FROM employees e WHERE regexp_count(email, '[aeiou]') > 4 ORDER BY 1;

-- @ regexp_instr
SELECT e.id FROM employees e WHERE regexp_instr(email, '@') > 9 ORDER BY 1;

-- @ starts_with
SELECT e.id FROM employees e WHERE starts_with(email, 'k') ORDER BY 1;

-- @ prefix operator
SELECT e.id FROM employees e WHERE email ^@ 'k' ORDER BY 1;

-- @ length
SELECT e.id FROM employees e WHERE length(email) > 20 ORDER BY 1;

-- @ octet_length
SELECT e.id FROM employees e WHERE octet_length(last_name) = 8 ORDER BY 1;

-- @ bit_length
SELECT e.id FROM employees e WHERE bit_length(last_name) < 60 ORDER BY 1;

-- @ left
SELECT e.id FROM employees e WHERE left(email, 1) = 'k' ORDER BY 1;

-- @ right
SELECT e.id FROM employees e WHERE right(email, 3) = 'ple' ORDER BY 1;

-- @ substr
SELECT e.id FROM employees e WHERE substr(ssn, 1, 3) < '920' ORDER BY 1;

-- @ substring from
SELECT e.id FROM employees e WHERE substring(ssn FROM 1 FOR 1) = '9' ORDER BY 1;

-- @ substring regex
SELECT e.id FROM employees e WHERE substring(email FROM '@(.*)') = 'shop.example' ORDER BY 1;

-- @ ascii
SELECT e.id FROM employees e WHERE ascii(last_name) < 80 ORDER BY 1;

-- @ strpos
SELECT e.id FROM employees e WHERE strpos(email, '@') > 8 ORDER BY 1;

-- @ position
SELECT e.id FROM employees e WHERE position('.' IN email) = 2 ORDER BY 1;

-- @ split_part
SELECT e.id FROM employees e WHERE split_part(email, '@', 2) <> '' ORDER BY 1;

-- @ upper
SELECT e.id FROM employees e WHERE upper(last_name) < 'M' ORDER BY 1;

-- @ md5
SELECT e.id FROM employees e WHERE md5(email) < '8' ORDER BY 1;

-- @ sha256
SELECT e.id FROM employees e WHERE sha256(email::bytea) < '\x80'::bytea ORDER BY 1;

-- @ encode
SELECT e.id FROM employees e WHERE encode(last_name::bytea, 'hex') LIKE '4%' ORDER BY 1;

-- @ hashtext parity
SELECT e.id FROM employees e WHERE hashtext(email) % 2 = 0 ORDER BY 1;

-- @ reverse
SELECT e.id FROM employees e WHERE reverse(email) LIKE 'elp%' ORDER BY 1;

-- @ translate
SELECT e.id FROM employees e WHERE translate(email, '@', '') <> email ORDER BY 1;

-- @ replace
SELECT e.id FROM employees e WHERE replace(last_name, 'a', '') <> last_name ORDER BY 1;

-- @ concat
SELECT e.id FROM employees e WHERE concat(first_name, last_name) < 'K' ORDER BY 1;

-- @ concatenation
SELECT e.id FROM employees e WHERE first_name || last_name < 'K' ORDER BY 1;

-- @ collate
SELECT e.id FROM employees e WHERE last_name COLLATE "C" < 'M' ORDER BY 1;

-- @ greater salary
SELECT e.id FROM employees e WHERE salary > 60000 ORDER BY 1;

-- @ salary modulo
SELECT e.id FROM employees e WHERE salary % 1000 = 0 ORDER BY 1;

-- @ salary divided
SELECT e.id FROM employees e WHERE salary / 10000 = 6 ORDER BY 1;

-- @ salary bits
SELECT e.id FROM employees e WHERE salary & 1024 > 0 ORDER BY 1;

-- @ salary text
SELECT e.id FROM employees e WHERE salary::text LIKE '6%' ORDER BY 1;

-- @ salary between two
SELECT e.id FROM employees e WHERE salary BETWEEN 50000 AND 60000 ORDER BY 1;

-- @ salary row comparison
SELECT e.id FROM employees e WHERE (salary, id) > (60000, 1) ORDER BY 1;

-- @ salary in range type
SELECT e.id FROM employees e WHERE int4range(40000, 60000) @> salary ORDER BY 1;

-- @ salary contained by
SELECT e.id FROM employees e WHERE salary <@ int4range(40000, 60000) ORDER BY 1;

-- @ salary width_bucket
SELECT e.id FROM employees e WHERE width_bucket(salary, 0, 100000, 4) = 3 ORDER BY 1;

-- @ salary greatest
SELECT e.id FROM employees e WHERE greatest(salary, 60000) = 60000 ORDER BY 1;

-- @ salary least
SELECT e.id FROM employees e WHERE least(salary, 60000) < 60000 ORDER BY 1;

-- @ salary sign
SELECT e.id FROM employees e WHERE sign(salary - 60000) = 1 ORDER BY 1;

-- @ salary case
SELECT e.id FROM employees e WHERE CASE WHEN salary > 60000 THEN true ELSE false END ORDER BY 1;

-- @ salary coalesce
SELECT e.id FROM employees e WHERE coalesce(salary, 0) > 60000 ORDER BY 1;

-- @ salary nullif
SELECT e.id FROM employees e WHERE nullif(salary, 140000) IS NULL ORDER BY 1;

-- @ salary abs
SELECT e.id FROM employees e WHERE abs(salary - 60000) < 10000 ORDER BY 1;

-- @ salary is true
SELECT e.id FROM employees e WHERE (salary > 60000) IS TRUE ORDER BY 1;

-- @ salary is not false
SELECT e.id FROM employees e WHERE (salary > 60000) IS NOT FALSE ORDER BY 1;

-- @ salary not
SELECT e.id FROM employees e WHERE NOT salary > 60000 ORDER BY 1;

-- @ salary or
SELECT e.id FROM employees e WHERE salary > 60000 OR id < 0 ORDER BY 1;

-- @ salary and
SELECT e.id FROM employees e WHERE salary > 60000 AND id > 0 ORDER BY 1;

-- @ salary distinct from
SELECT e.id FROM employees e WHERE salary IS DISTINCT FROM 140000 ORDER BY 1;

-- @ salary not distinct from
SELECT e.id FROM employees e WHERE salary IS NOT DISTINCT FROM 140000 ORDER BY 1;

-- @ compared with an unmasked column
SELECT e.id FROM employees e WHERE salary > id * 3000 ORDER BY 1;

-- @ compared with itself shifted
SELECT e.id FROM employees e WHERE salary + 1 > 60001 ORDER BY 1;

-- @ array contains
SELECT e.id FROM employees e WHERE ARRAY[last_name] @> ARRAY['Castellanos'::varchar] ORDER BY 1;

-- @ array overlap
SELECT e.id FROM employees e WHERE ARRAY[left(email, 1)] && ARRAY['a', 'b', 'c', 'd', 'e'] ORDER BY 1;

-- @ array element
SELECT e.id FROM employees e WHERE (string_to_array(email, '@'))[2] IS NOT NULL ORDER BY 1;

-- @ array slice
SELECT e.id FROM employees e WHERE (string_to_array(email, '@'))[2:2] <> '{}' ORDER BY 1;

-- @ json equality
SELECT e.id FROM employees e WHERE to_jsonb(email) > to_jsonb('k'::text) ORDER BY 1;

-- @ json contains
SELECT e.id FROM employees e WHERE jsonb_build_object('e', left(email, 1)) @> '{"e": "k"}' ORDER BY 1;

-- @ jsonpath
SELECT e.id FROM employees e WHERE jsonb_path_exists(to_jsonb(email), '$ ? (@ like_regex "^k")') ORDER BY 1;

-- @ json key exists
SELECT e.id FROM employees e WHERE jsonb_build_object(left(last_name, 1), 1) ? 'C' ORDER BY 1;

-- @ sql json value
SELECT e.id FROM employees e WHERE JSON_VALUE(to_jsonb(email), '$') > 'k' ORDER BY 1;

-- @ json is scalar
SELECT e.id FROM employees e WHERE ('"' || email || '"') IS JSON SCALAR AND email > 'k' ORDER BY 1;

-- @ text search
SELECT e.id FROM employees e WHERE to_tsvector('simple', last_name) @@ to_tsquery('simple', 'castellanos') ORDER BY 1;

-- @ text search rank
SELECT e.id FROM employees e WHERE ts_rank(to_tsvector('simple', last_name), to_tsquery('simple', 'castellanos')) > 0 ORDER BY 1;

-- @ trigram similarity
SELECT e.id FROM employees e WHERE last_name % 'Castelanos' ORDER BY 1;

-- @ trigram function
SELECT e.id FROM employees e WHERE similarity(last_name, 'Castellanos') > 0.5 ORDER BY 1;

-- @ levenshtein
SELECT e.id FROM employees e WHERE levenshtein(last_name, 'Castellanos') < 3 ORDER BY 1;

-- @ soundex
SELECT e.id FROM employees e WHERE soundex(last_name) = soundex('Castellanos') ORDER BY 1;

-- @ metaphone
SELECT e.id FROM employees e WHERE metaphone(last_name, 4) = metaphone('Castellanos', 4) ORDER BY 1;

-- @ citext
SELECT e.id FROM employees e WHERE last_name::citext = 'CASTELLANOS' ORDER BY 1;

-- @ bytea
SELECT e.id FROM employees e WHERE email::bytea > '\x6b'::bytea ORDER BY 1;

-- @ char cast
SELECT e.id FROM employees e WHERE last_name::char(1) = 'C' ORDER BY 1;

-- @ name cast
SELECT e.id FROM employees e WHERE last_name::name < 'M' ORDER BY 1;

-- @ whole row
SELECT e.id FROM employees e WHERE e::text LIKE '%Castel%' ORDER BY 1;

-- @ whole row comparison
SELECT e.id FROM employees e JOIN employees e2 ON e.id = e2.id + 1 WHERE ROW(e.salary, e.id) > ROW(e2.salary, e2.id) ORDER BY 1;

-- @ row to json
SELECT e.id FROM employees e WHERE row_to_json(e)::text LIKE '%Castel%' ORDER BY 1;

-- @ attribute of a row
SELECT e.id FROM employees e WHERE (e).salary > 60000 ORDER BY 1;

-- @ function notation
SELECT e.id FROM employees e WHERE salary(e) > 60000 ORDER BY 1;

-- @ quoted identifier
SELECT e.id FROM employees e WHERE e."salary" > 60000 ORDER BY 1;

-- @ unicode identifier
SELECT e.id FROM employees e WHERE e.U&"s\0061lary" > 60000 ORDER BY 1;

-- @ extract year
SELECT e.id FROM employees e WHERE extract(year FROM hired_on) > 0 AND salary > 60000 ORDER BY 1;

-- @ format
SELECT e.id FROM employees e WHERE format('%s', salary) LIKE '6%' ORDER BY 1;

-- @ to_char
SELECT e.id FROM employees e WHERE to_char(salary, '999999') LIKE '%6%' ORDER BY 1;

-- @ bit string
SELECT e.id FROM employees e WHERE salary::bit(20) & B'00000000010000000000' <> B'00000000000000000000' ORDER BY 1;

-- @ num_nulls of a comparison
SELECT e.id FROM employees e WHERE num_nulls(nullif(salary > 60000, true)) = 1 ORDER BY 1;

-- @ overlay
SELECT e.id FROM employees e WHERE overlay(ssn PLACING '' FROM 4) < '920' ORDER BY 1;

-- @ cardinality
SELECT e.id FROM employees e WHERE cardinality(string_to_array(email, '.')) > 2 ORDER BY 1;

-- @ unnest
SELECT e.id FROM employees e WHERE 'Castellanos' IN (SELECT unnest(ARRAY[last_name])) ORDER BY 1;

-- @ birth date before
SELECT id FROM customers WHERE birth_date < '1975-01-01';

-- @ birth date plus a day
SELECT id FROM customers WHERE birth_date + 1 < '1975-01-01';

-- @ birth date difference
SELECT id FROM customers WHERE current_date - birth_date > 18000;

-- @ birth date age
SELECT id FROM customers WHERE age('2024-01-01', birth_date) > interval '50 years';

-- @ birth date year
SELECT id FROM customers WHERE extract(year FROM birth_date) < 1975;

-- @ birth date date_part
SELECT id FROM customers WHERE date_part('month', birth_date) = 3;

-- @ birth date date_trunc
SELECT id FROM customers WHERE date_trunc('decade', birth_date) = '1970-01-01';

-- @ birth date to_char
SELECT id FROM customers WHERE to_char(birth_date, 'Day') LIKE 'M%';

-- @ birth date overlaps
SELECT id FROM customers WHERE (birth_date, birth_date) OVERLAPS ('1960-01-01'::date, '1980-01-01'::date);

-- @ birth date range
SELECT id FROM customers WHERE daterange('1960-01-01', '1980-01-01') @> birth_date;

-- @ birth date text
SELECT id FROM customers WHERE birth_date::text LIKE '197%';

-- @ birth date make_date
SELECT id FROM customers WHERE birth_date - make_date(1900, 1, 1) > 26000;

-- @ birth date isfinite
SELECT id FROM customers WHERE isfinite(birth_date) AND birth_date < '1975-01-01';

-- @ birth date timestamp
SELECT id FROM customers WHERE birth_date::timestamp < '1975-01-01';

-- @ birth date at time zone
SELECT id FROM customers WHERE birth_date::timestamp AT TIME ZONE 'UTC' < '1975-01-01';

-- @ birth date greatest
SELECT id FROM customers WHERE greatest(birth_date, '1975-01-01') = '1975-01-01';
