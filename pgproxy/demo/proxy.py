"""The proxy as a user would run it: its files in a directory, ``pgproxy serve`` as a process.

Serves the demo and the end-to-end tests.  Knows the proxy from outside only: its files, its log
line ``listening on HOST:PORT``, its ports.
"""

from dataclasses import dataclass
import os
from pathlib import Path
import re
import subprocess
import sys
import time
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pgproxy.demo.postgres import Cluster, free_port
from pgproxy.demo.shop import CATALOG_READER, DATABASE, Login
from pgproxy.demo.signals import held
from pgproxy.demo.stage import Program, Stage
from pgproxy.errors import Unavailable
from pgproxy.vault.keys import new_key_file

START_SECONDS = 60.0
_ATTEMPTS = 5
_LISTENING = re.compile(r"listening on \S*:(\d+)")
_PORT_TAKEN = re.compile(r"address already in use|errno 98|errno 48", re.IGNORECASE)

_CONFIG = """\
listen: {{host: 127.0.0.1, port: {port}{listen}}}
upstream: {{url: "postgresql://{upstream}"}}
catalog: {{url: "postgresql://{reader}@{server}/{{database}}"}}
vault:
  url: "{vault}"
  keys: {{provider: file, path: vault.key}}
auth: {auth}
admin: {{host: 127.0.0.1, port: {admin}}}
audit: {{path: audit.jsonl}}
policy: policy.yaml
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the proxy is to be: its policy, its port (0: any), and whether it must be that one.

    ``tls``: the value of ``listen.tls``; ``listen``: other keys there; ``auth``: that of ``auth``;
    ``upstream``: another port for the server, and what stands behind ``?`` in its URL.
    ``vault``: another vault, and the text of its key file ('': a fresh one).
    """

    policy: str
    port: int = 0
    insist: bool = False
    tls: str = ""
    listen: str = ""
    upstream: tuple[int, str] = (0, "")
    auth: str = ""
    vault: tuple[str, str] = ("sqlite:///vault.db", "")
    workers: int = 1


class Proxy:
    """One running proxy before a cluster; a context manager.  Its files lie in ``directory``."""

    host = "127.0.0.1"

    def __init__(self, cluster: Cluster, wish: Wish, stage: Stage | None = None) -> None:
        self._own_stage = stage is None
        self._stage = Stage("pgproxy-serve") if stage is None else stage
        self._cluster = cluster
        self._wish = wish
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None
        self._port = 0
        self._admin_port = 0

    @property
    def directory(self) -> Path:
        """Where its files lie."""
        if self._directory is None:
            raise RuntimeError("the proxy is not open")
        return self._directory

    @property
    def config(self) -> Path:
        """Its pgproxy.yaml."""
        return self.directory / "pgproxy.yaml"

    @property
    def log(self) -> Path:
        """What it writes on standard error and output."""
        return self.directory / "serve.log"

    @property
    def audit(self) -> Path:
        """Its audit file."""
        return self.directory / "audit.jsonl"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def admin_url(self) -> str:
        """The admin page."""
        return f"http://{self.host}:{self._admin_port}/"

    @property
    def pid(self) -> int:
        """The process id; 0 when it was not started."""
        return 0 if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return None if self._process is None else self._process.poll()

    def dsn(self, login: Login, database: str = DATABASE) -> str:
        """A URL to the database through the proxy."""
        who = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}"
        return f"postgresql://{who}@{self.host}:{self.port}/{quote(database, safe='')}"

    def __enter__(self) -> Self:
        if self._own_stage:
            self._stage.__enter__()
        try:
            self._directory = self._stage.room("proxy", None)
            key = self._directory / "vault.key"
            key.touch(mode=0o600)
            key.write_text(self._wish.vault[1] or new_key_file())
            (self._directory / "policy.yaml").write_text(self._wish.policy, "utf-8")
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
                self._process = None
                self._stage.close()
            else:
                self.stop()

    def start(self) -> None:
        """Start it and wait until it listens; on other ports where a chosen one is taken."""
        wanted = self._wish.port
        for _ in range(_ATTEMPTS):
            self._admin_port = free_port()
            self._write_config(wanted or free_port())
            self.log.write_bytes(b"")
            self._process = self._stage.start(
                Program(self._command(), _environment(), cwd=self.directory), output=self.log
            )
            port = self._wait_listening(self._process)
            if port:
                self._port = port
                return
            self.stop()
            said = self.log.read_text(errors="replace").strip()
            if self._wish.insist or not _PORT_TAKEN.search(said):
                raise Unavailable(f"the proxy did not start: {said}")
            wanted = 0
        raise Unavailable("found no free port for the proxy")

    def stop(self) -> None:
        """End it; its files stay until the stage ends."""
        with held():
            if self._process is not None:
                self._stage.stop(self._process)
                self._process = None

    def _command(self) -> list[str | Path]:
        workers = self._wish.workers
        more = ["--workers", str(workers)] if workers > 1 else []
        return [sys.executable, "-m", "pgproxy", "serve", "-c", self.config, *more]

    def _write_config(self, port: int) -> None:
        reader = f"{CATALOG_READER.user}:{CATALOG_READER.password}"
        more = f", {self._wish.listen}" if self._wish.listen else ""
        server = f"{self._cluster.host}:{self._cluster.port}"
        other, options = self._wish.upstream
        text = _CONFIG.format(
            port=port,
            listen=f", tls: {self._wish.tls}{more}" if self._wish.tls else more,
            server=server,
            auth=self._wish.auth or "{method: pass-through}",
            upstream=f"{self._cluster.host}:{other}/?{options}" if other else server,
            reader=reader,
            vault=self._wish.vault[0],
            admin=self._admin_port,
        )
        self.config.touch(mode=0o600)
        self.config.write_text(text, "utf-8")

    def _wait_listening(self, process: subprocess.Popen[bytes]) -> int:
        """The port it listens on; 0 when it ended instead."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = _LISTENING.search(self.log.read_text(errors="replace"))
            if found:
                return int(found[1])
            if process.poll() is not None:
                return 0
            time.sleep(0.02)
        return 0


def _environment() -> dict[str, str]:
    """Ours, with this very package in front: from a checkout it need not be installed."""
    here = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, path] if path else [here])}
