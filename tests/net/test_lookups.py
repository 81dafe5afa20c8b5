"""The vault's thread: one round for all who wait, failures apart, no value in a log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
import logging
import time

import pytest

from pgproxy.errors import Unavailable
from pgproxy.net import lookups as lookups_module
from pgproxy.net.lookups import Lookups, Tokens, Values
from pgproxy.session.counters import Counters
from pgproxy.treatment.tokens import TokenRequest, TokenSpace, ValueRequest
from tests.net.fakes import FakeVault, run

PEOPLE, CARDS = TokenSpace("people", "text"), TokenSpace("cards", "text")


def request(space: TokenSpace, *values: bytes) -> TokenRequest:
    return TokenRequest(space, values)


@asynccontextmanager
async def opened(vault: FakeVault, counters: Counters | None = None) -> AsyncIterator[Lookups]:
    lookups = Lookups(vault, counters or Counters())
    try:
        yield lookups
    finally:
        await lookups.close()


async def ask(lookups: Lookups, *requests: TokenRequest) -> Tokens | Unavailable:
    answer: asyncio.Future[Tokens | Unavailable] = asyncio.get_running_loop().create_future()
    lookups.ask(requests, answer.set_result)
    return await answer


def test_answer_is_in_the_order_of_the_requests(loop: str) -> None:
    async def test() -> None:
        async with opened(FakeVault()) as lookups:
            answer = await ask(lookups, request(CARDS, b"12"), request(PEOPLE, b"ab", b"cd"))
            assert answer == ({b"12": b"21"}, {b"ab": b"ba", b"cd": b"dc"})

    run(test, loop)


def test_all_who_wait_share_one_round(loop: str) -> None:
    async def test() -> None:
        vault, counters = FakeVault(), Counters()
        vault.gate.clear()
        async with opened(vault, counters) as lookups:
            asking = [
                asyncio.create_task(ask(lookups, request(PEOPLE, b"x", str(n).encode())))
                for n in range(50)
            ]
            await asyncio.sleep(0.05)
            vault.gate.set()
            answers = await asyncio.gather(*asking)
            assert answers[7] == ({b"x": b"x", b"7": b"7"},)
            assert len(vault.calls) == 2
            assert len(vault.calls[1][1]) == 50  # x once, and 49 others
            assert counters.vault_lookups == {"answered": 100}
            assert list(lookups.seconds.buckets())[-1] == ("+Inf", 2)

    run(test, loop)


def test_tokens_are_turned_back_in_the_same_round(loop: str) -> None:
    async def test() -> None:
        vault = FakeVault()
        async with opened(vault) as lookups:
            answer: asyncio.Future[Values | Unavailable] = asyncio.Future()
            wanted = (ValueRequest(PEOPLE, (b"ba", b"no")), ValueRequest(CARDS, (b"21",)))
            vault.unknown = {b"no"}
            lookups.ask_values(wanted, answer.set_result)
            tokens = await ask(lookups, request(PEOPLE, b"ab"))
            assert await answer == ({b"ba": b"ab", b"no": None}, {b"21": b"12"})
            assert tokens == ({b"ab": b"ba"},)

    run(test, loop)


def test_vault_that_does_not_answer_says_so_for_values_too(loop: str) -> None:
    async def test() -> None:
        vault = FakeVault()
        vault.broken = {"people": Unavailable("full")}
        async with opened(vault) as lookups:
            answer: asyncio.Future[Values | Unavailable] = asyncio.Future()
            lookups.ask_values((ValueRequest(PEOPLE, (b"ba",)),), answer.set_result)
            assert isinstance(await answer, Unavailable)

    run(test, loop)


def test_space_that_fails_takes_no_other_with_it(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        vault, counters = FakeVault(), Counters()
        vault.gate.clear()
        vault.broken = {"cards": Unavailable("full"), "faulty": ValueError("value 4111")}
        async with opened(vault, counters) as lookups:
            first = asyncio.create_task(ask(lookups, request(PEOPLE, b"0")))
            asking = [
                asyncio.create_task(ask(lookups, *requests))
                for requests in (
                    [request(PEOPLE, b"1")],
                    [request(PEOPLE, b"2"), request(CARDS, b"4111")],
                    [request(TokenSpace("faulty", "text"), b"4111")],
                )
            ]
            await asyncio.sleep(0.02)
            vault.gate.set()
            await first
            good, full, fault = await asyncio.gather(*asking)
            assert good == ({b"1": b"1"},)
            assert isinstance(full, Unavailable)
            assert full.message == "full"
            assert isinstance(fault, Unavailable)
            assert "fault of pgproxy" in fault.message
            assert counters.vault_lookups == {"answered": 2, "failed": 3}

    with caplog.at_level(logging.DEBUG):
        run(test, loop)
    assert "4111" not in caplog.text
    assert "ValueError at" in caplog.text


def test_locked_vault_is_waited_for_once_a_round_not_once_a_space(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups_module, "FAILED_SECONDS", 0.1)

    class Locked(FakeVault):
        def tokens(self, space: TokenSpace, values: Sequence[bytes]) -> list[bytes]:
            self.calls.append((space, list(values)))
            time.sleep(0.15)
            raise Unavailable("another process keeps it locked")

    async def test() -> None:
        vault = Locked()
        async with opened(vault) as lookups:
            spaces = [TokenSpace(f"d{n}", "text") for n in range(20)]
            answer = await ask(lookups, *(request(space, b"1") for space in spaces))
            assert isinstance(answer, Unavailable)
            assert answer.message == "another process keeps it locked"
            assert len(vault.calls) == 1
            # The next round asks again.
            await ask(lookups, request(PEOPLE, b"1"))
            assert len(vault.calls) == 2

    run(test, loop)


def test_ping_tells_what_is_wrong(loop: str) -> None:
    async def test() -> None:
        vault = FakeVault()
        async with opened(vault) as lookups:
            await lookups.ping()
            vault.broken["ping"] = Unavailable("moved")
            with pytest.raises(Unavailable, match="moved"):
                await lookups.ping()

    run(test, loop)


def test_why_the_vault_fails_is_logged_once_and_so_is_its_return(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        vault = FakeVault()
        async with opened(vault) as lookups:
            await ask(lookups, request(PEOPLE, b"4111"))
            vault.broken["people"] = Unavailable("its disk is full")
            await ask(lookups, request(PEOPLE, b"4111"))
            await ask(lookups, request(PEOPLE, b"4112"))
            del vault.broken["people"]
            await ask(lookups, request(PEOPLE, b"4111"))

    with caplog.at_level(logging.INFO, "pgproxy.net.lookups"):
        run(test, loop)
    assert [record.getMessage() for record in caplog.records] == [
        "masked rows stop: its disk is full",
        "the vault answers again",
    ]


def test_close_lets_the_round_under_way_finish(loop: str) -> None:
    async def test() -> None:
        vault = FakeVault()
        vault.gate.clear()
        lookups = Lookups(vault, Counters())
        asking = asyncio.create_task(ask(lookups, request(PEOPLE, b"ab")))
        await asyncio.sleep(0)
        closing = asyncio.create_task(lookups.close())
        await asyncio.sleep(0.02)
        vault.gate.set()
        assert await asking == ({b"ab": b"ba"},)
        await closing

    run(test, loop)
