"""pg_catalog of a real server, read into a snapshot."""

import asyncio
from collections.abc import Iterator
import time

import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.demo.postgres import Cluster
from pgproxy.errors import Unavailable
from pgproxy.net.introspection import read_catalog

SETUP = """
CREATE ROLE net_reader LOGIN PASSWORD 'reader';
CREATE ROLE net_group; CREATE ROLE net_outer IN ROLE pg_monitor;
CREATE ROLE net_bob LOGIN PASSWORD 'bob' REPLICATION IN ROLE net_group;
CREATE ROLE net_plain LOGIN;
GRANT net_outer TO net_group;
"""

OBJECTS = """
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA "odd ""name";
CREATE SCHEMA hr AUTHORIZATION net_bob;
CREATE DOMAIN hr.mail AS varchar(80) CHECK (VALUE <> '');
CREATE TYPE hr.mood AS ENUM ('good', 'bad');
CREATE TABLE hr.people (gone int, id int, email hr.mail, tags text[], pay numeric(10,2), m hr.mood);
ALTER TABLE hr.people DROP COLUMN gone;
ALTER TABLE hr.people OWNER TO net_bob;
CREATE TABLE "odd ""name"."a.b" ("x y" varchar(7));
CREATE VIEW hr.mails AS SELECT email AS mail, date '2020-12-31' AS d FROM hr.people WHERE id = 1;
CREATE MATERIALIZED VIEW hr.pays AS SELECT pay FROM hr.people;
CREATE TABLE hr.events (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE hr.y2020 PARTITION OF hr.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')
    PARTITION BY RANGE (at);
CREATE TABLE hr.m1 PARTITION OF hr.y2020 FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE hr.twice () INHERITS (hr.people);
CREATE TEMP TABLE fleeting (x int);
CREATE FUNCTION hr.same(hr.mood, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR hr.=== (LEFTARG = hr.mood, RIGHTARG = text, FUNCTION = hr.same);
ALTER ROLE net_bob SET search_path = hr, public;
ALTER ROLE net_bob IN DATABASE "net {odd} %41 db" SET search_path = "odd ""name";
ALTER DATABASE "net {odd} %41 db" SET search_path = hr;
ALTER ROLE net_plain SET work_mem = '1MB';
"""

DATABASE = "net {odd} %41 db"


@pytest.fixture(scope="module")
def made(cluster: Cluster) -> Iterator[Cluster]:
    for statement in ("CREATE DATABASE net_plain", f'CREATE DATABASE "{DATABASE}"'):
        cluster.load(statement)
    cluster.load(SETUP)
    cluster.load("ALTER ROLE net_reader SET search_path = 'nowhere'")
    cluster.load(OBJECTS, DATABASE)
    yield cluster
    cluster.load(f'DROP DATABASE "{DATABASE}"')
    cluster.load("DROP DATABASE net_plain")
    for role in ("net_reader", "net_bob", "net_group", "net_outer", "net_plain"):
        cluster.load(f"DROP ROLE {role}")


def read(cluster: Cluster, database: str, url: str = "", version: int = 5) -> Catalog:
    url = url or f"postgresql://net_reader:reader@127.0.0.1:{cluster.port}/{{database}}"
    return asyncio.run(read_catalog(url, database, version))


@pytest.fixture(scope="module")
def catalog(made: Cluster) -> Catalog:
    return read(made, DATABASE)


def test_what_it_is_of(catalog: Catalog, made: Cluster) -> None:
    assert catalog.database == DATABASE
    assert catalog.version == 5
    assert catalog.server_version // 10000 == int(made.version.split(".")[0])


def test_database_goes_into_any_form_of_url(made: Cluster) -> None:
    place = f"postgresql://net_reader:reader@127.0.0.1:{made.port}"
    for url in (place, f"{place}/postgres", f"{place}/?dbname={{database}}"):
        assert read(made, DATABASE, url).database == DATABASE
    assert read(made, "", f"{place}/net_plain").database == "net_plain"


