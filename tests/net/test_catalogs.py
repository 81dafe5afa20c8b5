"""Snapshots: read once for all, never older than asked for, kept while nothing changes."""

import asyncio

import pytest

from pgproxy.analysis.catalog import Catalog, Role
from pgproxy.errors import Unavailable
from pgproxy.net import catalogs as catalogs_module
from pgproxy.net.catalogs import Catalogs
from tests.net.fakes import run


class Server:
    """A database whose only role has the name of its state."""

    def __init__(self) -> None:
        self.state = "a"
        self.readings = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, url: str, database: str, version: int) -> Catalog:
        self.readings += 1
        state = self.state
        await self.gate.wait()
        if self.away:
            raise Unavailable("away")
        role = Role(state, frozenset())
        return Catalog(database, version, 180000, {}, {}, {state: role})


def test_all_who_ask_at_once_share_one_reading(loop: str) -> None:
    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read)
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
        catalogs = Catalogs("", server.read)
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
        catalogs = Catalogs("", server.read)
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
        catalogs = Catalogs("", server.read)
        first = await catalogs.get("shop")
        server.away = True
        server.gate.clear()
        asking = [asyncio.create_task(catalogs.refresh("shop")) for _ in range(5)]
        await asyncio.sleep(0.02)
        server.gate.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(answer) for answer in answers] == [Unavailable] * 5
        assert server.readings == 2
        assert catalogs.known("shop") is first
        server.away = False
        assert await catalogs.refresh("shop") is first

    run(test, loop)


def test_database_that_is_not_there_leaves_no_trace(loop: str) -> None:
    async def test() -> None:
        server = Server()
        server.away = True
        catalogs = Catalogs("", server.read)
        for number in range(10):
            with pytest.raises(Unavailable, match="away"):
                await catalogs.get(f"no{number}")
        assert not catalogs._entries

    run(test, loop)


def test_asker_that_leaves_does_not_take_the_reading_of_the_others(loop: str) -> None:
    async def test() -> None:
        server = Server()
        server.gate.clear()
        catalogs = Catalogs("", server.read)
        first, second = [asyncio.create_task(catalogs.get("shop")) for _ in range(2)]
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        server.gate.set()
        assert "a" in (await second).roles

    run(test, loop)


def test_version_is_never_given_twice(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs_module, "REFRESH_SECONDS", 0.01)

    async def test() -> None:
        server, used = Server(), {"shop"}
        catalogs = Catalogs("", server.read)
        first = await catalogs.get("shop")
        keeping = asyncio.create_task(catalogs.keep_fresh(lambda: used))
        await asyncio.sleep(0.1)
        assert server.readings > 2
        assert 0 < catalogs.age(used) < 5
        used.clear()
        await asyncio.sleep(0.1)
        assert not catalogs._entries
        assert catalogs.age({"shop"}) == 0
        assert (await catalogs.get("shop")).version > first.version
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    run(test, loop)


def test_timer_outlives_a_server_that_is_away(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs_module, "REFRESH_SECONDS", 0.01)

    async def test() -> None:
        server = Server()
        catalogs = Catalogs("", server.read)
        await catalogs.get("shop")
        keeping = asyncio.create_task(catalogs.keep_fresh(lambda: ["shop"]))
        server.away, server.state = True, "b"
        await asyncio.sleep(0.05)
        server.away = False
        await asyncio.sleep(0.1)
        catalog = await catalogs.get("shop")
        assert "b" in catalog.roles
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    run(test, loop)
