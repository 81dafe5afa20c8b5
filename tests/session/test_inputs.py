"""Tokens on their way in: waiting for the vault, what is sent, names that turn out otherwise."""

from dataclasses import replace

import pytest

from pgproxy.policy.plan import REFUSED_STATEMENT, Input, NameAct, QueryPlan
from pgproxy.policy.rules import Token
from pgproxy.session.effects import ResolveValues
from pgproxy.session.statements import Statement
from pgproxy.treatment.tokens import TokenSpace, ValueRequest
from pgproxy.wire import frontend, values
from pgproxy.wire.arrays import write_array
from tests.session.plans import SHOWN, catalog, named, one, plan
from tests.session.script import (
    BOUND,
    DONE,
    NO_DATA,
    PARSED,
    READY,
    SYNC,
    Script,
    bind,
    error,
    execute,
    parse,
    query,
)

KNOWN = b"tok_0123456789ABCDEFGHIJKL"
OTHER = b"tok_LKJIHGFEDCBA9876543210"
SPACE = TokenSpace("email", "text")
LISTED = f"{{{KNOWN.decode()},no}}"
INTEGERS = TokenSpace("key", "integer")


def of(oid: int = values.TEXT, *, literal: str | None = None, mark: int = 0, number: int = 0,
       many: bool = False) -> Input:  # fmt: skip
    domain = "email" if oid == values.TEXT else "key"
    return Input("shop.t.c", Token(), domain, oid, literal, mark, number, many)


def asking(sql: bytes, *inputs: Input) -> QueryPlan:
    return plan(replace(one(SHOWN, rows=False), inputs=inputs), sql=sql)


PLANS = {
    b"literal": asking(b"x = $70001", of(literal=KNOWN.decode(), mark=70001)),
    b"two": asking(
        b"x IN ($70001, $70002) AND y = '$7'",
        of(literal=KNOWN.decode(), mark=70001),
        of(literal=OTHER.decode(), mark=70002),
    ),
    b"array": asking(b"x = ANY($70001)", of(literal=LISTED, mark=70001, many=True)),
    b"number": asking(b"x = $70001", of(values.INT4, literal="77", mark=70001)),
    b"parameter": asking(b"x = $1", of(number=1)),
    b"both": asking(b"x = $1 AND y = ANY($2)", of(values.INT4, number=1), of(number=2, many=True)),
    b"plain": plan(one(SHOWN, rows=False)),
    b"execute": plan(named(NameAct.EXECUTE, "s")),
}  # fmt: skip


def bound(*parameters: tuple[int, bytes | None], statement: bytes = b"") -> bytes:
    return frontend.Bind(b"", statement).with_values(parameters).encode()


def asked(script: Script) -> tuple[ValueRequest, ...]:
    """The requests of the one effect that is there."""
    (effect,) = script.effects
    assert isinstance(effect, ResolveValues)
    script.effects.clear()
    return effect.requests


def answer(script: Script, **found: bytes) -> Script:
    requests = asked(script)
    known = {KNOWN: found.get("known"), OTHER: found.get("other"), b"77": found.get("number")}
    return script.do(
        script.session.values_ready(
            tuple({t: known.get(t) for t in request.tokens} for request in requests)
        )
    )


def test_literal_waits_for_the_vault_and_goes_up_as_its_value() -> None:
    script = Script(PLANS).log_in().client(query(b"literal"))
    assert script.asked == ""
    assert script.session.client_blocked
    assert script.effects == [ResolveValues((ValueRequest(SPACE, (KNOWN,)),))]
    answer(script, known=b"a'b\\c")
    assert script.to_upstream == frontend.Query(rb"x = E'a''b\\c'").encode()
    assert not script.session.client_blocked
    assert script.counters.tokens_resolved == 1


def test_what_is_no_token_becomes_null_with_a_notice() -> None:
    script = Script(PLANS).log_in().client(query(b"two"))
    answer(script, other=b"b")
    assert script.to_upstream == frontend.Query(b"x IN (NULL, E'b') AND y = '$7'").encode()
    script.server(DONE, READY)
    assert script.heard == "NCZ"
    assert b"a value compared with shop.t.c is no token of it" in script.to_client
    assert (script.counters.tokens_resolved, script.counters.tokens_unknown) == (1, 1)


def test_value_that_looks_like_a_mark_is_not_replaced_again() -> None:
    script = Script(PLANS).log_in().client(query(b"two"))
    answer(script, known=b"$70002", other=b"$70001")
    expected = b"x IN (E'$70002', E'$70001') AND y = '$7'"
    assert script.to_upstream == frontend.Query(expected).encode()


def test_array_keeps_what_is_known() -> None:
    script = Script(PLANS).log_in().client(query(b"array"))
    answer(script, known=b'a "b"')
    assert script.to_upstream == frontend.Query(rb"""x = ANY(E'{"a \\"b\\""}')""").encode()


def test_integer_is_written_as_one_and_must_fit() -> None:
    script = Script(PLANS).log_in().client(query(b"number"))
    answer(script, number=b"-5")
    assert script.to_upstream == frontend.Query(b"x = (-5)").encode()
    # A value of an int8 column of the domain: the server would say that it is out of range.
    script.server(DONE, READY).forget().client(query(b"number"))
    answer(script, number=b"9999999999")
    assert script.to_upstream == frontend.Query(b"x = NULL::pg_catalog.int4").encode()


