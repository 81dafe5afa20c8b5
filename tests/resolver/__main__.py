"""``python -m tests.resolver FILE…``: every statement of psql scripts, by hand.

PostgreSQL's own regression files (src/test/regress/sql, ``test_setup.sql`` first) are what this was
made for.  Statements are run one after the other in one database, whatever fails; each is compared
before it runs.  The catalog is read again after every statement that may have changed it.
"""

import asyncio
from collections import Counter
from pathlib import Path
import sys

import psycopg

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.statement import Analyzer
from pgproxy.demo.postgres import Cluster
from pgproxy.net.introspection import read_catalog
from tests.resolver.comparison import Tally
from tests.resolver.oracle import Connection
from tests.resolver.scripts import Step, steps

QUERIES = ("select", "with", "values", "table", "insert", "update", "delete", "merge", "explain")
QUIET = (*QUERIES, "copy", "begin", "commit", "rollback", "savepoint", "fetch", "declare", "set")
TIMEOUT = "4s"


class Runner:
    """Runs scripts on one database and compares on the way."""

    def __init__(self, cluster: Cluster, tally: Tally) -> None:
        self.cluster = cluster
        self.tally = tally
        self._catalog: Catalog | None = None
        self._changed = True

    def file(self, path: Path) -> None:
        """All of one script; a new session where one was lost, or left in the middle of COPY."""
        rest = iter(steps(path.read_text("utf-8", errors="replace")))
        self._changed = True
        going = True
        while going:
            with psycopg.connect(self.cluster.dsn(), autocommit=True) as server:
                server.add_notice_handler(lambda _: None)
                server.execute(f"SET statement_timeout = '{TIMEOUT}'")
                going = any(self._lost(server, step) for step in rest)

    def _lost(self, server: Connection, step: Step) -> bool:
        self._step(server, step)
        if server.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
            server.close()
        return server.closed

    def _step(self, server: Connection, step: Step) -> None:
        words = step.sql.split(maxsplit=1)
        first = words[0].lower().strip("(") if words else ""
        failed = server.pgconn.transaction_status == psycopg.pq.TransactionStatus.INERROR
        if first in QUERIES and not failed:
            self.tally.compare(server, self._analyzer(server), step.sql)
        self._changed = self._changed or first not in QUIET
        try:
            if step.data:
                with server.cursor().copy(step.sql.encode()) as copy:
                    copy.write(step.data)
            else:
                server.execute(step.sql.encode(), prepare=False)
        except psycopg.Error:
            return

    def _analyzer(self, server: Connection) -> Analyzer:
        idle = server.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if self._catalog is None or (self._changed and idle):
            # Not within a transaction: what it has changed is its own, and locked.
            self._catalog = asyncio.run(read_catalog(self.cluster.dsn(), "", 1))
            self._changed = False
        (row,) = server.execute("SELECT current_schemas(false)").fetchall()
        assert isinstance(row[0], list)
        return Analyzer(self._catalog, [str(name) for name in row[0]])


def main() -> int:
    """Run, print the tally, exit 1 for anything that differs."""
    tally = Tally()
    with Cluster() as cluster:
        runner = Runner(cluster, tally)
        for path in map(Path, sys.argv[1:]):
            before = len(tally.faults)
            runner.file(path)
            print(f"{path.name:32} {tally.statements:7,} {tally.descriptions:7,}", file=sys.stderr)
            for why, sql in tally.faults[before:]:
                print(f"{path.name}: {why}\n  {' '.join(sql.split())[:400]}", flush=True)
    print(f"statements that the server describes  {tally.statements:,}")
    print(f"compared: fields                      {tally.descriptions:,}")
    print(f"compared: columns of a view           {tally.views:,}")
    print(f"refused                               {sum(tally.refused.values()):,}")
    for why, times in shortened(tally.refused).most_common(25):
        print(f"  {times:>6,}  {why}")
    print(f"DIFFERENT                             {len(tally.faults):,}")
    return 1 if tally.faults else 0


def shortened(reasons: Counter[str]) -> Counter[str]:
    """Reasons without the names in them."""
    found: Counter[str] = Counter()
    for why, times in reasons.items():
        found[" ".join(w for w in why.split() if '"' not in w and "." not in w)] += times
    return found


if __name__ == "__main__":
    sys.exit(main())
