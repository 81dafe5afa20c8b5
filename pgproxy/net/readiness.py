"""Whether the proxy can serve right now: each part is looked at, by what it does, not by a flag."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
import time

from pgproxy.errors import Unavailable

# However often somebody asks, the parts are looked at this often.
_LOOK_SECONDS = 1.0

OK = "ok"

Check = Callable[[], Awaitable[None]]


class Readiness:
    """Part → check; a check raises Unavailable with what is wrong."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._turn = asyncio.Lock()
        self._looked = float("-inf")
        self._found: dict[str, str] = {}

    async def look(self) -> Mapping[str, str]:
        """Part → ``ok`` or what is wrong with it."""
        async with self._turn:
            if time.monotonic() - self._looked > _LOOK_SECONDS:
                answers = await asyncio.gather(*map(_answer, self._checks.values()))
                self._found = dict(zip(self._checks, answers, strict=True))
                self._looked = time.monotonic()
            return self._found


async def _answer(check: Check) -> str:
    try:
        await check()
    except Unavailable as error:
        return error.message
    return OK
