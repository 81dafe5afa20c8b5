-- What a document holds at a masked path, asked for in other ways than by that path.

-- @ the document itself
SELECT id, doc FROM dossiers ORDER BY id;

-- @ the document as json
SELECT id, plain FROM dossiers ORDER BY id;

-- @ the document that is hidden but for some paths
SELECT id, folded FROM dossiers ORDER BY id;

-- @ the path by arrows
SELECT id, doc->'contact'->>'email' FROM dossiers ORDER BY id;

-- @ the path by an array
SELECT id, doc #>> '{contact,email}', doc #> '{contact,email}' FROM dossiers ORDER BY id;

-- @ the path by an array that is put together
SELECT id, doc #>> ARRAY['contact', 'email'] FROM dossiers ORDER BY id;

-- @ the path by an array with quotes in it
SELECT id, doc #>> '{"contact", "email"}' FROM dossiers ORDER BY id;

-- @ the path above as text
SELECT id, doc->>'contact', doc #>> '{contact}' FROM dossiers ORDER BY id;

-- @ the path above as jsonb
SELECT id, doc->'contact' FROM dossiers ORDER BY id;

-- @ no path at all
SELECT id, doc #>> '{}', doc #> '{}' FROM dossiers ORDER BY id;

-- @ a key that is computed
SELECT id, doc->lower('CONTACT')->>concat('em', 'ail') FROM dossiers ORDER BY id;

-- @ a key from a table
SELECT d.id, doc->'contact'->>k.key FROM dossiers d, (VALUES ('email')) k(key) ORDER BY 1;

-- @ a key of type name
SELECT id, doc->'contact'->>'email'::name::text FROM dossiers ORDER BY id;

-- @ elements of an array
SELECT id, doc->'sums'->0->>'ssn', doc->'sums'->-1->'ssn' FROM dossiers ORDER BY id;

-- @ elements of an array by a path
SELECT id, doc #>> '{sums,1,ssn}', doc #>> '{sums,-1,ssn}' FROM dossiers ORDER BY id;

-- @ an element as text
SELECT id, doc->'sums'->>0 FROM dossiers ORDER BY id;

-- @ the whole array
SELECT id, doc->'sums', doc->>'sums' FROM dossiers ORDER BY id;

-- @ arrows of json
SELECT id, plain->'contact'->>'email', plain #>> '{contact,email}' FROM dossiers ORDER BY id;

-- @ what is hidden beside shown paths
SELECT id, folded->>'by', folded->'sums', folded->'contact'->>'city' FROM dossiers ORDER BY id;

-- @ a view of a part
SELECT id, card, mail, whole FROM cards ORDER BY id;

-- @ the path into a view
SELECT id, card->>'email', whole->'contact'->>'email', card->>'email' FROM cards ORDER BY id;

-- @ a part of a part in a subquery
SELECT s.id, s.c->>'email' FROM (SELECT id, doc->'contact' AS c FROM dossiers) s ORDER BY 1;

-- @ a recursion into the document
WITH RECURSIVE t(id, d, n) AS (SELECT id, doc, 0 FROM dossiers UNION ALL SELECT id, d->'contact', n + 1 FROM t WHERE n < 1)
SELECT id, d->>'email' FROM t ORDER BY 1, n;

-- @ a union of both
SELECT doc->'contact'->>'email' FROM dossiers UNION ALL SELECT doc->>'plan' FROM dossiers ORDER BY 1;

-- @ coalesce with what is shown
SELECT id, coalesce(doc->'contact'->>'email', doc->>'plan') FROM dossiers ORDER BY id;

-- @ coalesce of documents
SELECT id, coalesce(doc, '{}')->>'by' FROM dossiers ORDER BY id;

-- @ subscripts
SELECT id, doc['contact']['email'] FROM dossiers ORDER BY id;

-- @ a subscript of a part
SELECT id, (doc->'contact')['email'] FROM dossiers ORDER BY id;

-- @ casts
SELECT id, doc::text, plain::jsonb->'contact' FROM dossiers ORDER BY id;

-- @ a cast of a part
SELECT id, (doc->'contact'->'email')::text FROM dossiers ORDER BY id;

-- @ jsonb to json and back
SELECT id, doc::json::jsonb->>'by' FROM dossiers ORDER BY id;

-- @ jsonb_each
SELECT id, e.key, e.value FROM dossiers, jsonb_each(doc) e ORDER BY 1, 2;

-- @ jsonb_each_text of a part
SELECT id, e.key, e.value FROM dossiers, jsonb_each_text(doc->'contact') e ORDER BY 1, 2;

-- @ jsonb_array_elements
SELECT id, e->>'ssn' FROM dossiers, jsonb_array_elements(doc->'sums') e ORDER BY 1;

-- @ jsonb_extract_path_text
SELECT id, jsonb_extract_path_text(doc, 'contact', 'email') FROM dossiers ORDER BY id;

-- @ json_extract_path_text
SELECT id, json_extract_path_text(plain, 'contact', 'email') FROM dossiers ORDER BY id;