@pytest.mark.parametrize("form", [values.TEXT_FORMAT, values.BINARY_FORMAT])
def test_parameters_are_resolved_in_their_format(form: int) -> None:
    script = Script(PLANS).log_in()
    number = values.encode(values.INT4, form, b"77")
    array = write_array(form, values.TEXT, [KNOWN, None, b"no"])
    script.client(parse(b"both"), bound((form, number), (form, array)), execute(), SYNC)
    assert script.asked == "P"
    assert [r.space for r in script.effects[0].requests] == [INTEGERS, SPACE]  # type: ignore[union-attr]
    answer(script, number=b"5", known=b"a b")
    given = (form, values.encode(values.INT4, form, b"5"))
    given_too = (form, write_array(form, values.TEXT, [b"a b"]))
    assert bound(given, given_too) in script.to_upstream
    assert script.asked == "PBDES"


def test_null_and_unknown_parameters_are_null() -> None:
    script = Script(PLANS).log_in()
    script.client(parse(b"parameter"), bound((0, None)), SYNC)
    assert script.asked == "PBDS"
    assert bound((0, None)) in script.to_upstream
    script.server(PARSED, BOUND, NO_DATA, READY).forget()
    script.client(parse(b"parameter"), bound((0, b"raw")), SYNC)
    # It cannot be a token: the vault need not be asked.
    assert script.effects == []
    assert bound((0, None)) in script.to_upstream


def test_without_the_vault_the_statement_is_refused_in_its_place() -> None:
    script = Script(PLANS).log_in().client(query(b"literal"), query(b"plain"))
    script.do(script.session.values_failed("secret reason"))
    refused = frontend.Query(REFUSED_STATEMENT.encode()).encode()
    assert script.to_upstream == refused + frontend.Query(b"PRINTED 0").encode()
    script.server(error("22P02"), READY, DONE, READY)
    assert script.errors()[0]["C"] == "58000"
    assert b"secret" not in script.to_client


def test_without_the_vault_a_bind_is_refused_in_its_place() -> None:
    script = Script(PLANS).log_in().client(parse(b"parameter"), bound((0, KNOWN)), execute(), SYNC)
    script.do(script.session.values_failed("secret reason"))
    assert script.asked == "PPES"
    script.server(PARSED, error("22P02"), READY)
    assert script.errors()[0]["C"] == "58000"


def test_bind_waits_until_the_name_is_sure() -> None:
    """A Parse before an earlier Sync may have failed: then the name means another statement."""
    script = Script(PLANS).log_in()
    script.client(parse(b"parameter", b"s"), SYNC, bound((0, KNOWN), statement=b"s"), SYNC)
    assert script.asked == "PS"
    assert script.effects == []
    script.server(PARSED, READY)
    answer(script, known=b"a")
    assert script.asked == "PSBDS"
    assert bound((0, b"a"), statement=b"s") in script.to_upstream


def test_bind_behind_a_parse_that_failed_means_what_is_there() -> None:
    script = Script(PLANS).log_in().client(parse(b"plain", b"s"), SYNC).server(PARSED, READY)
    script.forget().client(parse(b"parameter", b"s"), SYNC, bound((0, KNOWN), statement=b"s"), SYNC)
    script.server(error("42P05"), READY)
    assert script.effects == []
    assert bound((0, KNOWN), statement=b"s") in script.to_upstream


def test_value_for_another_statement_ends_the_session_before_any_row() -> None:
    script = Script(PLANS).log_in().client(parse(b"parameter", b"s"), SYNC).server(PARSED, READY)
    script.client(bound((0, KNOWN), statement=b"s"), execute(), SYNC)
    answer(script, known=b"a")
    names = script.session._phase._answers._names  # type: ignore[attr-defined]
    # What no server does: the name means something else all of a sudden.
    names.statements[b"s"] = Statement(b"plain", PLANS[b"plain"], 1)
    script.server(BOUND)
    assert script.stopped()["C"] == "08P01"


def test_execute_of_a_statement_that_asks_is_refused() -> None:
    script = Script(PLANS).log_in().client(parse(b"parameter", b"s"), SYNC).server(PARSED, READY)
    script.forget().client(query(b"execute"))
    assert script.to_upstream == frontend.Query(REFUSED_STATEMENT.encode()).encode()


def test_catalog_that_comes_while_the_vault_is_asked_changes_nothing() -> None:
    script = Script(PLANS).log_in().client(query(b"literal"))
    script.do(script.session.catalog_ready(catalog(version=2)))
    assert script.asked == ""
    answer(script, known=b"a")
    assert script.asked == "Q"


def test_nothing_is_asked_twice_for_one_message_nor_kept_for_the_next() -> None:
    script = Script(PLANS).log_in().client(query(b"literal"), query(b"literal"))
    answer(script, known=b"a")
    assert script.asked == "Q"
    answer(script, known=b"b")
    assert script.to_upstream.endswith(frontend.Query(b"x = E'b'").encode())


def test_client_that_leaves_while_the_vault_is_asked() -> None:
    script = Script(PLANS).log_in().client(query(b"literal"))
    requests = asked(script)
    script.do(script.session.client_closed())
    assert script.session.closed
    assert script.session.values_ready(({KNOWN: b"a"},) * len(requests)) == []


def test_bind_of_the_plain_kind_is_untouched() -> None:
    script = Script(PLANS).log_in().client(parse(b"plain"), bind(), execute(), SYNC)
    assert script.asked == "PBDES"
    assert script.effects == []
