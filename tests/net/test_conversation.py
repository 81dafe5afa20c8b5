"""The carrying out of a session: order, refusals, the end of either leg in every phase."""

import asyncio
import gc
import logging
from pathlib import Path
import weakref

import pytest

from pgproxy.net import upstream as upstream_module
from pgproxy.session.audit import AuditRecord
from pgproxy.session.effects import (
    Audit,
    Close,
    ConnectUpstream,
    Effect,
    ForwardCancel,
    LoadCatalog,
    RefreshCatalog,
    ResolveTokens,
    ToClient,
)
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from tests.net.fakes import Client, RelaySession, Rig, Wish, descriptors, echo, rig, run

BYTES = bytes(range(256)) * 40


def test_bytes_pass_unchanged_in_segments_of_one(tmp_path: Path, loop: str) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1):
            writer.write(data)
            await writer.drain()

    async def test() -> None:
        async with rig(tmp_path, Wish(drip)) as proxy:
            client = await proxy.connect()
            assert await client.reader.readexactly(1) == b"!"
            for byte in BYTES[:600]:
                client.writer.write(bytes([byte]))
                await asyncio.sleep(0)
            assert await client.reader.readexactly(600) == BYTES[:600]
            client.leave()

    run(test, loop)


@pytest.mark.parametrize("how", ["leave", "reset"])
def test_client_that_goes_takes_the_server_leg_with_it(tmp_path: Path, loop: str, how: str) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            clients = [await proxy.connect() for _ in range(5)]
            for client in clients:
                await client.ask(BYTES, len(BYTES) + 1)
            for client in clients:
                getattr(client, how)()
            await proxy.until_empty()
            assert all(s.events == ["connected", "client closed"] for s in proxy.sessions)

    run(test, loop)


@pytest.mark.parametrize("hello", [b"", b"!"])
def test_client_that_goes_before_the_server_answers_leaves_nothing(
    tmp_path: Path, loop: str, hello: bytes
) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            before = descriptors()
            for _ in range(30):
                client = await proxy.connect(hello)
                client.reset()
            await proxy.until_empty()
            await proxy.until(lambda: descriptors() <= before)

    run(test, loop)


class Waiting(RelaySession):
    """Asks for something that does not come."""

    asks: tuple[Effect, ...] = ()

    def start(self) -> list[Effect]:
        return list(self.asks)


REQUEST = TokenRequest(TokenSpace("d", "text"), (b"abc",))


@pytest.mark.parametrize(
    "asked", [LoadCatalog("shop"), RefreshCatalog("shop", 1), ResolveTokens((REQUEST,))]
)
def test_client_that_goes_while_something_is_awaited_leaves_nothing(
    tmp_path: Path, loop: str, asked: Effect
) -> None:
    class Asking(Waiting):
        asks = (asked,)

    async def test() -> None:
        async with rig(tmp_path, Wish(session=Asking)) as proxy:
            arrived, gate = asyncio.Event(), asyncio.Event()

            async def slow(url: str, database: str, version: int) -> object:
                arrived.set()
                await gate.wait()
                raise OSError

            proxy.services.catalogs._read = slow  # type: ignore[assignment]
            proxy.vault.gate.clear()
            client = await proxy.connect()
            await proxy.until(lambda: bool(proxy.sessions and proxy.sessions[0].login))
            client.reset()
            await proxy.until(lambda: not proxy.server._conversations)
            assert proxy.sessions[0].events == ["client closed"]
            proxy.vault.gate.set()

    run(test, loop)


