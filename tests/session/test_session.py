"""The contract with the shell: order of effects, what is printed, what a fault leads to."""

import pytest

from pgproxy.errors import Refusal
from pgproxy.policy.rules import Token
from pgproxy.session.effects import (
    Audit,
    Close,
    ForwardCancel,
    ResolveTokens,
    ToClient,
    ToUpstream,
)
from pgproxy.session.session import Session
from pgproxy.session.statements import Statement
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from pgproxy.wire import backend
from tests.session.plans import EMAIL, FakePlanner, field, one, plan, seen
from tests.session.script import DONE, READY, Script, query, row

MAIL = backend.row_description([seen("email", EMAIL)])
PLANS = {b"tokens": plan(one(field("email", Token(), EMAIL)))}


def test_requests_come_behind_the_bytes_and_the_end_comes_last() -> None:
    script = Script(PLANS).log_in().client(query(b"tokens"))
    effects = script.session.upstream_data(MAIL + row(b"raw"))
    assert [type(effect) for effect in effects] == [ToClient, ResolveTokens]
    effects = script.session.end("57014", "late")
    assert [type(effect) for effect in effects] == [
        Audit, ToUpstream, ToClient, ForwardCancel, Close
    ]  # fmt: skip


def test_no_effect_prints_what_it_carries() -> None:
    space = TokenSpace("email", "text")
    carried = (
        ToClient(b"raw"),
        ToUpstream(b"raw"),
        ForwardCancel(b"raw"),
        ResolveTokens((TokenRequest(space, (b"raw",)),)),
        Statement(b"raw", plan(), 1),
    )
    for effect in carried:
        assert "raw" not in repr(effect)


def test_after_close_every_event_is_ignored() -> None:
    script = Script(PLANS).log_in()
    script.do(script.session.client_closed())
    session = script.session
    assert session.client_data(query(b"tokens")) == []
    assert session.upstream_data(READY) == []
    assert session.upstream_closed() == []
    assert session.drain() == []
    assert session.tokens_ready(({},)) == []
    assert session.end("57014", "late") == []
    assert not session.client_blocked
    assert not session.upstream_blocked


@pytest.mark.parametrize("event", ["upstream_connected", "upstream_failed", "tokens_ready"])
def test_an_event_out_of_place_ends_the_session(event: str) -> None:
    script = Script(PLANS).log_in().client(query(b"tokens"))
    arguments = {"upstream_connected": (), "upstream_failed": ("x",), "tokens_ready": (({},),)}
    script.do(getattr(script.session, event)(*arguments[event]))
    assert script.closed is not None
    assert script.server(MAIL, row(b"raw")).rows() == []


def test_a_fault_while_the_end_is_put_down_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(PLANS).log_in().client(query(b"tokens"))
    monkeypatch.setattr(script.counters, "statements", None)
    script.do(script.session.client_closed())
    assert script.closed is not None
    assert script.counters.faults == 1


def test_the_reason_of_the_end_names_no_names() -> None:
    script = Script(PLANS).start("nobody")
    script.server(backend.authentication(0), READY)
    assert script.closed is not None
    assert script.closed.reason == "28000 no_entry"


def test_bytes_are_counted_on_both_legs() -> None:
    script = Script(PLANS).log_in()
    before = dict(script.counters.bytes)
    script.client(query(b"tokens")).server(MAIL, DONE, READY)
    after = script.counters.bytes
    assert after["from_client"] - before["from_client"] == len(query(b"tokens"))
    assert after["to_client"] - before["to_client"] == len(script.to_client)
    assert after["from_upstream"] - before["from_upstream"] == len(MAIL + DONE + READY)
    assert after["to_upstream"] - before["to_upstream"] == len(script.to_upstream)


def test_a_planner_that_raises_stops_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: FakePlanner, sql: bytes) -> None:
        raise Refusal("raised", "raw")

    monkeypatch.setattr(FakePlanner, "plan", broken)
    script = Script(PLANS).log_in().client(query(b"tokens"))
    assert script.to_upstream.startswith(b"X")
    assert script.closed is not None


def test_sessions_share_what_the_worker_counts() -> None:
    script = Script(PLANS).log_in()
    assert script.counters.sessions == 1
    assert isinstance(script.session, Session)
    script.do(script.session.client_closed())
    assert script.counters.sessions == 0
