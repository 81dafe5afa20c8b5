"""What a masked role is told when statements fail, and what is withheld."""

import pytest

from pgproxy.wire import backend
from tests.session.plans import EMAIL, ID, seen
from tests.session.queries import PLANS, TWO, ready
from tests.session.script import (
    DONE,
    FAILED_BLOCK,
    IN_BLOCK,
    READY,
    Script,
    error,
    query,
    row,
)


def test_a_refusal_takes_the_place_of_the_servers_error() -> None:
    script = ready(b"no").server(error("22P02"), READY)
    (told,) = script.errors()
    assert told == {
        "S": "ERROR", "V": "ERROR", "C": "42501", "M": "own words", "H": "own hint", "P": "4"
    }  # fmt: skip
    assert script.heard == "EZ"
    (record,) = script.audits
    assert (record.decision, record.reason, record.sqlstate) == ("refuse", "filter", "42501")
    assert record.sql == "audited 2"
    assert script.counters.refusals["analyst", "filter"] == 1


def test_a_refused_statement_in_an_aborted_block_fails_as_the_server_says() -> None:
    script = ready(b"no").server(error("25P02"), FAILED_BLOCK)
    assert script.errors()[0]["C"] == "25P02"


def test_only_the_refused_statement_has_its_error_replaced() -> None:
    layout = backend.row_description([seen("id", ID, 23)])
    script = ready(b"open, no").server(layout, error("22P02"), READY)
    assert script.errors()[0]["M"] == "raw secret"
    script = ready(b"open, no").server(layout, row(b"1"), DONE, error("22P02"), READY)
    assert script.errors()[0]["M"] == "own words"
    assert script.heard == "TDCEZ"
    assert [record.decision for record in script.audits] == ["allow", "refuse"]


def test_each_statement_of_a_query_has_its_own_layout() -> None:
    turned = backend.row_description([seen("email", EMAIL), seen("id", ID, 23)])
    script = ready(b"two, two").server(TWO, row(b"1", b"raw"), DONE)
    script.server(turned, row(b"raw", b"1"), DONE, READY)
    assert script.rows() == [row(b"1", b"***")[5:], row(b"***", b"1")[5:]]


def test_an_error_over_masked_columns_says_its_sqlstate_only() -> None:
    script = ready(b"two").server(TWO, row(b"1", b"raw"), error("22012"), READY)
    (told,) = script.errors()
    assert (told["C"], told["M"]) == ("22012", "division by zero")
    assert set(told) == {"S", "V", "C", "M", "H"}
    assert b"secret" not in script.to_client
    assert script.audits[0].sqlstate == "22012"
    assert script.audits[0].rows == 1


def test_an_error_over_nothing_masked_is_the_servers_own() -> None:
    assert ready(b"open").server(error("22012"), READY).errors()[0]["M"] == "raw secret"


def test_a_position_counts_only_in_the_clients_own_text() -> None:
    assert ready(b"open").server(error("42703"), READY).errors()[0]["P"] == "3"
    assert "P" not in ready(b"printed").server(error("42703"), READY).errors()[0]


def test_after_masked_columns_were_touched_the_block_keeps_all_texts_back() -> None:
    script = ready(b"begin").server(backend.command_complete(b"BEGIN"), IN_BLOCK)
    script.client(query(b"two")).server(TWO, row(b"1", b"raw"), DONE, IN_BLOCK)
    script.client(query(b"open")).server(error("23503"), FAILED_BLOCK)
    assert script.errors()[0]["M"] == "foreign key violation"
    script.client(query(b"set")).server(backend.command_complete(b"ROLLBACK"), READY)
    script.client(query(b"open")).server(error("22012"), READY)
    assert script.errors()[1]["M"] == "raw secret"


def test_a_statement_that_failed_over_masked_columns_has_touched_them() -> None:
    script = ready(b"begin").server(backend.command_complete(b"BEGIN"), IN_BLOCK)
    script.client(query(b"two")).server(error("22012"), FAILED_BLOCK)
    script.client(query(b"set")).server(backend.command_complete(b"ROLLBACK"), IN_BLOCK)
    script.client(query(b"open")).server(error("23503"), FAILED_BLOCK)
    assert script.errors()[1]["M"] == "foreign key violation"


@pytest.mark.parametrize(
    "body", [b"\0", b"C22012\0\0", b"SERROR\0MC\0\0", b"C\0\0", b"Craw secret\0\0", b"M", b""]
)
def test_an_odd_error_is_withheld_and_not_fatal_to_us(body: bytes) -> None:
    answer = b"E" + (len(body) + 4).to_bytes(4, "big") + body
    script = ready(b"two").server(answer, READY)
    assert script.heard == "EZ"
    assert b"raw" not in script.to_client


def test_notices_are_told_only_where_nothing_masked_takes_part() -> None:
    fields = {"S": b"NOTICE", "V": b"NOTICE", "C": b"00000", "M": b"raw secret"}
    told = backend.encode_notice(fields)
    layout = backend.row_description([seen("id", ID, 23)])
    assert ready(b"two").server(told, TWO, told, row(b"1", b"r"), told, DONE, READY).heard == "TDCZ"
    assert ready(b"open").server(told, layout, DONE, told, READY).heard == "NTCNZ"
    assert Script(PLANS).log_in().server(told).heard == ""


def test_a_notification_loses_its_payload() -> None:
    script = Script(PLANS).log_in().server(backend.notification_response(9, b"news", b"raw"))
    assert script.to_client == backend.notification_response(9, b"news", b"")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"standard_conforming_strings", b"off"),
        (b"client_encoding", b"LATIN1"),
        (b"is_superuser", b"on"),
        (b"session_authorization", b"bob"),
    ],
)
def test_a_setting_that_the_analysis_relies_on_may_not_change(name: bytes, value: bytes) -> None:
    assert ready(b"set").server(backend.parameter_status(name, value)).stopped()["C"] == "0A000"


def test_other_settings_are_reported_even_between_rows() -> None:
    told = backend.parameter_status(b"TimeZone", b"UTC")
    script = ready(b"two").server(TWO, told, told, row(b"1", b"r"), told, DONE, READY, told)
    assert script.heard == "TSSDSCZS"


def test_a_fatal_error_is_told_and_its_text_is_not() -> None:
    script = Script(PLANS).log_in().server(error("57P01", severity=b"FATAL"))
    assert script.errors()[0]["M"] == "connection ended by an administrator"
    script.do(script.session.upstream_closed())
    assert script.heard == "E"
    assert script.closed is not None


def test_a_fatal_error_in_the_middle_of_rows_is_told() -> None:
    script = ready(b"two").server(TWO, row(b"1", b"raw"), error("57P01", severity=b"FATAL"))
    script.do(script.session.upstream_closed())
    assert script.heard == "TDE"
    assert script.audits[0].complete is False
    assert script.audits[0].rows == 1


def test_a_server_that_vanishes_is_told_as_such() -> None:
    script = ready(b"two").server(TWO)
    script.do(script.session.upstream_closed())
    assert script.stopped()["C"] == "08006"
