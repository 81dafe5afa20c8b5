"""What the server is asked for, and what is learned from the answers."""

import asyncio
from collections.abc import Mapping

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.errors import Unavailable
from pgproxy.net.introspection import read_catalog
from pgproxy.net.learning import Imitated, Untaught, imitated, learn
from pgproxy.net.stored_data import stored_data
from pgproxy.policy.rules import ColumnPattern, Like, Policy, RoleRule
from pgproxy.treatment.profiles import Family, Profile

pytestmark = pytest.mark.e2e

DATABASE = "learning"
TABLES = """
CREATE ROLE half_blind LOGIN PASSWORD 'half_blind';
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE TABLE parts (k integer, v positive) PARTITION BY LIST (k);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
INSERT INTO parts SELECT n % 2, n * 50 FROM generate_series(1, 1000) n;
CREATE TABLE odd (v double precision, "when" timestamptz, day date, few integer);
INSERT INTO odd SELECT n / 7.0, timestamptz '2020-01-01 00:00:00+00' + n * interval '1 hour',
  date '2020-01-01' + n, n % 3 FROM generate_series(1, 500) n;
INSERT INTO odd (v, "when", day) VALUES ('NaN', 'infinity', '-infinity'), ('Infinity', NULL, NULL);
CREATE TABLE flat (v real);
INSERT INTO flat SELECT CASE WHEN n < 25 THEN n ELSE 5 END FROM generate_series(1, 10000) n;
CREATE TABLE empty (v integer);
CREATE TABLE zeros (v integer);
INSERT INTO zeros SELECT greatest(n - 700, 0) FROM generate_series(1, 1000) n;
CREATE TABLE rows (v integer);
INSERT INTO rows SELECT n FROM generate_series(1, 500) n;
ALTER TABLE rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY part ON rows USING (v < 250);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO half_blind;
"""


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Cluster:
    cluster.load(f"CREATE DATABASE {DATABASE};")
    cluster.load(TABLES, DATABASE)
    return cluster


def learned(
    server: Cluster, classes: Mapping[str, str], user: str = "postgres"
) -> tuple[list[Imitated], dict[str, Profile], dict[str, Untaught]]:
    """Of columns and their classes: what is asked, what is learned, what is not; by domain."""
    policy = Policy(
        classes={},
        columns=tuple(ColumnPattern(f"public.{column}", name) for column, name in classes.items()),
        roles=(RoleRule(("analyst",), dict.fromkeys(classes.values(), Like())),),
    )
    url = server.dsn(user, "" if user == "postgres" else user, DATABASE)

    async def run() -> tuple[list[Imitated], list[Profile], list[Untaught]]:
        columns = imitated(policy, await read_catalog(url, DATABASE, 1))
        async with stored_data(url, DATABASE, 30) as connection:
            return columns, *await learn(connection, columns, 20)

    columns, profiles, untaught = asyncio.run(run())
    return columns, {one.domain: one for one in profiles}, {one.domain: one for one in untaught}


def test_a_partitioned_table_is_learned_once_and_a_domain_as_its_base(server: Cluster) -> None:
    columns, profiles, untaught = learned(server, {"parts*.v": "amount"})
    assert [one.name for one in columns] == ["public.parts.v"]
    assert untaught == {}
    amount = profiles["amount"]
    assert (amount.family, amount.step, len(amount.points)) == (Family.NUMBER, 50.0, 50)
    assert 400 < amount.points[0] < 700
    assert 49_300 < amount.points[-1] < 49_700


def test_every_scale_is_learned_and_what_is_not_finite_left_out(server: Cluster) -> None:
    classes = {"odd.v": "v", "odd.when": "when", "odd.day": "day"}
    _, profiles, untaught = learned(server, classes)
    assert untaught == {}
    assert profiles["v"].step == 0
    assert 0 < profiles["v"].points[0] < profiles["v"].points[-1] < 500 / 7
    # From 2000-01-01: seconds and days.
    assert profiles["when"].family is Family.TIMESTAMP
    assert profiles["when"].step == 3600.0
    assert 7305 * 86_400 < profiles["when"].points[0] < 7307 * 86_400
    assert profiles["day"].family is Family.DATE
    assert 7305 < profiles["day"].points[0] < 7305 + 25


def test_two_columns_of_a_class_make_one_distribution(server: Cluster) -> None:
    _, profiles, _ = learned(server, {"parts.v": "both", "odd.v": "both"})
    assert profiles["both"].columns == ("public.odd.v", "public.parts.v")
    assert profiles["both"].points[0] < 71 < 49_000 < profiles["both"].points[-1]


def test_what_would_give_values_away_is_not_learned(server: Cluster) -> None:
    classes = {"flat.v": "same", "odd.few": "few", "empty.v": "none"}
    _, profiles, untaught = learned(server, classes)
    assert profiles == {}
    assert {domain: one.reason.split(":")[0] for domain, one in untaught.items()} == {
        "same": "nearly all values are the same",
        "few": "fewer than 20 different values",
        "none": "fewer than 100 values",
    }


def test_many_zeros_bring_no_negative_points(server: Cluster) -> None:
    _, profiles, _ = learned(server, {"zeros.v": "v"})
    points = profiles["v"].points
    assert min(points) > 0
    assert profiles["v"].quantile(0.0) >= 0
    assert 270 < max(points) < 300


def test_a_login_that_sees_some_rows_learns_nothing(server: Cluster) -> None:
    assert learned(server, {"odd.v": "v"}, "half_blind")[1]["v"].points
    with pytest.raises(Unavailable, match="may not read every row") as caught:
        learned(server, {"rows.v": "v"}, "half_blind")
    assert "--url" in caught.value.hint
