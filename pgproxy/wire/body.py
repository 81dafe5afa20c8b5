"""Reading one message's body: integers, strings, counted bytes, each behind a length check.

Raises the violation of whoever sent the message and names the message, never its contents.
"""

from pgproxy.errors import ClientViolation, UpstreamViolation

Violation = type[ClientViolation] | type[UpstreamViolation]


class Body:
    """A cursor over the body of one message."""

    __slots__ = ("_at", "_data", "_name", "_violation")

    def __init__(self, name: str, data: bytes, violation: Violation) -> None:
        """``name`` is the message's name in the manual, for the error text."""
        self._name = name
        self._data = data
        self._violation = violation
        self._at = 0

    def violated(self) -> ClientViolation | UpstreamViolation:
        """The error to raise for this message."""
        return self._violation(f"malformed {self._name} message")

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if size < 0 or size > len(self._data) - self._at:
            raise self.violated()
        self._at += size
        return self._data[self._at - size : self._at]

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def byte1(self) -> bytes:
        """One byte, as the manual's Byte1."""
        return self.take(1)

    def int16(self) -> int:
        """A signed Int16."""
        return int.from_bytes(self.take(2), "big", signed=True)

    def count(self) -> int:
        """An Int16 that counts: the server reads it without a sign."""
        return int.from_bytes(self.take(2), "big")

    def int32(self) -> int:
        """A signed Int32."""
        return int.from_bytes(self.take(4), "big", signed=True)

    def uint32(self) -> int:
        """An OID, or any other Int32 without a sign."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """The bytes up to the next NUL, which is eaten."""
        end = self._data.find(0, self._at)
        if end < 0:
            raise self.violated()
        start, self._at = self._at, end + 1
        return self._data[start:end]

    def counts(self) -> tuple[int, ...]:
        """A counted list of Int16: format codes."""
        return tuple(self.count() for _ in range(self.count()))

    def oids(self) -> tuple[int, ...]:
        """A counted list of Int32 without a sign: type OIDs."""
        return tuple(self.uint32() for _ in range(self.count()))

    def values(self) -> bytes:
        """Format codes, then values, both counted, as they stand; a value's length -1 is NULL."""
        start = self._at
        self.counts()
        for _ in range(self.count()):
            length = self.int32()
            if length != -1:
                self.take(length)
        return self._data[start : self._at]

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise self.violated()
