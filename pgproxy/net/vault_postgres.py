"""The vault in a PostgreSQL database, shared by many proxies: the same promises as ``sqlite``.

Blocking, like every vault; a loop in a thread of its own does the work, so that the cryptography of
one block of values goes on while the server writes another.  A block costs one round trip: values
met before are found, new ones are written and committed; which of the two is tried first is what
the last block was.  Two proxies that meet one value agree by the unique indexes: who comes second
takes the token that is there.  Whatever breaks a connection is tried once more: all is idempotent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
import logging
import os
import random
import threading
from typing import Any, TypeVar

import asyncpg

from pgproxy.errors import Unavailable
from pgproxy.net.vault_pool import CONNECT_SECONDS, CONNECTIONS, VaultPool, Wrong, in_our_words
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import postgres_sql as sql
from pgproxy.vault import tokens as drawing
from pgproxy.vault.cipher import SpaceCipher
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.places import NOWHERE, Places, places_of
from pgproxy.vault.status import KeyStatus, SpaceStatus, VaultStatus

# Values in one statement: enough to spread its cost, few enough to overlap with the next.
BLOCK = 4000
# Half the space taken: each round places half of what is left.  Then the space is called full.
_ROUNDS = 32
_DEADLOCKS = 12
# Those that met in a deadlock must not meet again at once; on average, and longer each time.
_APART_SECONDS = 0.01
_START = (b"", 0)

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)

T = TypeVar("T")
Connection = Any  # asyncpg's pool hands out a proxy that its stubs type apart

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Space:
    """One space of the database; ``fresh``: the last block was mostly new."""

    id: int
    space: TokenSpace
    cipher: SpaceCipher
    places: Places
    fresh: bool = False


class PostgresVault:
    """See ``store.Vault``.  ``seconds`` is how long one statement may take."""

    def __init__(self, url: str, keys: KeyRing, *, seconds: float = 10.0) -> None:
        self._keys = keys
        self._process = os.getpid()
        self._closed = False
        self._spaces: dict[TokenSpace, _Space] = {}
        self._key_names: dict[int, str] = {}
        self._resealed = _START
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vault", daemon=True)
        self._thread.start()
        self._pool = VaultPool(url, keys, seconds)
        self._pool.renewed = self._renewed
        try:
            self._run(self._pool.check())
        except Unavailable as error:
            # Rows stop until it is there; the proxy itself need not wait for it.
            log.warning("%s; it is tried again at every need", error.message)
        except BaseException:
            self.close()
            raise

    def tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
        """The token of each value, made where there is none; durable before this returns."""
        return self._run(self._tokens(space, values)) if values else []

    def values(self, space: TokenSpace, tokens: Sequence[bytes]) -> list[bytes | None]:
        """The value of each token, None for what is no token of the space."""
        return self._run(self._values(space, tokens)) if tokens else []

    def ping(self) -> None:
        """Returns when the vault can answer."""
        self._run(self._with(lambda c: c.fetchval(sql.IDENTITY)))

    def status(self) -> VaultStatus:
        """What is in it; counts all rows."""
        return self._run(self._with(self._status))

    def forget(self, space: TokenSpace, values: Sequence[bytes]) -> int:
        """Erase these values and their tokens for good; how many there were."""
        return self._run(self._forget(space, values)) if values else 0

    def reseal(self, limit: int) -> int:
        """Seal up to ``limit`` values of other keys, from where the last call ended; how many."""
        return self._run(self._with(lambda c: self._reseal(c, limit)))

    def close(self) -> None:
        """Let go of the connections; closing twice is fine."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._pool.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed or os.getpid() != self._process:
            work.close()
            state = "is closed" if self._closed else "was opened before a fork"
            raise Unavailable(f"the vault {state}")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _renewed(self) -> None:
        self._spaces.clear()
        self._key_names.clear()

    async def _with(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do it on a connection; once more where that is lost, or has lost against others."""
        with in_our_words():
            for attempt in range(_DEADLOCKS):
                try:
                    pool = await self._pool.open()
                    async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                        return await work(connection)
                except Wrong:
                    raise
                except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                    if attempt == _DEADLOCKS - 1:
                        raise
                    await asyncio.sleep(random.uniform(0, 2 * _APART_SECONDS * (attempt + 1)))
                except _LOST:
                    if attempt:
                        raise
            raise AssertionError("unreachable")

    async def _tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
        here = await self._with(lambda c: self._space(c, space, create=True))
        assert here is not None
        lookups = here.cipher.lookups(values)
        # In one order everywhere: two proxies that write the same values never wait in a circle.
        wanted = sorted(dict(zip(lookups, values, strict=True)).items())
        found: dict[bytes, bytes] = {}
        turns = asyncio.Semaphore(CONNECTIONS - 1)

        async def block(part: dict[bytes, bytes]) -> None:
            async with turns:
                found.update(await self._with(lambda c: self._block(c, here, part)))

        parts = [dict(wanted[at : at + BLOCK]) for at in range(0, len(wanted), BLOCK)]
        await _together([block(part) for part in parts])
        return [found[lookup] for lookup in lookups]

    async def _block(
        self, connection: Connection, here: _Space, wanted: dict[bytes, bytes]
    ) -> dict[bytes, bytes]:
        """Look-up → value in, look-up → token out."""
        if here.fresh and not drawing.listable(here.space.kind):
            made = await self._make(connection, here, wanted)
            if made is not None:
                return made
        found = await self._find(connection, here, list(wanted))
        here.fresh = 2 * len(found) < len(wanted)
        for turn in range(_ROUNDS):
            left = {lookup: value for lookup, value in wanted.items() if lookup not in found}
            if not left:
                return found
            made = await self._make(connection, here, left) if turn == 0 else None
            if made is None:
                await self._squeeze(connection, here, left)
                made = await self._find(connection, here, list(left))
            found.update(made)
        raise Unavailable(drawing.full(here.space, wanted.values()), sqlstate="53000")

    async def _make(
        self, connection: Connection, here: _Space, wanted: dict[bytes, bytes]
    ) -> dict[bytes, bytes] | None:
        """Rows for all of them, or None where some were there already or a place was taken."""
        places = here.places.draw(list(wanted.values()))
        tokens = here.places.tokens(places)
        sealed = here.cipher.seal(tokens, list(wanted.values()))
        key = await self._primary(connection)
        try:
            ((made,),) = await connection.fetch(
                sql.MAKE, here.id, list(wanted), places, key, sealed
            )
        except asyncpg.UniqueViolationError:
            return None
        if made == len(wanted):
            return dict(zip(wanted, tokens, strict=True))
        here.fresh = False
        return None

    async def _squeeze(
        self, connection: Connection, here: _Space, wanted: dict[bytes, bytes]
    ) -> None:
        """Rows for those whose drawn place is free, in one transaction."""
        lookups = list(wanted)
        async with connection.transaction():
            drawn = await self._draw(connection, here, list(wanted.values()))
            sealed = here.cipher.seal(here.places.tokens(drawn), list(wanted.values()))
            drafts = dict(zip(drawn, zip(lookups, sealed, strict=True), strict=False))
            key = await self._primary(connection)
            secrets = [sealed for _, sealed in drafts.values()]
            rows = await connection.fetch(sql.HOLD, here.id, key, list(drafts), secrets)
            held = sorted((drafts[place][0], place) for (place,) in rows)
            ours, places = [lookup for lookup, _ in held], [place for _, place in held]
            rows = await connection.fetch(sql.POINT, here.id, ours, places)
            if len(rows) < len(places):
                unused = set(places).difference(place for (place,) in rows)
                await connection.execute(sql.RELEASE, here.id, list(unused))

    async def _draw(self, connection: Connection, here: _Space, values: list[bytes]) -> list[bytes]:
        if not drawing.listable(here.space.kind):
            return here.places.draw(values)
        taken = await connection.fetch(sql.TAKEN, here.id)
        free = drawing.draw_free(here.space.kind, values, [place for (place,) in taken])
        if free is None:
            raise Unavailable(drawing.full(here.space, values), sqlstate="53000")
        return free

    async def _find(
        self, connection: Connection, here: _Space, lookups: list[bytes]
    ) -> dict[bytes, bytes]:
        found = dict(await connection.fetch(sql.FIND, here.id, lookups))
        return dict(zip(found, here.places.tokens(list(found.values())), strict=True))

    async def _values(self, space: TokenSpace, tokens: Sequence[bytes]) -> list[bytes | None]:
        here = await self._with(lambda c: self._space(c, space, create=False))
        if here is None or here.cipher.one_way:
            return [None] * len(tokens)
        token_at = dict(zip(here.places.places(tokens), tokens, strict=True))
        token_at.pop(NOWHERE, None)
        places, found = list(token_at), dict[bytes, bytes]()
        for at in range(0, len(places), BLOCK):
            part = places[at : at + BLOCK]
            for place, key, sealed in await self._with(
                lambda c, part=part: c.fetch(sql.OPEN, here.id, part)  # type: ignore[misc]
            ):
                name = await self._key_name(key)
                token = token_at[place]
                found[token] = here.cipher.open(name, token, sealed)
        return [found.get(token) for token in tokens]

    async def _forget(self, space: TokenSpace, values: Sequence[bytes]) -> int:
        here = await self._with(lambda c: self._space(c, space, create=False))
        if here is None:
            return 0
        lookups = sorted(set(here.cipher.lookups(values)))

        async def erase(connection: Connection) -> int:
            async with connection.transaction():
                places = [p for (p,) in await connection.fetch(sql.FORGET, here.id, lookups)]
                await connection.execute(sql.RELEASE, here.id, places)
            return len(places)

        return await self._with(erase)

    async def _reseal(self, connection: Connection, limit: int) -> int:
        primary = await self._primary(connection)
        rows = await connection.fetch(sql.STALE, primary, *self._resealed, limit)
        sealed = []
        for row in rows:
            space = TokenSpace(row["domain"], row["kind"])
            here = await self._space(connection, space, create=False)
            assert here is not None
            (token,) = here.places.tokens([row["place"]])
            value = here.cipher.open(row["name"], token, row["sealed"])
            sealed += here.cipher.seal([token], [value])
        columns = ([row[name] for row in rows] for name in ("space", "place", "key"))
        await connection.execute(sql.RESEAL, primary, *columns, sealed)
        self._resealed = (rows[-1]["place"], rows[-1]["space"]) if rows else _START
        return len(rows)

    async def _space(
        self, connection: Connection, space: TokenSpace, *, create: bool
    ) -> _Space | None:
        known = self._spaces.get(space)
        if known is not None:
            return known
        places = places_of(self._keys, space)
        key = (space.domain, space.kind)
        number = await connection.fetchval(sql.SPACE, *key)
        if number is None:
            if not create:
                return None
            await connection.execute(sql.ADD_SPACE, *key)
            number = await connection.fetchval(sql.SPACE, *key)
        known = _Space(number, space, SpaceCipher(self._keys, space), places)
        self._spaces[space] = known
        return known

    async def _primary(self, connection: Connection) -> int:
        for key, name in self._key_names.items():
            if name == self._keys.primary:
                return key
        rows = await connection.fetch(sql.KEYS)
        self._key_names = {row["id"]: row["name"] for row in rows}
        return next(key for key, name in self._key_names.items() if name == self._keys.primary)

    async def _key_name(self, key: int) -> str:
        if key not in self._key_names:  # another proxy may have rotated
            rows = await self._with(lambda c: c.fetch(sql.KEYS))
            self._key_names = {row["id"]: row["name"] for row in rows}
        return self._key_names.get(key, "")

    async def _status(self, connection: Connection) -> VaultStatus:
        spaces = await connection.fetch(sql.SPACES)
        keys = await connection.fetch(sql.SEALED)
        states = self._keys.states
        return VaultStatus(
            schema_version=await connection.fetchval(sql.IDENTITY),
            bytes=await connection.fetchval(sql.BYTES),
            spaces=tuple(SpaceStatus(TokenSpace(d, k), count) for d, k, count in spaces),
            keys=tuple(KeyStatus(name, states.get(name, ""), count) for name, count in keys),
        )


async def _together(work: list[Coroutine[Any, Any, None]]) -> None:
    """All of it, or the first error with the rest called off."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
