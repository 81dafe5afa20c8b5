"""Which pages the admin port has, and which parts readiness looks at."""

from contextlib import AsyncExitStack
import logging

from prometheus_client.metrics_core import Metric

from pgproxy.config.proxy import Admin as AdminConfig
from pgproxy.errors import Unavailable
from pgproxy.net.admin import Admin, MakePage, Page, healthz, readyz
from pgproxy.net.audit import State
from pgproxy.net.build import Build
from pgproxy.net.catalogs import REFRESH_SECONDS
from pgproxy.net.front_page import ReadFamilies, front_page
from pgproxy.net.metrics import CONTENT_TYPE, Metrics, page_of
from pgproxy.net.readiness import Check, Readiness
from pgproxy.net.server import Server
from pgproxy.net.siblings import Siblings, joined
from pgproxy.net.sockets import cannot_listen
from pgproxy.net.workers import Place, socket_path

log = logging.getLogger("pgproxy")


async def open_admin(
    config: AdminConfig, server: Server, place: Place | None, stack: AsyncExitStack
) -> None:
    """Answer at the admin port; ``stack`` closes it.  Raises ConfigError."""
    metrics = Metrics(server, Build.current())
    checks = _checks(server)

    async def own() -> list[Metric]:
        return metrics.families()

    if place is None:
        admin = Admin(_routes(own, checks))
        stack.push_async_callback(admin.close)
        try:
            address = await admin.listen(config.host, config.port)
        except OSError as error:
            raise cannot_listen("admin", error) from None
        log.info("admin page on http://%s/", address)
        return

    siblings = Siblings(place)

    async def everybodys() -> list[Metric]:
        return joined([metrics.families(), *await siblings.families()])

    admin = Admin(_routes(everybodys, {**checks, "workers": siblings.check}))
    stack.push_async_callback(admin.close)
    await admin.listen_on(place.admin)
    alone = Admin(_routes(own, checks))
    stack.push_async_callback(alone.close)
    await alone.listen_at(socket_path(place.directory, place.number))


def _routes(families: ReadFamilies, checks: dict[str, Check]) -> dict[str, MakePage]:
    readiness = Readiness(checks)

    async def scrape() -> Page:
        return Page(page_of(await families()), CONTENT_TYPE)

    return {
        "/": front_page(families, readiness, Build.current()),
        "/metrics": scrape,
        "/healthz": healthz,
        "/readyz": readyz(readiness),
    }


def _checks(server: Server) -> dict[str, Check]:
    services = server.services

    async def catalog() -> None:
        age = services.catalogs.age(server.databases())
        if age > 3 * REFRESH_SECONDS:
            raise Unavailable(f"not refreshed for {age:.0f} seconds")

    async def audit() -> None:
        if services.audit.state is not State.WRITING:
            raise Unavailable(f"the trail is {services.audit.state.value}")

    return {
        "upstream": services.upstream.probe,
        "vault": services.lookups.ping,
        "catalog": catalog,
        "audit": audit,
    }