def test_client_that_goes_while_the_server_is_connected_to_leaves_nothing(
    tmp_path: Path, loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> object:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(upstream_module.Upstream, "connect", never)

    async def test() -> None:
        async with rig(tmp_path) as proxy:
            client = await proxy.connect()
            await proxy.until(lambda: bool(proxy.sessions and proxy.sessions[0].login))
            client.leave()
            await proxy.until_empty()
            await proxy.until(lambda: not proxy.server._tasks)

    run(test, loop)


@pytest.mark.parametrize("reset", [False, True])
def test_server_that_goes_ends_the_client_after_its_last_bytes(
    tmp_path: Path, loop: str, reset: bool
) -> None:
    async def last_words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(BYTES * 50)
        await writer.drain()
        if not reset:
            writer.close()
            await writer.wait_closed()

    async def test() -> None:
        async with rig(tmp_path, Wish(last_words)) as proxy:
            client = await proxy.connect()
            got = await client.rest()
            assert got == BYTES * 50 or reset
            client.leave()
            await proxy.until_empty()

    run(test, loop)


def test_server_that_refuses_is_told_to_the_session(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            object.__setattr__(proxy.services.upstream.upstreams[0], "port", 1)
            client = await proxy.connect()
            assert await client.rest() == (b"FATAL 08006 no connection to the server: refused")
            client.leave()
            await proxy.until_empty()

    run(test, loop)


def test_last_words_reach_a_client_that_is_still_sending(tmp_path: Path, loop: str) -> None:
    """Closing over unread bytes resets the connection and takes the error with it."""

    class Ends(RelaySession):
        def client_data(self, data: bytes) -> list[Effect]:
            return self.end("42501", "") if self.ready else super().client_data(data)

    async def test() -> None:
        async with rig(tmp_path, Wish(session=Ends)) as proxy:
            client = await proxy.connect()
            await client.reader.readexactly(1)
            client.writer.write(b"x" * 4_000_000)
            await asyncio.sleep(0.1)
            assert await client.rest() == b"FATAL 42501"
            client.leave()
            await proxy.until_empty()

    run(test, loop)


def test_client_that_stays_after_the_end_is_cut_off(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            client = await proxy.connect()
            await client.reader.readexactly(1)
            for backend in proxy.backends:
                backend.transport.abort()
            await proxy.until_empty()
            client.leave()

    run(test, loop)


def test_client_that_keeps_sending_after_the_end_is_cut_off(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path, Wish(session=Waiting, startup_seconds=0.1)) as proxy:
            client = await proxy.connect()
            await client.reader.readexactly(len(b"FATAL 57014"))

            async def trickle() -> None:
                while True:
                    client.writer.write(b"x")
                    await asyncio.sleep(0.02)

            trickling = asyncio.create_task(trickle())
            await proxy.until(lambda: not proxy.server._conversations, 5)
            trickling.cancel()
            client.leave()

    run(test, loop)


def test_silent_connection_is_closed_without_a_word(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path, Wish(startup_seconds=0.1)) as proxy:
            client = await proxy.connect(b"")
            assert await client.rest() == b""
            await proxy.until_empty()
            client.leave()

    run(test, loop)


def test_login_that_takes_too_long_is_told_so(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path, Wish(session=Waiting, startup_seconds=0.1)) as proxy:
            client = await proxy.connect()
            assert await client.rest() == b"FATAL 57014"
            client.leave()
            await proxy.until_empty()

    run(test, loop)


def test_session_that_is_ready_has_no_start_limit(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path, Wish(startup_seconds=0.1)) as proxy:
            client = await proxy.connect()
            await client.reader.readexactly(1)
            await asyncio.sleep(0.25)
            assert await client.ask(b"there?") == b"there?"
            client.leave()

    run(test, loop)


def test_answers_reach_the_session_in_order(tmp_path: Path, loop: str) -> None:
    class Asking(RelaySession):
        def start(self) -> list[Effect]:
            return [LoadCatalog("shop"), ConnectUpstream()]

        def upstream_connected(self, binding: bytes = b"") -> list[Effect]:
            super().upstream_connected()
            return [ResolveTokens((REQUEST,)), RefreshCatalog("shop", 1)]

    async def test() -> None:
        async with rig(tmp_path, Wish(session=Asking)) as proxy:
            for _ in range(2):
                client = await proxy.connect()
                await proxy.until(lambda: len(proxy.sessions[-1].events) == 4)
                client.leave()
            # The second finds the snapshot there; nothing changed: its version stays.
            assert proxy.sessions[1].events[0] == "catalog 1"
            assert sorted(proxy.sessions[1].events[1:3]) in (
                ["connected", "tokens"],
                ["catalog 1", "connected"],
            )
            await proxy.until_empty()

    run(test, loop)


def test_fault_ends_one_session_and_tells_no_value(
    tmp_path: Path, loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(RelaySession):
        def upstream_data(self, data: bytes) -> list[Effect]:
            if b"poison" in data:
                raise ValueError(f"cannot read {data!r}")
            return [ToClient(data)]

        def client_closed(self) -> list[Effect]:
            record = AuditRecord("shop", "x", "x", self.client, "allow", complete=False)
            return [Audit(record), *super().client_closed()]

    async def test() -> None:
        async with rig(tmp_path, Wish(session=Faulty)) as proxy:
            good, bad = await proxy.connect(), await proxy.connect()
            await bad.reader.readexactly(1)
            bad.writer.write(b"poison")
            assert await bad.rest() == b""
            assert await good.ask(b"alive", 6) == b"!alive"
            assert proxy.services.counters.faults == 1
            good.leave()
            bad.leave()
            await proxy.until_empty()

    with caplog.at_level(logging.DEBUG):
        run(test, loop)
    assert "poison" not in caplog.text
    assert "ValueError at" in caplog.text
    assert '"complete":false' in (tmp_path / "audit.jsonl").read_text()


class Cancelling(RelaySession):
    """Any first packet is a cancel."""

    def client_data(self, data: bytes) -> list[Effect]:
        if not data.startswith(b"cancel"):
            return super().client_data(data)
        self.closed = True
        return [ForwardCancel(data), Close()]


def test_cancel_is_delivered_before_its_sender_sees_the_end(tmp_path: Path, loop: str) -> None:
    got: list[bytes] = []

    async def slow_cancel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read(100))
        if got[-1].startswith(b"cancel"):
            await asyncio.sleep(0.2)
            got.append(b"done")
        else:
            await reader.read(1)

    async def test() -> None:
        async with rig(tmp_path, Wish(slow_cancel, Cancelling, clients=1)) as proxy:
            running = await proxy.connect()
            await proxy.until(lambda: got == [b"!"])
            cancel = await proxy.connect(b"cancel 1 2")  # beyond the limit, and heard
            assert await cancel.rest() == b""
            assert got[1:] == [b"cancel 1 2", b"done"]
            cancel.leave()
            running.leave()
            await proxy.until_empty()

    run(test, loop)


def test_cancel_whose_sender_does_not_wait_is_still_delivered(tmp_path: Path, loop: str) -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read(100))

    async def test() -> None:
        async with rig(tmp_path, Wish(serve, Cancelling)) as proxy:
            for _ in range(20):
                (await proxy.connect(b"cancel")).leave()
            await proxy.until(lambda: got == [b"cancel"] * 20)
            await proxy.until_empty()

    run(test, loop)


async def _talk(proxy: Rig, client: Client) -> None:
    assert await client.ask(BYTES) == BYTES


def test_thousand_clients_come_and_go_without_a_trace(tmp_path: Path) -> None:
    async def test() -> None:
        async with rig(tmp_path, Wish(echo, clients=400)) as proxy:
            before = descriptors()
            for _ in range(3):
                clients = await asyncio.gather(*(proxy.connect(b"") for _ in range(300)))
                await asyncio.gather(*(_talk(proxy, client) for client in clients))
                for index, client in enumerate(clients):
                    client.reset() if index % 2 else client.leave()
                await proxy.until_empty()
            await proxy.until(lambda: descriptors() <= before)
            assert len(proxy.sessions) == 900

    run(test)


def test_ended_conversation_leaves_no_cycle_for_the_collector(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        async with rig(tmp_path) as proxy:
            client = await proxy.connect()
            await client.reader.readexactly(1)
            (conversation,) = proxy.server._conversations
            gone = weakref.ref(conversation._client)
            del conversation
            gc.disable()
            try:
                client.leave()
                await proxy.until_empty()
                await asyncio.sleep(0.3)  # the last sweep
                assert gone() is None
            finally:
                gc.enable()

    run(test, loop)
