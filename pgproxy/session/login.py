"""From the start-up packet to the first ReadyForQuery: the server checks the password, we look on.

What the server says after AuthenticationOk is held until it is known that the login may start:
nobody learns from us about roles, databases or policy before the server knows who is asking.
"""

from pgproxy.analysis.catalog import Catalog, Role
from pgproxy.errors import ClientViolation, PgproxyError, Refusal, Unavailable, UpstreamViolation
from pgproxy.policy.rules import RoleRule
from pgproxy.session.context import Identity, SessionContext
from pgproxy.session.effects import Close, ConnectUpstream, LoadCatalog, RefreshCatalog
from pgproxy.session.guard import Guard
from pgproxy.session.key_login import KeyLogin, relayed, service_refused
from pgproxy.session.ledger import refused_login
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.session.relay import Relay
from pgproxy.session.reports import check_setting
from pgproxy.session.settings import bare, pinned
from pgproxy.session.vetting import no_entry, unknown_role, vet
from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import HEADER
from pgproxy.wire.startup import CancelRequest, StartupMessage

# Of one message: SASL and GSS tokens of a client, and whatever a server says before it is ready.
_CLIENT_LIMIT = 65_536
_SERVER_LIMIT = 1_048_576
_NEWEST_MINOR = 2


class Login(Phase):
    """Authentication is relayed message by message; the rest waits."""

    def __init__(
        self,
        context: SessionContext,
        outbox: Outbox,
        startup: StartupMessage,
        raw: bytes,
        keys: KeyLogin | None = None,
    ) -> None:
        super().__init__(outbox)
        self._context = context
        self.startup = startup
        # What the server is told: another user where a service logs in for everybody.
        self._sent = context.service.in_place(startup) if context.service else startup
        self._raw = self._sent.encode() if context.service else raw
        self._keys = keys  # of a client that we have checked: they answer in its place
        self._binding = b""
        self._from_client = b""
        self._from_server = b""
        self._held: list[bytes] = []
        self._catalog: Catalog | None = None
        self._rule: RoleRule | None = None
        self._masked = True
        self._refusal: PgproxyError | None = None
        self._negotiated = False
        self._decided = self._connected = self._asked = self._authenticated = False
        self._refreshing = self._ended = False

    @property
    def user(self) -> str:
        """Who logs in."""
        return self.startup.user

    @property
    def database(self) -> str:
        """Where to."""
        return self.startup.database

    def enter(self) -> None:
        """The catalog and the server's leg are fetched side by side."""
        self._outbox.add(LoadCatalog(self.startup.database))
        self._outbox.add(ConnectUpstream())

    # What the start-up packet waits for

    def upstream_connected(self, binding: bytes = b"") -> None:
        """The server's leg is open."""
        self._connected = True
        self._binding = binding
        self._start()

    def upstream_failed(self, reason: str) -> None:
        """No server."""
        raise Unavailable("the database server cannot be reached", sqlstate="08006")

    def catalog_ready(self, catalog: Catalog) -> None:
        """Which entry of the policy the login has."""
        if self._refreshing:
            if self._refusal is not None:
                raise self._refuse(self._second_look(catalog))
            self._confirm(catalog)
        if not self._decided:
            self._catalog = catalog
            self._decide(catalog)
            self._decided = True
            self._start()

    def catalog_failed(self, reason: str) -> None:
        """The login goes on, so that only a login that the server knows is told about it."""
        if self._refreshing:
            raise self._refuse(self._refusal or _unread())
        if not self._decided:
            self._refusal = _unread()
            self._decided = True
            self._start()

    def _decide(self, catalog: Catalog) -> None:
        role = catalog.roles.get(self._sent.user)
        if role is None:
            self._refusal = unknown_role(self._sent.user)
            return
        self._rule = self._rule_of(role)
        if self._rule is None:
            self._refusal = no_entry(self.startup.user)
            return
        self._masked = self._context.policy.masks(self._rule)
        if not self._masked:
            return
        try:
            vet(role, catalog, self._context.policy)
            pinned(self._sent.parameters, catalog)
        except Refusal as refusal:
            self._refusal = refusal

    def _rule_of(self, role: Role) -> RoleRule | None:
        # Who comes by a service is known to the policy by name alone: the role is the service's.
        own = self._context.service is not None
        names = (self.startup.user,) if own else (role.name, *role.member_of)
        return self._context.policy.rule_for(names)

    def _second_look(self, catalog: Catalog) -> Refusal:
        role = catalog.roles.get(self._sent.user)
        if role is not None and self._rule_of(role) is None:
            return no_entry(self.startup.user)
        return unknown_role(self._sent.user)

    def _start(self) -> None:
        if self._connected and self._decided:
            self._outbox.upstream(self._packet())

    def _packet(self) -> bytes:
        """As it came for a role without masks; pinned, or bare, for the others."""
        if self._refusal is None and not self._masked:
            return self._raw
        parameters = self._sent.parameters
        if self._refusal is None and self._catalog is not None:
            sent = pinned(parameters, self._catalog)
        else:
            sent = bare(parameters)
        return StartupMessage(self._sent.protocol, sent).encode()

    # Client

    def client_data(self, data: bytes) -> None:
        """Answers to authentication requests go on at once; anything else waits for ready."""
        self._from_client += data
        self._answer()

    def _answer(self) -> None:
        while self._keys is None and not self._authenticated and len(self._from_client) >= HEADER:
            kind = self._from_client[0]
            if kind == frontend.TERMINATE:
                self._outbox.add(Close())
                return
            if kind != frontend.PASSWORD_MESSAGE:
                if self._asked:
                    raise ClientViolation("a password message is expected")
                break
            length = 1 + int.from_bytes(self._from_client[1:HEADER], "big")
            if not HEADER <= length <= _CLIENT_LIMIT:
                raise ClientViolation("a password message has a length that is not valid")
            if length > len(self._from_client):
                break
            self._outbox.upstream(self._from_client[:length])
            self._from_client = self._from_client[length:]

    @property
    def client_blocked(self) -> bool:
        """What comes before its time is bounded."""
        return len(self._from_client) >= _CLIENT_LIMIT

    # Server

    def upstream_data(self, data: bytes) -> None:
        """One message after the other, until ReadyForQuery."""
        self._from_server += data
        while self.next is None and len(self._from_server) >= HEADER and not self._refreshing:
            length = 1 + int.from_bytes(self._from_server[1:HEADER], "big")
            if not HEADER <= length <= _SERVER_LIMIT:
                raise UpstreamViolation("a message of the server has a length that is not valid")
            if length > len(self._from_server):
                return
            message, self._from_server = self._from_server[:length], self._from_server[length:]
            self._server_message(message[0], message)

    def upstream_closed(self) -> None:
        """The server has said why, as a rule."""
        if not self._ended:
            raise Unavailable("the server closed the connection", sqlstate="08006")
        self._outbox.add(Close())

    def _server_message(self, kind: int, message: bytes) -> None:
        body = message[HEADER:]
        if kind == backend.ERROR_RESPONSE:
            if self._context.service is not None and not self._authenticated:
                service_refused(body)
            self._ended = True
            self._held.append(message)
            self._outbox.client(b"".join(self._held))
            self._held.clear()
            return
        if self._ended:
            raise UpstreamViolation("the server goes on after it refused the login")
        if kind == backend.NEGOTIATE_PROTOCOL_VERSION:
            self._negotiate(body)
        if self._authenticated:
            self._server_setting(kind, message, body)
        elif kind == backend.AUTHENTICATION:
            self._authentication(message, body)
        elif kind in (backend.NOTICE_RESPONSE, backend.NEGOTIATE_PROTOCOL_VERSION):
            self._outbox.client(message)
        else:
            raise UpstreamViolation("the server sent what has no place in a login")

    def _authentication(self, message: bytes, body: bytes) -> None:
        code = backend.parse_authentication(body)
        if code == backend.AUTHENTICATION_OK:
            self._authenticated = True
            self._held.append(message)
            return
        if self._keys is not None:
            self._outbox.upstream(self._keys.answer(code, body, self._binding))
            return
        try:
            asked = relayed(code, body, self._context.allowed)
        except Refusal as refusal:
            refused_login(self._context, self._outbox, self.startup, refusal)
            raise
        self._outbox.client(asked)
        if code != backend.AUTHENTICATION_SASL_FINAL:
            self._asked = True
            self._answer()

    def _server_setting(self, kind: int, message: bytes, body: bytes) -> None:
        self._held.append(message)
        if kind == backend.PARAMETER_STATUS and self._masked and self._refusal is None:
            check_setting(*backend.parse_parameter_status(body))
        elif kind == backend.BACKEND_KEY_DATA:
            self.cancel = CancelRequest(*backend.parse_backend_key_data(body)).encode()
        elif kind == backend.READY_FOR_QUERY:
            backend.parse_ready_for_query(body)
            self._ready()
        elif kind not in _BEFORE_READY:
            raise UpstreamViolation("the server sent what has no place in a login")

    def _negotiate(self, body: bytes) -> None:
        """What the server takes on, a masked session must know: a protocol option may move data."""
        self._negotiated = True
        if self._masked:
            version, unknown = backend.parse_negotiate_protocol_version(body)
            if version & 0xFFFF > _NEWEST_MINOR or not self._options() <= set(unknown):
                raise _unknown_protocol()

    def _options(self) -> set[bytes]:
        names = self.startup.parameters
        return {n.encode("utf-8", "surrogateescape") for n in names if n.startswith("_pq_.")}

    # The end of the login

    def goodbye(self) -> bytes:
        """Before it has authenticated anybody the server expects no farewell."""
        return frontend.Terminate().encode() if self._authenticated else b""

    def _ready(self) -> None:
        if isinstance(self._refusal, Refusal) and self._refusal.reason == "unknown_role":
            self._refresh()
            return
        if self._refusal is not None:
            raise self._refuse(self._refusal)
        catalog, rule = self._catalog, self._rule
        if catalog is None or rule is None:
            raise Unavailable("the login was not decided")
        too_new = self.startup.protocol[1] > _NEWEST_MINOR or bool(self._options())
        if self._masked and too_new and not self._negotiated:
            raise _unknown_protocol()
        if self._masked and not self._context.catalog_holds(self.startup.database, catalog.version):
            # A password may take its time.
            self._refresh()
            return
        self._begin(catalog, rule)

    def _refresh(self) -> None:
        self._refreshing = True
        version = self._catalog.version if self._catalog else 0
        self._outbox.add(RefreshCatalog(self.startup.database, version))

    def _confirm(self, catalog: Catalog) -> None:
        """What was decided on the old snapshot must be what the new one says."""
        before = self._rule, self._packet()
        self._catalog = catalog
        self._decide(catalog)
        if self._refusal is None and before != (self._rule, self._packet()):
            self._refusal = Unavailable("the rules of this login have just changed: connect again")
        if self._refusal is not None or self._rule is None:
            raise self._refuse(self._refusal or _unread())
        self._begin(catalog, self._rule)

    def _begin(self, catalog: Catalog, rule: RoleRule) -> None:
        startup = self.startup
        identity = Identity(startup.database, startup.user, rule, self._sent.user)
        self.next = self._successor(identity, catalog)
        self.next.cancel = self.cancel
        self._outbox.client(b"".join(self._held))

    def _successor(self, identity: Identity, catalog: Catalog) -> Phase:
        if self._masked:
            return Guard(self._context, self._outbox, identity, catalog)
        return Relay(self._context, self._outbox, identity)

    def leftovers(self) -> tuple[bytes, bytes]:
        """Bytes of client and server that came too early."""
        return self._from_client, self._from_server

    def _refuse(self, error: PgproxyError) -> PgproxyError:
        refused_login(self._context, self._outbox, self.startup, error)
        # AuthenticationOk first: a client takes errors before it for a wrong password.
        self._outbox.client(self._held[0])
        return error


def _unread() -> Unavailable:
    return Unavailable("the catalog of the database cannot be read")


def _unknown_protocol() -> Refusal:
    return Refusal(
        "protocol",
        "a protocol version or option that is not covered for a role with masked columns",
        sqlstate="0A000",
    )


_BEFORE_READY = (
    backend.PARAMETER_STATUS,
    backend.NEGOTIATE_PROTOCOL_VERSION,
    backend.NOTICE_RESPONSE,
)
