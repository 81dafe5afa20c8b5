"""Building a pool at an endpoint that is well, slow, full, wrong, or gone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import json
from pathlib import Path
import threading
from typing import Any

import pytest

from pgproxy.config.models import Models
from pgproxy.config.pools import part_of, read_edition
from pgproxy.errors import ConfigError, PgproxyError, Unavailable
from pgproxy.net.pool_build import Build, Pace
from pgproxy.net.pool_files import PartFile
from pgproxy.net.pool_status import pool_status
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.editions import Header
from pgproxy.pools.prompts import SYSTEM
from pgproxy.pools.recipes import Wanted, next_edition, recipe
from pgproxy.pools.replies import MAX_BYTES
from tests.pools.endpoint import KEY, Scripted, Turn, fails, offers, says, scripted

PROMPT = "jobs in a bakery"


@pytest.fixture
def endpoint() -> Iterator[Scripted]:
    with scripted() as found:
        yield found


class Bakery:
    """A pool of jobs to be built, with the endpoint of the test and time that does not pass."""

    def __init__(self, folder: Path, endpoint: Scripted, count: int) -> None:
        self.rule = PoolRule("jobs", str(folder / "pools" / "jobs.jsonl"), PROMPT, count=count)
        self.endpoint = endpoint
        self.options: dict[str, Any] = {"retries": 3, "values_per_request": 4}
        self.pauses: list[float] = []
        self.told: list[tuple[int, str]] = []
        self.last: Build | None = None

    def build(self, count: int = 0, renew: bool = False) -> tuple[str, ...]:
        """As the command does; the values of the whole edition."""
        models = Models(url=self.endpoint.url, model="m1", key=KEY, **self.options)
        goal = count or self.rule.count
        with PartFile(self.rule) as part:
            header = next_edition(
                self.rule, Wanted(goal, renew, "m1", "now"), self.whole(), part.edition
            )
            assert header is not None
            self.last = Build(self.rule, models, part, Pace(self.pauses.append, lambda: 1.0))
            self.last.run(header, goal, lambda made, waits: self.told.append((made, waits)))
        edition = read_edition(self.rule)
        assert edition is not None
        assert not part_of(self.rule.path).exists()
        return edition.values

    def whole(self) -> Header | None:
        edition = read_edition(self.rule)
        return edition.header if edition is not None else None

    def kept(self) -> int:
        """The values of the unfinished edition."""
        with PartFile(self.rule) as part:
            assert part.edition is not None
            return len(part.edition.values)


@pytest.fixture
def bakery(tmp_path: Path, endpoint: Scripted) -> Bakery:
    return Bakery(tmp_path, endpoint, 6)


def more(start: int = 0) -> Callable[[dict[str, Any]], Turn]:
    """Four new values at every question."""
    numbers = iter(range(start, 10_000))
    return lambda _: offers(*(f"job {next(numbers)}" for _ in range(4)))


def test_a_pool_is_built_and_counted(bakery: Bakery) -> None:
    bakery.endpoint.script([more()])
    assert bakery.build() == tuple(f"job {number}" for number in range(6))
    assert bakery.told == [(0, ""), (4, ""), (6, "")]
    assert bakery.last is not None
    tally = bakery.last.tally
    assert (tally.requests, tally.failures, tally.input, tally.output) == (2, 0, 200, 80)
    assert bakery.endpoint.paths == ["/v1/chat/completions"] * 2
    assert {headers["Authorization"] for headers in bakery.endpoint.headers} == {f"Bearer {KEY}"}
    status = pool_status(bakery.rule)
    assert (status.state, status.edition, status.values) == ("whole", 1, 6)


def test_no_request_holds_anything_but_what_the_policy_says_and_what_came_back(
    bakery: Bakery,
) -> None:
    bakery.endpoint.script([fails(500), says("no"), offers("Baker", "Cook"), more()])
    bakery.build()
    made = [[], [], [], ["Baker", "Cook"]]
    assert len(bakery.endpoint.bodies) == len(made)
    for body, before in zip(bakery.endpoint.bodies, made, strict=True):
        question = f"Invent 4 values.\nWhat they are: {PROMPT}\nLocale: en\n"
        question += 'JSON schema of one value: {"type": "string"}'
        if before:
            question += f"\nAlready made, do not repeat: {json.dumps(before)}"
        document = json.loads(body)
        del document["response_format"]  # of the schema alone: tests/pools/test_recipes.py
        assert document == {
            "model": "m1",
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": question},
            ],
        }
        assert KEY.encode() not in body


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        (fails(429), "the endpoint answers 429"),
        (fails(503), "the endpoint answers 503"),
        (Turn(b"<html>busy</html>"), "the endpoint's answer is none of the chat completions form"),
        (Turn(offers("x").body, cut=40), "the endpoint's answer was cut off"),
        (Turn(b"", headers={"Content-Length": "0"}), "the endpoint's answer is none of the"),
        (
            Turn(b"x", headers={"Content-Length": str(MAX_BYTES * 2)}, cut=0),
            "the endpoint's answer was cut off",
        ),
    ],
)
def test_what_may_pass_is_asked_again_after_a_growing_pause(
    bakery: Bakery, turn: Turn, why: str
) -> None:
    bakery.endpoint.script([turn, turn, turn, more()])
    assert len(bakery.build()) == 6
    assert bakery.pauses == [1.0, 2.0, 4.0]
    waits = [told for _, told in bakery.told if told]
    assert len(waits) == 3
    assert waits[2].startswith(why)
    assert waits[2].endswith("; again in 4 s")


def test_an_endless_answer_is_not_read_to_its_end(bakery: Bakery) -> None:
    bakery.endpoint.script([Turn(b" " * (MAX_BYTES + 1)), more()])
    assert len(bakery.build()) == 6
    assert "longer than any should be" in bakery.told[1][1]


@pytest.mark.parametrize("turn", [fails(429, Retry_After="17"), fails(503, Retry_After="17")])
def test_a_pause_that_is_asked_for_is_made(bakery: Bakery, turn: Turn) -> None:
    bakery.endpoint.script([turn, more()])
    bakery.build()
    assert bakery.pauses == [17.0]


def test_a_pause_may_be_asked_for_by_a_date(bakery: Bakery) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    soon = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    bakery.endpoint.script(
        [*(fails(429, Retry_After=text) for text in (then, soon, "in a while")), more()]
    )
    bakery.build()
    assert bakery.pauses == [300.0, 2.0, 4.0]


def test_the_key_takes_no_way_around(bakery: Bakery, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted() as elsewhere:
        elsewhere.script([more()])
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{elsewhere.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        bakery.endpoint.script([more()])
        bakery.build()
        assert elsewhere.paths == []


def test_a_slow_endpoint_is_not_waited_for(bakery: Bakery) -> None:
    bakery.options["timeout_seconds"] = 1
    never = threading.Event()
    bakery.endpoint.script([Turn(offers("late").body, hold=never), more()])
    try:
        assert "late" not in bakery.build()
    finally:
        never.set()
    assert bakery.told[1][1].startswith("no answer within 1 seconds (models.timeout_seconds)")


def test_an_endpoint_that_is_gone_is_told(bakery: Bakery, endpoint: Scripted) -> None:
    with scripted() as gone:
        bakery.endpoint = gone
    with pytest.raises(Unavailable, match="the endpoint cannot be reached: Connection refused"):
        bakery.build()
    assert len(bakery.pauses) == 3
    bakery.endpoint = endpoint
    endpoint.script([more()])
    assert len(bakery.build()) == 6


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        (fails(401, "invalid_api_key"), r"answers 401 \(invalid_api_key\); see models.key"),
        (fails(400), "answers 400; see models.model"),
        (fails(429, "insufficient_quota"), r"answers 429 \(insufficient_quota\)"),
        (fails(307, Location="http://127.0.0.1:1/"), "answers 307"),
    ],
)
def test_what_will_not_pass_ends_the_build_and_says_nothing_of_the_key(
    bakery: Bakery, turn: Turn, why: str
) -> None:
    bakery.endpoint.script([more(), turn])
    with pytest.raises(Unavailable, match=why) as caught:
        bakery.build()
    assert caught.value.hint == "4 values are kept; the same command goes on"
    assert KEY not in repr(caught.value) + caught.value.hint + str(caught.value.__cause__)
    assert bakery.pauses == []
    assert len(bakery.endpoint.bodies) == 2


def test_a_build_goes_on_where_it_stopped(bakery: Bakery) -> None:
    bakery.endpoint.script([more(), fails(500)])
    with pytest.raises(Unavailable, match="answers 500"):
        bakery.build()
    assert bakery.kept() == 4
    assert pool_status(bakery.rule).state == "unfinished: 4 of 6"
    bakery.endpoint.script([more(2)])
    assert bakery.build() == tuple(f"job {number}" for number in range(6))
    assert bakery.told[-2] == (4, "")


def test_a_line_that_was_not_written_to_its_end_is_made_again(bakery: Bakery) -> None:
    bakery.endpoint.script([more(), fails(401)])
    with pytest.raises(Unavailable):
        bakery.build()
    part = part_of(bakery.rule.path)
    part.write_bytes(part.read_bytes()[:-9])
    assert bakery.kept() == 3
    bakery.endpoint.script([more(3)])
    assert bakery.build() == tuple(f"job {number}" for number in range(6))


def test_an_interrupt_leaves_what_there_is(bakery: Bakery) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    bakery.endpoint.script([more(), fails(500)])
    bakery.pauses = Interrupting(interrupt)
    with pytest.raises(KeyboardInterrupt):
        bakery.build()
    assert bakery.kept() == 4


class Interrupting(list[float]):
    """Pauses in which someone presses Ctrl-C."""

    def __init__(self, then: Callable[[float], None]) -> None:
        super().__init__()
        self.append = then  # type: ignore[method-assign]


def test_a_model_that_has_nothing_new_ends_the_build(bakery: Bakery) -> None:
    bakery.endpoint.script([offers("Baker", "Cook"), offers("baker ", "COOK", 5)])
    with pytest.raises(
        PgproxyError, match="5 answers in a row held no new value: 2 of 6"
    ) as caught:
        bakery.build()
    assert "10 were there already and 5 do not satisfy the schema" in caught.value.message
    assert caught.value.hint == (
        "2 values are kept; --count 2 is content with them, another model may know more"
    )
    assert len(bakery.endpoint.bodies) == 6
    assert bakery.build(count=2) == ("Baker", "Cook")
    assert len(bakery.endpoint.bodies) == 6


@pytest.mark.parametrize("content", ["no", "[]", '{"values": [""]}', '["\\u0000", "\\u001b[2J"]'])
def test_answers_of_no_use_end_the_build(bakery: Bakery, content: str) -> None:
    bakery.endpoint.script([says(content)])
    with pytest.raises(PgproxyError, match="5 answers in a row held no new value: 0 of 6"):
        bakery.build()
    assert read_edition(bakery.rule) is None


def test_an_answer_that_was_cut_makes_the_next_question_smaller(bakery: Bakery) -> None:
    bakery.endpoint.script([says('["Baker", "Co', finish="length"), more()])
    bakery.build()
    asked = [json.loads(body)["messages"][1]["content"] for body in bakery.endpoint.bodies]
    assert [question.split("\n")[0] for question in asked[:2]] == [
        "Invent 4 values.",
        "Invent 2 values.",
    ]


def test_the_next_edition_takes_the_place_of_the_last_when_it_is_whole(bakery: Bakery) -> None:
    bakery.endpoint.script([more()])
    first = bakery.build()
    bakery.endpoint.script([more(100), fails(401)])
    with pytest.raises(Unavailable):
        bakery.build(renew=True)
    assert pool_status(bakery.rule).state == "whole; the next is unfinished: 4 of 6"
    edition = read_edition(bakery.rule)
    assert edition is not None
    assert edition.values == first
    bakery.endpoint.script([more(200)])
    second = bakery.build()
    assert second[:4] == ("job 100", "job 101", "job 102", "job 103")
    status = pool_status(bakery.rule)
    assert (status.state, status.edition) == ("whole", 2)


def test_one_build_at_a_time(bakery: Bakery) -> None:
    with PartFile(bakery.rule), pytest.raises(ConfigError, match="another build of this pool"):
        PartFile(bakery.rule)
    assert not part_of(bakery.rule.path).exists()


def test_a_damaged_part_is_named(bakery: Bakery) -> None:
    bakery.endpoint.script([more(), fails(401)])
    with pytest.raises(Unavailable):
        bakery.build()
    part = part_of(bakery.rule.path)
    part.write_bytes(part.read_bytes().replace(b"job 2", b"job 9"))
    with pytest.raises(ConfigError, match=r"jobs.jsonl.part:4: the line is not what was written"):
        bakery.build()
    assert "unfinished and damaged in line 4" in pool_status(bakery.rule).state


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, endpoint: Scripted) -> None:
    (tmp_path / "pools").touch()
    with pytest.raises(ConfigError, match="cannot be written: "):
        Bakery(tmp_path, endpoint, 6).build()


def test_a_status_tells_of_a_changed_prompt(bakery: Bakery) -> None:
    bakery.endpoint.script([more()])
    bakery.build()
    other = PoolRule("jobs", bakery.rule.path, "jobs in a mill", count=6)
    assert recipe(other) != recipe(bakery.rule)
    assert "made of another prompt" in pool_status(other).state
    path = Path(bakery.rule.path)
    path.write_bytes(path.read_bytes()[:-3])
    assert pool_status(bakery.rule).state.startswith("damaged: line 7: the line is cut off")
