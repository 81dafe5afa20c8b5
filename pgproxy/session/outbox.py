"""Collects what one event leads to, and puts it into one list of effects."""

from pgproxy.session.counters import Counters
from pgproxy.session.effects import Audit, Close, Effect, ToClient, ToUpstream


class Outbox:
    """Bytes for one leg leave as one piece; records go first, the end of the session last.

    What is asked for comes behind the bytes: an answer that is there at once leads to more of them.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._client: list[bytes] = []
        self._upstream: list[bytes] = []
        self._audits: list[Effect] = []
        self._requests: list[Effect] = []
        self._close: Close | None = None

    def client(self, data: bytes) -> None:
        """Bytes for the client."""
        self._client.append(data)

    def upstream(self, data: bytes) -> None:
        """Bytes for the server."""
        self._upstream.append(data)

    def add(self, effect: Effect) -> None:
        """Anything that is not bytes."""
        if isinstance(effect, Close):
            self._close = self._close or effect
        elif isinstance(effect, Audit):
            self._audits.append(effect)
        else:
            self._requests.append(effect)

    @property
    def closed(self) -> bool:
        """Whether the session is to end."""
        return self._close is not None

    def take(self) -> list[Effect]:
        """All effects since the last time."""
        effects = self._audits
        self._audits = []
        if self._upstream:
            data = self._joined(self._upstream)
            self._counters.bytes["to_upstream"] += len(data)
            effects.append(ToUpstream(data))
        if self._client:
            data = self._joined(self._client)
            self._counters.bytes["to_client"] += len(data)
            effects.append(ToClient(data))
        if self._requests:
            effects += self._requests
            self._requests = []
        if self._close:
            effects.append(self._close)
        return effects

    @staticmethod
    def _joined(parts: list[bytes]) -> bytes:
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        return data
