"""``pgproxy serve``: everything put together, the signals, the orderly end.

SIGTERM drains: nobody new, sessions end with their transaction.  SIGINT, SIGQUIT or a second
SIGTERM end everything at once.  SIGHUP reads the policy again: new sessions go by it, and those
that went by the old one end with their transaction, so that none outlives its rules by much.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
import gc
import hmac
import logging
from pathlib import Path
import secrets
import signal
import time
from typing import Any, TypeVar

from pgproxy.analysis.statement import audit_sql
from pgproxy.config.load import Config, load
from pgproxy.config.proxy import AuthMethod, ProxyConfig, ServiceLogin
from pgproxy.errors import ConfigError, Unavailable
from pgproxy.net.audit import AuditTrail
from pgproxy.net.catalogs import Catalogs
from pgproxy.net.certificates import listen_side
from pgproxy.net.hosts import Hosts
from pgproxy.net.introspection import read_snapshot
from pgproxy.net.logs import quiet_loop
from pgproxy.net.lookups import Lookups
from pgproxy.net.pages import open_admin
from pgproxy.net.planners import Planners
from pgproxy.net.probes import Probes
from pgproxy.net.server import Room, Server
from pgproxy.net.services import OpenSession, Services
from pgproxy.net.sockets import cannot_listen
from pgproxy.net.vaults import load_ring, open_vault
from pgproxy.net.verifiers import Verifiers, home
from pgproxy.net.workers import Place
from pgproxy.session.context import ClientTls, Limits, Scram, SessionContext
from pgproxy.session.counters import Counters
from pgproxy.session.key_login import codes
from pgproxy.session.service import PasswordKeys, Service
from pgproxy.session.session import Session
from pgproxy.treatment.fields import Keys, Treatments
from pgproxy.treatment.tokens import TokenMap
from pgproxy.vault.keys import KeyRing

T = TypeVar("T")

log = logging.getLogger("pgproxy")


async def serve(config: Config, path: Path, place: Place | None = None) -> None:
    """Run until told to stop.  Raises ConfigError where the files cannot be carried out.

    ``path`` is the configuration file, to read again on SIGHUP; ``place`` a worker's, among others.
    """
    loop = asyncio.get_running_loop()
    quiet_loop(loop)
    async with AsyncExitStack() as stack:
        proxy = await _Proxy.start(config, path, place, stack)
        # What was made until now stays: no need to look at it in every collection.
        gc.collect()
        gc.freeze()
        await proxy.run()


class _Proxy:
    """The running parts, and what the signals do with them."""

    def __init__(self, config: Config, path: Path, server: Server, rules: "_Rules") -> None:
        self._config = config
        self._path = path
        self._server = server
        self._rules = rules
        self._drain = asyncio.Event()
        self._stop = asyncio.Event()
        self._reloading = asyncio.Lock()

    @classmethod
    async def start(
        cls, config: Config, path: Path, place: Place | None, stack: AsyncExitStack
    ) -> "_Proxy":
        """Open everything, the listener last; ``stack`` closes what was opened."""
        services, rules = _open(config, stack)
        server = Server(services, _room(config.proxy, place))
        stack.push_async_callback(server.stop)
        proxy = cls(config, path, server, rules)
        proxy._handle_signals(stack)
        server.start(services.catalogs.keep_fresh(server.databases, server.masked_databases))
        server.start(_try_catalog(config, services.catalogs))
        await proxy._listen(config.proxy, place, stack)
        return proxy

    async def _listen(
        self, config: ProxyConfig, place: Place | None, stack: AsyncExitStack
    ) -> None:
        if place is not None:
            # Without a parent nobody would pass on a signal, or free the address.
            asyncio.get_running_loop().add_reader(place.lifeline, self._stop.set)
            await self._server.listen_on(place.listeners)
            await open_admin(config.admin, self._server, place, stack)
            place.ready()
            return
        await open_admin(config.admin, self._server, None, stack)
        try:
            addresses = await self._server.listen(config.listen.host, config.listen.port)
        except OSError as error:
            raise cannot_listen("listen", error) from None
        for address in addresses:
            log.info("listening on %s", address)

    async def run(self) -> None:
        """Until a signal ends it; the exit stack does the rest."""
        waits: list[asyncio.Task[Any]] = [
            asyncio.create_task(event.wait()) for event in (self._drain, self._stop)
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not self._stop.is_set():
            seconds = self._config.proxy.limits.drain_seconds
            log.info("draining, for %d seconds at most", seconds)
            waits.append(asyncio.create_task(self._server.drain(seconds)))
            await asyncio.wait(waits[1:], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        log.info("stopping")

    def _handle_signals(self, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()
        for number, handler in (
            (signal.SIGTERM, self._terminate),
            (signal.SIGINT, self._stop.set),
            (signal.SIGQUIT, self._stop.set),
            (signal.SIGHUP, self._hang_up),
        ):
            loop.add_signal_handler(number, handler)
            stack.callback(loop.remove_signal_handler, number)

    def _hang_up(self) -> None:
        self._server.start(self._reload())

    def _terminate(self) -> None:
        (self._stop if self._drain.is_set() else self._drain).set()

    async def _reload(self) -> None:
        async with self._reloading:
            try:
                self._server.services.audit.reopen()
                fresh = await asyncio.to_thread(load, self._path)
                self._renew_certificates(fresh.proxy)
            except ConfigError as error:
                log.error("not reloaded, going on as before:\n%s", error)
                return
            old, self._config = self._config, fresh
            if fresh.proxy != old.proxy:
                log.warning(
                    "only the policy and certificates are reloaded; what else changed needs a "
                    "restart"
                )
            for warning in fresh.warnings:
                log.warning("%s", warning)
            if (fresh.policy, fresh.profiles) == (old.policy, old.profiles):
                log.info("reloaded: the policy is unchanged")
                return
            log.info("reloaded: sessions under the old policy end with their transaction")
        seconds = fresh.proxy.limits.drain_seconds
        await self._server.reload(self._rules.opener(fresh), seconds)

    def _renew_certificates(self, proxy: ProxyConfig) -> None:
        """Who connects from now on sees the new ones.  Raises ConfigError."""
        services, tls = self._server.services, proxy.listen.tls
        if services.client_tls is not None and tls is not None:
            services.client_tls = listen_side(tls)
            log.info("certificates read again")


class _Rules:
    """What a session is given, but for the policy and what was learned."""

    def __init__(self, config: Config, context: SessionContext, keys: Keys) -> None:
        limit = config.proxy.limits.message_bytes
        self._context = replace(
            context, limits=Limits(message_bytes=min(limit, Limits().message_bytes))
        )
        self._keys = keys

    def opener(self, config: Config) -> OpenSession:
        """Opens sessions under the policy and the profiles of these files."""
        keys = replace(self._keys, profiles=config.profiles)
        context = replace(
            self._context,
            policy=config.policy,
            make_planner=Planners(config.policy),
            treatments=Treatments(keys, self._context.tokens),
        )
        return lambda client: Session(replace(context, client=client))


def _room(proxy: ProxyConfig, place: Place | None) -> Room:
    limits = proxy.limits
    room = Room(limits.clients, limits.startup_seconds, proxy.listen.proxy_header_from)
    return room if place is None else replace(room, seats=place.seats)


def _open(config: Config, stack: AsyncExitStack) -> tuple[Services, _Rules]:
    proxy = config.proxy
    ring = load_ring(proxy.vault.keys)
    vault = open_vault(proxy.vault.url, ring)
    counters, tokens = Counters(), TokenMap(proxy.limits.token_cache_bytes)
    lookups = Lookups(vault, counters)
    stack.push_async_callback(lookups.close)
    audit = AuditTrail(proxy.audit.path)
    stack.callback(audit.close)
    probes = Probes(proxy.catalog.url)
    stack.callback(probes.close)
    catalogs = Catalogs(proxy.catalog.url, read_snapshot, probes)
    keys = Keys(ring.treatment_secret(), config.profiles)
    context = SessionContext(
        policy=config.policy,
        treatments=Treatments(keys, tokens),
        tokens=tokens,
        counters=counters,
        make_planner=Planners(config.policy),
        audit_sql=audit_sql,
        now=time.perf_counter,
        catalog_holds=catalogs.holds,
        tls=client_tls(proxy),
        scram=_scram(proxy, ring),
        service=_service(proxy.auth.service),
        allowed=codes(frozenset(proxy.auth.allow)),
    )
    rules = _Rules(config, context, keys)
    verifiers = Verifiers(proxy.auth.users, proxy.verifiers_url())
    stack.callback(verifiers.close)
    tls = proxy.listen.tls
    services = Services(
        client_tls=listen_side(tls) if tls is not None else None,
        upstream=_open_hosts(proxy.upstream.url),
        catalogs=catalogs,
        lookups=lookups,
        audit=audit,
        counters=counters,
        open_session=rules.opener(config),
        verifiers=verifiers,
    )
    return services, rules


def client_tls(proxy: ProxyConfig) -> ClientTls | None:
    """What sessions are told of TLS on the client's side."""
    tls = proxy.listen.tls
    if tls is None:
        return None
    certificates = tls.client_ca is not None
    # Who may come without TLS may come without a certificate.
    return ClientTls(tls.require or certificates, certificates)


def _scram(proxy: ProxyConfig, ring: KeyRing) -> Scram | None:
    """How sessions check passwords; None where the server does."""
    if proxy.auth.method is not AuthMethod.SCRAM:
        return None
    # Every proxy with these keys tells an unknown user the same.
    secret = hmac.digest(ring.treatment_secret(), b"pgproxy: unknown users", "sha256")
    return Scram(lambda: secrets.token_urlsafe(18).encode(), secret)


def _service(login: ServiceLogin | None) -> Service | None:
    return Service(login.user, PasswordKeys(login.password)) if login else None


def _open_hosts(url: str) -> Hosts:
    servers = Hosts.parse(url)
    for upstream in servers.upstreams:
        if upstream.tls is not None:
            # Certificates that cannot be read should show now, not at the first client.
            upstream.tls.context()
    return servers


async def _try_catalog(config: Config, catalogs: Catalogs) -> None:
    """A catalog login that does not work should show now, not at the first client."""
    database = home(config.proxy.catalog.url)
    try:
        catalog = await catalogs.get(database)
        log.info("catalog read: %d relations in %s", len(catalog.relations), database)
    except Unavailable as error:
        log.warning("%s: masked roles are refused until it can; see catalog.url", error.message)
