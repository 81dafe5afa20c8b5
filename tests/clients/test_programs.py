"""Clients that are no Python: pgbench, node-postgres, postgres.js, pgjdbc, ODBC.

Each is left out where it is not installed; pgbench comes with the server.
"""

from collections.abc import Iterator
import json
import os
from pathlib import Path
import shutil
import subprocess

import psycopg
import pytest

from pgproxy.demo.shop import ANALYST, DATABASE, OWNER
from tests.clients.battery import STATEMENTS, Rows, check_analyst, check_owner, texts
from tests.clients.conftest import Place, Places

HERE = Path(__file__).parent


def run(command: list[str], *, directory: Path | None = None, seconds: float = 120) -> str:
    """What a program prints; it has to end well."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=directory, timeout=seconds
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# pgbench


@pytest.fixture(scope="module")
def accounts(places: Places) -> Iterator[None]:
    """pgbench's own tables, small; the analyst may read them, and has one column masked."""
    admin = places.cluster.dsn(database=DATABASE)
    run([str(places.cluster.bin / "pgbench"), "-i", "-q", "-n", admin])
    with psycopg.connect(admin, autocommit=True) as connection:
        for table in ("accounts", "branches", "tellers", "history"):
            connection.execute(f"GRANT ALL ON pgbench_{table} TO {OWNER.user}")
            connection.execute(f"GRANT SELECT ON pgbench_{table} TO {ANALYST.user}")
    yield
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            "DROP TABLE pgbench_accounts, pgbench_branches, pgbench_tellers, pgbench_history"
        )


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("script", ["select-only", "tpcb-like"])
def test_pgbench_in_every_mode(places: Places, accounts: None, mode: str, script: str) -> None:
    command = [str(places.cluster.bin / "pgbench"), "-n", "-M", mode, "-b", script]
    command += ["-c", "4", "-t", "50", "--exit-on-abort", places.through(OWNER).url]
    printed = run(command)
    assert "number of transactions actually processed: 200/200" in printed
    assert "number of failed transactions: 0 " in printed


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_as_a_masked_role(places: Places, accounts: None, mode: str) -> None:
    command = [str(places.cluster.bin / "pgbench"), "-n", "-M", mode, "-b", "select-only"]
    printed = run([*command, "-c", "4", "-t", "50", places.through(ANALYST).url])
    assert "number of transactions actually processed: 200/200" in printed


def test_pgbench_pipelines(places: Places, accounts: None, tmp_path: Path) -> None:
    script = tmp_path / "pipeline.sql"
    select = "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n"
    script.write_text(
        "\\set aid random(1, 1000)\n\\startpipeline\n" + select * 5 + "\\endpipeline\n"
    )
    command = [str(places.cluster.bin / "pgbench"), "-n", "-M", "prepared", "-f", str(script)]
    for login in (OWNER, ANALYST):
        printed = run([*command, "-c", "3", "-t", "40", places.through(login).url])
        assert "number of transactions actually processed: 120/120" in printed


# Node


PACKAGES = ("pg@8", "pg-cursor@2", "postgres@3")
WAYS = ("pg", "pg_prepared", "pg_cursor", "postgres", "postgres_cursor")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both clients in it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("node")
    done = subprocess.run(
        [
            npm,
            "install",
            "--no-audit",
            "--no-fund",
            "--silent",
            "pg@8",
            "pg-cursor@2",
            "postgres@3",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    if done.returncode:
        pytest.skip("the packages of node cannot be fetched")
    return folder


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize(
    "client", ["pg", "pg_prepared", "pg_cursor", "postgres", "postgres_cursor"]
)
def test_node(places: Places, node: Path, client: str, statement: str) -> None:
    def ask(place: Place, sql: str) -> Rows:
        script = HERE / "node.cjs"
        printed = run(["node", str(script), str(node), client, place.url, sql])
        return texts(json.loads(printed))

    sql, masked = STATEMENTS[statement]
    check_owner(places, ask, sql)
    check_analyst(places, ask, sql, masked)


# Java

JDBC = Path("/usr/share/java/postgresql.jar")


@pytest.fixture(scope="module")
def jdbc(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that asks by pgjdbc."""
    java, javac = shutil.which("java"), shutil.which("javac")
    if java is None or javac is None or not JDBC.is_file():
        pytest.skip("java or pgjdbc is not installed")
    folder = tmp_path_factory.mktemp("jdbc")
    run([javac, "-d", str(folder), str(HERE / "Ask.java")])
    return [java, "-cp", f"{folder}{os.pathsep}{JDBC}", "Ask"]


@pytest.mark.parametrize("statement", ["orders", "nulls"])
@pytest.mark.parametrize(
    "options",
    ["", "preferQueryMode=simple", "prepareThreshold=1&binaryTransfer=true", "prepareThreshold=-1"],
)
def test_pgjdbc(places: Places, jdbc: list[str], options: str, statement: str) -> None:
    def ask(place: Place, sql: str) -> Rows:
        url = f"jdbc:postgresql://{place.host}:{place.port}/{place.database}?{options}"
        printed = run([*jdbc, url, place.login.user, place.login.password, sql])
        lines = [line.split("\t") for line in printed.splitlines()]
        return texts([[None if value == "\\N" else value for value in line] for line in lines])

    sql, masked = STATEMENTS[statement]
    check_owner(places, ask, sql)
    check_analyst(places, ask, sql, masked)


# ODBC

ODBC = Path("/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so")


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("options", ["", "UseServerSidePrepare=0;", "UseDeclareFetch=1;Fetch=7;"])
def test_odbc(places: Places, options: str, statement: str) -> None:
    module = pytest.importorskip(
        "pyodbc", reason="pyodbc, or the library it needs, is not there", exc_type=ImportError
    )
    if not ODBC.is_file():
        pytest.skip("psqlODBC is not installed")

    def ask(place: Place, sql: str) -> Rows:
        login = place.login
        connection = module.connect(
            f"DRIVER={ODBC};SERVER={place.host};PORT={place.port};DATABASE={place.database};"
            f"UID={login.user};PWD={login.password};{options}"
        )
        try:
            return texts([list(row) for row in connection.cursor().execute(sql).fetchall()])
        finally:
            connection.close()

    sql, masked = STATEMENTS[statement]
    check_owner(places, ask, sql)
    check_analyst(places, ask, sql, masked)
