"""Pipelines of a masked role on their way up: order, names, skipping, waiting for a catalog."""

import pytest

from pgproxy.policy.plan import REFUSED_STATEMENT, QueryPlan
from pgproxy.policy.rules import Null
from pgproxy.session.context import Limits
from pgproxy.session.effects import RefreshCatalog
from pgproxy.wire import backend, frontend
from tests.session import plans
from tests.session.plans import EMAIL, ID, MASKED, SHOWN, one, plan, refused, seen
from tests.session.script import (
    BOUND,
    CLOSED,
    DONE,
    NO_DATA,
    PARSED,
    READY,
    SYNC,
    Script,
    bind,
    error,
    execute,
    messages,
    parse,
    query,
    row,
)

TWO = backend.row_description([seen("id", ID, 23), seen("email", EMAIL)])
PLANS = {
    b"two": plan(one(SHOWN, MASKED)),
    b"set": plan(one(rows=False, touches=False)),
    b"no": plan(refused()),
    b"stale": plan(refused("unknown_name"), stale=True),
}
FLUSH = frontend.Flush().encode()
REFUSED = REFUSED_STATEMENT.encode()
RUN = bind() + execute()
ONE_RUN = BOUND + TWO + row(b"1", b"raw") + DONE


def test_a_bind_is_followed_by_our_own_describe_that_nobody_sees() -> None:
    script = Script(PLANS).log_in().client(parse(b"two"), RUN, SYNC)
    assert script.asked == "PBDES"
    script.server(PARSED, ONE_RUN, READY)
    assert script.to_client == PARSED + BOUND + row(b"1", b"***") + DONE + READY


def test_parameters_and_formats_go_up_as_they_came() -> None:
    asked = frontend.Bind(b"p", b"", b"\0\1\0\1\0\1\0\0\0\2\xff\xfe", (1, 0)).encode()
    script = Script(PLANS).log_in().client(parse(b"two"), asked)
    assert asked in script.to_upstream
    described = frontend.Describe(frontend.PORTAL, b"p").encode()
    assert script.to_upstream.endswith(asked + described)


def test_parameter_types_of_a_parse_are_kept() -> None:
    script = Script(PLANS).log_in().client(frontend.Parse(b"s", b"two", (23, 0)).encode())
    assert script.to_upstream == frontend.Parse(b"s", b"PRINTED 0", (23, 0)).encode()


def test_sync_flush_and_close_are_neither_invented_nor_moved() -> None:
    close = frontend.Close(frontend.STATEMENT, b"unknown").encode()
    asked = (SYNC, FLUSH, close, SYNC, SYNC, FLUSH, close)
    script = Script(PLANS).log_in().client(*asked)
    assert script.to_upstream == b"".join(asked)
    script.server(READY, CLOSED, READY, READY, CLOSED)
    assert script.heard == "Z3ZZ3"


def test_a_refused_parse_takes_its_turn() -> None:
    script = Script(PLANS).log_in().client(parse(b"two"), RUN, parse(b"no"), RUN, SYNC)
    assert script.asked == "PBDEPBDES"
    assert (b"P", b"\0" + REFUSED + b"\0\0\0") in messages(script.to_upstream)
    script.server(PARSED, ONE_RUN, error("22P02"), READY)
    assert script.heard == "12DCEZ"
    assert script.errors()[0]["M"] == "own words"


STEPS = (parse(b"two"), bind(), execute(), parse(b"set", b"s"), bind(b"s", b"p"), execute(b"p"))
ANSWERS = (PARSED, BOUND + TWO, DONE, PARSED, BOUND + NO_DATA, DONE)
TOLD = "12C12C"


@pytest.mark.parametrize("at", range(len(STEPS)))
def test_an_error_anywhere_in_a_pipeline_skips_to_its_sync(at: int) -> None:
    script = Script(PLANS).log_in().client(*STEPS, SYNC, *STEPS, SYNC)
    script.server(*ANSWERS[:at], error("22012"), READY, *ANSWERS, READY)
    assert script.heard == TOLD[:at] + "EZ" + TOLD + "Z"
    assert script.closed is None


@pytest.mark.parametrize("at", range(len(STEPS)))
def test_after_an_error_the_client_is_not_listened_to_until_sync(at: int) -> None:
    script = Script(PLANS).log_in().client(*STEPS[: at + 1]).server(*ANSWERS[:at], error("22012"))
    script.forget()
    ignored = (query(b"two"), parse(b"no"), frontend.FunctionCall(1).encode(), FLUSH, b"P\0\0\0\4")
    script.client(*STEPS, *ignored)
    assert (script.to_upstream, script.to_client) == (b"", b"")
    script.client(SYNC, query(b"set"))
    assert script.asked == "SQ"
    script.server(READY, DONE, READY)
    assert script.heard == "ZCZ"


def test_a_query_behind_an_error_gets_no_reply() -> None:
    script = Script(PLANS).log_in().client(parse(b"two"), query(b"two"), query(b"no"), SYNC)
    script.server(error("42601"), READY)
    assert script.heard == "EZ"


def test_syncs_in_a_row_get_a_reply_each() -> None:
    script = Script(PLANS).log_in().client(SYNC * 50, STEPS[0], SYNC * 50)
    script.server(READY * 50, error("42601"), READY * 50)
    assert script.heard == "Z" * 50 + "E" + "Z" * 50
    assert script.closed is None


def test_a_full_pipeline_stops_the_client_and_goes_on() -> None:
    script = Script(PLANS, limits=Limits(pipeline=4)).log_in().client(SYNC * 3)
    assert not script.session.client_blocked
    script.client(SYNC * 3)
    assert script.session.client_blocked
    assert script.asked == "SSSSSS"
    script.server(READY * 3)
    assert not script.session.client_blocked


