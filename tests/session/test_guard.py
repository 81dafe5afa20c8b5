"""Simple queries of a masked role, and what must never reach it."""

import pytest

from pgproxy.session.effects import Close, ForwardCancel, ResolveTokens
from pgproxy.wire import backend, frontend
from tests.session.plans import EMAIL, ID, NAME, seen
from tests.session.queries import PLANS, TWO, ready
from tests.session.script import (
    DONE,
    EMPTY,
    IN_BLOCK,
    NO_DATA,
    PARSED,
    READY,
    Script,
    error,
    messages,
    query,
    row,
)


def test_the_plans_text_goes_up_and_never_the_clients() -> None:
    script = ready(b"two")
    assert messages(script.to_upstream) == [(b"Q", b"PRINTED 0\0")]


def test_a_masked_field_is_treated_and_the_rest_is_not_touched() -> None:
    script = ready(b"two").server(TWO, row(b"1", b"raw"), row(b"2", None), DONE, READY)
    assert script.to_client == b"".join((TWO, row(b"1", b"***"), row(b"2", None), DONE, READY))


def test_rows_and_treated_values_are_accounted_for() -> None:
    script = ready(b"two").server(TWO, row(b"1", b"raw"), row(b"2", None), DONE, READY)
    (record,) = script.audits
    assert (record.decision, record.rows, record.fields) == ("allow", 2, {"email:redact": 1})
    assert (record.login, record.role, record.client) == ("alice", "analyst", "192.0.2.1")
    assert record.complete
    assert script.counters.rows["analyst"] == 2
    assert script.counters.fields_treated["email", "redact"] == 1
    assert script.counters.statements["analyst", "allow"] == 1


def test_our_notices_come_right_before_the_end_of_their_statement() -> None:
    layout = backend.row_description([seen("email", EMAIL)])
    script = ready(b"told").server(layout, row(b"raw"), DONE, READY)
    assert script.heard == "TDNNCZ"
    texts = [
        backend.parse_error(b)["M"] for letter, b in messages(script.to_client) if letter == b"N"
    ]
    assert texts == [b"cut", b"redacted"]


def test_an_empty_query_has_its_own_reply() -> None:
    assert ready(b"").server(EMPTY, READY).heard == "IZ"


# The second lock


@pytest.mark.parametrize(
    "fields",
    [
        [seen("id", ID, 23), seen("email", NAME)],
        [seen("id", EMAIL, 23), seen("email", EMAIL)],
        [seen("id", (999, 1), 23), seen("email", EMAIL)],
        [seen("id", ID, 23), seen("email", (EMAIL[0], 0))],
        [seen("id", ID, 23)],
        [seen("id", ID, 23), seen("email", EMAIL), seen("more")],
        [],
    ],
)
def test_a_layout_that_the_plan_does_not_know_stops_the_session(
    fields: list[backend.FieldDescription],
) -> None:
    script = ready(b"two").server(backend.row_description(fields), row(b"1", b"raw"), DONE, READY)
    assert script.stopped()["C"] == "42501"
    assert script.heard == "E"
    assert b"raw" not in script.to_client


def test_fields_without_an_origin_pass_the_second_lock() -> None:
    layout = backend.row_description([seen("id"), seen("email")])
    assert ready(b"two").server(layout, row(b"1", b"raw"), DONE, READY).heard == "TDCZ"


@pytest.mark.parametrize(
    "answer",
    [
        row(b"raw"),
        TWO + TWO,
        TWO + row(b"raw"),
        TWO + row(b"1", b"raw", b"raw"),
        DONE,
        READY,
        TWO + READY,
        TWO + row(b"1", b"r") + READY,
        EMPTY,
        NO_DATA,
        PARSED,
        TWO + DONE + TWO,
        TWO + DONE + row(b"1", b"raw"),
        TWO + DONE + DONE,
        TWO + DONE + READY + READY,
        TWO + DONE + READY + row(b"1", b"raw"),
        TWO + error("22012") + row(b"1", b"raw"),
        TWO + error("22012") + DONE,
        TWO + error("22012") + error("22012"),
        error("22012") + EMPTY,
        TWO + DONE + READY + error("22012"),
        backend.copy_response(backend.COPY_OUT_RESPONSE, 0, [0, 0]),
        backend.copy_response(backend.COPY_IN_RESPONSE, 0, [0, 0]),
        backend.copy_response(backend.COPY_BOTH_RESPONSE, 0, [0, 0]),
        frontend.CopyData(b"raw").encode(),
        b"V\0\0\0\x0b\0\0\0\3raw",
        backend.authentication(3),
        backend.backend_key_data(1, b"raw!"),
        b"~\0\0\0\7raw",
        b"T\0\0\0\5\0",
        b"Z\0\0\0\5X",
        b"D\0\0\0\3",
    ],
)
def test_an_answer_that_is_not_expected_stops_the_session(answer: bytes) -> None:
    script = ready(b"two").server(answer)
    script.stopped()
    assert b"raw" not in script.to_client
    assert script.to_upstream.endswith(frontend.Terminate().encode())
    assert script.session.upstream_data(row(b"1", b"raw")) == []


