"""A role without masks: the bytes are the peers' own, and the accounts are right all the same."""

from hypothesis import given, settings, strategies
import pytest

from pgproxy.session.effects import ForwardCancel
from pgproxy.wire import backend, frontend
from tests.session.plans import seen
from tests.session.script import (
    BOUND,
    CLOSED,
    DONE,
    IN_BLOCK,
    NO_DATA,
    PARSED,
    READY,
    SUSPENDED,
    SYNC,
    Script,
    bind,
    error,
    execute,
    parse,
    query,
    row,
)

ONE = backend.row_description([seen("a")])
COPY_IN = backend.copy_response(backend.COPY_IN_RESPONSE, 0, [0])
COPY_OUT = backend.copy_response(backend.COPY_OUT_RESPONSE, 0, [0])
COPIED = backend.command_complete(b"COPY 2")
DATA = frontend.CopyData(b"line\n").encode()
END = frontend.CopyDone().encode()


def start() -> Script:
    """Logged in without masks."""
    return Script().log_in("bob")


@settings(max_examples=60)
@given(strategies.lists(strategies.binary(min_size=1, max_size=60), max_size=6))
def test_any_bytes_of_the_client_are_passed_on(chunks: list[bytes]) -> None:
    script = start()
    passed = b""
    for chunk in chunks:
        if script.closed is None:
            script.client(chunk)
            passed += chunk
    assert script.to_upstream == passed


@settings(max_examples=60)
@given(strategies.lists(strategies.binary(min_size=1, max_size=60), max_size=6))
def test_any_bytes_of_the_server_are_passed_on(chunks: list[bytes]) -> None:
    script = start().client(query(b"select"))
    passed = b""
    for chunk in chunks:
        if script.closed is None:
            script.server(chunk)
            passed += chunk
    assert script.to_client == passed


def test_a_query_is_put_down_once_with_its_rows() -> None:
    script = start().client(query(b"select 1"))
    script.clock = 2.5
    script.server(ONE, row(b"1"), row(b"2"), DONE, READY)
    (record,) = script.audits
    assert (record.decision, record.kind, record.rows) == ("pass", "SELECT", 2)
    assert (record.sql, record.seconds, record.sqlstate) == ("audited 8", 2.5, "")
    assert record.role == "app"
    assert script.counters.statements["app", "pass"] == 1
    assert script.counters.rows["app"] == 2


def test_an_error_is_put_down_with_its_sqlstate() -> None:
    script = start().client(query(b"select 1")).server(error("22012"), READY)
    assert script.audits[0].sqlstate == "22012"
    assert script.counters.errors["22012"] == 1


def test_a_made_up_sqlstate_is_no_metric_label() -> None:
    script = start().client(query(b"do")).server(error("ZZ9ZZ"), READY)
    assert dict(script.counters.errors) == {"other": 1}


def test_prepared_statements_are_put_down_by_their_text() -> None:
    script = start().client(parse(b"select 1", b"s"), bind(b"s"), execute(rows=1), execute(), SYNC)
    script.server(PARSED, BOUND, row(b"1"), SUSPENDED, row(b"2"), DONE, READY)
    assert [(r.sql, r.rows, r.complete) for r in script.audits] == [
        ("audited 8", 1, True),
        ("audited 8", 1, True),
    ]


def test_an_error_in_a_pipeline_keeps_the_accounts_in_order() -> None:
    script = start().client(parse(b"a"), bind(), execute(), SYNC, query(b"select 1"))
    script.server(PARSED, error("22012"), READY, ONE, row(b"1"), DONE, READY)
    assert [(r.sql, r.sqlstate) for r in script.audits] == [
        ("audited 1", "22012"),
        ("audited 8", ""),
    ]


def test_what_the_server_skips_is_not_expected() -> None:
    script = start().client(parse(b"a")).server(error("42601"))
    script.client(query(b"skipped"), bind(), SYNC).server(READY)
    script.client(query(b"select 1")).server(ONE, DONE, READY)
    assert [r.sql for r in script.audits] == ["audited 1", "audited 8"]


@pytest.mark.parametrize("late", [True, False])
def test_a_sync_sent_into_a_copy_is_not_waited_for(late: bool) -> None:
    first = (parse(b"copy"), bind(), execute(), SYNC)
    rest = (DATA, END, SYNC)
    script = start().client(*first)
    if late:
        script.server(PARSED, BOUND, COPY_IN).client(*rest)
    else:
        script.client(*rest).server(PARSED, BOUND, COPY_IN)
    script.server(COPIED, READY)
    assert script.audits[0].kind == "COPY"
    script.do(script.session.drain())
    assert script.stopped()["C"] == "57P01"


