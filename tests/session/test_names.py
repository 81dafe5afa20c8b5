"""PREPARE, EXECUTE, DECLARE, FETCH and their like: names as the server confirms them."""

import pytest

from pgproxy.policy.plan import NameAct, QueryPlan
from pgproxy.policy.rules import Null, Show
from pgproxy.wire import backend, frontend
from tests.session import plans
from tests.session.plans import (
    EMAIL,
    ID,
    MASKED,
    NAME,
    SHOWN,
    TOKENIZED,
    field,
    named,
    one,
    plan,
    refused,
    seen,
)
from tests.session.script import (
    BOUND,
    CLOSED,
    DONE,
    FAILED_BLOCK,
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
BARE = backend.row_description([seen("id", oid=23), seen("email")])
OPEN = backend.row_description([seen("id", ID, 23), seen("name", NAME)])
PUBLIC = field("name", Show(), NAME)
INNER = one(SHOWN, MASKED, notices=("email is masked",))
HARMLESS = one(SHOWN, PUBLIC, touches=False)
PREPARE = named(NameAct.PREPARE, "p", INNER)
RUN = named(NameAct.EXECUTE, "p")
DECLARE = named(NameAct.DECLARE, "c", INNER)
FETCH = named(NameAct.FETCH, "c")
PLANS = {
    b"prepare": plan(PREPARE),
    b"prepare open": plan(named(NameAct.PREPARE, "p", HARMLESS)),
    b"prepare q": plan(named(NameAct.PREPARE, "q", one(rows=False))),
    b"prepare tokens": plan(named(NameAct.PREPARE, "p", one(SHOWN, TOKENIZED))),
    b"prepare, execute": plan(PREPARE, RUN),
    b"execute": plan(RUN),
    b"execute q": plan(named(NameAct.EXECUTE, "q")),
    b"execute execute": plan(named(NameAct.EXECUTE, "e")),
    b"deallocate": plan(named(NameAct.DEALLOCATE, "p")),
    b"deallocate all": plan(named(NameAct.DEALLOCATE)),
    b"deallocate, prepare open": plan(
        named(NameAct.DEALLOCATE, "p"), named(NameAct.PREPARE, "p", HARMLESS)
    ),
    b"discard": plan(named(NameAct.DISCARD)),
    b"declare": plan(DECLARE),
    b"declare open": plan(named(NameAct.DECLARE, "c", HARMLESS)),
    b"hold": plan(named(NameAct.DECLARE, "c", INNER, hold=True)),
    b"hold open": plan(named(NameAct.DECLARE, "c", HARMLESS, hold=True)),
    b"declare, fetch": plan(DECLARE, FETCH),
    b"fetch": plan(FETCH),
    b"fetch x": plan(named(NameAct.FETCH, "x")),
    b"move": plan(named(NameAct.MOVE, "c")),
    b"move x": plan(named(NameAct.MOVE, "x")),
    b"close": plan(named(NameAct.CLOSE, "c")),
    b"close all": plan(named(NameAct.CLOSE)),
    b"begin": plan(one(rows=False, touches=False)),
    b"two": plan(INNER),
    b"open": plan(HARMLESS),
    b"mail": plan(one(MASKED)),
}


def tag(text: bytes) -> bytes:
    return backend.command_complete(text)


PREPARED, DECLARED = tag(b"PREPARE"), tag(b"DECLARE CURSOR")
FETCHED, ONE = tag(b"FETCH 1"), row(b"1", b"raw")
HIDDEN = row(b"1", b"***")
DEALLOCATED = tag(b"DEALLOCATE")


def simple(text: bytes, *answer: bytes, script: Script | None = None) -> Script:
    """A Query and its answer; ReadyForQuery comes by itself."""
    script = script or Script(PLANS).log_in()
    return script.client(query(text)).server(*answer, READY)


def prepared(text: bytes = b"prepare") -> Script:
    return simple(text, PREPARED).forget()


def in_block(text: bytes = b"declare", answer: bytes = DECLARED) -> Script:
    script = Script(PLANS).log_in().client(query(b"begin")).server(tag(b"BEGIN"), IN_BLOCK)
    return script.client(query(text)).server(answer, IN_BLOCK).forget()


def test_execute_has_the_fields_of_what_was_prepared() -> None:
    script = simple(b"execute", TWO, ONE, DONE, script=prepared())
    assert script.to_client == TWO + HIDDEN + notices(1) + DONE + READY
    assert [(r.kind, r.rows, r.fields) for r in script.audits] == [
        ("execute", 1, {"email:redact": 1})
    ]


def notices(times: int) -> bytes:
    told = {"S": b"NOTICE", "V": b"NOTICE", "C": b"01000", "M": b"email is masked"}
    return backend.encode_notice(told) * times


def test_prepare_and_execute_in_one_string() -> None:
    script = simple(b"prepare, execute", PREPARED, TWO, ONE, DONE)
    assert script.heard == "CTDNCZ"
    assert b"raw" not in script.to_client


@pytest.mark.parametrize(
    "answer",
    [
        TWO + ONE,
        DONE,
        tag(b"INSERT 0 1"),
        MAIL,
        ONE,
    ],
)
@pytest.mark.parametrize("before", [b"begin", b"prepare q", b"deallocate", b"mail"])
def test_a_name_that_was_never_confirmed_does_not_run(before: bytes, answer: bytes) -> None:
    script = Script(PLANS).log_in().client(query(before), query(b"execute"))
    script.server(error("42P05"), READY, answer).stopped()
    assert ONE not in script.to_client


def test_the_plan_must_be_that_of_the_rows() -> None:
    script = prepared().client(query(b"execute")).server(MAIL)
    assert script.stopped()["C"] == "42501"
    prepared().client(query(b"execute")).server(OPEN).stopped()
    prepared().client(query(b"execute")).server(DONE).stopped()
    prepared(b"prepare q").client(query(b"execute q")).server(TWO).stopped()
    assert simple(b"execute q", DONE, script=prepared(b"prepare q")).heard == "CZ"


def test_a_prepare_that_failed_changes_nothing() -> None:
    script = prepared().client(query(b"prepare open"), query(b"execute"))
    script.server(error("42P05"), READY, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]


def test_a_deallocate_that_failed_changes_nothing() -> None:
    script = prepared().client(query(b"deallocate, prepare open"), query(b"execute"))
    script.server(error("26000"), READY, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]
    script.client(query(b"deallocate, prepare open"), query(b"execute"))
    script.server(DEALLOCATED, error("57014"), READY)
    script.server(error("26000"), READY)
    assert script.closed is None


def test_a_name_is_given_anew_only_when_the_server_says_so() -> None:
    script = prepared(b"prepare open")
    script.client(query(b"execute"), query(b"deallocate"), query(b"prepare"), query(b"execute"))
    script.server(OPEN, row(b"1", b"shown"), DONE, READY, DEALLOCATED, READY)
    script.server(PREPARED, READY, TWO, ONE, DONE, READY)
    assert script.rows() == [row(b"1", b"shown")[5:], HIDDEN[5:]]


def test_a_name_that_nobody_was_to_get_stops_the_session() -> None:
    for text in (b"begin", b"execute q", b"deallocate", b"declare"):
        simple(text, PREPARED, script=prepared(b"prepare q")).stopped()
    for text in (b"begin", b"prepare", b"close"):
        simple(text, DECLARED).stopped()


# One name space with the protocol's


def test_a_prepared_statement_of_sql_can_be_bound() -> None:
    describe = frontend.Describe(frontend.STATEMENT, b"p").encode()
    script = prepared().client(describe, bind(b"p"), execute(), SYNC)
    script.server(backend.parameter_description([]), TWO, BOUND, TWO, ONE, DONE, READY)
    assert script.heard == "tT2DNCZ"
    assert script.rows() == [HIDDEN[5:]]


def test_a_prepared_statement_of_the_protocol_can_be_executed() -> None:
    script = Script(PLANS).log_in().client(parse(b"two", b"p"), SYNC, query(b"execute"))
    script.server(PARSED, READY, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (query(b"deallocate"), DEALLOCATED + READY),
        (query(b"deallocate all"), tag(b"DEALLOCATE ALL") + READY),
        (query(b"discard"), tag(b"DISCARD ALL") + READY),
        (frontend.Close(frontend.STATEMENT, b"p").encode() + SYNC, CLOSED + READY),
        (parse(b"deallocate") + bind() + execute() + SYNC,
         PARSED + BOUND + NO_DATA + DEALLOCATED + READY),
    ],
)  # fmt: skip
def test_either_drops_what_the_other_has_made(asked: bytes, answer: bytes) -> None:
    by_sql = prepared()
    by_protocol = Script(PLANS).log_in().client(parse(b"two", b"p"), SYNC).server(PARSED, READY)
    for script in (by_sql, by_protocol):
        script.client(asked).server(answer)
        assert script.closed is None
        script.client(query(b"execute"), bind(b"p"), SYNC)
        script.server(error("26000"), READY, error("26000"), READY)
        assert script.closed is None
        script.client(query(b"execute")).server(TWO, ONE).stopped()
        assert b"raw" not in script.to_client


