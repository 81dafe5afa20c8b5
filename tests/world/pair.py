"""Three databases of the sample shop: A, a copy of A, and B, which differs in masked values only.

The bijection keeps which values are equal and which are NULL, also from one column to another; it
keeps neither order, length nor prefix.  OIDs are the same in all of them.
"""

from collections.abc import Iterator
import datetime
import hashlib
from importlib import resources

import psycopg
import yaml

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster

A, COPY, B = "ni_a", "ni_copy", "ni_b"
_TEMPLATE = "ni_schema"
_ROWS = 40

# What a plain shop lacks: ways for an order, a derived value or a partition to tell something.
_MORE = """
SET ROLE owner_app;
CREATE INDEX ON shop.customers (city, email);
CREATE INDEX ON shop.customers (lower(email));
CREATE INDEX ON shop.customers (birth_date) WHERE country = 'DE';
CREATE INDEX ON shop.employees (department, salary);
CREATE INDEX ON shop.employees (ssn);
CREATE INDEX ON shop.orders (status, ship_name, id);
ALTER TABLE shop.customers ADD email_size int GENERATED ALWAYS AS (length(email)) STORED;
CREATE VIEW shop.salaries AS
    SELECT department, count(*) AS heads, sum(salary) AS total FROM shop.employees
    GROUP BY department;
CREATE VIEW shop.best_paid AS
    SELECT id, first_name, department FROM shop.employees WHERE manager_id IS NOT NULL;
CREATE VIEW shop.by_mail AS SELECT email, count(*) AS n FROM shop.customers GROUP BY email;
CREATE VIEW shop.contacts AS
    (SELECT id, email FROM shop.employees UNION ALL SELECT id, email FROM shop.customers)
    LIMIT 60;
CREATE VIEW shop.reachable AS
    SELECT c.id, l.number IS NOT NULL AS by_phone
    FROM shop.customers c, LATERAL (SELECT c.phone AS number LIMIT 1) l;
CREATE VIEW shop.registered AS
    WITH people AS MATERIALIZED (SELECT id, email FROM shop.customers) SELECT id FROM people;
CREATE FUNCTION shop.mail_of(int) RETURNS text STABLE
    BEGIN ATOMIC SELECT email FROM shop.customers WHERE id = $1; END;
CREATE FUNCTION shop.customers_of(country text) RETURNS TABLE (id int, name text)
    STABLE LANGUAGE sql
    AS 'SELECT c.id, c.last_name FROM shop.customers c WHERE c.country = customers_of.country';
CREATE FUNCTION shop.mail_length(int) RETURNS int STABLE LANGUAGE plpgsql
    AS 'BEGIN RETURN (SELECT length(email) FROM shop.customers WHERE id = $1); END';
CREATE FUNCTION shop.is_mail_of(int, text) RETURNS boolean STABLE LANGUAGE sql
    AS 'SELECT email = $2 FROM shop.customers WHERE id = $1';
CREATE PROCEDURE shop.tell(int) LANGUAGE plpgsql
    AS 'BEGIN RAISE NOTICE ''%'', (SELECT email FROM shop.customers WHERE id = $1); END';
CREATE FUNCTION shop.net_price(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql
    AS 'SELECT round($1 / 1.19, 2)';
CREATE TYPE shop.address AS (street text, city text, zip text);
CREATE TYPE shop.mood AS ENUM ('happy', 'neutral', 'angry');
CREATE DOMAIN shop.percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE shop.profiles (
    id int PRIMARY KEY REFERENCES shop.customers, home shop.address, mood shop.mood,
    discount shop.percent, tags text[], settings jsonb, notes jsonb, ref uuid);
CREATE TABLE shop.dossiers (id int PRIMARY KEY, doc jsonb, plain json, folded jsonb);
CREATE INDEX ON shop.dossiers ((doc->'contact'->>'email'));
CREATE INDEX ON shop.dossiers ((doc->>'plan'), (doc->>'by'));
CREATE VIEW shop.cards AS
    SELECT id, doc->'contact' AS card, doc#>>'{contact,email}' AS mail, doc AS whole
    FROM shop.dossiers;
CREATE TABLE shop.visits (
    id int, customer_id int, day date, page text, visitor text) PARTITION BY RANGE (day);
CREATE TABLE shop.visits_2024 PARTITION OF shop.visits
    FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.visits_2025 PARTITION OF shop.visits
    FOR VALUES FROM ('2025-01-01') TO ('2029-01-01');
CREATE TABLE shop.wards (id int, name text) PARTITION BY LIST (name);
CREATE TABLE shop.people (id int, email text);
CREATE TABLE shop.staff (desk text) INHERITS (shop.people);
CREATE MATERIALIZED VIEW shop.directory AS SELECT id, first_name, email FROM shop.employees;
CREATE MATERIALIZED VIEW shop.mailboxes AS
    SELECT id, email AS mailbox, length(last_name) AS size, department FROM shop.employees;
CREATE SCHEMA hr AUTHORIZATION owner_app;
CREATE TABLE hr.customers (id int, email text, grade text);
CREATE STATISTICS shop.city_mail ON city, email FROM shop.customers;
GRANT USAGE ON SCHEMA hr TO analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA shop, hr TO analyst;
RESET ROLE;
GRANT CREATE ON SCHEMA public TO analyst;
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA public;
CREATE EXTENSION IF NOT EXISTS tablefunc SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch SCHEMA public;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
"""

