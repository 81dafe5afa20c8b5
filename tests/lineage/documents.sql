-- A column whose documents have paths is treated part by part.
SELECT profile FROM profiles;
--> profile | copied | paths | shop.profiles.profile

-- A path is a column of its own, with the treatment of its class.
SELECT profile->'contact'->>'email' FROM profiles;
--> ?column? | copied | token | shop.profiles.profile->contact->email
--! OPERATOR(pg_catalog.->>)

-- The same in one step.
SELECT profile #>> '{contact,email}', profile #>> '{contact,email}'::text[] AS e FROM profiles p;
--> ?column? | copied | token | shop.profiles.profile->contact->email
--> e | copied | token | shop.profiles.profile->contact->email

-- As jsonb it is a document of its own.
SELECT profile->'contact'->'email' AS e, profile #> '{contact}' AS c FROM profiles;
--> e | copied | paths | shop.profiles.profile->contact->email
--> c | copied | paths | shop.profiles.profile->contact

-- Below the end of a path its class holds.
SELECT profile->'name'->>'first' AS f FROM profiles;
--> f | copied | synthetic | shop.profiles.profile->name->first

-- Beside all paths is what the column itself is.
SELECT profile->>'plan' AS plan, upper(profile->'a'->>'b') AS u FROM profiles;
--> plan | copied | show | shop.profiles.profile->plan
--> u | computed | show | shop.profiles.profile->a->b

-- ... and may be tested, sorted and grouped by.
SELECT profile->>'plan' AS p, count(*) AS n FROM profiles WHERE profile->>'plan' <> 'x' GROUP BY 1 ORDER BY 1;
--> p | copied | show | shop.profiles.profile->plan
--> n | computed | show |

-- A text that holds a path and more cannot be treated: it is left out.
SELECT profile->>'contact' AS c, profile #>> '{contact}' AS d FROM profiles;
--> c | computed | null | shop.profiles.profile
--> d | computed | null | shop.profiles.profile
--! CASE WHEN false

-- A key that is not written out could be any.
SELECT profile->>$1 AS a, profile->'contact'->>lower('email') AS b FROM profiles;
--> a | computed | null | shop.profiles.profile
--> b | computed | null | shop.profiles.profile->contact

-- Elements of arrays are looked through, and * stands for any.
SELECT profile->'years'->0->>'salary' AS s, profile #>> '{years,0,salary}' AS t FROM profiles;
--> s | copied | noise | shop.profiles.profile->years->*->salary
--> t | copied | noise | shop.profiles.profile->years->0->salary

-- Passed on by a subquery, a WITH query and a view it stays what it is.
WITH w AS (SELECT profile->'contact' AS c FROM profiles) SELECT s.c->>'email' AS e FROM (SELECT c FROM w) s;
--> e | copied | token | shop.profiles.profile->contact->email

SELECT mail, card, card->>'email' AS a, doc->'contact'->>'email' AS b FROM contacts;
--> mail | copied | token | shop.profiles.profile->contact->email
--> card | copied | paths | shop.profiles.profile->contact
--> a | copied | token | shop.profiles.profile->contact->email
--> b | copied | token | shop.profiles.profile->contact->email

-- With columns of the same treatment and domain it is copied from either.
SELECT coalesce(p.profile->'contact'->>'email', c.email) AS e FROM profiles p JOIN customers c ON c.id = p.id;
--> e | copied | token | shop.customers.email, shop.profiles.profile->contact->email

-- Grouping and sorting by a token.
SELECT profile->'contact'->>'email' AS e, count(*) AS n FROM profiles GROUP BY profile->'contact'->>'email';
--> e | copied | token | shop.profiles.profile->contact->email
--> n | computed | show |
--! random

SELECT id FROM profiles ORDER BY profile->'contact'->>'email';
--> id | copied | show | shop.profiles.id
--? ORDER BY shop.profiles.profile->contact->email was left out

-- Hidden but for paths: the others are hidden one by one too.
SELECT hidden, hidden->>'plan' AS p, hidden->>'email' AS e, hidden->>'x' AS x FROM profiles;
--> hidden | copied | paths | shop.profiles.hidden
--> p | copied | show | shop.profiles.hidden->plan
--> e | copied | token | shop.profiles.hidden->email
--> x | copied | null | shop.profiles.hidden->x

-- A column that is masked as a whole has no parts.
SELECT whole, whole->>'plan' AS p FROM profiles;
--> whole | copied | partial | shop.profiles.whole
--> p | computed | null | shop.profiles.whole

-- Operators of json fail by what stands before the key: they are left out, the document is treated.
SELECT raw, raw->>'email' AS e FROM profiles;
--> raw | copied | paths | shop.profiles.raw
--> e | computed | null | shop.profiles.raw

-- Anything else over the document is computed from it.
SELECT profile::text AS a, profile || '{}' AS b, jsonb_extract_path_text(profile, 'contact', 'email') AS c, profile['contact'] AS d FROM profiles;
--> a | computed | null | shop.profiles.profile
--> b | computed | null | shop.profiles.profile
--> c | computed | null | shop.profiles.profile
--> d | computed | null | shop.profiles.profile

SELECT (profile->'contact'->'email')::text AS a, coalesce(profile, '{}')->>'name' AS b FROM profiles;
--> a | computed | null | shop.profiles.profile->contact->email
--> b | computed | null | shop.profiles.profile

-- A recursion that goes down into documents ends.
WITH RECURSIVE t(d) AS (SELECT profile FROM profiles UNION ALL SELECT d->'contact' FROM t) SELECT d->>'email' AS e FROM t;
--> e | computed | null | shop.profiles.profile, shop.profiles.profile->contact

-- Conditions on what is masked are refused as for columns.
SELECT id FROM profiles WHERE profile->'contact'->>'email' LIKE 'a%';
--> refused | masked_test

SELECT id FROM profiles WHERE hidden->>'x' = '1';
--> refused | masked_test

SELECT id FROM profiles WHERE profile @> '{"name": "x"}';
--> refused | masked_test

-- EXPLAIN tells how wide documents are, so parts of them are not explained.
EXPLAIN SELECT profile->>'plan' FROM profiles;
--> refused | masked_explain

-- Writing a part elsewhere, or into its own document, is no way out.
INSERT INTO tickets (id, body) SELECT id, profile->'contact'->>'email' FROM profiles;
--> refused | writes
