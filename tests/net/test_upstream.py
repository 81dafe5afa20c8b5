"""Where the server is, and what a failed connection tells."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pgproxy.errors import ConfigError, Unavailable
from pgproxy.net.certificates import ServerTls
from pgproxy.net.hosts import Hosts
from pgproxy.net.legs import Leg
from pgproxy.net.upstream import Upstream
from pgproxy.wire.startup import SSLRequest
from tests.net.fakes import descriptors, run


@pytest.mark.parametrize(
    ("url", "expected", "shown"),
    [
        ("postgresql://127.0.0.1:6000", Upstream("127.0.0.1", 6000), "127.0.0.1:6000"),
        ("postgres://db.example.com/shop", Upstream("db.example.com", 5432), None),
        ("postgresql://u:p%40ss@db:1/x?sslmode=disable", Upstream("db", 1), "db:1"),
        (
            "postgresql://db?sslmode=verify-full&sslrootcert=/ca.pem",
            Upstream("db", 5432, tls=ServerTls("verify-full", "/ca.pem")),
            "db:5432",
        ),
        ("postgresql://[::1]:5433", Upstream("::1", 5433), "[::1]:5433"),
        ("postgresql:///shop?host=db&port=7", Upstream("db", 7), None),
        (
            "postgresql:///shop?host=/var/run/postgresql",
            Upstream("/var/run/postgresql", 5432, "/var/run/postgresql/.s.PGSQL.5432"),
            "/var/run/postgresql/.s.PGSQL.5432",
        ),
        (
            "postgresql://%2Ftmp:6000/",
            Upstream("/tmp", 6000, "/tmp/.s.PGSQL.6000"),
            "/tmp/.s.PGSQL.6000",
        ),
        (
            "postgresql:///?host=@pg",
            Upstream("@pg", 5432, "\0pg/.s.PGSQL.5432"),
            "@pg/.s.PGSQL.5432",
        ),
    ],
)
def test_forms_of_libpq(url: str, expected: Upstream, shown: str | None) -> None:
    (parsed,) = Hosts.parse(url).upstreams
    assert parsed == expected
    assert shown is None or str(parsed) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://a:pa/ss@db:5x/",
        "postgresql://db?sslmode=on",
        "postgresql://one,two/shop?port=1,2,3",
    ],
)
def test_what_is_not_there_yet_is_refused_without_an_echo(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Hosts.parse(url)
    assert "pa/ss" not in str(caught.value)


def test_probe_wants_a_postgresql(loop: str) -> None:
    answers = [b"N", b"S", b"H", b""]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == SSLRequest().encode()
        writer.write(answers.pop(0))
        writer.close()

    async def test() -> None:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        upstream = Upstream("127.0.0.1", listener.sockets[0].getsockname()[1])
        before = descriptors()
        await upstream.probe()
        await upstream.probe()
        for _ in range(2):
            with pytest.raises(Unavailable, match="no PostgreSQL"):
                await upstream.probe()
        await asyncio.sleep(0.05)
        assert descriptors() <= before
        listener.close()
        with pytest.raises(Unavailable, match="refused"):
            await upstream.probe()
        await upstream.cancel(b"nobody is there")

    run(test, loop)


class Leaving:
    """An owner that ends what was opened."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    def leg_opened(self, leg: Leg) -> None:
        leg.close()

    def leg_encrypted(self, leg: Leg) -> None: ...

    def leg_data(self, leg: Leg, data: bytes) -> None: ...

    def leg_ended(self, leg: Leg) -> None: ...

    def leg_lost(self, leg: Leg) -> None:
        self.gone.set()

    def flow_changed(self) -> None: ...


def test_unix_socket(tmp_path: Path, loop: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.read(8):
                writer.write(b"N")
                await reader.read(1)
        finally:
            writer.transport.abort()

    async def test() -> None:
        listener = await asyncio.start_unix_server(serve, tmp_path / ".s.PGSQL.5432")
        upstream = Hosts.parse(f"postgresql:///x?host={tmp_path}")
        await upstream.probe()
        owner = Leaving()
        await upstream.connect(lambda: Leg(owner))
        async with asyncio.timeout(5):
            await owner.gone.wait()
        await asyncio.sleep(0.05)  # the other side
        listener.close()

    run(test, loop)


def test_missing_socket_is_told_without_its_path(tmp_path: Path, loop: str) -> None:
    async def test() -> None:
        with pytest.raises(Unavailable, match="there is no such socket") as caught:
            await Hosts.parse(f"postgresql:///x?host={tmp_path}").connect(lambda: Leg(Leaving()))
        assert str(tmp_path) not in str(caught.value)

    run(test, loop)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://one:1,two/shop", [("one", 1), ("two", 5432)]),
        ("postgresql://u:p@one,two:2/shop?port=7", [("one", 7), ("two", 2)]),
        ("postgresql:///?host=one,/tmp&port=1,2", [("one", 1), ("/tmp", 2)]),
        ("postgresql://[::1]:1,[::2]:2", [("::1", 1), ("::2", 2)]),
    ],
)
def test_several_hosts(url: str, expected: list[tuple[str, int]]) -> None:
    assert [(u.host, u.port) for u in Hosts.parse(url).upstreams] == expected


def test_the_first_host_that_answers_is_taken_and_one_that_did_not_is_asked_last(loop: str) -> None:
    asked: list[str] = []

    def serve(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            packet = await reader.read(100)
            asked.append(name)
            writer.write(b"S" if packet == SSLRequest().encode() else b"")
            writer.close()

        return answer

    async def test() -> None:
        one = await asyncio.start_server(serve("one"), "127.0.0.1", 0)
        two = await asyncio.start_server(serve("two"), "127.0.0.1", 0)
        ports = [listener.sockets[0].getsockname()[1] for listener in (one, two)]
        hosts = Hosts([Upstream("127.0.0.1", port) for port in ports])
        await hosts.probe()
        assert asked == ["one"]
        await hosts.cancel(b"both are told")
        assert sorted(asked[1:]) == ["one", "two"]
        asked.clear()
        one.close()
        await one.wait_closed()
        await hosts.probe()
        assert asked == ["two"]
        again = await asyncio.start_server(serve("one"), "127.0.0.1", ports[0])
        await hosts.probe()
        assert asked == ["two", "two"]
        two.close()
        await hosts.probe()
        assert asked == ["two", "two", "one"]
        await asyncio.sleep(0.05)  # the other sides
        again.close()
        with pytest.raises(Unavailable, match="refused"):
            await hosts.probe()

    run(test, loop)