def test_a_server_that_runs_a_refused_statement_is_stopped() -> None:
    layout = backend.row_description([seen("int4")])
    for answer in (layout, DONE, row(b"raw"), READY, EMPTY):
        assert ready(b"no").server(answer).stopped()["V"] == "FATAL"


def test_rows_of_a_statement_without_rows_stop_the_session() -> None:
    assert ready(b"set").server(TWO).stopped()["C"] == "42501"


# The client's side


@pytest.mark.parametrize(
    "data",
    [
        b"p\0\0\0\5\0",
        b"~\0\0\0\4",
        b"Q\0\0\0\6ab",
        b"Q\0\0\0\3",
        b"Q\x7f\xff\xff\xff",
        b"P\0\0\0\5\0",
        b"B\0\0\0\6\0\0",
        b"S\0\0\0\5\0",
        b"D\0\0\0\6X\0",
    ],
)
def test_a_client_that_breaks_the_protocol_is_told_so_and_left(data: bytes) -> None:
    script = Script(PLANS).log_in().client(data)
    assert script.stopped()["C"] == "08P01"
    assert script.to_upstream == frontend.Terminate().encode()


def test_copy_messages_outside_a_copy_go_nowhere() -> None:
    script = Script(PLANS).log_in()
    script.client(
        frontend.CopyData(b"raw").encode(),
        frontend.CopyDone().encode(),
        frontend.CopyFail(b"why").encode(),
    )
    assert (script.to_upstream, script.to_client, script.closed) == (b"", b"", None)


def test_a_function_call_is_refused_in_its_place() -> None:
    call = frontend.FunctionCall(952).encode()
    script = Script(PLANS).log_in().client(query(b"two"), call, query(b"two"))
    assert script.asked == "QQQ"
    answer = TWO + row(b"1", b"raw") + DONE + READY
    script.server(answer, error("22P02"), READY, answer)
    assert script.heard == "TDCZEZTDCZ"
    assert script.errors()[0]["C"] == "42501"
    assert script.audits[1].reason == "function_call"


def test_a_client_that_leaves_takes_the_server_with_it() -> None:
    script = Script(PLANS).log_in().client(frontend.Terminate().encode())
    assert script.to_upstream == frontend.Terminate().encode()
    script.do(script.session.upstream_closed())
    assert script.closed == Close()
    assert script.counters.sessions == 0
    assert script.counters.sessions_total == 1


def test_what_came_before_the_leave_is_answered_and_what_comes_behind_is_not() -> None:
    script = Script(PLANS).log_in()
    script.client(query(b"two"), frontend.Terminate().encode(), query(b"two"))
    assert script.asked == "QX"
    script.client(query(b"two"))
    assert script.asked == "QX"
    script.server(TWO, row(b"1", b"raw"), DONE, READY)
    assert script.heard == "TDCZ"
    script.do(script.session.upstream_closed())
    assert script.closed == Close()


def test_client_that_left_is_gone_without_a_cancel() -> None:
    script = ready(b"two").client(frontend.Terminate().encode())
    script.do(script.session.client_closed())
    assert script.effects == []
    assert script.closed == Close()


def test_what_a_vanished_client_asked_for_is_cancelled() -> None:
    script = ready(b"two")
    script.do(script.session.client_closed())
    (cancel,) = script.effects
    assert isinstance(cancel, ForwardCancel)
    assert cancel.packet.endswith(b"\0\0\0\7key!")
    assert script.audits[0].complete is False


def test_a_client_that_vanishes_while_idle_cancels_nothing() -> None:
    script = Script(PLANS).log_in()
    script.do(script.session.client_closed())
    assert script.effects == []
    assert script.closed is not None


