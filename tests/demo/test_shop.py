"""The sample shop: the same in every run, made up throughout, and classified as config/ says."""

from pathlib import Path
import random
import re

import psycopg
import pytest

from pgproxy.config.load import load
from pgproxy.demo import people, shop
from pgproxy.demo.postgres import Cluster
from pgproxy.treatment.wordlists import words

ROOT = Path(__file__).resolve().parents[2]


def test_two_runs_give_the_same_rows() -> None:
    assert shop.script() == shop.script()


def test_scale_multiplies_customers_and_orders() -> None:
    rows = {table.name: len(table.rows) for table in shop.tables(3)}
    assert rows["customers"] == 3 * shop.CUSTOMERS
    assert rows["orders"] == 3 * shop.ORDERS


def test_no_field_breaks_the_copy_format() -> None:
    for table in shop.tables():
        for row in table.rows:
            assert not any(re.search(r"[\t\n\r\\]", str(field)) for field in row)


@pytest.mark.e2e
def test_the_analyst_may_read_everything_and_change_nothing(cluster: Cluster) -> None:
    dsn = cluster.dsn(shop.ANALYST.user, shop.ANALYST.password, shop.DATABASE)
    with psycopg.connect(dsn) as analyst:
        for table in shop.tables():
            found = analyst.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchone()
            assert found == (len(table.rows),)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute("DELETE FROM customers")


@pytest.mark.e2e
def test_the_catalog_reader_may_read_no_row(cluster: Cluster) -> None:
    login = shop.CATALOG_READER
    with psycopg.connect(cluster.dsn(login.user, login.password, shop.DATABASE)) as reader:
        assert reader.execute("SELECT count(*) FROM pg_class").fetchone() != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT id FROM shop.customers")


def test_the_worked_example_classifies_the_demo_s_columns_alike(tmp_path: Path) -> None:
    """config/policy.yaml is explained by what the demo shows, so the two must not drift apart."""
    (tmp_path / "policy.yaml").write_text(shop.policy(), "utf-8")
    for name in ("pgproxy.yaml",):
        (tmp_path / name).write_text((ROOT / "config" / name).read_text("utf-8"), "utf-8")
    ours = load(tmp_path / "pgproxy.yaml").policy
    example = load(ROOT / "config" / "pgproxy.yaml").policy
    assert {(c.pattern, c.class_name) for c in ours.columns} == {
        (c.pattern, c.class_name) for c in example.columns
    }


def test_real_names_are_told_from_synthetic_ones_at_sight() -> None:
    invented = {*words("first_names"), *words("last_names")}
    assert not invented & {*people.FIRST_NAMES, *people.LAST_NAMES}


def test_people_do_not_exist() -> None:
    rng = random.Random(1)
    for _ in range(200):
        assert people.ssn(rng).startswith("9")
        digits = [int(d) for d in people.card_number(rng)]
        doubled = [sum(divmod(2 * d, 10)) for d in digits[::2]]
        assert len(digits) == 16
        assert (sum(doubled) + sum(digits[1::2])) % 10 == 0
        iban = people.iban(rng)
        assert int(iban[4:] + "1314" + iban[2:4]) % 97 == 1
    assert all(host.endswith(".example") for host in people.MAIL_HOSTS)
