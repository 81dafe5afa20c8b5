"""One client's conversation: events in, effects out.  The whole contract with the shell."""

from collections.abc import Callable, Mapping

from pgproxy.analysis.catalog import Catalog
from pgproxy.errors import PgproxyError, Refusal, Unavailable
from pgproxy.session.authentication import Authentication
from pgproxy.session.context import Encrypted, SessionContext
from pgproxy.session.effects import Close, Effect
from pgproxy.session.login import Login
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.session.responses import fatal
from pgproxy.session.startup import Opening


class Session:
    """Feed it what happened; carry out what it returns, in that order.

    After ``Close`` every event is ignored.  While ``upstream_blocked`` (tokens are awaited) or
    ``client_blocked`` (a catalog or a value is awaited, or too many replies are outstanding) the
    shell stops reading that leg; what it delivers all the same is kept.  Look at both after each
    event.
    """

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._outbox = Outbox(context.counters)
        self._phase: Phase = Opening(context, self._outbox)
        self._draining = False
        self._client_gone = False
        self._upstream_gone = False
        self.closed = False
        self.login = ""  # until the start-up packet is here
        self.database = ""

    @property
    def ready(self) -> bool:
        """Logged in: the limits of the start no longer apply."""
        return self._phase.ready

    @property
    def masked(self) -> bool:
        """Logged in, and planned for: its catalog must be watched."""
        return self._phase.masked

    @property
    def client_blocked(self) -> bool:
        """The client should not be read for now."""
        return not self.closed and self._phase.client_blocked

    @property
    def upstream_blocked(self) -> bool:
        """The server should not be read for now."""
        return not self.closed and self._phase.upstream_blocked

    def client_data(self, data: bytes) -> list[Effect]:
        """Bytes of the client, cut anywhere."""
        self._context.counters.bytes["from_client"] += len(data)
        return self._event(lambda phase: phase.client_data(data))

    def client_closed(self) -> list[Effect]:
        """The client is gone: end of stream, reset, or half-closed."""
        self._client_gone = True
        return self._event(lambda phase: phase.client_closed())

    def client_encrypted(self, encrypted: Encrypted) -> list[Effect]:
        """The answer to ``EncryptClient``."""
        return self._event(lambda phase: phase.client_encrypted(encrypted))

    def verifier_ready(self, text: str) -> list[Effect]:
        """The answer to ``LoadVerifier``; '' where nothing is stored."""
        return self._event(lambda phase: phase.verifier_ready(text))

    def verifier_failed(self, reason: str) -> list[Effect]:
        """The other answer to ``LoadVerifier``; ``reason`` is not shown to anybody."""
        return self._event(lambda phase: phase.verifier_failed(reason))

    def upstream_connected(self, binding: bytes = b"") -> list[Effect]:
        """The answer to ``ConnectUpstream``; ``binding`` is that of the server's certificate."""
        return self._event(lambda phase: phase.upstream_connected(binding))

    def upstream_failed(self, reason: str) -> list[Effect]:
        """The other answer to ``ConnectUpstream``; ``reason`` is not shown to anybody."""
        self._upstream_gone = True
        return self._event(lambda phase: phase.upstream_failed(reason))

    def upstream_data(self, data: bytes) -> list[Effect]:
        """Bytes of the server, cut anywhere."""
        self._context.counters.bytes["from_upstream"] += len(data)
        return self._event(lambda phase: phase.upstream_data(data))

    def upstream_closed(self) -> list[Effect]:
        """The server is gone."""
        self._upstream_gone = True
        return self._event(lambda phase: phase.upstream_closed())

    def catalog_ready(self, catalog: Catalog) -> list[Effect]:
        """The answer to a request, or a newer snapshot that nobody here asked for."""
        return self._event(lambda phase: phase.catalog_ready(catalog))

    def catalog_failed(self, reason: str) -> list[Effect]:
        """No catalog; ``reason`` is not shown to anybody."""
        return self._event(lambda phase: phase.catalog_failed(reason))

    def tokens_ready(self, tokens: tuple[Mapping[bytes, bytes], ...]) -> list[Effect]:
        """For each request of ``ResolveTokens`` value → token, all of its values."""
        return self._event(lambda phase: phase.tokens_ready(tokens))

    def tokens_failed(self, reason: str) -> list[Effect]:
        """No tokens; ``reason`` is not shown to anybody."""
        return self._event(lambda phase: phase.tokens_failed(reason))

    def values_ready(self, found: tuple[Mapping[bytes, bytes | None], ...]) -> list[Effect]:
        """For each request of ``ResolveValues`` token → value, None for what is no token."""
        return self._event(lambda phase: phase.values_ready(found))

    def values_failed(self, reason: str) -> list[Effect]:
        """The vault does not say; ``reason`` is not shown to anybody."""
        return self._event(lambda phase: phase.values_failed(reason))

    def drain(self) -> list[Effect]:
        """End as soon as no transaction is open, with FATAL 57P01; at once before the login."""
        self._draining = True
        return self._event(lambda phase: None)

    def end(self, sqlstate: str, message: str) -> list[Effect]:
        """End now, with a FATAL error where there is room for one.  ``message`` is our own."""
        return self._event(lambda phase: self._fail(Unavailable(message, sqlstate=sqlstate)))

    def _event(self, happened: Callable[[Phase], None]) -> list[Effect]:
        if self.closed:
            return []
        try:
            happened(self._phase)
            if self._phase.next is not None:
                self._advance()
            if self._draining:
                self._drained()
        except PgproxyError as error:
            self._fail(error)
        except Exception as fault:
            # Our own mistake: nothing more may pass, and nobody is told what was in its hands.
            self._context.counters.faults += 1
            self._fail(PgproxyError("internal error of pgproxy"), reason=_place(fault))
        if self._outbox.closed:
            self._finish()
        return self._outbox.take()

    def _advance(self) -> None:
        while (successor := self._phase.next) is not None and not self._outbox.closed:
            from_client, from_upstream = self._phase.leftovers()
            self._phase = successor
            if isinstance(successor, Login | Authentication):
                self.login = successor.user
                self.database = successor.database
            elif successor.ready:
                self._context.counters.sessions += 1
                self._context.counters.sessions_total += 1
            successor.enter()
            if from_upstream:
                successor.upstream_data(from_upstream)
            if from_client:
                successor.client_data(from_client)

    def _drained(self) -> None:
        if not self._phase.idle or self._outbox.closed:
            return
        if self.login:
            self._fail(Unavailable("the proxy is going down: connect again", sqlstate="57P01"))
        else:
            self._outbox.add(Close())

    def _fail(self, error: PgproxyError, *, reason: str = "") -> None:
        phase = self._phase
        phase.stop()
        if not self._client_gone and phase.between_messages:
            self._outbox.client(fatal(error))
        farewell = phase.goodbye()
        if farewell and not self._upstream_gone:
            self._outbox.upstream(farewell)
        self._outbox.add(Close(reason or _reason(error)))

    def _finish(self) -> None:
        self.closed = True
        if not self._phase.ready:
            return
        self._context.counters.sessions -= 1
        try:
            self._phase.abandon()
        except Exception:
            self._context.counters.faults += 1


def _reason(error: PgproxyError) -> str:
    # A refusal names roles and columns; its reason is from a fixed set.
    what = error.reason if isinstance(error, Refusal) else error.message
    return f"{error.sqlstate} {what}"


def _place(fault: Exception) -> str:
    """Where a fault happened; its text may hold anything."""
    where = fault.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    if where is None:
        return f"fault: {type(fault).__name__}"
    code = where.tb_frame.f_code
    return f"fault: {type(fault).__name__} in {code.co_qualname}, line {where.tb_lineno}"
