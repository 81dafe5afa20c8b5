"""The admin port: its pages, and askers who mean no good."""

import asyncio
import contextlib
from http import HTTPStatus

import msgspec
import pytest

from pgproxy.errors import Unavailable
from pgproxy.net import admin as admin_module
from pgproxy.net.admin import Admin, MakePage, Page, healthz, readyz
from pgproxy.net.readiness import OK, Readiness
from tests.net.fakes import descriptors, run


async def request(address: str, text: str) -> tuple[int, dict[str, str], bytes]:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(text.encode())
    answer = await reader.read(-1)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, body


def get(path: str, method: str = "GET") -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n"


async def opened(**routes: MakePage) -> tuple[Admin, str]:
    admin = Admin({f"/{name}": make for name, make in routes.items()})
    return admin, await admin.listen("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (get("/healthz"), 200),
        (get("/healthz?x=1"), 200),
        (get("/nothing"), 404),
        (get("/../etc/passwd"), 404),
        (get("/healthz", "POST"), 405),
        (get("/healthz", "DELETE"), 405),
        ("\r\n\r\n", 400),
        ("GET /healthz\r\n\r\n", 400),
        ("GET /healthz SMTP/1\r\n\r\n", 400),
    ],
)
def test_pages(text: str, status: int, loop: str) -> None:
    async def test() -> None:
        admin, address = await opened(healthz=healthz)
        got, headers, body = await request(address, text)
        assert got == status
        assert int(headers["content-length"]) == len(body)
        assert headers["connection"] == "close"
        assert (status == 405) == ("allow" in headers)
        await admin.close()

    run(test, loop)


def test_head_has_no_body(loop: str) -> None:
    async def test() -> None:
        admin, address = await opened(healthz=healthz)
        status, headers, body = await request(address, get("/healthz", "HEAD"))
        assert (status, headers["content-length"], body) == (200, "3", b"")
        await admin.close()

    run(test, loop)


def test_readiness_names_the_part_that_is_wrong(loop: str) -> None:
    wrong = ""

    async def vault() -> None:
        if wrong:
            raise Unavailable(wrong)

    async def fine() -> None:
        return None

    async def test() -> None:
        nonlocal wrong
        readiness = Readiness({"vault": vault, "upstream": fine})
        admin, address = await opened(readyz=readyz(readiness))
        status, _, body = await request(address, get("/readyz"))
        assert status == HTTPStatus.OK
        wrong = "moved"
        assert (await request(address, get("/readyz")))[0] == 200  # looked at once a second
        readiness._looked = 0
        status, _, body = await request(address, get("/readyz"))
        assert status == HTTPStatus.SERVICE_UNAVAILABLE
        parts = {"vault": "moved", "upstream": OK}
        assert msgspec.json.decode(body) == {"ready": False, "parts": parts}
        await admin.close()

    run(test, loop)


def test_slow_and_endless_askers_are_cut_off(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_module, "_SECONDS", 0.1)
    monkeypatch.setattr(admin_module, "_AT_ONCE", 4)

    async def test() -> None:
        admin, address = await opened(healthz=healthz)
        before = descriptors()
        port = int(address.rpartition(":")[2])
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for number, (_, writer) in enumerate(pairs):
            writer.write(b"GET" if number % 2 else b"x" * 20_000)
        for reader, writer in pairs:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read(-1) == b""
            writer.close()
        assert (await request(address, get("/healthz")))[0] == 200
        await asyncio.sleep(0.05)
        assert descriptors() <= before
        await admin.close()

    run(test, loop)


def test_page_that_fails_does_not_take_the_port_with_it(loop: str) -> None:
    async def broken() -> Page:
        raise Unavailable("no page")

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        admin, address = await opened(healthz=healthz, broken=broken)
        assert (await request(address, get("/broken")))[0] == 500
        assert (await request(address, get("/healthz")))[0] == 200
        await admin.close()

    run(test, loop)
