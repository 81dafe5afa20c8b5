"""The vault behind the loop: one thread of its own, and one round for all who wait.

While a round is under way, requests gather; the next round asks the vault once a space for all of
them, so that many sessions share one durable write.  A token is handed on only after the vault says
that it is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import logging
import time

from pgproxy.errors import Unavailable
from pgproxy.net.histogram import Histogram
from pgproxy.net.logs import origin
from pgproxy.session.counters import Counters
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from pgproxy.vault.store import Vault

PING_SECONDS = 5.0

# A vault that has failed after this long is not asked for the rest of a round: a lock waited for
# once a space would keep everybody behind the round waiting for as many times its patience.
FAILED_SECONDS = 2.0

Tokens = tuple[Mapping[bytes, bytes], ...]
# Gets the tokens in the order of the requests, or why there are none.
Answered = Callable[[Tokens | Unavailable], None]
_Found = dict[TokenSpace, dict[bytes, bytes] | Unavailable]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    requests: tuple[TokenRequest, ...]
    answered: Answered


class Lookups:
    """Values → tokens, for all sessions of this process."""

    def __init__(self, vault: Vault, counters: Counters) -> None:
        self._vault = vault
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._gathered: list[_Asked] = []
        self._busy = False
        self.seconds = Histogram()

    def ask(self, requests: tuple[TokenRequest, ...], answered: Answered) -> None:
        """Call back, from the loop, once every value has a durable token or none can be had."""
        self._gathered.append(_Asked(requests, answered))
        if not self._busy:
            self._start_round()

    async def ping(self) -> None:
        """Returns when the vault can answer.  Raises Unavailable."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._loop.run_in_executor(self._thread, self._vault.ping)
        except TimeoutError:
            raise Unavailable("the vault does not answer in time") from None

    async def close(self) -> None:
        """Finish the round under way, then let go of the vault."""
        await self._loop.run_in_executor(self._thread, self._vault.close)
        self._thread.shutdown()

    def _start_round(self) -> None:
        asked, self._gathered = self._gathered, []
        self._busy = True
        values: dict[TokenSpace, dict[bytes, None]] = {}
        for one in asked:
            for request in one.requests:
                values.setdefault(request.space, {}).update(dict.fromkeys(request.values))
        started = time.perf_counter()
        future = self._loop.run_in_executor(
            self._thread, _find, self._vault, {s: list(v) for s, v in values.items()}
        )
        future.add_done_callback(lambda done: self._end_round(asked, started, done.result()))

    def _end_round(self, asked: list[_Asked], started: float, found: _Found) -> None:
        self.seconds.observe(time.perf_counter() - started)
        self._busy = False
        if self._gathered:
            self._start_round()
        for one in asked:
            answer = _answer(one.requests, found)
            failed = isinstance(answer, Unavailable)
            count = sum(len(request.values) for request in one.requests)
            self._counters.vault_lookups["failed" if failed else "answered"] += count
            one.answered(answer)


def _find(vault: Vault, values: Mapping[TokenSpace, Sequence[bytes]]) -> _Found:
    """In the vault's thread.  One space that fails at once takes no other with it."""
    found: _Found = {}
    given_up: Unavailable | None = None
    for space, wanted in values.items():
        if given_up is not None:
            found[space] = given_up
            continue
        started = time.monotonic()
        try:
            found[space] = dict(zip(wanted, vault.tokens(space, wanted), strict=True))
        except Unavailable as error:
            found[space] = error
            if time.monotonic() - started >= FAILED_SECONDS:
                given_up = error
        except Exception as error:
            # Its text may hold a value: only where it came from is told.
            log.error("fault in the vault: %s", origin(error))
            found[space] = Unavailable("the vault failed (a fault of pgproxy)")
    return found


def _answer(requests: tuple[TokenRequest, ...], found: _Found) -> Tokens | Unavailable:
    answer = []
    for request in requests:
        tokens = found[request.space]
        if isinstance(tokens, Unavailable):
            return tokens
        answer.append({value: tokens[value] for value in request.values})
    return tuple(answer)