def test_names_are_as_long_as_the_server_takes_them() -> None:
    name = b"a" * 63
    close = frontend.Close(frontend.STATEMENT, name + b"2").encode()
    script = Script(PLANS).log_in().client(parse(b"open", name + b"1"), close)
    script.client(parse(b"two", name + b"3"), bind(name + b"1"), execute(), SYNC)
    script.server(PARSED, CLOSED, PARSED, BOUND, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]


# EXECUTE as a statement of the protocol


def test_execute_by_the_protocol() -> None:
    describe = frontend.Describe(frontend.STATEMENT, b"").encode()
    portal = frontend.Describe(frontend.PORTAL, b"").encode()
    script = prepared().client(parse(b"execute"), describe, bind(), portal, execute(), SYNC)
    assert script.asked == "PDBDDES"
    script.server(PARSED, backend.parameter_description([]), TWO, BOUND, TWO, TWO, ONE, DONE, READY)
    assert script.heard == "1tT2TDNCZ"
    assert script.rows() == [HIDDEN[5:]]


def test_describe_of_execute_is_the_servers_business() -> None:
    describe = frontend.Describe(frontend.STATEMENT, b"s").encode()
    script = prepared().client(parse(b"execute", b"s"), describe, SYNC)
    script.server(PARSED, backend.parameter_description([]), BARE, READY)
    script.client(query(b"deallocate"), describe, bind(b"s"), execute(), SYNC)
    script.server(DEALLOCATED, READY, backend.parameter_description([]), NO_DATA, BOUND, NO_DATA)
    script.server(error("26000"), READY)
    assert script.heard == "1tTZCZtn2EZ"
    assert script.closed is None


