"""Snapshots: read once for all, never older than asked for, kept while nothing changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pgproxy.analysis.catalog import Catalog, Role
from pgproxy.errors import Unavailable
from pgproxy.net import catalogs as catalogs_module
from pgproxy.net.catalogs import Catalogs
from tests.net.fakes import run


class Server:
    """A database whose only role has the name of its state, which is its fingerprint, too."""

    def __init__(self) -> None:
        self.state = "a"
        self.readings = 0
        self.looks = 0
        self.released: list[str] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, url: str, database: str, version: int) -> tuple[Catalog, str]:
        self.readings += 1
        state = self.state
        await self.gate.wait()
        if self.away:
            raise Unavailable("away")
        role = Role(state, frozenset())
        return Catalog(database, version, 180000, {}, {}, {state: role}), state

    async def look(self, database: str) -> str:
        self.looks += 1
        state = self.state
        await self.gate.wait()
        if self.away:
            raise Unavailable("away")
        return state

    def release(self, database: str) -> None:
        self.released.append(database)


def test_all_who_ask_at_once_share_one_reading(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        got = await asyncio.gather(*(catalogs.get("shop") for _ in range(20)))
        assert server.readings == 1
        assert all(catalog is got[0] for catalog in got)
        assert catalogs.known("shop") is got[0]
        assert catalogs.known("other") is None

    run(test, loop)


def test_refresh_does_not_take_a_reading_that_had_begun_before(loop: str) -> None:
    """What the caller has just created is not in it."""

    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        server.gate.clear()
        early = asyncio.create_task(catalogs.get("shop"))
        await asyncio.sleep(0.02)
        server.state = "b"
        late = [asyncio.create_task(catalogs.refresh("shop")) for _ in range(10)]
        await asyncio.sleep(0.02)
        server.gate.set()
        assert "a" in (await early).roles
        for task in late:
            assert "b" in (await task).roles
        assert server.readings == 2

    run(test, loop)


def test_unchanged_database_keeps_its_snapshot(loop: str) -> None:
    async def test() -> None:
        server, told = Server(), list[Catalog]()
        catalogs = Catalogs("", server.read, server)
        catalogs.changed = told.append
        first = await catalogs.get("shop")
        assert await catalogs.refresh("shop") is first
        server.state = "b"
        second = await catalogs.refresh("shop")
        assert second.version > first.version
        assert told == [second]

    run(test, loop)


def test_failure_is_told_to_those_who_waited_and_keeps_what_is_there(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        server.away = True
        server.gate.clear()
        asking = [asyncio.create_task(catalogs.refresh("shop")) for _ in range(5)]
        await asyncio.sleep(0.02)
        server.gate.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(answer) for answer in answers] == [Unavailable] * 5
        assert (server.readings, server.looks) == (1, 1)
        assert catalogs.known("shop") is None
        server.away = False
        assert await catalogs.refresh("shop") is first

    run(test, loop)


def test_database_that_is_not_there_leaves_no_trace(loop: str) -> None:
    async def test() -> None:
        server = Server()
        server.away = True
        catalogs = Catalogs("", server.read, server)
        for number in range(10):
            with pytest.raises(Unavailable, match="away"):
                await catalogs.get(f"no{number}")
        assert not catalogs._entries

    run(test, loop)


def test_asker_that_leaves_does_not_take_the_reading_of_the_others(loop: str) -> None:
    async def test() -> None:
        server = Server()
        server.gate.clear()
        catalogs = Catalogs("", server.read, server)
        first, second = [asyncio.create_task(catalogs.get("shop")) for _ in range(2)]
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        server.gate.set()
        assert "a" in (await second).roles

    run(test, loop)


@asynccontextmanager
async def watched(catalogs: Catalogs, used: set[str], masked: set[str]) -> AsyncIterator[None]:
    """The timer runs."""
    keeping = asyncio.create_task(catalogs.keep_fresh(lambda: used, lambda: masked))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is waited for takes a hundredth of a second."""
    for name in ("REFRESH_SECONDS", "LOOK_SECONDS", "_TICK_SECONDS"):
        monkeypatch.setattr(catalogs_module, name, 0.01)


