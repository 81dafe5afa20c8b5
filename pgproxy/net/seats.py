"""How many clients have a place, counted over all workers without a lock.

Each worker writes a number of its own and reads everybody's.  Two that admit a client in the same
moment may go beyond the limit by one each: it is there to keep memory bounded, not to be exact.
"""

import mmap

_BYTES = 4


class Seats:
    """The places of one worker, among those of all."""

    def __init__(self, all_workers: "memoryview[int]", number: int) -> None:
        self._all = all_workers
        self._number = number

    @classmethod
    def of(cls, workers: int) -> list["Seats"]:
        """One for each worker, in memory that processes forked from now on share."""
        shared: memoryview[int] = memoryview(mmap.mmap(-1, workers * _BYTES)).cast("I")
        return [cls(shared, number) for number in range(workers)]

    def taken(self) -> int:
        """By clients of all workers."""
        return sum(self._all)

    def set(self, clients: int) -> None:
        """So many are this worker's."""
        self._all[self._number] = clients