def test_relations_have_their_columns_kinds_owners(catalog: Catalog) -> None:
    people = catalog.relations["hr", "people"]
    assert (people.kind, people.owner) == ("r", "net_bob")
    assert [c.name for c in people.columns] == ["id", "email", "tags", "pay", "m"]
    assert [c.attnum for c in people.columns] == [2, 3, 4, 5, 6]
    pay = people.columns[3]
    assert (pay.type_oid, pay.typmod) == (1700, (10 << 16 | 2) + 4)
    assert catalog.relations['odd "name', "a.b"].columns[0].name == "x y"
    assert catalog.relations['odd "name', "a.b"].columns[0].typmod == 11
    assert {catalog.relations["hr", name].kind for name in ("pays", "events")} == {"m", "p"}
    assert ("pg_catalog", "pg_class") in catalog.relations
    assert not [key for key in catalog.relations if "fleeting" in key or "toast" in key[0]]


def test_view_definitions_are_qualified_and_read_the_same_everywhere(catalog: Catalog) -> None:
    definition = catalog.relations["hr", "mails"].definition
    assert "FROM hr.people" in definition
    assert "'2020-12-31'::date" in definition
    assert "hr.people" in catalog.relations["hr", "pays"].definition
    assert catalog.relations["hr", "people"].definition == ""


def test_ancestors_are_transitive_nearest_first(catalog: Catalog) -> None:
    def oid(name: str) -> int:
        return catalog.relations["hr", name].oid

    assert catalog.relations["hr", "m1"].ancestors == (oid("y2020"), oid("events"))
    assert catalog.relations["hr", "twice"].ancestors == (oid("people"),)
    assert catalog.relations["hr", "events"].ancestors == ()


def test_types(catalog: Catalog) -> None:
    mail = catalog.types["hr", "mail"]
    assert (mail.kind, mail.base_oid) == ("d", 1043)
    assert catalog.types["hr", "mood"].kind == "e"
    assert catalog.types["hr", "_mood"].element_oid == catalog.types["hr", "mood"].oid
    assert catalog.types["pg_catalog", "_text"].element_oid == 25
    assert catalog.types["pg_catalog", "point"].element_oid == 0


def test_operators_of_others(catalog: Catalog) -> None:
    assert catalog.operators == {"===": frozenset({(catalog.types["hr", "mood"].oid, 25)})}


def test_roles_are_members_of_all_they_reach(catalog: Catalog, made: Cluster) -> None:
    bob = catalog.roles["net_bob"]
    assert {"net_group", "net_outer", "pg_monitor", "pg_read_all_stats"} <= bob.member_of
    assert bob.replication
    assert not any((bob.superuser, bob.bypass_rls, bob.create_role))
    owner = catalog.roles[made.superuser]
    assert owner.superuser
    assert "pg_database_owner" in owner.member_of
    assert catalog.roles["net_plain"].member_of == frozenset()


def test_search_paths_are_the_most_specific(catalog: Catalog, made: Cluster) -> None:
    assert catalog.search_path("net_bob") == ['odd "name']
    assert catalog.search_path("net_plain") == ["hr"]
    assert read(made, "net_plain").search_path("net_bob") == ["hr", "public"]


def test_path_of_the_configuration_file_is_seen_by_a_login_without_its_own(made: Cluster) -> None:
    made.load("ALTER SYSTEM SET search_path = 'hr'")
    made.load("SELECT pg_reload_conf()")
    try:
        time.sleep(0.3)
        bob = f"postgresql://net_bob:bob@127.0.0.1:{made.port}"
        reader = f"postgresql://net_reader:reader@127.0.0.1:{made.port}"
        made.load("ALTER ROLE net_bob RESET search_path")
        assert read(made, "net_plain", bob).search_path("net_plain") == ["hr"]
        assert read(made, "net_plain", reader).search_path("net_plain") != ["nowhere"]
    finally:
        made.load("ALTER ROLE net_bob SET search_path = hr, public")
        made.load("ALTER SYSTEM RESET search_path")
        made.load("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://net_reader:wrong-secret@127.0.0.1:{port}", "28P01"),
        ("postgresql://net_reader:reader@127.0.0.1:1", "ConnectionRefusedError"),
        ("postgresql://net_reader:reader@127.0.0.1:{port}/no_such_database", "3D000"),
    ],
)
def test_failure_tells_why_and_no_secret(made: Cluster, url: str, why: str) -> None:
    with pytest.raises(Unavailable) as caught:
        read(made, "", url.replace("{port}", str(made.port)))
    assert why in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.__cause__ is None
