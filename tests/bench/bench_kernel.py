"""The two wire kernels side by side: nanoseconds a row, and how many times faster the compiled is.

    python -m tests.bench.bench_kernel

Medians of several runs in one process; read the ratios, not the last digit.  Asserts nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
import sys
from time import perf_counter_ns
from types import ModuleType
from typing import Any

from pgproxy.compiled import choose
from pgproxy.wire import _kernel_py, _known_py
from pgproxy.wire.backend import data_row

ROWS = 2000
RUNS = 9
CHUNK = 65536  # about what one read of a busy socket yields


def rows_of(fields: int) -> bytes:
    """A run of rows with short values and some NULLs."""
    return b"".join(
        data_row([None if (n + f) % 7 == 0 else b"value %d" % (n * f) for f in range(fields)])
        for n in range(ROWS)
    )


@dataclass(frozen=True)
class Kernel:
    """One implementation: what frames, and what replaces fields by what it knows."""

    frames: ModuleType
    replaces: ModuleType
    known: Any


def kernel(frames: ModuleType, replaces: ModuleType) -> Kernel:
    """An implementation that knows all values of the rows."""
    known = replaces.Known(1 << 28)
    values = {b"value %d" % (n * f) for n in range(ROWS) for f in range(10)}
    known.learn(dict.fromkeys(values | {b"ada"}, b"a token of some size"))
    return Kernel(frames, replaces, known)


def cases() -> dict[str, Callable[[Kernel], object]]:
    """What is timed, by name: each works once through ROWS rows."""
    ten, two = rows_of(10), rows_of(2)
    chunks = [ten[at : at + CHUNK] for at in range(0, len(ten), CHUNK)]
    one = data_row([b"1", b"ada"])

    def feed(own: Kernel, merge_rows: bool, discard: bytes) -> None:
        framer = own.frames.Framer(1 << 30, merge_rows=merge_rows, discard=discard)
        for chunk in chunks:
            framer.feed(chunk)

    def replace(own: Kernel, rows: bytes, fields: int, *wanted: int) -> None:
        own.replaces.replace(rows, fields, wanted, (own.known,) * len(wanted))

    def one_by_one(own: Kernel) -> None:
        for _ in range(ROWS):
            replace(own, one, 2, 1)

    return {
        "frame, rows merged": lambda own: feed(own, True, b""),
        "frame, each row apart": lambda own: feed(own, False, b""),
        "frame, rows discarded": lambda own: feed(own, False, b"D"),
        "replace 1 of 10": lambda own: replace(own, ten, 10, 4),
        "replace 4 of 10": lambda own: replace(own, ten, 10, 1, 3, 5, 7),
        "replace 1 of 2": lambda own: replace(own, two, 2, 1),
        "replace, a row a call": one_by_one,
    }


def nanoseconds_a_row(call: Callable[[Kernel], object], own: Kernel) -> float:
    """The median of RUNS runs."""
    taken = []
    for _ in range(RUNS):
        start = perf_counter_ns()
        call(own)
        taken.append((perf_counter_ns() - start) / ROWS)
    return median(taken)


def main() -> int:
    """Prints the table; 1 when there is nothing to compare with."""
    name, frames = choose("pgproxy.wire._kernel", _kernel_py, "")
    reference = kernel(_kernel_py, _known_py)
    compiled = kernel(frames, choose("pgproxy.wire._known", _known_py, "")[1])
    if name != "compiled":
        print("the compiled kernel is not built: nothing to compare", file=sys.stderr)
        return 1
    print(f"{'':30} {'reference':>12} {'compiled':>12} {'ratio':>8}")
    for case, call in cases().items():
        slow = nanoseconds_a_row(call, reference)
        fast = nanoseconds_a_row(call, compiled)
        print(f"{case:30} {slow:9.0f} ns {fast:9.1f} ns {slow / fast:7.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
