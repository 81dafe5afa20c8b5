"""``python -m tests.bench [--quick] [--json]``: side by side, in one run, as ratios.

The server straight, PgBouncer in session mode where it is installed, and pgproxy with one worker.
Medians of several; only ratios of one run can be compared with another.  Asserts nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
import json
from pathlib import Path
import re
import socket
from statistics import median
import subprocess
import sys
import tempfile
import time

from pgproxy.demo.shop import ANALYST, DATABASE, OWNER, Login
from tests.bench.sides import ROWS, Bench, Side, bench
from tests.e2e.raw import SYNC, RawClient, bind, execute, parse, query

CLIENTS = 8
LITERAL = (
    "\\set aid random(1, 500000)\nSELECT abalance, filler FROM pgbench_accounts WHERE aid = :aid;\n"
)
SELECT = "SELECT id, email, card, name, town, amount, status, note FROM shop.bulk"


@dataclass(frozen=True)
class Line:
    """One measurement: units a second by side, and what the ratio is to."""

    name: str
    figures: dict[str, float]
    to: str
    must: float
    aim: float

    @property
    def ratio(self) -> float | None:
        """Of pgproxy to that side; None where that was not there."""
        base = self.figures.get(self.to)
        return self.figures["pgproxy"] / base if base else None


def main() -> int:
    """Measure and print."""
    quick = "--quick" in sys.argv
    seconds, runs = (2, 1) if quick else (5, 3)
    with bench() as running:
        lines = [*transactions(running, seconds, runs), *bulk(running, runs)]
    if "--json" in sys.argv:
        print(json.dumps([{**vars(line), "ratio": line.ratio} for line in lines], indent=2))
        return 0
    print(f"{'':58} {'direct':>11} {'pgbouncer':>11} {'pgproxy':>11}   ratio  must   aim")
    for line in lines:
        figures = [line.figures.get(s) for s in ("direct", "pgbouncer", "pgproxy")]
        shown = " ".join(f"{f:11,.0f}" if f else f"{'-':>11}" for f in figures)
        ratio = f"{line.ratio:5.2f}" if line.ratio else "    -"
        print(f"{line.name:58} {shown}   {ratio}  {line.must:4.2f}  {line.aim:4.2f}")
    return 0


def transactions(running: Bench, seconds: int, runs: int) -> list[Line]:
    """Transactions a second of pgbench."""
    wanted: list[tuple[str, str, Login, float, float]] = [
        ("unmasked, prepared: transactions/s", "prepared", OWNER, 0.80, 1.0),
        ("masked, 1 of 2 columns, prepared", "prepared", ANALYST, 0.70, 0.95),
        ("masked, simple, a new literal each time", "simple", ANALYST, 0.50, 0.85),
    ]
    lines = []
    with tempfile.TemporaryDirectory() as name:
        script = Path(name, "script.sql")
        script.write_text(LITERAL)
        for title, mode, login, must, aim in wanted:
            found: dict[str, list[float]] = {}
            for _ in range(runs):
                for side in running.sides:
                    rate = pgbench(running, side, login, mode, script, seconds)
                    found.setdefault(side.name, []).append(rate)
            figures = {name: median(rates) for name, rates in found.items()}
            to = "pgbouncer" if "pgbouncer" in figures else "direct"
            lines.append(Line(title, figures, to, must, aim))
    return lines


def pgbench(
    running: Bench, side: Side, login: Login, mode: str, script: Path, seconds: int
) -> float:
    """Transactions a second."""
    command: list[str | Path] = [running.cluster.bin / "pgbench", "-n", "-M", mode]
    command += ["-f", script, "-c", str(CLIENTS)]
    command += ["-j", "2", "-T", str(seconds), side.url(login)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None or done.returncode:
        raise RuntimeError(done.stderr[:500])
    return float(found[1])


def bulk(running: Bench, runs: int) -> list[Line]:
    """Rows a second of a reader that only drains."""
    lines = []
    for title, login, ask, must, aim in (
        ("unmasked, text: rows/s", OWNER, by_query, 0.90, 1.0),
        ("unmasked, binary", OWNER, in_binary, 0.90, 1.0),
        ("4 of 8 columns tokens, seen before, text", ANALYST, by_query, 0.50, 0.95),
        ("4 of 8 columns tokens, seen before, binary", ANALYST, in_binary, 0.50, 0.95),
        ("4 of 8 columns tokens, seen before, COPY", ANALYST, by_copy, 0.50, 0.95),
    ):
        found: dict[str, list[float]] = {}
        if login is ANALYST:
            drain(running.sides[-1], login, ask)  # the first time makes the tokens
        for _ in range(runs):
            for side in (running.sides[0], running.sides[-1]):
                found.setdefault(side.name, []).append(ROWS / drain(side, login, ask))
        figures = {name: median(rates) for name, rates in found.items()}
        lines.append(Line(title, figures, "direct", must, aim))
    return lines


def by_query() -> tuple[bytes, ...]:
    return (query(SELECT),)


def in_binary() -> tuple[bytes, ...]:
    return parse("", SELECT), bind("", "", 1), execute(""), SYNC


def by_copy() -> tuple[bytes, ...]:
    return (query(f"COPY ({SELECT}) TO STDOUT"),)


def drain(side: Side, login: Login, ask: Callable[[], tuple[bytes, ...]]) -> float:
    """Seconds until everything has come."""
    who = (login.user, login.password)
    with RawClient(side.host, side.port, who, DATABASE) as client:
        client.ask(query("SELECT 1"))
        began = time.perf_counter()
        client.send(*ask())
        sock: socket.socket = client._socket
        tail, buffer = b"", bytearray(1 << 20)
        while True:
            count = sock.recv_into(buffer)
            tail = (tail + bytes(buffer[max(0, count - 6) : count]))[-6:]
            if count == 0 or tail == b"Z\0\0\0\5I":
                return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