# What can only be made once it is known which values there are; run by the owner in each database.
_VALUES = """
SET ROLE owner_app;
INSERT INTO shop.profiles SELECT id, ROW('Main ' || id, city, '1' || id)::shop.address,
    (ARRAY['happy', 'neutral', 'angry'])[id % 3 + 1]::shop.mood, id % 40,
    ARRAY[country, city], jsonb_build_object('lang', country, 'size', id % 5),
    jsonb_build_object('contact', email, 'by', last_name),
    ('00000000-0000-0000-0000-' || lpad(id::text, 12, '0'))::uuid FROM shop.customers;
INSERT INTO shop.dossiers SELECT id, found, found::json, found FROM (
    SELECT id, jsonb_build_object('plan', country, 'by', last_name, 'contact',
        jsonb_build_object('email', email, 'city', city), 'sums', jsonb_build_array(
        jsonb_build_object('ssn', md5(last_name)), jsonb_build_object('ssn', md5(email))))
        AS found FROM shop.customers) c;
INSERT INTO shop.visits SELECT o.id, customer_id, '2024-12-01'::date + o.id, 'page' || o.id % 4,
    c.email FROM shop.orders o JOIN shop.customers c ON c.id = customer_id;
INSERT INTO shop.people SELECT id, email FROM shop.customers WHERE id < 10;
INSERT INTO shop.staff SELECT id, email, 'desk' || id FROM shop.employees WHERE id < 10;
INSERT INTO hr.customers SELECT id, reverse(email), 'grade' || id % 3 FROM shop.customers;
DO $$ DECLARE n text; i int := 0; BEGIN
    FOR n IN SELECT last_name FROM shop.employees GROUP BY last_name ORDER BY min(id) LIMIT 5 LOOP
        i := i + 1;
        EXECUTE format(
            'CREATE TABLE shop.wards_%s PARTITION OF shop.wards FOR VALUES IN (%L)', i, n);
        EXECUTE format('INSERT INTO shop.wards VALUES (%s, %L)', i, n);
    END LOOP;
    SELECT email INTO n FROM shop.customers WHERE id = 1;
    EXECUTE format('ALTER TABLE shop.customers ADD contact text DEFAULT %L', n);
END $$;
REFRESH MATERIALIZED VIEW shop.directory;
REFRESH MATERIALIZED VIEW shop.mailboxes;
GRANT SELECT ON ALL TABLES IN SCHEMA shop, hr TO analyst;
RESET ROLE;
ANALYZE;
"""


def load(cluster: Cluster) -> None:
    """Make and fill the three databases; the shop's roles must be there."""
    schema = (resources.files("pgproxy.demo") / "shop.sql").read_text("utf-8")
    schema = schema.replace("ALTER DATABASE shop", f"ALTER DATABASE {_TEMPLATE}")
    cluster.load(f"CREATE DATABASE {_TEMPLATE} OWNER owner_app")
    cluster.load(schema + "RESET ROLE;\n" + _MORE, _TEMPLATE)
    for name in (A, COPY, B):
        cluster.load(f"CREATE DATABASE {name} OWNER owner_app TEMPLATE {_TEMPLATE}")
        cluster.load(f"ALTER DATABASE {name} SET search_path = shop, public")
        tables = small_tables() if name != B else other_tables()
        cluster.load("".join(_copy(table) for table in tables) + _VALUES, name)


