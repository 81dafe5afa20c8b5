"""Fields of DataRows, by the run: cut columns out of one, splice new ones in.

A run is what ``Framer(merge_rows=True)`` yields: whole DataRow messages with their headers.  Both
functions check every length, also of the fields they leave alone, and raise UpstreamViolation for
a row that does not add up.  They are the kernel's.
"""

from pgproxy.wire.kernel import cut, splice

__all__ = ["cut", "splice"]
