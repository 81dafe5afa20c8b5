"""``python -m tests.differential FILE…``: psql scripts, straight and through the proxy, by hand.

PostgreSQL's own regression files (src/test/regress/sql, ``test_setup.sql`` first) are what this was
made for.  All files run one after the other in one new database, twice: what psql prints must be
the same.  Process ids, and numbers of temporary schemas, do not count.
"""

import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile

import psycopg

from pgproxy.demo import shop
from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish

DATABASE = "regression"
SECONDS = 300
_OWN = re.compile(
    rb"pg_temp_[0-9]+|pg_toast_[0-9]+|PID [0-9]+|pid=[0-9]+|port [0-9]+"
    rb"|\b(?:relation|OID|oid) [0-9]+|/tmp/\S+|[0-9.]+ ms|(?:hit|read|dirtied|written)=[0-9]+"
)
POLICY = """
version: 1
columns: {"*.*.*": public}
roles:
  - {role: postgres, treat: {"*": show}, unclassified: show}
"""


def main() -> int:
    """Run, print what differs, exit 1 where anything does."""
    files = [Path(name) for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        straight, through = Path(folder, "straight"), Path(folder, "through")
        # Roles and tablespaces are of the whole server: each side has its own.
        with Cluster() as cluster:
            shop.load(cluster)  # as on the other side, so that OIDs are alike
            run_all(files, straight, cluster, cluster.port)
        with Cluster() as cluster:
            shop.load(cluster)
            with Proxy(cluster, Wish(POLICY)) as proxy:
                run_all(files, through, cluster, proxy.port)
        different = [p.name for p in files if not alike(straight / p.name, through / p.name)]
    print(f"{len(files)} files, {len(different)} differ: {' '.join(different)}")
    return 1 if different else 0


def run_all(files: list[Path], place: Path, cluster: Cluster, port: int) -> None:
    """All files in one new database; what is printed goes to ``place``."""
    place.mkdir()
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    for number, path in enumerate(files, 1):
        print(f"\r{place.name} {number}/{len(files)} ", end="", file=sys.stderr)
        (place / path.name).write_bytes(_OWN.sub(b"N", run(cluster, port, path)))
    print(file=sys.stderr)


def run(cluster: Cluster, port: int, path: Path) -> bytes:
    """What psql prints of one file, errors among the rest."""
    environment = {
        **os.environ,
        "PGPASSWORD": cluster.password,
        "PGTZ": "America/Los_Angeles",
        "PGDATESTYLE": "Postgres, MDY",
    }
    command: list[str | Path] = [
        cluster.psql,
        "-X",
        "-a",
        "-q",
        "-h",
        cluster.host,
        "-p",
        str(port),
    ]
    command += ["-U", cluster.superuser, "-d", DATABASE, "-f", str(path)]
    with tempfile.TemporaryFile() as out:
        try:
            subprocess.run(
                command, stdout=out, stderr=out, check=False, timeout=SECONDS, env=environment
            )
        except subprocess.TimeoutExpired:
            out.write(b"psql did not end in time")
        out.seek(0)
        return out.read()


def alike(one: Path, other: Path) -> bool:
    """Whether two outputs are the same; the first lines that differ are printed."""
    left, right = one.read_bytes().splitlines(), other.read_bytes().splitlines()
    if left == right:
        return True
    found = [(a, b) for a, b in zip(left, right, strict=False) if a != b]
    print(f"{one.name}: {len(left)} lines and {len(right)}")
    for a, b in found[:3]:
        print(f"  - {a[:160]!r}\n  + {b[:160]!r}")
    return False


if __name__ == "__main__":
    sys.exit(main())