def bound() -> Script:
    """``execute`` of the harmless "p" is bound as "x", in a block."""
    script = in_block(b"prepare open", PREPARED)
    script.client(parse(b"execute", b"s"), bind(b"s", b"x"), SYNC)
    return script.server(PARSED, BOUND, OPEN, IN_BLOCK).forget()


def test_rows_are_those_of_the_name_when_it_runs() -> None:
    script = bound().client(query(b"deallocate"), query(b"prepare"))
    script.server(DEALLOCATED, IN_BLOCK, PREPARED, IN_BLOCK)
    # The server takes another statement of the same types; what it described was the old one.
    script.client(execute(b"x"), SYNC).server(ONE)
    assert script.stopped()["C"] == "42501"
    assert b"raw" not in script.to_client


def test_rows_whose_origin_is_not_described_are_treated_by_the_new_plan() -> None:
    script = in_block(b"prepare open", PREPARED)
    script.client(parse(b"execute", b"s"), bind(b"s", b"x"), SYNC)
    script.server(PARSED, BOUND, BARE, IN_BLOCK)
    script.client(query(b"deallocate"), query(b"prepare"))
    script.server(DEALLOCATED, IN_BLOCK, PREPARED, IN_BLOCK)
    script.client(execute(b"x"), SYNC).server(ONE, DONE, IN_BLOCK)
    assert script.rows() == [HIDDEN[5:]]


