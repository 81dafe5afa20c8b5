"""Back-pressure: bounded memory, each direction alone, nothing lost; legs that die while paused."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from pgproxy.net.legs import HIGH_WATER, Leg
from pgproxy.session.effects import Effect, ToClient
from tests.net.fakes import RelaySession, Rig, Wish, rig, run

MEGABYTE = 1 << 20
BLOCK = bytes(range(256)) * 256  # 64 KiB

# One read of uvloop is at most this; it may come on top of a full buffer.
READ = 256_000


def legs(proxy: Rig) -> tuple[Leg, Leg]:
    """The two legs of the only conversation."""
    (conversation,) = proxy.server._conversations
    assert conversation._upstream is not None
    return conversation._client, conversation._upstream


class Flood:
    """A server that sends without end, or a fixed number of blocks."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.sent = 0
        self.received = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        for _ in range(self.blocks):
            writer.write(BLOCK)
            await writer.drain()
            self.sent += len(BLOCK)
        while data := await reader.read(1 << 16):
            self.received += len(data)


def test_slow_reader_costs_bounded_memory_and_loses_nothing(tmp_path: Path, loop: str) -> None:
    flood = Flood(1024)

    async def test() -> None:
        async with rig(tmp_path, Wish(flood)) as proxy:
            client = await proxy.connect()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await proxy.until(lambda: flood.sent > MEGABYTE)
            await asyncio.sleep(0.3)
            stalled = flood.sent
            await asyncio.sleep(0.2)
            assert flood.sent == stalled < 48 * MEGABYTE
            leg, upstream = legs(proxy)
            assert leg.queued <= HIGH_WATER + READ
            assert upstream.paused
            assert not leg.paused
            client.writer.transport.resume_reading()  # type: ignore[attr-defined]
            seen = hashlib.sha256()
            for _ in range(1024):
                seen.update(await client.reader.readexactly(len(BLOCK)))
            assert seen.digest() == hashlib.sha256(BLOCK * 1024).digest()
            client.leave()
            await proxy.until_empty()

    run(test, loop)


def test_server_that_does_not_read_stops_the_client_alone(tmp_path: Path, loop: str) -> None:
    """Both peers send before they read: a proxy that waits for one write stops both for ever."""

    async def sends_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)
        for _ in range(320):
            writer.write(BLOCK)
            await writer.drain()
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        got = 0
        while got < 40 * MEGABYTE:
            got += len(await reader.read(1 << 20))
        writer.write(b"all")
        await reader.read(1)

    async def test() -> None:
        async with rig(tmp_path, Wish(sends_only)) as proxy:
            client = await proxy.connect()
            client.writer.write(bytes(40 * MEGABYTE))
            await asyncio.sleep(0.3)
            leg, upstream = legs(proxy)
            assert leg.paused
            assert upstream.queued <= HIGH_WATER + READ
            assert await client.reader.readexactly(320 * len(BLOCK)) == BLOCK * 320
            assert await client.reader.readexactly(3) == b"all"
            client.leave()
            await proxy.until_empty()

    run(test, loop)


@pytest.mark.parametrize("how", ["leave", "reset"])
def test_client_that_dies_while_it_is_not_read_is_noticed(
    tmp_path: Path, loop: str, how: str
) -> None:
    """A paused transport tells nothing of its peer's end."""

    async def never_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(1)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        await reader.read(-1)

    async def test() -> None:
        async with rig(tmp_path, Wish(never_reads)) as proxy:
            client = await proxy.connect()
            await proxy.until(lambda: proxy.sessions[0].ready)
            client.writer.write(bytes(32 * MEGABYTE))
            leg, _ = legs(proxy)
            await proxy.until(lambda: leg.paused)
            client.writer.transport.abort() if how == "leave" else client.reset()
            await proxy.until(lambda: not proxy.server._conversations)
            assert proxy.sessions[0].events == ["connected", "client closed"]

    run(test, loop)


def test_client_that_left_is_served_as_long_as_its_bytes_move(tmp_path: Path, loop: str) -> None:
    """What a client sent before it left goes to the server, however slow that is."""
    got = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        while data := await reader.read(1 << 17):
            got += len(data)
            await asyncio.sleep(0.01)

    async def test() -> None:
        async with rig(tmp_path, Wish(slow)) as proxy:
            client = await proxy.connect()
            client.writer.write(bytes(16 * MEGABYTE))
            client.leave()
            await client.writer.wait_closed()
            await proxy.until_empty()
            assert got == 16 * MEGABYTE + 1

    run(test, loop)


class Blocking(RelaySession):
    """Wants neither leg to be read until told otherwise."""

    def upstream_data(self, data: bytes) -> list[Effect]:
        self.upstream_blocked = True
        return [ToClient(data)]

    def client_data(self, data: bytes) -> list[Effect]:
        effects = super().client_data(data)
        if self.ready:
            self.client_blocked = True
        return effects


def test_session_that_wants_no_more_gets_no_more(tmp_path: Path, loop: str) -> None:
    flood = Flood(1 << 30)

    async def test() -> None:
        async with rig(tmp_path, Wish(flood, Blocking)) as proxy:
            client = await proxy.connect()
            await client.reader.read(1)
            client.writer.write(bytes(32 * MEGABYTE))
            await asyncio.sleep(0.3)
            leg, upstream = legs(proxy)
            assert leg.paused
            assert upstream.paused
            before = leg.received, upstream.received
            await asyncio.sleep(0.2)
            assert (leg.received, upstream.received) == before
            # Reads that were under way still count: a few, not a stream.
            assert max(before) <= 4 * READ
            client.reset()
            await proxy.until(lambda: not proxy.server._conversations)

    run(test, loop)


def test_reading_that_starts_in_spite_of_us_is_stopped_again(tmp_path: Path, loop: str) -> None:
    """uvloop reads after connection_made even if it was told not to, there."""

    class BlockedFromTheStart(RelaySession):
        def upstream_connected(self, binding: bytes = b"") -> list[Effect]:
            self.upstream_blocked = True
            return super().upstream_connected()

    flood = Flood(1 << 30)

    async def test() -> None:
        async with rig(tmp_path, Wish(flood, BlockedFromTheStart)) as proxy:
            client = await proxy.connect()
            await proxy.until(lambda: flood.sent > MEGABYTE)
            await asyncio.sleep(0.2)
            _, upstream = legs(proxy)
            assert upstream.received <= 2 * READ
            client.reset()
            await proxy.until_empty()

    run(test, loop)
