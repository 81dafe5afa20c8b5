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
from typing import Any

from pgproxy.errors import Unavailable
from pgproxy.net.histogram import Histogram
from pgproxy.net.logs import origin
from pgproxy.session.counters import Counters
from pgproxy.treatment.tokens import TokenRequest, TokenSpace, ValueRequest
from pgproxy.vault.store import Vault

PING_SECONDS = 5.0

# A vault that has failed after this long is not asked for the rest of a round: a lock waited for
# once a space would keep everybody behind the round waiting for as many times its patience.
FAILED_SECONDS = 2.0

Tokens = tuple[Mapping[bytes, bytes], ...]
Values = tuple[Mapping[bytes, bytes | None], ...]
# Gets the tokens in the order of the requests, or why there are none; the same for values.
Answered = Callable[[Tokens | Unavailable], None]
AnsweredValues = Callable[[Values | Unavailable], None]

# What one round asks for: of which space, and whether tokens are wanted or values.
_Wanted = tuple[TokenSpace, bool]
_Found = dict[_Wanted, dict[bytes, Any] | Unavailable]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """``wanted`` in the order of the requests, with what is looked up."""

    wanted: tuple[tuple[_Wanted, tuple[bytes, ...]], ...]
    answered: Callable[[Any], None]


class Lookups:
    """Values → tokens and back, for all sessions of this process."""

    def __init__(self, vault: Vault, counters: Counters) -> None:
        self._vault = vault
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")
        self._gathered: list[_Asked] = []
        self._busy = False
        self._failing = ""
        self.seconds = Histogram()

    def ask(self, requests: tuple[TokenRequest, ...], answered: Answered) -> None:
        """Call back, from the loop, once every value has a durable token or none can be had."""
        self._ask(_Asked(tuple(((r.space, True), r.values) for r in requests), answered))

    def ask_values(self, requests: tuple[ValueRequest, ...], answered: AnsweredValues) -> None:
        """Call back, from the loop, with what the tokens stand for; None for what is no token."""
        self._ask(_Asked(tuple(((r.space, False), r.tokens) for r in requests), answered))

    def _ask(self, asked: _Asked) -> None:
        self._gathered.append(asked)
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
        wanted: dict[_Wanted, dict[bytes, None]] = {}
        for one in asked:
            for what, keys in one.wanted:
                wanted.setdefault(what, {}).update(dict.fromkeys(keys))
        started = time.perf_counter()
        future = self._loop.run_in_executor(
            self._thread, _find, self._vault, {what: list(keys) for what, keys in wanted.items()}
        )
        future.add_done_callback(lambda done: self._end_round(asked, started, done.result()))

    def _end_round(self, asked: list[_Asked], started: float, found: _Found) -> None:
        self.seconds.observe(time.perf_counter() - started)
        self._busy = False
        self._report(found)
        if self._gathered:
            self._start_round()
        for one in asked:
            answer = _answer(one, found)
            failed = isinstance(answer, Unavailable)
            count = sum(len(keys) for _, keys in one.wanted)
            self._counters.vault_lookups["failed" if failed else "answered"] += count
            one.answered(answer)

    def _report(self, found: _Found) -> None:
        """Clients are only told that there is no vault; why stands in the log, once each time."""
        failures = {e.message for e in found.values() if isinstance(e, Unavailable)}
        failing = "; ".join(sorted(failures))
        if failing and failing != self._failing:
            log.error("masked rows stop: %s", failing)
        elif self._failing and not failing:
            log.info("the vault answers again")
        self._failing = failing


def _find(vault: Vault, wanted: Mapping[_Wanted, Sequence[bytes]]) -> _Found:
    """In the vault's thread.  One space that fails at once takes no other with it."""
    found: _Found = {}
    given_up: Unavailable | None = None
    for what, keys in wanted.items():
        if given_up is not None:
            found[what] = given_up
            continue
        space, tokens = what
        started = time.monotonic()
        try:
            ask = vault.tokens if tokens else vault.values
            found[what] = dict(zip(keys, ask(space, keys), strict=True))
        except Unavailable as error:
            found[what] = error
            if time.monotonic() - started >= FAILED_SECONDS:
                given_up = error
        except Exception as error:
            # Its text may hold a value: only where it came from is told.
            log.error("fault in the vault: %s", origin(error))
            found[what] = Unavailable("the vault failed (a fault of pgproxy)")
    return found


def _answer(asked: _Asked, found: _Found) -> tuple[dict[bytes, Any], ...] | Unavailable:
    answer = []
    for what, keys in asked.wanted:
        known = found[what]
        if isinstance(known, Unavailable):
            return known
        answer.append({key: known[key] for key in keys})
    return tuple(answer)
