"""What is measured side by side: the server, PgBouncer where it is installed, and pgproxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

import psycopg

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, Login

ROWS = 1_000_000
# Eight columns: four of them tokens for the masked role, two of these distinct in every row.
TABLES = f"""
    CREATE TABLE shop.bulk AS
        SELECT g AS id, 'person' || g || '@example.com' AS email, 'card ' || g AS card,
               'name' || g % 1000 AS name, 'city' || g % 100 AS town,
               g * 3 AS amount, 'status' || g % 5 AS status, 'note ' || g % 50 AS note
        FROM generate_series(1, {ROWS}) AS g;
    VACUUM ANALYZE shop.bulk;
    GRANT SELECT ON shop.bulk TO {OWNER.user}, {ANALYST.user};
"""
POLICY = """
version: 1
columns:
  shop.bulk.email: email
  shop.bulk.card: card
  shop.bulk.name: name
  shop.bulk.town: town
  shop.pgbench_accounts.filler: filler
  "shop.*.*": public
roles:
  - role: analyst
    treat: {"*": token}
  - role: app
    treat: {"*": show}
    unclassified: show
"""


@dataclass(frozen=True)
class Side:
    """One way to the server."""

    name: str
    host: str
    port: int

    def url(self, login: Login) -> str:
        """For libpq and pgbench."""
        who = f"{login.user}:{login.password}"
        return f"postgresql://{who}@{self.host}:{self.port}/{DATABASE}?sslmode=disable"


@dataclass(frozen=True)
class Bench:
    """Everything that runs; ``sides`` are direct, pgbouncer (maybe), pgproxy."""

    cluster: Cluster
    proxy: Proxy
    sides: tuple[Side, ...]


@contextmanager
def bench() -> Iterator[Bench]:
    """Start all, fill the tables."""
    with Cluster(settings={"shared_buffers": "512MB"}) as cluster:
        shop.load(cluster)
        admin = cluster.dsn(database=DATABASE)
        subprocess.run([cluster.bin / "pgbench", "-i", "-q", "-n", "-s", "5", admin], check=True,
                       capture_output=True)  # fmt: skip
        with psycopg.connect(admin, autocommit=True) as connection:
            for statement in TABLES.split(";"):
                if statement.strip():
                    connection.execute(statement)
            for login in (OWNER, ANALYST):
                connection.execute(f"GRANT SELECT ON pgbench_accounts TO {login.user}")
        with Proxy(cluster, Wish(POLICY)) as proxy, pgbouncer(cluster) as bouncer:
            found = [Side("direct", cluster.host, cluster.port)]
            found += [bouncer] if bouncer else []
            found.append(Side("pgproxy", proxy.host, proxy.port))
            yield Bench(cluster, proxy, tuple(found))


@contextmanager
def pgbouncer(cluster: Cluster) -> Iterator[Side | None]:
    """PgBouncer in session mode; None where it is not installed."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        users = "".join(f'"{u.user}" "{u.password}"\n' for u in (OWNER, ANALYST))
        (folder / "users.txt").write_text(users)
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n{DATABASE} = host={cluster.host} port={cluster.port}\n"
            f"[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\n"
            f"auth_type=scram-sha-256\nauth_file={folder}/users.txt\npool_mode=session\n"
            "max_client_conn=500\ndefault_pool_size=100\n"
            "ignore_startup_parameters=extra_float_digits\n"
        )
        # It does not run as root.
        other = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        for path in (folder, *folder.iterdir()) if other else ():
            os.chown(path, other.pw_uid, other.pw_gid)  # type: ignore[union-attr]
        process = subprocess.Popen(
            [program, "-q", folder / "pgbouncer.ini"],
            user=other.pw_uid if other else None,
            group=other.pw_gid if other else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(1)
            yield Side("pgbouncer", "127.0.0.1", port)
        finally:
            process.terminate()
            process.wait()
