"""Where conversations live: what a server does for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Protocol

from pgproxy.net.services import Services

if TYPE_CHECKING:
    from pgproxy.net.conversation import Conversation


class House(Protocol):
    """The server, as its conversations see it."""

    services: Services
    startup_seconds: float
    balancers: tuple[IPv4Network | IPv6Network, ...]  # they say who connects to them
    held: bool  # nothing is read: the audit trail is behind

    def entered(self, conversation: Conversation) -> bool:
        """A connection has come; False: there is no room even to say so."""

    def admit(self, conversation: Conversation) -> tuple[str, str] | None:
        """It has said who it is; the answer is a SQLSTATE and a message where it may not stay."""

    def watch(self, conversation: Conversation) -> None:
        """Call its ``sweep`` once a second until that returns False."""

    def left(self, conversation: Conversation) -> None:
        """Both legs are closed."""

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something in the background."""