def test_what_has_run_stays_what_it_was() -> None:
    script = bound().client(execute(b"x", 1), query(b"deallocate"), query(b"prepare"))
    shown = row(b"1", b"shown")
    script.server(shown, SUSPENDED, DEALLOCATED, IN_BLOCK, PREPARED, IN_BLOCK)
    script.client(execute(b"x", 1), query(b"fetch x"), execute(b"x"), SYNC)
    script.server(shown, SUSPENDED, OPEN, shown, FETCHED, IN_BLOCK, shown, DONE, IN_BLOCK)
    assert script.rows() == [shown[5:]] * 4


@pytest.mark.parametrize("text", [b"fetch x", b"move x"])
def test_fetch_and_move_run_a_portal_too(text: bytes) -> None:
    script = bound().client(query(text))
    if text == b"fetch x":
        script.server(OPEN, row(b"1", b"shown"), FETCHED, IN_BLOCK)
    else:
        script.server(tag(b"MOVE 1"), IN_BLOCK)
    script.client(query(b"deallocate"), query(b"prepare"), execute(b"x"), SYNC)
    script.server(DEALLOCATED, IN_BLOCK, PREPARED, IN_BLOCK, row(b"2", b"shown"), DONE, IN_BLOCK)
    assert script.rows()[-1] == row(b"2", b"shown")[5:]


def test_a_portal_that_was_bound_without_rows_has_none_later() -> None:
    script = in_block(b"deallocate", DEALLOCATED).client(parse(b"execute"), bind(), SYNC)
    script.server(PARSED, BOUND, NO_DATA, IN_BLOCK)
    script.client(query(b"prepare"))
    script = in_block(b"begin", tag(b"BEGIN")).client(parse(b"execute", b"s"), bind(b"s", b"x"))
    script.client(SYNC, query(b"prepare"), execute(b"x"), SYNC)
    script.server(PARSED, BOUND, NO_DATA, IN_BLOCK, PREPARED, IN_BLOCK)
    script.server(tag(b"SELECT 2"), IN_BLOCK)
    assert script.closed is None
    script.client(execute(b"x"), SYNC).server(ONE).stopped()


def test_execute_of_what_the_protocol_has_prepared_as_execute() -> None:
    script = prepared().client(parse(b"execute", b"e"), SYNC, query(b"execute execute"))
    script.server(PARSED, READY, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]
    script.client(parse(b"execute execute", b"e"), SYNC)


def test_a_name_that_runs_itself_is_followed_no_further() -> None:
    script = Script(PLANS).log_in().client(parse(b"execute execute", b"e"), SYNC)
    script.server(PARSED, READY).client(query(b"execute execute")).server(TWO).stopped()


@pytest.mark.parametrize(
    ("text", "answer"),
    [(b"deallocate", DEALLOCATED), (b"deallocate all", tag(b"DEALLOCATE ALL"))],
)
def test_names_change_behind_execute_too(text: bytes, answer: bytes) -> None:
    script = prepared().client(parse(text, b"e"), SYNC).server(PARSED, READY)
    simple(b"execute execute", answer, script=script)
    script.client(query(b"execute")).server(TWO).stopped()


