"""Room, draining, reload, and what happens when the audit trail cannot be written."""

import asyncio
from pathlib import Path

import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.net import server as server_module
from pgproxy.net.audit_file import AuditFile
from pgproxy.session.audit import AuditRecord
from pgproxy.session.effects import Audit, ConnectUpstream, Effect, LoadCatalog
from tests.net.fakes import RelaySession, Wish, no_catalog, rig, run


def test_client_beyond_the_limit_is_told_and_the_next_gets_its_place(
    tmp_path: Path, loop: str
) -> None:
    async def test() -> None:
        async with rig(tmp_path, Wish(clients=2)) as proxy:
            first, second = [await proxy.connect() for _ in range(2)]
            for client in (first, second):
                await client.reader.readexactly(1)
            third = await proxy.connect()
            assert await third.rest() == b"FATAL 53300"
            third.leave()
            first.leave()
            await proxy.until(lambda: proxy.server.sessions() == 1)
            fourth = await proxy.connect()
            assert await fourth.ask(b"in", 3) == b"!in"
            fourth.leave()
            second.leave()
            await proxy.until_empty()

    run(test, loop)


def test_connections_that_say_nothing_are_bounded_too(
    tmp_path: Path, loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SPARE", 2)

    async def test() -> None:
        async with rig(tmp_path, Wish(clients=1)) as proxy:
            silent = [await proxy.connect(b"") for _ in range(6)]
            await proxy.until(lambda: len(proxy.server._conversations) == 3)
            for client in silent:
                client.leave()
            await proxy.until_empty()
            client = await proxy.connect()
            assert await client.ask(b"in", 3) == b"!in"
            client.leave()

    run(test, loop)


def test_drain_lets_transactions_end_and_takes_nobody_new(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            idle, busy = await proxy.connect(), await proxy.connect()
            for client in (idle, busy):
                await client.reader.readexactly(1)
            proxy.sessions[1].open_transaction = True
            draining = asyncio.create_task(proxy.server.drain(5))
            assert await idle.rest() == b"FATAL 57P01"
            assert await busy.ask(b"still here") == b"still here"
            with pytest.raises(ConnectionRefusedError):
                await proxy.connect()
            idle.leave()
            busy.leave()
            await draining
            assert not proxy.server._conversations

    run(test, loop)


def test_drain_ends_what_does_not_end_by_itself(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            busy = await proxy.connect()
            await busy.reader.readexactly(1)
            proxy.sessions[0].open_transaction = True
            draining = asyncio.create_task(proxy.server.drain(0.2))
            assert await busy.rest() == b"FATAL 57P01"
            busy.leave()
            await draining

    run(test, loop)


def test_stop_ends_clients_that_do_not_read(tmp_path: Path, loop: str) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    async def test() -> None:
        async with rig(tmp_path, Wish(flood)) as proxy:
            client = await proxy.connect()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)
            await proxy.server.stop()
            assert not proxy.server._conversations
            client.reset()

    run(test, loop)


def test_reload_ends_old_sessions_and_starts_new_ones_under_new_rules(
    tmp_path: Path, loop: str
) -> None:
    class Newer(RelaySession):
        pass

    async def test() -> None:
        async with rig(tmp_path) as proxy:
            idle, busy = await proxy.connect(), await proxy.connect()
            for client in (idle, busy):
                await client.reader.readexactly(1)
            proxy.sessions[1].open_transaction = True
            made: list[Newer] = []

            def opener(client: str) -> Newer:
                made.append(Newer(client))
                return made[-1]

            reloading = asyncio.create_task(proxy.server.reload(opener, 5))
            assert await idle.rest() == b"FATAL 57P01"
            fresh = await proxy.connect()
            assert await fresh.ask(b"new", 4) == b"!new"
            assert len(made) == 1
            assert not made[0].draining
            assert await busy.ask(b"old") == b"old"
            for client in (idle, busy):
                client.leave()
            await reloading
            assert await fresh.ask(b"still") == b"still"
            fresh.leave()

    run(test, loop)


def test_newer_catalog_reaches_the_sessions_of_its_database(tmp_path: Path, loop: str) -> None:
    class Other(RelaySession):
        def start(self) -> list[Effect]:
            self.database = "other"
            return [LoadCatalog("other"), ConnectUpstream()]

    async def changing(url: str, database: str, version: int) -> tuple[Catalog, str]:
        paths = {"v": str(version)}
        catalog = Catalog(database, version, 180000, {}, {}, {}, search_paths=paths)
        return catalog, str(version)

    async def test() -> None:
        async with rig(tmp_path, Wish(session=Other)) as proxy:
            catalogs = proxy.services.catalogs
            catalogs._read = changing
            client = await proxy.connect()
            await client.reader.readexactly(1)
            await catalogs.get("shop")
            await catalogs.refresh("shop")
            catalog = await catalogs.refresh("other")
            assert proxy.sessions[0].events[-1] == f"catalog {catalog.version}"
            assert sum("catalog" in event for event in proxy.sessions[0].events) == 2
            client.leave()

    run(test, loop)


class Audited(RelaySession):
    """Each read of the client is a statement."""

    statements = 0

    def client_data(self, data: bytes) -> list[Effect]:
        Audited.statements += 1
        record = AuditRecord("shop", "x", "x", self.client, "pass", sql=data.decode())
        return [Audit(record), *super().client_data(data)]


def test_audit_that_cannot_be_written_stops_the_clients_and_then_ends_them(
    tmp_path: Path, loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = AuditFile.write, True
    Audited.statements = 0

    def write(self: AuditFile, data: bytes) -> int:
        if full:
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(AuditFile, "write", write)

    async def test() -> None:
        nonlocal full
        async with rig(tmp_path, Wish(session=Audited, patience=0.6)) as proxy:
            client = await proxy.connect(b"one")
            await proxy.until(lambda: proxy.server.held)
            await asyncio.sleep(0.1)
            client.writer.write(b"two")
            assert (await client.rest()).endswith(b"FATAL 58000")
            assert Audited.statements == 1
            client.leave()
            refused = await proxy.connect(b"three")
            await asyncio.sleep(0.1)
            full = False
            await proxy.until(lambda: not proxy.server.held)
            refused.leave()
            client = await proxy.connect(b"four")
            assert await client.reader.readexactly(4) == b"four"
            assert await client.ask(b"five") == b"five"
            client.leave()
            assert proxy.services.audit.failures >= 2
            await proxy.until_empty()

    run(test, loop)
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert '"sql":"one"' in lines[0]
    assert '"sql":"five"' in lines[-1]


def test_no_catalog_is_in_use_without_sessions(tmp_path: Path) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            assert set(proxy.server.databases()) == set()
            client = await proxy.connect()
            await client.reader.readexactly(1)
            assert set(proxy.server.databases()) == {"shop"}
            assert (await no_catalog("", "shop", 1))[0].database == "shop"
            client.leave()

    run(test)
