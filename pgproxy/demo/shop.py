"""The sample shop: who may log in, what the analyst may see, and its rows.

Rows are drawn from a fixed seed: the same in every run, so that tests may name them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import datetime
from importlib import resources
import random

from pgproxy.demo import people
from pgproxy.demo.postgres import Cluster

DATABASE = "shop"
CUSTOMERS = 200
ORDERS = 1000
EMPLOYEES = 30
TICKETS = 120
_SEED = 1815
_EPOCH = datetime.datetime(2025, 1, 1, 8, tzinfo=datetime.UTC)

_ROLES = """
CREATE ROLE app NOLOGIN;
CREATE ROLE owner_app LOGIN PASSWORD 'owner_app' IN ROLE app;
CREATE ROLE analyst LOGIN PASSWORD 'analyst';
CREATE ROLE catalog_reader LOGIN PASSWORD 'catalog_reader';
CREATE DATABASE shop OWNER owner_app;
"""

_PRODUCTS = (
    ("Walnut desk", "furniture", "429.00"), ("Oak bookcase", "furniture", "315.50"),
    ("Reading lamp", "lighting", "59.90"), ("Paper lantern", "lighting", "24.00"),
    ("Wool blanket", "textiles", "89.00"), ("Linen curtain", "textiles", "64.25"),
    ("Enamel teapot", "kitchen", "38.40"), ("Copper pan", "kitchen", "112.00"),
    ("Bread knife", "kitchen", "29.95"), ("Garden shears", "garden", "33.70"),
    ("Watering can", "garden", "27.80"), ("Seed box", "garden", "18.20"),
    ("Fountain pen", "office", "74.00"), ("Ruled notebook", "office", "9.80"),
    ("Wall clock", "office", "45.60"), ("Globe, 30 cm", "office", "98.00"),
)  # fmt: skip
_DEPARTMENTS = ("Warehouse", "Support", "Finance", "Engineering", "Marketing")
_STATUSES = ("new", "paid", "shipped", "shipped", "delivered", "delivered", "returned")
_COMPLAINTS = (
    ("Parcel has not arrived", "it was due on Monday"),
    ("Wrong colour delivered", "I ordered the blue one"),
    ("Invoice address", "please correct the street"),
    ("Change of e-mail", "my old address is closed"),
    ("Refund", "the money has not come back yet"),
)


@dataclass(frozen=True, slots=True)
class Login:
    """A database user of the shop."""

    user: str
    password: str


OWNER = Login("owner_app", "owner_app")
ANALYST = Login("analyst", "analyst")
CATALOG_READER = Login("catalog_reader", "catalog_reader")

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table, in the order of its columns."""

    name: str
    rows: Sequence[Row]

    def copy(self) -> str:
        """As a COPY command with its data."""
        lines = ["\t".join(map(_field, row)) for row in self.rows]
        return "\n".join([f"COPY shop.{self.name} FROM stdin;", *lines, "\\.", ""])


def policy() -> str:
    """The demo's policy.yaml."""
    return (resources.files("pgproxy.demo") / "policy.yaml").read_text("utf-8")


def load(cluster: Cluster, scale: int = 1) -> None:
    """Create the logins and the database, and fill it."""
    cluster.load(_ROLES)
    cluster.load(script(scale), DATABASE)


def script(scale: int = 1) -> str:
    """The schema and its rows as one psql script; ``scale`` multiplies customers and orders."""
    schema = (resources.files("pgproxy.demo") / "shop.sql").read_text("utf-8")
    return "".join([schema, *(table.copy() for table in tables(scale)), "RESET ROLE;\nANALYZE;\n"])


