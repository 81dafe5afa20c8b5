"""One stretch of a session: opening, login, then relay or guard.  What each must answer."""

from __future__ import annotations

from collections.abc import Mapping

from pgproxy.analysis.catalog import Catalog
from pgproxy.errors import Unavailable
from pgproxy.session.context import Encrypted
from pgproxy.session.effects import Close, ForwardCancel
from pgproxy.session.outbox import Outbox


class Phase:
    """Events of one stretch.  An exception ends the session: ``Session`` tells the client.

    ``next`` names the successor once there is one; bytes left over go to it.
    """

    ready = False
    masked = False

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.next: Phase | None = None
        # The CancelRequest for what the server runs for us, once it has given us a key.
        self.cancel = b""

    @property
    def client_blocked(self) -> bool:
        """Whether the client should not be read."""
        return False

    @property
    def upstream_blocked(self) -> bool:
        """Whether the server should not be read."""
        return False

    @property
    def between_messages(self) -> bool:
        """Whether the client has had whole messages only, so that an error may follow."""
        return True

    @property
    def idle(self) -> bool:
        """Whether ending now costs the client nothing."""
        return True

    def enter(self) -> None:
        """The phase begins."""

    def abandon(self) -> None:
        """The session ends while the phase runs: put down what is unfinished."""

    def goodbye(self) -> bytes:
        """What the server is told at the end, where that is possible."""
        return b""

    def client_data(self, data: bytes) -> None:
        """Bytes of the client."""
        raise NotImplementedError

    def leftovers(self) -> tuple[bytes, bytes]:
        """Bytes of client and server that are for the next phase."""
        return b"", b""

    def client_closed(self) -> None:
        """The client is gone: nobody wants what the server still does for it."""
        self.stop()
        self._outbox.add(Close())

    def stop(self) -> None:
        """Have the server give up what it runs."""
        if self.cancel and not self.idle:
            self._outbox.add(ForwardCancel(self.cancel, again=True))

    def client_encrypted(self, encrypted: Encrypted) -> None:
        """The client speaks TLS from here on."""
        raise NotImplementedError

    def verifier_ready(self, text: str) -> None:
        """What is stored of the user's password; '' for nothing."""
        raise NotImplementedError

    def verifier_failed(self, reason: str) -> None:
        """Nobody knows."""
        raise NotImplementedError

    def upstream_connected(self, binding: bytes = b"") -> None:
        """The server's leg is open; ``binding``: that of its certificate."""
        raise NotImplementedError

    def upstream_failed(self, reason: str) -> None:
        """The server's leg could not be opened."""
        raise NotImplementedError

    def upstream_data(self, data: bytes) -> None:
        """Bytes of the server."""
        raise NotImplementedError

    def upstream_closed(self) -> None:
        """The server is gone."""
        raise Unavailable("the server closed the connection", sqlstate="08006")

    def catalog_ready(self, catalog: Catalog) -> None:
        """A snapshot, asked for or not."""

    def catalog_failed(self, reason: str) -> None:
        """No snapshot."""

    def tokens_ready(self, tokens: tuple[Mapping[bytes, bytes], ...]) -> None:
        """Tokens that were asked for."""
        raise NotImplementedError

    def tokens_failed(self, reason: str) -> None:
        """No tokens."""
        raise NotImplementedError

    def values_ready(self, found: tuple[Mapping[bytes, bytes | None], ...]) -> None:
        """What tokens that were asked for stand for."""
        raise NotImplementedError

    def values_failed(self, reason: str) -> None:
        """Nobody knows what they stand for."""
        raise NotImplementedError
