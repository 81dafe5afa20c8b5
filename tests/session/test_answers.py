"""Extended replies to a masked role: names as the server confirms them, portals, layouts."""

import pytest

from pgproxy.wire import backend, framing, frontend
from tests.session.plans import EMAIL, ID, MASKED, SHOWN, TOKENIZED, one, plan, seen
from tests.session.script import (
    BOUND,
    CLOSED,
    DONE,
    EMPTY,
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

TWO = backend.row_description([seen("id", ID, 23), seen("email", EMAIL)])
MAIL = backend.row_description([seen("email", EMAIL)])
PLANS = {
    b"two": plan(one(SHOWN, MASKED, notices=("told once",))),
    b"mail": plan(one(MASKED)),
    b"tokens": plan(one(TOKENIZED)),
    b"set": plan(one(rows=False, touches=False)),
    b"open": plan(one(SHOWN, touches=False)),
    b"": plan(sql=b""),
    b"both": plan(one(SHOWN), one(MASKED)),
}
STATEMENT = frontend.Describe(frontend.STATEMENT, b"s").encode()
PORTAL = frontend.Describe(frontend.PORTAL, b"").encode()
TYPES = backend.parameter_description([23])
# A length that lies: what should come behind the message is a part of it.
SWALLOWED = framing.message(backend.PARAMETER_DESCRIPTION, TYPES[5:] + TWO + row(b"1", b"raw"))


def prepared(text: bytes) -> Script:
    """Logged in, with a statement "s"."""
    script = Script(PLANS).log_in().client(parse(text, b"s"), SYNC).server(PARSED, READY)
    return script.forget()


def test_rows_of_a_suspended_portal_go_on_being_treated() -> None:
    script = prepared(b"two").client(bind(b"s"), execute(rows=1), execute(rows=1), execute(), SYNC)
    script.server(BOUND, TWO, row(b"1", b"a"), SUSPENDED, row(b"2", b"b"), SUSPENDED)
    script.server(row(b"3", b"c"), DONE, READY)
    assert script.heard == "2DNsDsDCZ"
    assert all(body.endswith(b"***") for body in script.rows())
    assert [record.rows for record in script.audits] == [1, 1, 1]


def test_describe_of_a_statement_and_of_a_portal_pass_the_second_lock() -> None:
    script = prepared(b"two").client(STATEMENT, bind(b"s"), PORTAL, execute(), SYNC)
    script.server(TYPES, TWO, BOUND, TWO, TWO, row(b"1", b"a"), DONE, READY)
    assert script.heard == "tT2TDNCZ"


def test_describe_of_a_statement_without_rows() -> None:
    script = prepared(b"set").client(STATEMENT, bind(b"s"), PORTAL, execute(), SYNC)
    script.server(TYPES, NO_DATA, BOUND, NO_DATA, NO_DATA, DONE, READY)
    assert script.heard == "tn2nCZ"


@pytest.mark.parametrize(
    "answer",
    [
        TYPES + MAIL,
        TYPES + NO_DATA,
        SWALLOWED,
        TYPES + framing.message(backend.NO_DATA, b"raw"),
        TYPES + TYPES,
        TWO,
        NO_DATA,
        TYPES + TWO + BOUND + MAIL,
        TYPES + TWO + BOUND + NO_DATA,
        TYPES + TWO + BOUND + row(b"1", b"raw"),
        TYPES + TWO + BOUND + DONE,
        TYPES + TWO + BOUND + TWO + DONE,
        TYPES + TWO + BOUND + TWO + MAIL,
        TYPES + TWO + BOUND + TWO + TWO + EMPTY,
        TYPES + TWO + BOUND + TWO + TWO + READY,
        TYPES + TWO + BOUND + TWO + TWO + TWO,
        TYPES + TWO + BOUND + TWO + TWO + BOUND,
        TYPES + TWO + BOUND + TWO + TWO + row(b"raw"),
        TYPES + TWO + BOUND + TWO + TWO + DONE + row(b"1", b"raw"),
        TYPES + TWO + BOUND + TWO + TWO + error("22012") + row(b"1", b"raw"),
        TYPES + TWO + PARSED,
        TYPES + TWO + CLOSED,
        TYPES + TWO + b"2\0\0\0\5x",
    ],
)
def test_an_answer_that_does_not_fit_stops_the_session(answer: bytes) -> None:
    script = prepared(b"two").client(STATEMENT, bind(b"s"), PORTAL, execute(), SYNC)
    script.server(answer).stopped()
    assert b"raw" not in script.to_client


def test_mixed_formats_are_those_of_the_portal() -> None:
    binary = backend.row_description([seen("id", ID, 23, 1), seen("email", EMAIL, 25, 0)])
    script = prepared(b"two").client(bind(b"s", formats=(1, 0)), execute(), SYNC)
    script.server(BOUND, binary, row(b"\0\0\0\1", b"raw"), DONE, READY)
    assert script.rows() == [row(b"\0\0\0\1", b"***")[5:]]


def test_a_format_that_does_not_exist_hides_the_field() -> None:
    odd = backend.row_description([seen("email", EMAIL, 25, 7)])
    script = prepared(b"mail").client(bind(b"s"), execute(), SYNC)
    script.server(BOUND, odd, row(b"raw"), DONE, READY)
    assert script.rows() == [row(None)[5:]]


# Names


def test_a_parse_of_a_live_name_keeps_the_old_statement() -> None:
    script = prepared(b"two").client(parse(b"open", b"s"), SYNC, bind(b"s"), execute(), SYNC)
    script.server(error("42P05"), READY, BOUND, TWO, row(b"1", b"raw"), DONE, READY)
    assert script.heard == "EZ2DNCZ"
    assert script.rows() == [row(b"1", b"***")[5:]]


def test_a_failed_parse_leaves_no_statement_to_bind() -> None:
    script = Script(PLANS).log_in().client(parse(b"two", b"s"), SYNC).server(error("42601"), READY)
    script.client(bind(b"s"), execute(), SYNC)
    assert script.server(error("26000"), READY).heard == "EZEZ"
    script.client(bind(b"s"), execute(), SYNC)
    script.server(BOUND).stopped()


def test_a_failed_parse_of_the_unnamed_statement_takes_the_old_one_with_it() -> None:
    script = Script(PLANS).log_in().client(parse(b"two"), SYNC, parse(b"mail"), SYNC, bind(), SYNC)
    script.server(PARSED, READY, error("42601"), READY, BOUND).stopped()


def test_a_statement_that_was_refused_is_never_prepared() -> None:
    script = Script(PLANS).log_in().client(parse(b"never heard of", b"s"))
    assert script.server(PARSED).stopped()["V"] == "FATAL"
    assert script.heard == "E"


def test_a_name_changes_hands_when_the_server_says_so() -> None:
    script = prepared(b"two")
    close = frontend.Close(frontend.STATEMENT, b"s").encode()
    run = bind(b"s") + execute()
    script.client(run, close, parse(b"mail", b"s"), run, SYNC)
    script.server(BOUND, TWO, row(b"1", b"a"), DONE, CLOSED, PARSED)
    script.server(BOUND, MAIL, row(b"b"), DONE, READY)
    assert script.heard == "2DNC312DCZ"
    assert script.rows() == [row(b"1", b"***")[5:], row(b"***")[5:]]


def test_the_unnamed_statement_is_the_one_parsed_last() -> None:
    run = bind() + execute() + SYNC
    script = Script(PLANS).log_in().client(parse(b"two"), run, parse(b"mail"), run, run)
    script.server(PARSED, BOUND, TWO, row(b"1", b"a"), DONE, READY)
    script.server(PARSED, BOUND, MAIL, row(b"b"), DONE, READY)
    script.server(BOUND, MAIL, row(b"c"), DONE, READY)
    assert [len(body) for body in script.rows()] == [14, 9, 9]


def test_a_query_takes_the_unnamed_statement_with_it() -> None:
    script = Script(PLANS).log_in().client(parse(b"two"), SYNC, query(b"set"), bind(), SYNC)
    script.server(PARSED, READY, DONE, READY)
    script.server(BOUND).stopped()


def test_a_query_takes_the_unnamed_portal_with_it() -> None:
    script = prepared(b"two").client(bind(b"s"), SYNC).server(BOUND, TWO, IN_BLOCK)
    script.client(query(b"set")).server(DONE, IN_BLOCK)
    script.client(execute(), SYNC).server(row(b"1", b"raw")).stopped()
    assert b"raw" not in script.to_client


def test_portals_do_not_outlive_their_transaction() -> None:
    script = prepared(b"two").client(bind(b"s", b"p"), SYNC, execute(b"p"), SYNC)
    script.server(BOUND, TWO, READY, row(b"1", b"raw")).stopped()
    assert b"raw" not in script.to_client


def test_portals_live_on_in_a_block() -> None:
    script = prepared(b"two").client(bind(b"s", b"p"), SYNC, execute(b"p"), SYNC)
    script.server(BOUND, TWO, IN_BLOCK, row(b"1", b"a"), DONE, IN_BLOCK)
    assert script.heard == "2ZDNCZ"


def test_a_closed_portal_is_not_known_any_more() -> None:
    script = prepared(b"two").client(bind(b"s", b"p"), execute(b"p", 1))
    script.client(frontend.Close(frontend.PORTAL, b"p").encode(), execute(b"p"), SYNC)
    script.server(BOUND, TWO, row(b"1", b"a"), SUSPENDED, CLOSED)
    script.server(row(b"2", b"raw")).stopped()


def test_close_of_unknown_names_is_no_error() -> None:
    script = Script(PLANS).log_in()
    for kind in (frontend.STATEMENT, frontend.PORTAL):
        script.client(frontend.Close(kind, b"never heard of").encode())
    assert script.client(SYNC).server(CLOSED, CLOSED, READY).heard == "33Z"


def test_two_portals_of_two_statements_keep_apart() -> None:
    script = prepared(b"two").client(parse(b"mail", b"t"), bind(b"s", b"p"), bind(b"t", b"q"))
    script.client(execute(b"q"), execute(b"p"), SYNC)
    script.server(PARSED, BOUND, TWO, BOUND, MAIL, row(b"a"), DONE, row(b"1", b"b"), DONE, READY)
    assert script.rows() == [row(b"***")[5:], row(b"1", b"***")[5:]]


@pytest.mark.parametrize("asked", [STATEMENT, PORTAL, execute(), bind(b"s")])
def test_names_that_were_never_confirmed_are_not_answered_for(asked: bytes) -> None:
    for answer in (TYPES + TWO, TWO, NO_DATA, row(b"raw"), DONE, SUSPENDED, EMPTY, BOUND):
        script = Script(PLANS).log_in().client(asked, SYNC).server(answer)
        script.stopped()
        assert b"raw" not in script.to_client


@pytest.mark.parametrize("asked", [STATEMENT, PORTAL, execute(), bind(b"s")])
def test_the_server_may_say_itself_that_a_name_is_unknown(asked: bytes) -> None:
    script = Script(PLANS).log_in().client(asked, SYNC).server(error("34000"), READY)
    assert script.heard == "EZ"
    assert script.errors()[0]["M"] == "cursor or portal does not exist"


def test_several_statements_cannot_be_prepared() -> None:
    script = Script(PLANS).log_in().client(parse(b"both"), SYNC)
    assert script.server(error("42601"), READY).heard == "EZ"
    Script(PLANS).log_in().client(parse(b"both")).server(PARSED).stopped()


def test_an_empty_statement_has_its_own_reply() -> None:
    script = Script(PLANS).log_in().client(parse(b"", b"s"), STATEMENT, bind(b"s"), execute(), SYNC)
    script.server(PARSED, backend.parameter_description([]), NO_DATA, BOUND, NO_DATA, EMPTY, READY)
    assert script.heard == "1tn2IZ"


def test_an_error_at_sync_is_the_commits_own() -> None:
    script = prepared(b"two").client(bind(b"s"), execute(), SYNC, SYNC)
    script.server(BOUND, TWO, row(b"1", b"a"), DONE, error("23503"), READY, READY)
    assert script.heard == "2DNCEZZ"
    assert script.errors()[0]["M"] == "foreign key violation"


def test_tokens_hold_up_what_is_behind_them_in_the_pipeline() -> None:
    script = prepared(b"tokens").client(bind(b"s"), execute(), SYNC, bind(b"s"), execute(), SYNC)
    script.server(BOUND, MAIL, row(b"a"), DONE, READY, BOUND, MAIL, row(b"b"), DONE, READY)
    assert script.heard == "2"
    script.do(script.session.tokens_ready(({b"a": b"tok_" + b"A" * 22},)))
    assert script.heard == "2DCZ2"
    assert script.session.upstream_blocked
    script.do(script.session.tokens_ready(({b"b": b"tok_" + b"B" * 22},)))
    assert script.heard == "2DCZ2DCZ"


def test_a_session_is_not_drained_between_the_end_of_a_statement_and_its_sync() -> None:
    script = prepared(b"two").client(bind(b"s"), execute(), frontend.Flush().encode())
    script.server(BOUND, TWO, DONE)
    script.do(script.session.drain())
    assert script.closed is None
    script.client(SYNC).server(READY)
    assert script.stopped()["C"] == "57P01"


def test_failures_of_prepared_statements_are_put_down() -> None:
    script = prepared(b"two").client(bind(b"s"), execute(), SYNC)
    script.server(BOUND, TWO, row(b"1", b"a"), error("57014"), READY)
    (record,) = script.audits
    assert (record.sqlstate, record.rows, record.decision) == ("57014", 1, "allow")