# A newer catalog in the middle of a pipeline


def refreshing(*then: bytes) -> Script:
    """A pipeline whose second statement is not known yet."""
    script = Script(PLANS)
    script.later = {2: PLANS | {b"stale": plan(one(SHOWN, MASKED), sql=b"NEW")}}
    return script.log_in().client(parse(b"set"), RUN, parse(b"stale"), *then)


def test_what_follows_an_unknown_name_waits_for_the_catalog_in_order() -> None:
    script = refreshing(RUN, SYNC)
    assert script.effects == [RefreshCatalog("shop", 1)]
    assert script.session.client_blocked
    assert script.asked == "PBDE"
    script.server(PARSED, BOUND, NO_DATA, DONE).client(query(b"two"))
    assert script.heard == "12C"
    assert script.asked == "PBDE"
    script.do(script.session.catalog_ready(plans.catalog(2)))
    assert script.asked == "PBDEPBDESQ"
    assert not script.session.client_blocked
    assert (b"P", b"\0NEW\0\0\0") in messages(script.to_upstream)
    script.server(PARSED, ONE_RUN, READY, TWO, row(b"1", b"raw"), DONE, READY)
    assert script.heard == "12C12DCZTDCZ"


def test_a_catalog_that_does_not_come_refuses_the_statement_only() -> None:
    script = refreshing(RUN, SYNC)
    script.do(script.session.catalog_failed("away"))
    assert script.asked == "PBDEPBDES"
    script.server(PARSED, BOUND, NO_DATA, DONE, error("22P02"), READY)
    assert script.heard == "12CEZ"
    assert script.closed is None


def test_a_name_is_looked_up_once_a_statement() -> None:
    script = refreshing(SYNC)
    script.later = {}
    script.do(script.session.catalog_ready(plans.catalog(2)))
    assert script.asked == "PBDEPS"
    script.client(query(b"stale"))
    assert script.effects == [RefreshCatalog("shop", 1), RefreshCatalog("shop", 2)]


def test_an_error_before_the_catalog_comes_skips_what_waits_for_it() -> None:
    script = refreshing(RUN, SYNC, query(b"set")).server(error("42601"))
    script.do(script.session.catalog_ready(plans.catalog(2)))
    assert script.asked == "PBDESQ"
    script.server(READY, DONE, READY)
    assert script.heard == "EZCZ"


def test_the_peers_may_leave_while_a_catalog_is_awaited() -> None:
    script = refreshing()
    script.do(script.session.client_closed())
    assert script.session.catalog_ready(plans.catalog(2)) == []
    script = refreshing()
    script.do(script.session.upstream_closed())
    assert script.stopped()["C"] == "08006"


def test_a_session_that_waits_for_a_catalog_is_not_drained() -> None:
    script = Script(PLANS).log_in().client(query(b"stale"))
    script.do(script.session.drain())
    assert script.closed is None
    script.do(script.session.catalog_failed("away"))
    script.server(error("22P02"), READY)
    assert script.stopped()["C"] == "57P01"


# Statements that outlive a catalog


def prepared(later: dict[bytes, QueryPlan]) -> Script:
    """``two`` is prepared as "s"; then comes a newer catalog that nobody asked for."""
    script = Script(PLANS)
    script.later = {2: later}
    script.log_in().client(parse(b"two", b"s"), SYNC).server(PARSED, READY)
    script.do(script.session.catalog_ready(plans.catalog(2)))
    return script.forget()


def test_a_statement_that_means_the_same_is_bound_under_the_new_catalog() -> None:
    script = prepared(PLANS | {b"two": plan(one(SHOWN, plans.field("email", Null(), EMAIL)))})
    script.client(bind(b"s"), execute(), SYNC)
    assert script.asked == "BDES"
    script.server(BOUND, TWO, row(b"1", b"raw"), DONE, READY)
    assert script.rows() == [row(b"1", None)[5:]]


def test_a_parse_that_failed_does_not_stand_for_the_statement_that_lives() -> None:
    other = plan(one(MASKED), sql=b"other text")
    script = prepared(PLANS | {b"mail": plan(one(MASKED))})
    script.later[3] = PLANS | {b"mail": other}
    script.client(parse(b"mail", b"s"), SYNC).server(error("42P05"), READY)
    script.do(script.session.catalog_ready(plans.catalog(3)))
    script.forget().client(bind(b"s"), execute(), SYNC)
    script.server(BOUND, TWO, row(b"1", b"raw"), DONE, READY)
    assert script.heard == "2DCZ"
    assert script.session.closed is False


@pytest.mark.parametrize(
    "now",
    [
        plan(one(SHOWN, MASKED), sql=b"other text"),
        plan(refused()),
        plan(one(MASKED)),
        plan(one(rows=False)),
    ],
)
def test_a_statement_that_means_something_else_must_be_prepared_again(
    now: QueryPlan,
) -> None:
    script = prepared(PLANS | {b"two": now})
    script.client(parse(b"set"), bind(b"s"), execute(), SYNC, bind(b""), execute(), SYNC)
    assert script.asked == "PPESBDES"
    script.server(PARSED, error("22P02"), READY, BOUND, NO_DATA, DONE, READY)
    assert script.heard == "1EZ2CZ"
    assert script.errors()[0]["C"] == "0A000"
    assert b"prepare it again" in script.to_client


def test_an_older_catalog_changes_nothing() -> None:
    script = Script(PLANS)
    script.later = {2: {}}
    script.log_in()
    script.do(script.session.catalog_ready(plans.catalog(1)))
    assert len(script.planners) == 1
    script.client(query(b"two"))
    assert messages(script.to_upstream) == [(b"Q", b"PRINTED 0\0")]
