"""The servers behind the proxy: the first that answers is taken, as libpq does.

They are one server and its standbys: what is read of the catalog of one holds for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from pgproxy.config.urls import hosts
from pgproxy.errors import ConfigError, Finding, Unavailable
from pgproxy.net.certificates import VERIFYING, ServerTls
from pgproxy.net.legs import Leg
from pgproxy.net.upstream import Upstream

T = TypeVar("T")

# A host that did not answer is asked last for so long: one that drops packets costs each client
# the whole time of a connect otherwise.
SHUNNED_SECONDS = 30.0


class Hosts:
    """See the module."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self.upstreams = tuple(upstreams)
        self._shunned: dict[Upstream, float] = {}

    @classmethod
    def parse(cls, url: str) -> "Hosts":
        """Those of a libpq URL; the user, password and database in it are not used here."""
        try:
            places = hosts(url)
            query = urlsplit(url).query
        except ValueError:
            raise _finding("brackets or ports are malformed") from None
        options = {name: values[-1] for name, values in parse_qs(query).items()}
        mode = options.get("sslmode", "prefer")
        if mode not in ("disable", "allow", "prefer", "require", *VERIFYING):
            raise _finding("the sslmode is none that libpq knows")
        tls = ServerTls(
            mode,
            options.get("sslrootcert", ""),
            options.get("sslcert", ""),
            options.get("sslkey", ""),
        )
        # What libpq prefers, or allows, protects from nobody: it is not spoken here.
        spoken = None if mode in ("disable", "allow", "prefer") else tls
        return cls([Upstream.at(host or "localhost", port, spoken) for host, port in places])

    async def connect(self, leg: Callable[[], Leg]) -> Leg:
        """A new leg to the first that answers.  Raises Unavailable, with the last one's reason."""

        async def connect(upstream: Upstream) -> Leg:
            return await upstream.connect(leg)

        return await self._first(connect)

    async def probe(self) -> None:
        """Whether a PostgreSQL answers at any of them.  Raises Unavailable."""
        await self._first(Upstream.probe)

    async def cancel(self, packet: bytes) -> None:
        """Deliver a CancelRequest to all: only the server that made its key heeds it."""
        await asyncio.gather(*(upstream.cancel(packet) for upstream in self.upstreams))

    async def _first(self, ask: Callable[[Upstream], Awaitable[T]]) -> T:
        now = asyncio.get_running_loop().time()
        reason = Unavailable("there is no server")
        for upstream in sorted(self.upstreams, key=lambda u: self._shunned.get(u, 0.0) > now):
            try:
                answer = await ask(upstream)
            except Unavailable as error:
                self._shunned[upstream] = now + SHUNNED_SECONDS
                reason = error
                continue
            self._shunned.pop(upstream, None)
            return answer
        raise reason


def _finding(message: str) -> ConfigError:
    return ConfigError((Finding("upstream.url", 0, message),))