def test_a_statement_made_behind_execute_is_known() -> None:
    script = Script(PLANS).log_in().client(parse(b"prepare", b"e"), SYNC).server(PARSED, READY)
    simple(b"execute execute", PREPARED, script=script)
    simple(b"execute", TWO, ONE, DONE, script=script)
    assert script.rows() == [HIDDEN[5:]]


def test_tokens_are_awaited_behind_execute() -> None:
    script = prepared(b"prepare tokens").client(query(b"execute"))
    script.server(TWO, ONE, DONE, READY)
    assert script.heard == "T"
    script.do(script.session.tokens_ready(({b"raw": b"tok_" + b"A" * 22},)))
    assert script.heard == "TDCZ"


# Cursors


def test_a_cursor_is_fetched_moved_and_closed() -> None:
    script = in_block().client(query(b"fetch"), query(b"move"), query(b"fetch"), query(b"close"))
    script.server(TWO, ONE, FETCHED, IN_BLOCK, tag(b"MOVE 1"), IN_BLOCK)
    script.server(TWO, tag(b"FETCH 0"), IN_BLOCK, tag(b"CLOSE CURSOR"), IN_BLOCK)
    assert script.heard == "TDNCZCZTCZCZ"  # told once
    assert script.rows() == [HIDDEN[5:]]
    script.client(query(b"fetch")).server(TWO).stopped()


def test_declare_and_fetch_in_one_string() -> None:
    script = simple(b"declare, fetch", DECLARED, TWO, ONE, FETCHED)
    assert script.rows() == [HIDDEN[5:]]


def test_a_binary_cursor_is_treated_in_its_format() -> None:
    binary = backend.row_description([seen("id", ID, 23, 1), seen("email", EMAIL, 25, 1)])
    script = in_block().client(query(b"fetch"))
    script.server(binary, row(b"\0\0\0\1", b"raw"), FETCHED, IN_BLOCK)
    assert script.rows() == [row(b"\0\0\0\1", b"***")[5:]]


def test_move_has_no_rows() -> None:
    in_block().client(query(b"move")).server(TWO).stopped()
    in_block(b"close", tag(b"CLOSE CURSOR")).client(query(b"move")).server(tag(b"MOVE 1")).stopped()


def test_a_cursor_ends_with_its_transaction() -> None:
    script = in_block().client(query(b"begin")).server(tag(b"COMMIT"), READY)
    script.client(query(b"fetch")).server(TWO).stopped()


@pytest.mark.parametrize("end", [b"COMMIT", b"ROLLBACK"])
def test_a_held_cursor_lives_on_when_its_transaction_has_committed(end: bytes) -> None:
    script = in_block(b"hold").client(query(b"begin")).server(tag(end), READY)
    script.client(query(b"fetch")).server(TWO, ONE)
    if end == b"ROLLBACK":
        script.stopped()
        return
    script.server(FETCHED, READY)
    # Nothing that happens later takes it away.
    script.client(query(b"begin"), query(b"begin"), query(b"open"), query(b"begin"))
    script.server(tag(b"BEGIN"), IN_BLOCK, error("22012"), FAILED_BLOCK, error("25P02"))
    script.server(FAILED_BLOCK, tag(b"ROLLBACK"), READY)
    script.forget().client(query(b"fetch")).server(TWO, ONE, FETCHED, READY)
    assert script.rows() == [HIDDEN[5:]]


def test_a_held_cursor_without_a_block() -> None:
    simple(b"fetch", TWO, ONE, FETCHED, script=simple(b"hold", DECLARED))
    script = simple(b"hold", error("22012"))
    script.client(query(b"fetch")).server(TWO).stopped()
    script = Script(PLANS).log_in().client(parse(b"hold"), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, NO_DATA, DECLARED, READY)
    simple(b"fetch", TWO, ONE, FETCHED, script=script)
    assert script.rows() == [HIDDEN[5:]]


