"""Which command tags may mean that the catalog has changed, and when that is over the threshold.

A positive list: what is not known to leave the catalog alone is taken to change it.  What a tag
does not show (a function that runs DDL, a procedure that commits and then fails) the shell finds by
looking at the server.
"""

from functools import lru_cache
import re

from pgproxy.session.effects import CatalogChanged
from pgproxy.session.outbox import Outbox
from pgproxy.wire.backend import IDLE

_COMMITS = frozenset({"COMMIT", "PREPARE TRANSACTION"})
_HARMLESS = _COMMITS | {
    "",
    "ANALYZE",
    "BEGIN",
    "CHECKPOINT",
    "CLOSE CURSOR",
    "CLOSE CURSOR ALL",
    "CLUSTER",
    "COPY",
    "DEALLOCATE",
    "DEALLOCATE ALL",
    "DECLARE CURSOR",
    "DELETE",
    "DISCARD",
    "DISCARD ALL",
    "DISCARD PLANS",
    "DISCARD SEQUENCES",
    "DISCARD TEMP",
    "EXPLAIN",
    "FETCH",
    "INSERT",
    "LISTEN",
    "LOAD",
    "LOCK TABLE",
    "MERGE",
    "MOVE",
    "NOTIFY",
    "PREPARE",
    "REINDEX",
    "RELEASE",
    "RESET",
    "ROLLBACK",
    "SAVEPOINT",
    "SET",
    "SET CONSTRAINTS",
    "SHOW",
    "START TRANSACTION",
    "TRUNCATE TABLE",
    "UNLISTEN",
    "UPDATE",
    "VACUUM",
}
# SELECT INTO and CREATE TABLE AS have the tag of a SELECT.
_MAKES = re.compile(rb"into|create", re.IGNORECASE)


@lru_cache(maxsize=1024)
def words(tag: bytes) -> str:
    """The words of a command tag, without its counts."""
    parts = tag.rstrip(b"\0").decode("ascii", "replace").split()
    return " ".join(part for part in parts if part.isalpha())


def makes_table(text: bytes) -> bool:
    """Whether a text that ended as SELECT, without a row, may have made a table."""
    return _MAKES.search(text) is not None


class Changes:
    """The open transaction of one session.  Uncommitted changes are nobody else's yet."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._open = False

    def completed(self, kind: str, *, made_table: bool = False) -> None:
        """A statement has ended with this tag, counts left out."""
        if made_table or (kind not in _HARMLESS and kind != "SELECT"):
            self._open = True
        elif kind in _COMMITS:
            # What follows in the same query string may take its time.
            self.tell()

    def ready(self, status: bytes) -> None:
        """ReadyForQuery: whatever was open is over, one way or the other, when it says idle."""
        if status == IDLE:
            self.tell()

    def tell(self) -> None:
        """Also at the end of the session: the server may have committed, and not been heard."""
        if self._open:
            self._open = False
            self._outbox.add(CatalogChanged())
