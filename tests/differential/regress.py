"""psql scripts, PostgreSQL's regression files say, with and without the proxy between.

    python -m tests.differential.regress DIRECTORY [NAME…]

By hand.  Three servers begin alike: psql runs each file at the first directly, at the second
through the proxy as a role without masks, at the third directly again, which shows what never
repeats.  Prints each file whose output the proxy has changed, with the lines.  Exits 1 where there
is one.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from difflib import unified_diff
import os
from pathlib import Path
import re
import subprocess
import sys

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy, Wish
from pgproxy.demo.shop import CATALOG_READER

SECONDS = 600
DATABASE = "regression"
# What the others build on, in the order of parallel_schedule.
FIRST = [
    *("test_setup", "copy", "copyselect", "copydml", "insert", "insert_conflict", "create_misc"),
    *("create_function_c", "create_operator", "create_procedure", "create_table", "create_type"),
    *("create_schema", "create_index", "create_index_spgist", "create_view", "index_including"),
]
# Not the same, and no matter: the address, and which session has made a temporary table.
_OWN = re.compile(r'(?<=port )"?\d+"?|(?<=pg_temp_)\d+')


def policy(role: str) -> str:
    """One role, which sees everything."""
    entry = f'{{role: [{role}], treat: {{"*": show}}, unclassified: show}}'
    return f'version: 1\ncolumns: {{"*.*.*": public}}\nroles:\n  - {entry}\n'


def ordered(directory: Path) -> list[Path]:
    """The files, those first that others build on."""
    files = {path.stem: path for path in sorted(directory.glob("*.sql"))}
    first = [files.pop(name) for name in FIRST if name in files]
    return [*first, *files.values()]


def run(cluster: Cluster, port: int, script: Path) -> list[str]:
    """What psql prints, line by line, as pg_regress calls it."""
    argv = [str(cluster.psql), "-X", "-a", "-q", "-w", "-f", str(script)]
    argv += ["-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on", "-v", "VERBOSITY=verbose"]
    settings = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": cluster.superuser,
        "PGPASSWORD": cluster.password,
        "PGDATABASE": DATABASE,
        "PGTZ": "America/Los_Angeles",
        "PGDATESTYLE": "Postgres, MDY",
        "PGOPTIONS": "-c intervalstyle=postgres_verbose",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        argv,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return [_OWN.sub("N", line) for line in done.stdout.decode("latin-1").splitlines()]


def changed(direct: list[str], proxied: list[str], again: list[str]) -> list[str]:
    """A diff of what the proxy has changed; [] for what does not repeat without it either."""
    gone = Counter(direct) - Counter(proxied)
    come = Counter(proxied) - Counter(direct)
    if not gone - (Counter(direct) - Counter(again)) and len(proxied) == len(again):
        return []
    if not (gone or come):
        return [] if direct != again else list(unified_diff(direct, proxied, lineterm="", n=1))
    return list(unified_diff(direct, proxied, "direct", "proxied", lineterm="", n=1))


def compared(files: list[Path], stack: ExitStack) -> Iterator[tuple[Path, int, list[str]]]:
    """Each file, how many lines it prints, and what the proxy has changed of them."""
    clusters = [stack.enter_context(Cluster()) for _ in range(3)]
    for cluster in clusters:
        reader = f"CREATE ROLE {CATALOG_READER.user} LOGIN PASSWORD '{CATALOG_READER.password}'"
        cluster.load(f"{reader}; CREATE DATABASE {DATABASE} TEMPLATE template0;")
    proxy = stack.enter_context(Proxy(clusters[1], Wish(policy(clusters[1].superuser))))
    ports = [clusters[0].port, proxy.port, clusters[2].port]
    pool = stack.enter_context(ThreadPoolExecutor(len(ports)))
    for path in files:
        runs = pool.map(run, clusters, ports, [path] * len(ports))
        direct, proxied, again = runs
        yield path, len(direct), changed(direct, proxied, again)


def main() -> int:
    """Run, print, exit."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    named = set(sys.argv[2:])
    files = [path for path in ordered(Path(sys.argv[1])) if not named or path.stem in named]
    lines = different = 0
    with ExitStack() as stack:
        for path, count, diff in compared(files, stack):
            lines += count
            if diff:
                different += 1
                print(f"== {path.stem}")
                print("\n".join(diff[:40]))
            print(f"{path.stem}: {count:,} lines", file=sys.stderr)
    print(f"{len(files)} files, {lines:,} lines of psql, {different} files changed by the proxy")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