def test_a_sync_in_the_middle_of_a_copy_is_not_waited_for() -> None:
    script = start().client(parse(b"copy"), bind(), execute()).server(PARSED, BOUND, COPY_IN)
    script.client(DATA, SYNC, DATA, END, SYNC).server(COPIED, READY)
    script.do(script.session.drain())
    assert script.stopped()["C"] == "57P01"


def test_a_copy_that_the_server_refuses_leaves_its_sync_due() -> None:
    script = start().client(parse(b"copy"), bind(), execute(), SYNC, DATA, END, SYNC)
    script.server(PARSED, BOUND, error("42501"), READY)
    script.do(script.session.drain())
    assert script.closed is None
    script.server(READY)
    assert script.closed is not None


def test_a_copy_that_fails_in_the_middle_swallows_what_the_client_still_sends() -> None:
    script = start().client(query(b"copy")).server(COPY_IN).client(DATA, DATA)
    script.server(error("22P04"), READY).client(DATA, END, query(b"select 1"))
    script.server(ONE, DONE, READY)
    assert [r.sqlstate for r in script.audits] == ["22P04", ""]


def test_copy_out_is_passed_on() -> None:
    script = start().client(query(b"copy")).server(COPY_OUT, DATA, DATA, END, COPIED, READY)
    assert script.to_client == COPY_OUT + DATA * 2 + END + COPIED + READY
    assert script.audits[0].kind == "COPY"


def test_copy_ends_outside_a_copy_do_no_harm() -> None:
    script = start().client(END, frontend.CopyFail(b"x").encode(), query(b"select 1"), END)
    script.server(ONE, row(b"1"), DONE, READY)
    assert script.audits[0].rows == 1
    script.do(script.session.drain())
    assert script.closed is not None


def test_a_function_call_is_put_down() -> None:
    script = start().client(frontend.FunctionCall(952).encode())
    script.server(b"V\0\0\0\x08\xff\xff\xff\xff", READY)
    assert len(script.audits) == 1


def test_the_servers_last_words_are_not_followed_by_ours() -> None:
    told = error("57P01", severity=b"FATAL")
    script = start().server(told)
    script.do(script.session.upstream_closed())
    assert script.to_client == told
    assert script.closed is not None


def test_a_server_that_vanishes_while_idle_is_told() -> None:
    script = start()
    script.do(script.session.upstream_closed())
    assert script.stopped()["C"] == "08006"


@pytest.mark.parametrize("cut", [3, 9])
def test_nothing_is_put_into_a_half_sent_row(cut: int) -> None:
    script = start().client(query(b"select 1")).server(ONE, row(b"1")[:cut])
    script.do(script.session.upstream_closed())
    assert script.to_client == ONE + row(b"1")[:cut]
    assert script.closed is not None
    assert not script.audits[0].complete


def test_what_a_vanished_client_asked_for_is_cancelled() -> None:
    script = start().client(query(b"select 1"))
    script.do(script.session.client_closed())
    assert isinstance(script.effects[0], ForwardCancel)
    assert not script.audits[0].complete


def test_what_a_client_asked_for_before_it_said_goodbye_is_carried_out() -> None:
    script = start().client(query(b"vacuum"), frontend.Terminate().encode())
    script.do(script.session.client_closed())
    assert script.effects == []
    assert script.closed is not None


def test_a_block_is_finished_before_the_session_is_drained() -> None:
    script = start().client(query(b"begin")).server(DONE, IN_BLOCK)
    script.do(script.session.drain())
    assert script.closed is None
    script.client(query(b"commit")).server(DONE, READY)
    assert script.stopped()["C"] == "57P01"


@pytest.mark.parametrize(
    "answer",
    [PARSED, BOUND, CLOSED, NO_DATA, DONE, SUSPENDED, READY, ONE, COPY_IN, row(b"1"), b"~\0\0\0\4"],
)
def test_answers_that_nobody_expects_are_passed_on(answer: bytes) -> None:
    script = start().server(answer)
    assert script.to_client == answer
    assert script.closed is None
    script.client(query(b"select 1")).server(ONE, DONE, READY)
    assert script.audits[-1].sql == "audited 8"


def test_malformed_messages_are_the_servers_to_refuse() -> None:
    asked = (b"P\0\0\0\4", b"B\0\0\0\5\0", b"E\0\0\0\4", b"C\0\0\0\4", b"D\0\0\0\4", b"Q\0\0\0\4")
    script = start().client(*asked, SYNC)
    assert script.to_upstream == b"".join(asked) + SYNC
    script.server(error("08P01"), READY)
    assert script.closed is None