def test_rolling_back_to_a_savepoint_leaves_entries_that_do_no_harm() -> None:
    script = in_block(b"hold").client(query(b"begin"), query(b"fetch"))
    script.server(tag(b"ROLLBACK"), IN_BLOCK, error("34000"), FAILED_BLOCK)
    assert script.closed is None
    script = in_block(b"hold open").client(query(b"begin"), query(b"declare"), query(b"fetch"))
    script.server(tag(b"ROLLBACK"), IN_BLOCK, DECLARED, IN_BLOCK, TWO, ONE, FETCHED, IN_BLOCK)
    assert script.rows() == [HIDDEN[5:]]


def test_savepoints_do_not_end_held_cursors() -> None:
    script = in_block(b"hold").client(query(b"begin"), query(b"begin"))
    script.server(tag(b"ROLLBACK"), IN_BLOCK, tag(b"COMMIT"), READY)
    simple(b"fetch", TWO, ONE, FETCHED, script=script)
    assert script.rows() == [HIDDEN[5:]]


@pytest.mark.parametrize("text", [b"close all", b"discard"])
def test_all_cursors_at_once(text: bytes) -> None:
    script = simple(b"hold", DECLARED)
    simple(
        text, tag(b"CLOSE CURSOR ALL" if text == b"close all" else b"DISCARD ALL"), script=script
    )
    script.client(query(b"fetch")).server(TWO).stopped()


def test_a_cursor_that_could_not_be_declared_is_not_the_new_one() -> None:
    script = (
        in_block(b"declare").client(query(b"declare open")).server(error("42P03"), FAILED_BLOCK)
    )
    script.client(query(b"begin"), query(b"fetch"))
    script.server(tag(b"ROLLBACK"), IN_BLOCK, TWO, ONE, FETCHED, IN_BLOCK)
    assert script.rows() == [HIDDEN[5:]]


# Portals and cursors are one


def test_a_portal_is_fetched_by_sql() -> None:
    script = in_block(b"begin", tag(b"BEGIN")).client(parse(b"two", b"s"), bind(b"s", b"x", (1,)))
    script.client(execute(b"x", 1), SYNC, query(b"fetch x"), execute(b"x"), SYNC)
    binary = backend.row_description([seen("id", ID, 23, 1), seen("email", EMAIL, 25, 1)])
    script.server(PARSED, BOUND, binary, row(b"\0\0\0\1", b"raw"), SUSPENDED, IN_BLOCK)
    script.server(TWO, ONE, FETCHED, IN_BLOCK, row(b"\0\0\0\1", b"raw"), DONE, IN_BLOCK)
    hidden = row(b"\0\0\0\1", b"***")[5:]
    assert script.rows() == [hidden, HIDDEN[5:], hidden]


def test_a_cursor_is_executed_by_the_protocol() -> None:
    script = in_block().client(execute(b"c", 1), SYNC)
    assert script.asked == "DES"  # a Describe of ours: nobody has bound it
    script.server(TWO, ONE, SUSPENDED, IN_BLOCK)
    assert script.heard == "DNsZ"
    assert script.rows() == [HIDDEN[5:]]
    script.client(execute(b"c"), SYNC).server(TWO, ONE, DONE, IN_BLOCK)
    assert script.rows() == [HIDDEN[5:]] * 2


def test_a_cursor_is_described_by_the_protocol() -> None:
    portal = frontend.Describe(frontend.PORTAL, b"c").encode()
    script = in_block().client(portal, portal, execute(b"c"), SYNC)
    script.server(TWO, TWO, TWO, ONE, DONE, IN_BLOCK)
    assert script.heard == "TTDNCZ"
    in_block().client(portal, SYNC).server(MAIL).stopped()
    in_block().client(portal, SYNC).server(NO_DATA).stopped()
    assert in_block().client(execute(b"c"), SYNC).server(error("34000"), FAILED_BLOCK).heard == "EZ"