# Tokens


def test_rows_wait_for_tokens_and_keep_their_order() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"a"), row(b"2", b"b"), DONE)
    assert script.heard == "T"
    assert script.session.upstream_blocked
    (asked,) = script.effects
    assert isinstance(asked, ResolveTokens)
    assert set(asked.requests[0].values) == {b"a", b"b"}
    script.server(READY).client(query(b"two"))
    assert script.heard == "T"
    script.do(
        script.session.tokens_ready(({b"a": b"tok_" + b"A" * 22, b"b": b"tok_" + b"B" * 22},))
    )
    assert script.heard == "TDDCZ"
    assert not script.session.upstream_blocked
    assert script.rows() == [row(b"1", b"tok_" + b"A" * 22)[5:], row(b"2", b"tok_" + b"B" * 22)[5:]]
    assert script.asked == "QQ"


def test_what_is_known_is_not_asked_for_again() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"a"), DONE, READY)
    script.do(script.session.tokens_ready(({b"a": b"tok_" + b"A" * 22},)))
    script.forget().client(query(b"tokens")).server(TWO, row(b"1", b"a"), DONE, READY)
    assert script.effects == []
    assert script.heard == "TDCZ"


def test_without_the_vault_no_row_passes() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"raw"))
    script.do(script.session.tokens_failed("away"))
    assert script.stopped()["C"] == "58000"
    assert script.heard == "TE"
    assert b"raw" not in script.to_client


def test_a_vault_that_never_gives_the_tokens_is_not_asked_for_ever() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"raw"))
    for _ in range(10):
        script.do(script.session.tokens_ready(({},)))
    assert script.stopped()["C"] == "58000"


@pytest.mark.parametrize("tokens", [(), ({}, {})])
def test_an_answer_to_something_else_stops_the_rows(tokens: tuple[dict[bytes, bytes], ...]) -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"raw"))
    script.do(script.session.tokens_ready(tokens))
    assert script.stopped()["C"] == "58000"


def test_the_client_may_leave_while_tokens_are_awaited() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"raw"))
    script.do(script.session.client_closed())
    assert script.closed is not None
    assert script.session.tokens_ready(({b"raw": b"tok_" + b"A" * 22},)) == []


def test_a_server_that_leaves_while_tokens_are_awaited_is_heard_out() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"a"), DONE, READY)
    script.do(script.session.upstream_closed())
    assert script.closed is None
    script.do(script.session.tokens_ready(({b"a": b"tok_" + b"A" * 22},)))
    assert script.heard == "TDCZE"
    assert script.stopped()["C"] == "08006"


# Faults of our own


def test_a_fault_of_ours_stops_the_rows_and_says_nothing() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"raw"))
    script.do(script.session.tokens_ready(None))  # type: ignore[arg-type]
    assert script.stopped()["C"] == "XX000"
    assert script.counters.faults == 1
    assert script.closed is not None
    assert script.closed.reason.startswith("fault: TypeError in ")


# Drain


def test_an_idle_session_is_drained_at_once() -> None:
    script = Script(PLANS).log_in()
    script.do(script.session.drain())
    assert script.stopped()["C"] == "57P01"
    assert script.to_upstream == frontend.Terminate().encode()


def test_a_transaction_is_finished_before_the_session_is_drained() -> None:
    script = ready(b"begin")
    script.do(script.session.drain())
    script.server(backend.command_complete(b"BEGIN"), IN_BLOCK)
    script.client(query(b"two")).server(TWO, row(b"1", b"raw"), DONE, IN_BLOCK)
    assert script.closed is None
    script.client(query(b"set")).server(backend.command_complete(b"COMMIT"), READY)
    assert script.heard == "CZTDCZCZE"
    assert script.stopped()["C"] == "57P01"


def test_rows_that_wait_for_tokens_are_not_drained_away() -> None:
    script = ready(b"tokens").server(TWO, row(b"1", b"a"), DONE, READY)
    script.do(script.session.drain())
    assert script.closed is None
    script.do(script.session.tokens_ready(({b"a": b"tok_" + b"A" * 22},)))
    assert script.heard == "TDCZE"


def test_an_order_to_end_is_carried_out_now() -> None:
    script = ready(b"two").server(TWO, row(b"1", b"raw"))
    script.do(script.session.end("57014", "too long"))
    assert script.stopped()["M"] == "too long"
    assert script.heard == "TDE"
