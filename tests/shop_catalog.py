"""A small catalog and policy in memory, for the tests of analysis and policy.

``email`` is a token, ``name`` synthetic, ``ssn`` partial, ``salary`` noise, ``contact`` (its own
domain ``email``) a token; ``tickets.body`` is classified by nobody and so hidden.  Of documents,
``profiles.profile`` is shown but for some paths, ``hidden`` hidden but for some, ``whole`` masked.
"""

from decimal import Decimal

from pgproxy.analysis.catalog import Catalog, Column, Relation, Type
from pgproxy.policy.planner import CatalogPlanner
from pgproxy.policy.rules import (
    ClassRule,
    ColumnPattern,
    Filters,
    Hash,
    Noise,
    Partial,
    Policy,
    RoleRule,
    Show,
    Synthetic,
    Token,
)

TYPES = {
    "bool": 16,
    "int8": 20,
    "int4": 23,
    "oid": 26,
    "text": 25,
    "json": 114,
    "float8": 701,
    "varchar": 1043,
    "date": 1082,
    "timestamp": 1114,
    "timestamptz": 1184,
    "interval": 1186,
    "numeric": 1700,
    "regclass": 2205,
    "uuid": 2950,
    "jsonb": 3802,
    "_text": 1009,
}
CITEXT = 90001

VIEWS = {
    "emails": (
        "cid int4, mail text, size int4",
        "SELECT c.id AS cid, c.email AS mail, length(c.email) AS size FROM shop.customers c",
    ),
    "people": (
        "mail text",
        "SELECT c.email AS mail FROM shop.customers c UNION ALL SELECT email FROM shop.employees",
    ),
    "grouped": (
        "mail text, n int4",
        "SELECT c.email AS mail, max(c.id) AS n FROM shop.customers c GROUP BY c.email",
    ),
    "rich": ("cid int4", "SELECT e.id AS cid FROM shop.employees e WHERE e.salary > 90000"),
    "ranked": (
        "rid int4, place int8",
        "SELECT e.id AS rid, rank() OVER (ORDER BY e.salary) AS place FROM shop.employees e",
    ),
    "nested": ("m text", "SELECT e.mail AS m FROM shop.emails e"),
    "contacts": (
        "pid int4, mail text, card jsonb, doc jsonb",
        """SELECT p.id AS pid, (p.profile #>> '{contact,email}'::text[]) AS mail,
            (p.profile -> 'contact'::text) AS card, p.profile AS doc FROM shop.profiles p""",
    ),
    "opaque": ("x int4", "SELECT shop.secret_function() AS x"),
}

TABLES = {
    "customers": "id int4, email text, first_name varchar, last_name varchar, city text, born date",
    "orders": "id int4, customer_id int4, total numeric, email text, ship_name text, made date",
    "employees": "id int4, email text, ssn text, salary int4, first_name text",
    "tickets": "id int4, customer_id int4, body text, tags _text, extra jsonb",
    "partners": "id int4, contact text, code text",
    "nick": "nick text, name citext",
    "profiles": "id int4, profile jsonb, hidden jsonb, whole jsonb, raw json",
}


def _columns(text: str) -> tuple[Column, ...]:
    pairs = [part.split() for part in text.split(", ")]
    oids = {**TYPES, "citext": CITEXT}
    return tuple(Column(name, n, oids[kind]) for n, (name, kind) in enumerate(pairs, 1))