def test_a_cursor_that_nobody_foresaw_has_no_rows_for_execute() -> None:
    script = in_block(b"begin", tag(b"BEGIN")).client(execute(b"c"), SYNC, query(b"declare"))
    script.server(error("34000"), FAILED_BLOCK, DECLARED, IN_BLOCK)
    script.client(execute(b"c"), SYNC)
    script.server(ONE).stopped()
    assert b"raw" not in script.to_client


def test_fetch_by_the_protocol() -> None:
    binary = backend.row_description([seen("id", ID, 23, 1), seen("email", EMAIL, 25, 1)])
    script = in_block().client(parse(b"fetch", b"s"), bind(b"s", b"", (1,)), execute(), SYNC)
    script.server(PARSED, BOUND, binary, row(b"\0\0\0\1", b"raw"), FETCHED, IN_BLOCK)
    assert script.rows() == [row(b"\0\0\0\1", b"***")[5:]]


def test_close_of_a_cursor_by_the_protocol() -> None:
    script = in_block().client(frontend.Close(frontend.PORTAL, b"c").encode(), SYNC)
    script.server(CLOSED, IN_BLOCK).client(query(b"fetch")).server(TWO).stopped()


# Texts


def test_texts_of_what_touches_nothing_masked_are_told() -> None:
    script = prepared(b"prepare open").client(query(b"execute")).server(error("22012"), READY)
    assert script.errors()[0]["M"] == "raw secret"
    script = prepared().client(query(b"execute")).server(error("22012"), READY)
    assert script.errors()[0]["M"] == "division by zero"
    script = simple(b"execute", error("26000"))
    assert script.errors()[0]["M"] == "prepared statement does not exist"


def test_a_cursor_keeps_the_texts_back_for_as_long_as_it_lives() -> None:
    script = in_block(b"two", TWO + DONE)  # masked columns take part in the block
    script.client(query(b"hold open")).server(DECLARED, IN_BLOCK)
    script.client(query(b"begin")).server(tag(b"COMMIT"), READY).forget()
    script.client(query(b"open"), query(b"fetch"), query(b"fetch"))
    script.server(error("22012"), READY, error("22012"), READY, OPEN, FETCHED, READY)
    told, withheld = script.errors()
    assert (told["M"], withheld["M"]) == ("raw secret", "division by zero")
    script.client(query(b"begin"), query(b"fetch"), query(b"open"))
    script.server(tag(b"BEGIN"), IN_BLOCK, OPEN, FETCHED, IN_BLOCK, error("22012"), FAILED_BLOCK)
    assert script.errors()[2]["M"] == "division by zero"


# Skipping


def test_what_was_skipped_has_not_happened() -> None:
    script = prepared().client(
        parse(b"no such"), parse(b"deallocate", b"d"), bind(b"d"), execute(), SYNC
    )
    script.client(query(b"execute")).server(error("22P02"), READY, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]


# A newer catalog


def renewed(later: dict[bytes, QueryPlan], text: bytes = b"prepare") -> Script:
    """Prepared on one catalog; then comes another that nobody asked for."""
    script = Script(PLANS)
    script.later = {2: PLANS | later, 3: PLANS | later}
    return simple(text, PREPARED, script=script.log_in()).forget()


CHANGED = [
    plan(named(NameAct.PREPARE, "p", one(MASKED))),
    plan(named(NameAct.PREPARE, "p", one(SHOWN, MASKED)), sql=b"other text"),
    plan(named(NameAct.PREPARE, "p", one(rows=False))),
    plan(named(NameAct.PREPARE, "z", INNER)),
    plan(refused()),
]


def catalog(script: Script, version: int = 2) -> None:
    script.do(script.session.catalog_ready(plans.catalog(version)))


