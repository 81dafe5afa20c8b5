"""COPY … FROM STDIN of a masked role, from the response to the tag."""

import pytest

from pgproxy.policy.plan import CopyFormat, CopyIn, Input, StatementPlan
from pgproxy.policy.rules import Token
from pgproxy.session.effects import ResolveValues
from pgproxy.treatment.tokens import TokenSpace, ValueRequest
from pgproxy.wire import backend, frontend, values
from pgproxy.wire.framing import message
from tests.session.plans import SHOWN, one, plan
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
    letters,
    messages,
    parse,
    query,
)

KNOWN = b"tok_0123456789ABCDEFGHIJKL"
OTHER = b"tok_LKJIHGFEDCBA9876543210"
SPACE = TokenSpace("email", "text")
EMAIL = Input("shop.t.email", Token(), "email", values.TEXT, written=True)


def copy_in(form: CopyFormat | None, *columns: Input | None) -> StatementPlan:
    return StatementPlan("CopyStmt", "copy ?", copy_in=CopyIn(columns, form))


TEXT = copy_in(CopyFormat(), None, EMAIL)
PLANS = {
    b"text": plan(TEXT),
    b"csv": plan(copy_in(CopyFormat("csv", b",", b"", header=True), None, EMAIL)),
    b"binary": plan(copy_in(CopyFormat("binary"), None, EMAIL)),
    b"plain": plan(copy_in(None, None, None)),
    b"two": plan(TEXT, TEXT),
    b"select": plan(one(SHOWN, rows=False)),
}
IN = backend.copy_response(backend.COPY_IN_RESPONSE, 0, (0, 0))
BINARY_IN = backend.copy_response(backend.COPY_IN_RESPONSE, 1, (1, 1))
END = message(frontend.COPY_DONE)


def data(text: bytes) -> bytes:
    return frontend.CopyData(text).encode()


def tag(rows: int) -> bytes:
    return backend.command_complete(b"COPY %d" % rows)


def copying(text: bytes, response: bytes = IN) -> Script:
    script = Script(PLANS).log_in().client(query(text)).server(response)
    assert script.heard == "G"
    return script.forget()


def answer(script: Script, **found: bytes) -> Script:
    (effect,) = script.effects
    assert isinstance(effect, ResolveValues)
    script.effects.clear()
    known = {KNOWN: found.get("known"), OTHER: found.get("other")}
    return script.do(
        script.session.values_ready(
            tuple({t: known.get(t) for t in request.tokens} for request in effect.requests)
        )
    )


def sent(script: Script) -> list[bytes]:
    """The CopyData that the server got."""
    return [body for letter, body in messages(script.to_upstream) if letter == b"d"]


def test_tokens_go_up_as_their_values() -> None:
    script = copying(b"text").client(data(b"1\t" + KNOWN + b"\n2\t\\N\n3\t"), data(OTHER + b"\n"))
    assert script.effects == [ResolveValues((ValueRequest(SPACE, (KNOWN, OTHER)),))]
    assert script.session.client_blocked
    answer(script, known=b"a\tb", other=b"\\N")
    assert sent(script) == [b"1\ta\\tb\n", b"2\t\\N\n", b"3\t\\\\N\n"]
    script.client(END).server(tag(3), READY)
    assert script.asked == "dddc"
    assert script.heard == "CZ"
    assert script.counters.tokens_resolved == 2
    (record,) = script.audits
    assert (record.kind, record.decision) == ("CopyStmt", "allow")


def test_what_is_known_of_this_copy_is_not_asked_again() -> None:
    script = answer(copying(b"text").client(data(b"1\t" + KNOWN + b"\n")), known=b"x")
    script.client(data(b"2\t" + KNOWN + b"\n"))
    assert not script.effects
    assert sent(script) == [b"1\tx\n", b"2\tx\n"]


def test_csv_with_a_header_and_binary() -> None:
    script = copying(b"csv").client(data(b"id,email\r\n1," + KNOWN + b"\r\n2,\r\n"))
    answer(script, known=b'a,"b')
    assert b"".join(sent(script)) == b'id,email\n1,"a,""b"\n2,\n'
    header = b"PGCOPY\n\xff\r\n\0" + bytes(8)
    rows = b"\0\2\0\0\0\1x" + len(KNOWN).to_bytes(4, "big") + KNOWN
    script = copying(b"binary", BINARY_IN).client(data(header + rows + b"\xff\xff"), END)
    answer(script, known=b"ab")
    assert b"".join(sent(script)) == header + b"\0\2\0\0\0\1x\0\0\0\2ab" + b"\xff\xff"
    assert script.asked.endswith("c")


def test_no_token_is_refused_in_place() -> None:
    script = copying(b"text").client(data(b"1\tbob\n"), data(b"2\tx\n"), END)
    assert script.asked == "f"
    script.server(error("57014"), READY)
    assert script.heard == "EZ"
    assert b"42501" in script.to_client
    assert b"shop.t.email is no token of it" in script.to_client
    assert b"bob" not in script.to_client
    (record,) = script.audits
    assert (record.decision, record.reason) == ("refuse", "masked_write")
    script.forget().client(query(b"select")).server(DONE, READY)
    assert script.heard == "CZ"


