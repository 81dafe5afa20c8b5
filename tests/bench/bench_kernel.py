"""The two wire kernels side by side: nanoseconds a row, and how many times faster the compiled is.

    python -m tests.bench.bench_kernel

Medians of several runs in one process; read the ratios, not the last digit.  Asserts nothing.
"""

from collections.abc import Callable
from statistics import median
import sys
from time import perf_counter_ns
from types import ModuleType

from pgproxy.compiled import choose
from pgproxy.wire import _kernel_py
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


def cases() -> dict[str, Callable[[ModuleType], object]]:
    """What is timed, by name: each works once through ROWS rows."""
    ten, two = rows_of(10), rows_of(2)
    chunks = [ten[at : at + CHUNK] for at in range(0, len(ten), CHUNK)]
    new: list[list[bytes | None]] = [[b"a token of some size"] * ROWS for _ in range(4)]
    one = data_row([b"1", b"ada"])

    def feed(module: ModuleType, merge_rows: bool, discard: bytes) -> None:
        framer = module.Framer(1 << 30, merge_rows=merge_rows, discard=discard)
        for chunk in chunks:
            framer.feed(chunk)

    def one_by_one(module: ModuleType) -> None:
        for _ in range(ROWS):
            module.splice(one, 2, (1,), module.cut(one, 2, (1,)))

    return {
        "frame, rows merged": lambda module: feed(module, True, b""),
        "frame, each row apart": lambda module: feed(module, False, b""),
        "frame, rows discarded": lambda module: feed(module, False, b"D"),
        "cut 1 of 10": lambda module: module.cut(ten, 10, (4,)),
        "cut 4 of 10": lambda module: module.cut(ten, 10, (1, 3, 5, 7)),
        "cut 1 of 2": lambda module: module.cut(two, 2, (1,)),
        "splice 1 of 10": lambda module: module.splice(ten, 10, (4,), new[:1]),
        "splice 4 of 10": lambda module: module.splice(ten, 10, (1, 3, 5, 7), new),
        "splice 1 of 2": lambda module: module.splice(two, 2, (1,), new[:1]),
        "cut and splice, a row a call": one_by_one,
    }


def nanoseconds_a_row(call: Callable[[ModuleType], object], module: ModuleType) -> float:
    """The median of RUNS runs."""
    taken = []
    for _ in range(RUNS):
        start = perf_counter_ns()
        call(module)
        taken.append((perf_counter_ns() - start) / ROWS)
    return median(taken)


def main() -> int:
    """Prints the table; 1 when there is nothing to compare with."""
    name, compiled = choose("pgproxy.wire._kernel", _kernel_py, "")
    if name != "compiled":
        print("the compiled kernel is not built: nothing to compare", file=sys.stderr)
        return 1
    print(f"{'':30} {'reference':>12} {'compiled':>12} {'ratio':>8}")
    for case, call in cases().items():
        slow = nanoseconds_a_row(call, _kernel_py)
        fast = nanoseconds_a_row(call, compiled)
        print(f"{case:30} {slow:9.0f} ns {fast:9.1f} ns {slow / fast:7.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