@pytest.mark.parametrize("now", CHANGED)
def test_what_was_prepared_on_other_tables_is_refused_in_place(now: QueryPlan) -> None:
    script = renewed({b"prepare": now})
    script.client(parse(b"execute", b"s"), SYNC).server(PARSED, READY)
    catalog(script)
    script.forget().client(query(b"execute"), bind(b"s"), SYNC, bind(b"p"), SYNC)
    assert script.asked == "QPSPS"
    script.server(error("22P02"), READY, error("22P02"), READY, error("22P02"), READY)
    assert [each["C"] for each in script.errors()] == ["0A000"] * 3
    assert script.heard == "EZEZEZ"


def test_what_still_means_the_same_runs_by_its_new_plan() -> None:
    hidden = plan(named(NameAct.PREPARE, "p", one(SHOWN, field("email", Null(), EMAIL))))
    script = renewed({b"prepare": hidden})
    catalog(script)
    simple(b"execute", TWO, ONE, DONE, script=script)
    assert script.rows() == [row(b"1", None)[5:]]


def test_a_portal_of_execute_is_looked_at_again_when_it_runs() -> None:
    script = renewed({b"prepare": CHANGED[0]})
    script.client(query(b"begin"), parse(b"execute", b"s"), bind(b"s", b"x"), SYNC)
    script.server(tag(b"BEGIN"), IN_BLOCK, PARSED, BOUND, TWO, IN_BLOCK)
    catalog(script)
    script.forget().client(execute(b"x"), SYNC)
    assert script.asked == "PS"
    script.server(error("22P02"), FAILED_BLOCK)
    assert script.errors()[0]["C"] == "0A000"


def test_a_cursor_was_planned_when_it_was_declared() -> None:
    script = Script(PLANS)
    script.later = {2: PLANS | {b"hold": plan(refused())}}
    simple(b"hold", DECLARED, script=script.log_in()).forget()
    catalog(script)
    simple(b"fetch", TWO, ONE, FETCHED, script=script)
    assert script.rows() == [HIDDEN[5:]]


def test_what_nobody_foresaw_is_looked_at_when_it_has_run() -> None:
    # The DEALLOCATE that is foreseen does not happen: the old statement runs on the new tables.
    for now, stops in ((CHANGED[0], True), (PLANS[b"prepare"], False)):
        script = renewed({b"prepare": now})
        catalog(script)
        script.client(query(b"deallocate"), query(b"execute"))
        assert script.asked == "QQ"
        script.server(error("57014"), READY, TWO, ONE)
        if stops:
            script.stopped()
        else:
            assert script.rows() == [HIDDEN[5:]]
        assert ONE not in script.to_client


def test_the_same_holds_for_statements_of_the_protocol() -> None:
    for now, stops in ((plan(one(MASKED)), True), (PLANS[b"two"], False)):
        script = Script(PLANS)
        script.later = {2: PLANS | {b"two": now}}
        script.log_in().client(parse(b"two", b"s"), SYNC).server(PARSED, READY)
        catalog(script)
        close = frontend.Close(frontend.STATEMENT, b"s").encode()
        script.forget().client(parse(b"no such"), close, SYNC, bind(b"s"), execute(), SYNC)
        script.server(error("22P02"), READY, BOUND)
        if stops:
            script.stopped()
        else:
            script.server(TWO, ONE, DONE, READY)
            assert script.rows() == [HIDDEN[5:]]


def test_execute_waits_for_a_catalog_that_holds() -> None:
    script = prepared()
    script.holds = lambda version: False
    script.client(query(b"execute"))
    assert script.asked == ""
    script.holds = lambda version: True
    catalog(script, 1)
    assert script.asked == "Q"


def test_what_is_prepared_on_the_way_is_not_looked_at() -> None:
    script = renewed({b"prepare": CHANGED[0]})
    catalog(script)
    script.known = PLANS
    script.client(query(b"deallocate"), query(b"prepare, execute"))
    assert script.asked == "QQ"
    script.server(DEALLOCATED, READY, PREPARED, TWO, ONE, DONE, READY)
    assert script.rows() == [HIDDEN[5:]]