@pytest.mark.usefixtures("quick")
def test_version_is_never_given_twice(loop: str) -> None:
    async def test() -> None:
        server, used = Server(), {"shop"}
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        async with watched(catalogs, used, set()):
            await asyncio.sleep(0.2)
            assert server.readings > 2
            assert 0 < catalogs.age(used) < 5
            used.clear()
            await asyncio.sleep(0.1)
            assert not catalogs._entries
            assert "shop" in server.released
            assert catalogs.age({"shop"}) == 0
            assert (await catalogs.get("shop")).version > first.version

    run(test, loop)


@pytest.mark.usefixtures("quick")
def test_timer_outlives_a_server_that_is_away(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        await catalogs.get("shop")
        async with watched(catalogs, {"shop"}, {"shop"}):
            server.away, server.state = True, "b"
            await asyncio.sleep(0.05)
            assert catalogs.known("shop") is None
            server.away = False
            await asyncio.sleep(0.2)
            known = catalogs.known("shop")
            assert known is not None
            assert "b" in known.roles

    run(test, loop)


def test_a_look_that_finds_nothing_new_reads_nothing(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        for _ in range(3):
            assert await catalogs.refresh("shop") is first
        assert (server.readings, server.looks) == (1, 3)

    run(test, loop)


def test_old_snapshot_does_not_hold_while_the_new_one_is_read(loop: str) -> None:
    """A look has found a change: from that moment on nobody plans on what was."""

    class Quick(Server):
        async def look(self, database: str) -> str:
            return self.state

    async def test() -> None:
        server = Quick()
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        assert catalogs.holds("shop", first.version)
        server.state = "b"
        server.gate.clear()
        asking = asyncio.create_task(catalogs.refresh("shop"))
        async with asyncio.timeout(5):
            while server.readings < 2:  # noqa: ASYNC110 - any condition
                await asyncio.sleep(0.005)
        assert not catalogs.holds("shop", first.version)
        assert catalogs.known("shop") is None
        server.gate.set()
        second = await asking
        assert catalogs.holds("shop", second.version)
        assert not catalogs.holds("shop", first.version)

    run(test, loop)


def test_ddl_seen_while_a_look_is_under_way_is_not_answered_by_that_look(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        server.gate.clear()
        asking = asyncio.create_task(catalogs.refresh("shop"))
        await asyncio.sleep(0.02)
        server.state = "b"
        catalogs.suspect()
        server.gate.set()
        assert await asking is first
        assert not catalogs.holds("shop", first.version)
        assert "b" in (await catalogs.get("shop")).roles

    run(test, loop)


@pytest.mark.usefixtures("quick")
def test_change_on_the_server_is_seen_without_anybody_asking(loop: str) -> None:
    async def test() -> None:
        server, told = Server(), list[Catalog]()
        catalogs = Catalogs("", server.read, server)
        catalogs.changed = told.append
        await catalogs.get("shop")
        async with watched(catalogs, {"shop"}, {"shop"}):
            server.state = "b"
            await asyncio.sleep(0.3)
        assert [set(catalog.roles) for catalog in told] == [{"b"}]

    run(test, loop)


def test_look_that_hangs_makes_the_snapshot_stale(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogs_module, "GRACE_SECONDS", 0.15)
    monkeypatch.setattr(catalogs_module, "LOOK_SECONDS", 0.05)

    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        async with watched(catalogs, {"shop"}, {"shop"}):
            await asyncio.sleep(0.3)
            assert catalogs.holds("shop", first.version)
            server.gate.clear()
            await asyncio.sleep(0.4)
            assert not catalogs.holds("shop", first.version)
            assert catalogs.known("shop") is None
            server.gate.set()
            await asyncio.sleep(0.4)
            assert catalogs.holds("shop", first.version)

    run(test, loop)


def test_look_that_fails_makes_the_snapshot_stale_at_once(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        first = await catalogs.get("shop")
        server.away = True
        with pytest.raises(Unavailable, match="away"):
            await catalogs.refresh("shop")
        assert not catalogs.holds("shop", first.version)

    run(test, loop)


def test_database_without_masked_sessions_is_not_looked_at(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read, server)
        await catalogs.get("shop")
        async with watched(catalogs, {"shop"}, set()):
            await asyncio.sleep(1.2)
        assert (server.readings, server.looks) == (1, 0)

    run(test, loop)
