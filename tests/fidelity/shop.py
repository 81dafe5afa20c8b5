"""The sample shop in a database of its own, with what learn and fidelity need beside it."""

from dataclasses import dataclass
import os
from pathlib import Path
import random
import subprocess
import sys

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.shop import OWNER, script
from pgproxy.vault.keys import new_key_file

DATABASE = "fidelity"
STAFF = 2000

# Orders with what is in them: the total goes with the number of pieces.
_BASKETS = """
SET ROLE owner_app;
CREATE VIEW shop.baskets AS
SELECT o.id, o.total, count(*) AS lines, sum(i.quantity) AS pieces
FROM shop.orders o JOIN shop.order_items i ON i.order_id = o.id
GROUP BY o.id;
RESET ROLE;
"""
# People whose income goes with their age, and a few whose does not go with anything.
_STAFF = """
SET ROLE owner_app;
CREATE TABLE shop.staff (age integer, income numeric(10, 2), hired timestamp, grade text);
COPY shop.staff FROM stdin;
{rows}
\\.
RESET ROLE;
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """The files of a proxy that is not started, and a login that may read everything."""

    config: Path
    url: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of ours on them."""
        command, *more = arguments
        given = [sys.executable, "-m", "pgproxy", command, "-c", str(self.config), *more]
        return subprocess.run(
            given,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGPROXY_DATA_URL": self.url, "COLUMNS": "120", "NO_COLOR": "1"},
        )


def fill(cluster: Cluster) -> None:
    """Make the database; the logins of the shop must be there."""
    cluster.load(f"CREATE DATABASE {DATABASE} OWNER {OWNER.user};")
    cluster.load(script(), DATABASE)
    add_baskets(cluster, DATABASE)
    cluster.load(_STAFF.format(rows="\n".join(_people())), DATABASE)


def add_baskets(cluster: Cluster, database: str) -> None:
    """A view of the orders with what is in them."""
    cluster.load(_BASKETS, database)


def setting(cluster: Cluster, folder: Path, policy: str = "", database: str = DATABASE) -> Setting:
    """Files in a folder."""
    key = folder / "vault.key"
    key.touch(mode=0o600)
    key.write_text(new_key_file())
    text = policy or (Path(__file__).parent / "policy.yaml").read_text("utf-8")
    (folder / "policy.yaml").write_text(text, "utf-8")
    server = f"{cluster.host}:{cluster.port}"
    reader = f"{shop.CATALOG_READER.user}:{shop.CATALOG_READER.password}"
    config = folder / "pgproxy.yaml"
    config.write_text(
        f'upstream: {{url: "postgresql://{server}"}}\n'
        f'catalog: {{url: "postgresql://{reader}@{server}/{database}"}}\n'
        "vault: {keys: {provider: file, path: vault.key}}\n"
        "policy: policy.yaml\nprofiles: profiles.json\n"
    )
    return Setting(config, f"postgresql://{OWNER.user}:{OWNER.password}@{server}/{database}")


def _people() -> list[str]:
    rng = random.Random(1848)
    rows = []
    for _ in range(STAFF):
        age = round(rng.triangular(18, 67, 35))
        income = 18_000 + 900 * (age - 18) * rng.lognormvariate(0, 0.3)
        days = rng.randrange(max(1, (age - 17) * 300))
        hired = f"{2025 - days // 365}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} 09:00:00"
        rows.append(f"{age}\t{income:.2f}\t{hired}\t{'ABC'[min(age // 25, 2)]}")
    # One far out: it must show in nothing that is learned.
    rows[0] = "66\t9000000.01\t1990-01-01 09:00:00\tC"
    return rows
