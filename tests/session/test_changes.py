"""DDL that a session has seen: told once it may be committed, and never taken for anything else."""

import pytest

from pgproxy.policy.plan import REFUSED_SQLSTATE
from pgproxy.session.effects import CatalogChanged, RefreshCatalog
from pgproxy.wire import backend
from tests.session import plans
from tests.session.plans import MASKED, SHOWN, one, plan
from tests.session.script import (
    BOUND,
    DONE,
    IN_BLOCK,
    PARSED,
    READY,
    SYNC,
    WELCOME,
    Script,
    bind,
    error,
    execute,
    parse,
    query,
    row,
)
from tests.session.test_questions import ONE_RUN, TWO

TOLD = [CatalogChanged()]
ONE = backend.row_description([plans.seen("a")])
PLANS = {b"two": plan(one(SHOWN, MASKED)), b"ddl": plan(one(rows=False, touches=False))}


def tag(text: bytes) -> bytes:
    return backend.command_complete(text)


@pytest.mark.parametrize(
    "name",
    [
        b"CREATE VIEW",
        b"ALTER TABLE",
        b"DROP TABLE",
        b"GRANT ROLE",
        b"REFRESH MATERIALIZED VIEW",
        b"CREATE TABLE AS",
        b"IMPORT FOREIGN SCHEMA",
        b"SECURITY LABEL",
        b"DO",
        b"CALL",
        b"COMMIT PREPARED",
        b"WHAT NO VERSION HAS YET",
    ],
)
def test_tag_that_may_change_the_catalog_is_told(name: bytes) -> None:
    script = Script().log_in("bob").client(query(b"x")).server(tag(name))
    assert script.effects == []
    assert script.server(READY).effects == TOLD


@pytest.mark.parametrize("name", [b"INSERT 0 3", b"UPDATE 1", b"COPY 2", b"SET", b"TRUNCATE TABLE"])
def test_ordinary_work_disturbs_nobody(name: bytes) -> None:
    script = Script().log_in("bob").client(query(b"x")).server(tag(name), READY)
    assert script.effects == []


def test_open_transaction_is_told_when_it_ends_and_once() -> None:
    script = Script().log_in("bob").client(query(b"x")).server(tag(b"CREATE VIEW"), IN_BLOCK)
    script.client(query(b"y")).server(ONE, row(b"1"), DONE, IN_BLOCK)
    assert script.effects == []
    script.client(query(b"z")).server(tag(b"COMMIT"))
    assert script.effects == TOLD  # what follows in the string may take long
    script.server(READY)
    assert script.effects == TOLD


def test_session_that_dies_before_it_hears_of_the_commit_is_told() -> None:
    script = Script().log_in("bob").client(query(b"x")).server(tag(b"CREATE VIEW"), IN_BLOCK)
    script.client(query(b"commit"))
    script.do(script.session.client_closed())
    assert TOLD[0] in script.effects


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (b"select * into t from u", b"SELECT 0", True),
        (b"CREATE TABLE t AS SELECT 1", b"SELECT 1", True),
        (b"execute p", b"SELECT 7", True),
        (b"select 1 where false", b"SELECT 0", False),
    ],
)
def test_select_that_makes_a_table_is_told(text: bytes, name: bytes, told: bool) -> None:
    simple = Script().log_in("bob").client(query(text)).server(tag(name), READY)
    assert bool(simple.effects) is told
    extended = Script().log_in("bob").client(parse(text), bind(), execute(), SYNC)
    extended.server(PARSED, BOUND, tag(name), READY)
    assert bool(extended.effects) is told


def test_table_made_after_rows_of_the_same_query_string_is_told() -> None:
    script = Script().log_in("bob").client(query(b"select 1; create table t as select 2"))
    script.server(ONE, row(b"1"), DONE, DONE, READY)
    assert script.effects == TOLD


def test_masked_session_tells_of_its_own() -> None:
    script = Script(PLANS).log_in().client(query(b"ddl")).server(tag(b"CREATE TABLE"), READY)
    assert script.effects == TOLD
    script = Script(PLANS).log_in().client(query(b"ddl")).server(tag(b"SELECT 1"), READY)
    assert script.effects == TOLD
    script = Script(PLANS).log_in().client(query(b"two")).server(TWO, row(b"1", b"r"), DONE, READY)
    assert script.effects == []


def test_nothing_is_planned_on_a_snapshot_that_does_not_hold() -> None:
    script = Script(PLANS).log_in()
    script.holds = lambda version: False
    script.client(query(b"two"))
    assert script.asked == ""
    assert script.effects == [RefreshCatalog("shop", 1)]
    assert script.session.client_blocked
    # Meanwhile it has changed again: what was brought is not to be planned on either.
    script.do(script.session.catalog_ready(plans.catalog()))
    assert script.asked == ""
    assert len(script.effects) == 2
    script.holds = lambda version: True
    script.do(script.session.catalog_ready(plans.catalog()))
    assert script.asked == "Q"
    script.server(TWO, row(b"1", b"raw"), DONE, READY)
    assert b"raw" not in script.to_client


def test_statement_is_refused_where_the_catalog_cannot_be_read() -> None:
    script = Script(PLANS).log_in()
    script.holds = lambda version: False
    script.client(query(b"two"))
    script.do(script.session.catalog_failed("away"))
    assert b"PRINTED" not in script.to_upstream
    script.server(error(REFUSED_SQLSTATE), READY)
    assert script.heard == "EZ"
    assert script.errors()[0]["C"] == "58000"
    assert "cannot be read in time" in script.errors()[0]["M"]
    script.holds = lambda version: True
    script.forget().client(query(b"two"))
    assert b"PRINTED" in script.to_upstream


def test_endless_changes_end_in_a_refusal() -> None:
    script = Script(PLANS).log_in()
    script.holds = lambda version: False
    script.client(query(b"two"))
    for _ in range(20):
        assert script.session.client_blocked
        script.do(script.session.catalog_ready(plans.catalog()))
    assert not script.session.client_blocked
    assert b"PRINTED" not in script.to_upstream


def test_bind_waits_as_well_though_its_planner_is_the_same() -> None:
    script = Script(PLANS).log_in().client(parse(b"two"), SYNC).server(PARSED, READY).forget()
    script.holds = lambda version: False
    script.client(bind(), execute(), SYNC)
    assert script.asked == ""
    script.holds = lambda version: True
    script.do(script.session.catalog_ready(plans.catalog()))
    assert script.asked == "BDES"
    script.server(ONE_RUN, READY)
    assert b"raw" not in script.to_client


def test_masked_login_that_took_long_does_not_start_on_what_it_began_with() -> None:
    script = Script(PLANS).start()
    script.holds = lambda version: False
    script.server(WELCOME)
    assert not script.session.ready
    assert RefreshCatalog("shop", 1) in script.effects
    script.holds = lambda version: True
    script.do(script.session.catalog_ready(plans.catalog()))
    assert script.session.ready
    assert script.session.masked


def test_unmasked_session_waits_for_nothing() -> None:
    script = Script(PLANS)
    script.holds = lambda version: False
    script.log_in("bob").client(query(b"two"))
    assert script.asked == "Q"
    assert script.effects == []
    assert not script.session.masked