def test_an_unknown_token_is_refused() -> None:
    script = answer(copying(b"text").client(data(b"1\t" + KNOWN + b"\n")))
    assert script.asked == "f"
    assert script.counters.tokens_unknown == 1


def test_without_the_vault_the_copy_is_given_up() -> None:
    script = copying(b"text").client(data(b"1\t" + KNOWN + b"\n"))
    script.do(script.session.values_failed("away")).server(error("57014"), READY)
    assert script.asked == "f"
    assert b"58000" in script.to_client
    assert script.closed is None


def test_what_could_be_read_in_two_ways_is_refused() -> None:
    script = copying(b"text").client(data(b"a\rb\t" + KNOWN + b"\n")).server(error("57014"), READY)
    assert script.asked == "f"
    assert b"22P04" in script.to_client


def test_rows_without_tokens_go_as_they_come() -> None:
    piece = data(b"1\r\\x")
    script = copying(b"plain").client(piece, END)
    assert script.to_upstream == piece + END


def test_a_client_that_does_not_wait_is_made_to() -> None:
    row = data(b"1\t" + KNOWN + b"\n")
    script = Script(PLANS).log_in().client(query(b"text"), row, END, query(b"select"))
    assert script.asked == "Q"
    script.server(IN)
    answer(script, known=b"x")
    assert script.asked == "Qdc"
    script.server(tag(1), READY)
    assert script.asked == "QdcQ"


def test_a_copy_that_fails_before_it_begins_drops_its_rows() -> None:
    script = Script(PLANS).log_in().client(query(b"text"), data(b"1\tx\n"), END, query(b"select"))
    script.server(error("42P01"), READY)
    assert script.asked == "QQ"


def test_two_copies_in_one_query() -> None:
    script = copying(b"two").client(data(b"1\t\\N\n"), END, data(b"2\t\\N\n"), END)
    assert script.asked == "dc"
    script.server(tag(1), IN)
    assert script.asked == "dcdc"
    script.server(tag(1), READY)
    assert script.heard == "CGCZ"


def test_copy_by_the_protocol_with_a_sync_too_early() -> None:
    script = Script(PLANS).log_in().client(parse(b"text"), bind(), execute(), SYNC)
    assert script.asked == "PBDE"
    script.server(PARSED, BOUND, NO_DATA, IN).client(data(b"1\t\\N\n"), END, SYNC)
    # The first Sync falls into the copy, where the server ignores it.
    assert script.asked == "PBDESdcS"
    script.server(tag(1), READY)
    assert script.heard == "12GCZ"


def test_copy_by_the_protocol_that_fails_before_it_begins() -> None:
    script = Script(PLANS).log_in().client(parse(b"text"), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, NO_DATA, error("42501"))
    assert script.asked == "PBDES"
    script.client(data(b"x"), END, SYNC)
    script.server(READY)
    assert script.heard == "12EZ"


def test_the_client_gives_up() -> None:
    script = copying(b"text").client(data(b"1\t\\N\n"), frontend.CopyFail(b"no").encode())
    assert script.asked == "df"
    script.server(error("57014"), READY)
    assert b"42501" not in script.to_client


def test_an_error_of_the_server_in_the_middle() -> None:
    script = copying(b"text").client(data(b"1\t" + KNOWN + b"\n"))
    script.server(error("23505"))
    answer(script, known=b"x")
    assert script.to_upstream == b""
    script.client(data(b"2\tx\n"), END).server(READY).client(query(b"select"))
    assert letters(script.to_upstream) == "Q"


def test_an_error_while_the_vault_is_asked_costs_the_next_copy_no_row() -> None:
    script = copying(b"text").client(data(b"1\t" + KNOWN + b"\n"))
    script.server(error("22P02"), READY)
    answer(script, known=b"x").forget()
    script.client(query(b"text")).server(IN).client(data(b"2\t\\N\n"), END)
    assert sent(script) == [b"2\t\\N\n"]
    script.server(tag(1), READY)
    assert script.heard == "GCZ"


@pytest.mark.parametrize(
    "response",
    [BINARY_IN, backend.copy_response(backend.COPY_IN_RESPONSE, 0, (0,)),
     backend.copy_response(backend.COPY_IN_RESPONSE, 0, (0, 1))],
)  # fmt: skip
def test_another_response_than_expected_ends_the_session(response: bytes) -> None:
    script = Script(PLANS).log_in().client(query(b"text")).server(response)
    assert script.closed is not None


def test_a_copy_that_was_not_planned_ends_the_session() -> None:
    script = Script(PLANS).log_in().client(query(b"select")).server(IN)
    assert script.closed is not None


def test_other_messages_have_no_place_in_a_copy() -> None:
    script = copying(b"text").client(query(b"select"))
    assert script.closed is not None


def test_leaving_in_the_middle() -> None:
    script = copying(b"text").client(frontend.Terminate().encode())
    assert script.asked == "X"