-- @ jsonb_path_query
SELECT id, jsonb_path_query(doc, '$.contact.email') FROM dossiers ORDER BY id;

-- @ jsonb_path_query_first of a part
SELECT id, jsonb_path_query_first(doc->'contact', '$.email') FROM dossiers ORDER BY id;

-- @ json_value
SELECT id, json_value(doc, '$.contact.email') FROM dossiers ORDER BY id;

-- @ jsonb_populate_record
SELECT id, (jsonb_populate_record(NULL::shop.address, jsonb_build_object('street', doc->>'by'))).street FROM dossiers ORDER BY id;

-- @ jsonb_to_record
SELECT d.id, r.email FROM dossiers d, jsonb_to_record(d.doc->'contact') AS r(email text) ORDER BY 1;

-- @ row_to_json
SELECT row_to_json(d) FROM dossiers d ORDER BY id;

-- @ to_jsonb of a part in a row
SELECT to_jsonb(s) FROM (SELECT id, doc->'contact' AS c FROM dossiers) s ORDER BY s.id;

-- @ the whole row
SELECT d FROM dossiers d ORDER BY id;

-- @ jsonb_pretty
SELECT id, jsonb_pretty(doc) FROM dossiers ORDER BY id;

-- @ concatenation
SELECT id, doc || '{"x": 1}' FROM dossiers ORDER BY id;

-- @ keys taken away
SELECT id, doc - 'plan', doc #- '{contact,city}' FROM dossiers ORDER BY id;

-- @ a value becomes a key
SELECT id, jsonb_object_keys(jsonb_build_object(doc->>'by', 1)) FROM dossiers ORDER BY id;

-- @ a value becomes a key by an aggregate
SELECT jsonb_object_agg(doc->>'by', id ORDER BY id) FROM dossiers;

-- @ an aggregate of documents
SELECT jsonb_agg(doc ORDER BY id) FROM dossiers;

-- @ length of the document
SELECT id, length(doc::text), pg_column_size(doc) FROM dossiers ORDER BY id;

-- @ length of a value
SELECT id, length(doc->>'by') FROM dossiers ORDER BY id;

-- @ a guess by containment
SELECT id FROM dossiers WHERE doc @> '{"by": "Castellanos"}' OR id = (SELECT min(id) FROM dossiers WHERE doc->>'by' > 'm') ORDER BY id;

-- @ a guess by equality
SELECT count(*) FROM dossiers WHERE doc->>'by' = (SELECT 'Garcia') OR doc->>'by' LIKE 'a%';

-- @ a guess by a json path
SELECT id FROM dossiers WHERE doc @? '$.by ? (@ > "m")' ORDER BY id;

-- @ a guess by a path match
SELECT id FROM dossiers WHERE doc @@ '$.by > "m"' ORDER BY id;

-- @ a guess beside a shown part
SELECT doc->>'plan', bool_or(doc->>'by' < 'm') FROM dossiers GROUP BY 1 ORDER BY 1;

-- @ order of a value
SELECT id FROM dossiers ORDER BY doc->'contact'->>'email', id;

-- @ order of a document
SELECT id FROM dossiers ORDER BY doc, id;

-- @ order of a part
SELECT id FROM dossiers ORDER BY doc->'contact', id;

-- @ order of groups of a value
SELECT min(id) FROM dossiers GROUP BY doc->'contact'->>'email' LIMIT 3;

-- @ row numbers by a value
SELECT id, row_number() OVER (ORDER BY doc->>'by', id) FROM dossiers ORDER BY id;

-- @ an index by a shown and a masked part
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT id FROM dossiers WHERE doc->>'plan' >= 'A';

-- @ an error by a value
SELECT (doc->>'by')::int FROM dossiers WHERE id = 1;

-- @ copy of documents
COPY (SELECT id, doc, plain, folded FROM dossiers ORDER BY id) TO STDOUT;

-- @ copy of a part
COPY (SELECT id, doc->'contact'->>'email', doc->'sums' FROM dossiers ORDER BY id) TO STDOUT (FORMAT csv);

-- @ a cursor over a part
DECLARE c CURSOR FOR SELECT id, doc->'contact' FROM dossiers ORDER BY id;
FETCH 5 FROM c;

-- @ prepared with a key
PREPARE p(text) AS SELECT id, doc->'contact'->>$1 FROM dossiers ORDER BY id;
EXECUTE p('email');

-- @ the same shape with another key
SELECT id, doc->>'plan' FROM dossiers ORDER BY id;
SELECT id, doc->>'by' FROM dossiers ORDER BY id;
SELECT id, doc->>'contact' FROM dossiers ORDER BY id;

-- @ explain of a shown part
EXPLAIN SELECT doc->>'plan', doc FROM dossiers ORDER BY doc->>'by';

-- @ a part put into a table
CREATE TEMP TABLE loot (x text);
INSERT INTO loot SELECT doc->>'by' FROM dossiers;
SELECT x FROM loot ORDER BY 1;

-- @ a table made of parts
CREATE TEMP TABLE loot AS SELECT doc->'contact' AS c FROM dossiers;
SELECT c FROM loot ORDER BY 1;