def _copy(table: shop.Table) -> str:
    # The shop's own columns, without those that were added here.
    columns = _COLUMNS[table.name]
    return table.copy().replace(
        f"COPY shop.{table.name} FROM", f"COPY shop.{table.name} ({columns}) FROM"
    )


_COLUMNS = {
    "customers": "id,first_name,last_name,email,phone,birth_date,city,country,created_at",
    "products": "id,name,category,price,stock",
    "orders": "id,customer_id,status,total,ship_name,ship_city,created_at",
    "order_items": "order_id,line,product_id,quantity,price",
    "payments": "id,order_id,card_number,iban,amount,paid_at",
    "employees": "id,first_name,last_name,email,department,manager_id,ssn,salary,hired_on",
    "support_tickets": "id,customer_id,subject,body,created_at",
}
PUBLIC = frozenset(
    """
    id customer_id order_id manager_id product_id line quantity created_at paid_at hired_on city
    country status total ship_city amount department category price stock heads n day page
    home mood discount tags settings ref desk grade
    """.split()  # noqa: SIM905 - read as words
)


def small_tables() -> Iterator[shop.Table]:
    """So many of the shop's rows that a cross join of three tables still ends."""
    kept: dict[str, set[object]] = {}
    for table in shop.tables():
        names = _COLUMNS[table.name].split(",")
        bounds = {
            names.index(column): kept[known]
            for column, known in (("customer_id", "customers"), ("order_id", "orders"))
            if column in names
        }
        rows = [row for row in table.rows if all(row[n] in ids for n, ids in bounds.items())]
        rows = rows[:_ROWS]
        kept[table.name] = {row[0] for row in rows}
        yield shop.Table(table.name, rows)


def other_tables() -> Iterator[shop.Table]:
    """The same rows with every masked value replaced by another one."""
    for table in small_tables():
        names = _COLUMNS[table.name].split(",")
        masked = [table.name != "products" and name not in PUBLIC for name in names]
        rows = [
            tuple(other(v) if m else v for v, m in zip(row, masked, strict=True))
            for row in table.rows
        ]
        yield shop.Table(table.name, rows)


def other(value: object) -> object:
    """The bijection: another value of the same type."""
    match value:
        case None:
            return None
        case int():
            return value * 7919 % 1_000_003
        case datetime.date():
            # Within 40009 days of each other, so that no two become one; 40009 is prime.
            return datetime.date(1900, 1, 1) + datetime.timedelta(value.toordinal() * 7919 % 40009)
        case str():
            digest = hashlib.sha256(value.encode()).digest()
            letters = "".join(chr(97 + byte % 26) for byte in digest)
            return letters[: 7 + digest[31] % 5]
    raise TypeError(type(value).__name__)


_CLASSES = {
    "shop.*.{heads,n,department,desk,day,page,id}": "public",
    "shop.profiles.{home,mood,discount,tags,settings,ref}": "public",
    "shop.profiles.notes": "contact",
    "shop.dossiers.{doc,plain}": "public",
    "shop.dossiers.{doc,plain}->contact->email": "email",
    "shop.dossiers.{doc,plain}->by": "last_name",
    "shop.dossiers.{doc,plain}->sums->*->ssn": "ssn",
    "shop.dossiers.folded->plan": "public",
    "shop.dossiers.folded->contact->email": "email",
    "shop.visits*.visitor": "email",
    "shop.customers.contact": "email",
    "shop.wards*.name": "last_name",
    "hr.customers.{id,grade}": "public",
    "hr.customers.email": "email",
}


def policy(treatment: str) -> str:
    """A policy whose masked columns all get one treatment; the demo's classes."""
    document = yaml.safe_load(shop.policy())
    columns = {**document["columns"], **_CLASSES}
    analyst = {"role": "analyst", "treat": {"*": treatment}}
    owner = {"role": "app", "treat": {"*": "show"}, "unclassified": "show"}
    roles = [analyst, owner]
    return str(yaml.safe_dump({"version": 1, "columns": columns, "roles": roles}))


def masked_columns(dsn: str) -> set[str]:
    """The masked columns of a database, views included, as schema.table.column."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT table_schema || '.' || table_name || '.' || column_name, column_name"
            " FROM information_schema.columns WHERE table_schema IN ('shop', 'hr')"
            " AND table_name <> 'products'"
        ).fetchall()
    return {str(name) for name, column in found if column not in PUBLIC}
