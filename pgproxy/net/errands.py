"""What a session wants to know: asked for outside, and the answer brought back as an event."""

from collections.abc import Callable
from dataclasses import dataclass
import logging

from pgproxy.errors import Unavailable
from pgproxy.net.house import House
from pgproxy.net.lookups import Tokens, Values
from pgproxy.session.effects import (
    Effect,
    LoadCatalog,
    LoadVerifier,
    RefreshCatalog,
    ResolveTokens,
    ResolveValues,
)
from pgproxy.session.session import Session

Errand = LoadCatalog | LoadVerifier | RefreshCatalog | ResolveTokens | ResolveValues

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; ``event`` carries out what an event of the session leads to, while it is there."""

    session: Session
    event: Callable[[Callable[[], list[Effect]]], None]

    def without(self, failed: Callable[[str], list[Effect]], error: Unavailable) -> None:
        """There is no answer; why is for the log, and for no client."""
        log.warning("%s", error.message)
        self.event(lambda: failed(error.message))


def run_errand(effect: Errand, asker: Asker, house: House) -> list[Effect]:
    """Start asking; what is known at once leads to effects at once."""
    services, session = house.services, asker.session
    if isinstance(effect, ResolveTokens):
        services.lookups.ask(effect.requests, lambda answer: _tokens(asker, answer))
    elif isinstance(effect, ResolveValues):
        services.lookups.ask_values(effect.requests, lambda answer: _values(asker, answer))
    elif isinstance(effect, LoadVerifier):
        house.start(_verifier(effect.user, asker, house))
    else:
        known = services.catalogs.known(effect.database)
        if known is not None and isinstance(effect, LoadCatalog):
            return session.catalog_ready(known)
        house.start(_catalog(effect, asker, house))
    return []


async def _catalog(effect: LoadCatalog | RefreshCatalog, asker: Asker, house: House) -> None:
    catalogs = house.services.catalogs
    ask = catalogs.get if isinstance(effect, LoadCatalog) else catalogs.refresh
    try:
        catalog = await ask(effect.database)
    except Unavailable as error:
        asker.without(asker.session.catalog_failed, error)
    else:
        asker.event(lambda: asker.session.catalog_ready(catalog))


async def _verifier(user: str, asker: Asker, house: House) -> None:
    try:
        text = await house.services.verifiers.of(user)
    except Unavailable as error:
        asker.without(asker.session.verifier_failed, error)
    else:
        asker.event(lambda: asker.session.verifier_ready(text))


def _tokens(asker: Asker, answer: Tokens | Unavailable) -> None:
    if isinstance(answer, Unavailable):
        asker.without(asker.session.tokens_failed, answer)
    else:
        asker.event(lambda: asker.session.tokens_ready(answer))


def _values(asker: Asker, answer: Values | Unavailable) -> None:
    if isinstance(answer, Unavailable):
        asker.without(asker.session.values_failed, answer)
    else:
        asker.event(lambda: asker.session.values_ready(answer))