def catalog() -> Catalog:
    """The snapshot; a partition and a second schema with a table of the same name included."""
    relations = [
        Relation(100 + n, "shop", name, "r", "owner", _columns(text))
        for n, (name, text) in enumerate(TABLES.items())
    ]
    relations += [
        Relation(200 + n, "shop", name, "v", "owner", _columns(text), definition)
        for n, (name, (text, definition)) in enumerate(VIEWS.items())
    ]
    relations += [
        Relation(
            300, "shop", "customers_2020", "r", "owner", _columns(TABLES["customers"]), "", (100,)
        ),
        Relation(301, "public", "customers", "r", "owner", _columns("id int4, email text")),
        Relation(
            302,
            "pg_catalog",
            "pg_class",
            "r",
            "postgres",
            _columns("oid oid, relname text, relnamespace oid"),
        ),
        Relation(
            306,
            "pg_catalog",
            "pg_attribute",
            "r",
            "x",
            _columns("attrelid oid, attname text, attmissingval text"),
        ),
        Relation(
            311, "pg_catalog", "pg_namespace", "r", "postgres", _columns("oid oid, nspname text")
        ),
        Relation(
            307,
            "shop",
            "members",
            "p",
            "owner",
            _columns("id int4, email text"),
            partition_key=frozenset({2}),
        ),
        Relation(
            308, "shop", "members_a", "r", "owner", _columns("id int4, email text"), "", (307,)
        ),
        Relation(309, "pg_catalog", "pg_statistic", "r", "postgres", _columns("starelid int4")),
        Relation(
            312, "pg_catalog", "pg_settings", "v", "postgres", _columns("name text, setting text")
        ),
        Relation(310, "pg_catalog", "pg_authid", "r", "postgres", _columns("rolpassword text")),
        Relation(
            303,
            "pg_catalog",
            "pg_stats",
            "v",
            "postgres",
            _columns("schemaname text, tablename text, most_common_vals text"),
        ),
        Relation(304, "pg_catalog", "pg_stat_activity", "v", "postgres", _columns("query text")),
        Relation(305, "shop", "numbers", "S", "owner", ()),
    ]
    types = {
        ("pg_catalog", name): Type(
            oid, "pg_catalog", name, "b", element_oid=25 if name == "_text" else 0
        )
        for name, oid in TYPES.items()
    }
    types["public", "citext"] = Type(CITEXT, "public", "citext", "b")
    types["shop", "mood"] = Type(90002, "shop", "mood", "e")
    types["shop", "positive"] = Type(90003, "shop", "positive", "d", base_oid=23)
    return Catalog(
        database="shop",
        version=1,
        server_version=180000,
        relations={(r.schema, r.name): r for r in relations},
        types=types,
        roles={},
        operators={
            "=": frozenset({(CITEXT, CITEXT)}),
            "<": frozenset({(CITEXT, CITEXT)}),
            "%": frozenset({(25, 25)}),
            "~~*": frozenset({(25, 23)}),
        },
    )


_CLASSES = {
    "shop.customers.email": "email",
    "shop.employees.email": "email",
    "shop.orders.email": "email",
    "shop.members.email": "email",
    "shop.partners.contact": "contact",
    "shop.partners.code": "code",
    "*.*.{first,last}_name": "name",
    "shop.orders.ship_name": "name",
    "*.*.ssn": "ssn",
    "shop.employees.salary": "salary",
    "shop.tickets.body": "unclassified",
    "shop.profiles.profile->contact->email": "email",
    "shop.profiles.profile->name": "name",
    "shop.profiles.profile->years->*->salary": "salary",
    "shop.profiles.raw->email": "email",
    "shop.profiles.hidden": "unclassified",
    "shop.profiles.hidden->plan": "public",
    "shop.profiles.hidden->email": "email",
    "shop.profiles.whole": "ssn",
    "shop.profiles.whole->plan": "public",
    "shop.*.*": "public",
    "public.customers.id": "public",
}

ANALYST = RoleRule(
    names=("analyst",),
    treat={
        "email": Token(),
        "contact": Token(),
        "name": Synthetic("first_name"),
        "ssn": Partial(last=4),
        "salary": Noise(range=Decimal(500)),
        "code": Hash(),
    },
)
SHOWN = RoleRule(names=("app",), otherwise=Show(), hide_unclassified=False)


def policy(rule: RoleRule = ANALYST, **filters: Filters) -> Policy:
    """The policy of the tests; ``filters`` sets the option of single classes."""
    classes = {name: ClassRule(name, name, option) for name, option in filters.items()}
    classes["contact"] = ClassRule("contact", "email", filters.get("contact"))
    return Policy(
        classes=classes,
        columns=tuple(ColumnPattern(pattern, name) for pattern, name in _CLASSES.items()),
        roles=(rule, SHOWN),
    )


def planner(rule: RoleRule = ANALYST, **filters: Filters) -> CatalogPlanner:
    """A planner for ``rule`` whose search_path is ``shop, public``."""
    return CatalogPlanner(policy(rule, **filters), rule, catalog(), ["shop", "public"])