def tables(scale: int = 1) -> Iterator[Table]:
    """Every table's rows, each after those it refers to."""
    rng = random.Random(_SEED)
    customers = _customers(rng, CUSTOMERS * scale)
    yield Table("customers", customers)
    yield Table(
        "products",
        [(n, *product, rng.randint(0, 90)) for n, product in enumerate(_PRODUCTS, 1)],
    )
    orders, items = _orders(rng, customers, ORDERS * scale)
    yield Table("orders", orders)
    yield Table("order_items", items)
    yield Table("payments", _payments(rng, orders))
    yield Table("employees", _employees(rng))
    yield Table("support_tickets", _tickets(rng, customers))


def _customers(rng: random.Random, count: int) -> list[Row]:
    rows: list[Row] = []
    for n in range(1, count + 1):
        who = people.person(rng)
        email = f"{who.mailbox}{n}@{rng.choice(people.MAIL_HOSTS)}"
        phone = people.phone(rng) if rng.random() < 0.9 else None
        born = people.birth_date(rng) if rng.random() < 0.95 else None
        joined = _EPOCH + datetime.timedelta(minutes=rng.randrange(400_000))
        place = (who.city, who.country)
        rows.append((n, who.first_name, who.last_name, email, phone, born, *place, joined))
    return rows


def _orders(
    rng: random.Random, customers: Sequence[Row], count: int
) -> tuple[list[Row], list[Row]]:
    orders: list[Row] = []
    items: list[Row] = []
    for n in range(1, count + 1):
        customer = rng.choice(customers)
        cents = 0
        for line in range(1, rng.randint(1, 4) + 1):
            product = rng.randrange(len(_PRODUCTS))
            quantity = rng.randint(1, 3)
            price = _PRODUCTS[product][2]
            cents += quantity * int(price.replace(".", ""))
            items.append((n, line, product + 1, quantity, price))
        # some have it sent to somebody else, and collectors give no name
        to = people.person(rng).name if rng.random() < 0.2 else f"{customer[1]} {customer[2]}"
        name = None if rng.random() < 0.05 else to
        placed = _EPOCH + datetime.timedelta(minutes=400_000 + rng.randrange(200_000))
        total = f"{cents // 100}.{cents % 100:02}"
        orders.append((n, customer[0], rng.choice(_STATUSES), total, name, customer[6], placed))
    return orders, items


def _payments(rng: random.Random, orders: Sequence[Row]) -> list[Row]:
    rows: list[Row] = []
    for order in orders:
        if order[2] == "new":
            continue
        by_card = rng.random() < 0.8
        means = (people.card_number(rng), None) if by_card else (None, people.iban(rng))
        rows.append((len(rows) + 1, order[0], *means, order[3], order[6]))
    return rows


def _employees(rng: random.Random) -> list[Row]:
    rows: list[Row] = []
    for n in range(1, EMPLOYEES + 1):
        who = people.person(rng)
        email = f"{who.mailbox}{n}@shop.example"
        manager = None if n == 1 else rng.randint(1, max(1, (n - 1) // 4))
        hired = _EPOCH.date() - datetime.timedelta(days=rng.randrange(4000))
        salary = rng.randrange(31_000, 96_000, 50) if n > 1 else 140_000
        work = (rng.choice(_DEPARTMENTS), manager)
        rows.append(
            (n, who.first_name, who.last_name, email, *work, people.ssn(rng), salary, hired)
        )
    return rows


def _tickets(rng: random.Random, customers: Sequence[Row]) -> list[Row]:
    rows: list[Row] = []
    for n in range(1, TICKETS + 1):
        customer = rng.choice(customers)
        subject, matter = rng.choice(_COMPLAINTS)
        body = f"Hello, this is {customer[1]} {customer[2]} ({customer[3]}), {matter}."
        asked = _EPOCH + datetime.timedelta(minutes=500_000 + rng.randrange(200_000))
        rows.append((n, customer[0], subject, body, asked))
    return rows


def _field(value: object) -> str:
    """A value in COPY's text form; nothing here holds a tab, a newline or a backslash."""
    return "\\N" if value is None else str(value)
