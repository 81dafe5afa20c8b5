"""The second lock, and the rows behind it."""

import pytest

from pgproxy.errors import UpstreamViolation
from pgproxy.policy.rules import Null, Token
from pgproxy.session.results import Layouts, Result, check
from pgproxy.treatment.fields import Keys, Treatments
from pgproxy.treatment.tokens import TokenMap, TokenRequest, TokenSpace
from pgproxy.wire.backend import row_description
from pgproxy.wire.framing import HEADER
from tests.session.plans import EMAIL, ID, MASKED, NAME, SHOWN, field, one, refused, seen
from tests.session.script import row


def described(*fields: object) -> bytes:
    """The body of a RowDescription."""
    return row_description(fields)[HEADER:]  # type: ignore[arg-type]


TWO = described(seen("id", ID, 23), seen("email", EMAIL))


def layouts() -> Layouts:
    """With tokens that nobody knows yet."""
    return Layouts(Treatments(Keys(b"k" * 32), TokenMap()))


def test_an_origin_must_be_one_that_the_plan_names() -> None:
    check(one(SHOWN, MASKED), TWO)
    check(one(field("id", Null(), ID, NAME), MASKED), TWO)
    for fields in ((MASKED, SHOWN), (SHOWN, field("email", Null()))):
        with pytest.raises(UpstreamViolation) as stopped:
            check(one(*fields), TWO)
        assert stopped.value.sqlstate == "42501"


@pytest.mark.parametrize(
    "plan", [one(SHOWN), one(SHOWN, MASKED, MASKED), one(rows=False), refused()]
)
def test_rows_that_were_not_planned_are_stopped(plan: object) -> None:
    with pytest.raises(UpstreamViolation):
        check(plan, TWO)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\1", TWO[:-1], TWO + b"\0", b"\xff\xff"])
def test_a_layout_that_does_not_add_up_is_stopped(body: bytes) -> None:
    with pytest.raises(UpstreamViolation):
        check(one(SHOWN, MASKED), body)


def test_a_layout_is_remembered_for_its_plan_only() -> None:
    known = layouts()
    first, second = one(SHOWN, MASKED), one(SHOWN, field("email", Null(), EMAIL))
    assert known.layout(first, TWO) is known.layout(first, TWO)
    assert known.layout(second, TWO) is not known.layout(first, TWO)
    with pytest.raises(UpstreamViolation):
        known.layout(one(SHOWN), TWO)


def test_counts_are_those_since_the_last_time() -> None:
    result = Result(layouts().layout(one(SHOWN, MASKED), TWO))
    run = row(b"1", b"a") + row(b"2", None)
    assert result.apply(run, 2) == row(b"1", b"***") + row(b"2", None)
    assert result.take_counts() == (2, {("email", "redact"): 1})
    assert result.take_counts() == (0, {("email", "redact"): 0})


def test_rows_that_wait_for_tokens_do_not_count_yet() -> None:
    tokens = TokenMap()
    known = Layouts(Treatments(Keys(b"k" * 32), tokens))
    result = Result(known.layout(one(SHOWN, field("email", Token(), EMAIL)), TWO))
    space = TokenSpace("domain", "text")
    assert result.apply(row(b"1", b"a"), 1) == (TokenRequest(space, (b"a",)),)
    assert result.take_counts()[0] == 0
    tokens.learn(space, {b"a": b"tok_" + b"A" * 22})
    assert result.apply(row(b"1", b"a"), 1) == row(b"1", b"tok_" + b"A" * 22)
    assert result.take_counts() == (1, {("email", "token"): 1})


def test_rows_of_another_width_are_stopped() -> None:
    result = Result(layouts().layout(one(SHOWN, MASKED), TWO))
    for bad in (row(b"1"), row(b"1", b"2", b"3"), row(b"1", b"2")[:-1]):
        with pytest.raises(UpstreamViolation):
            result.apply(bad, 1)
