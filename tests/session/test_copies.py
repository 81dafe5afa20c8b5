"""COPY … TO STDOUT of a masked role, from the response to the tag."""

import pytest

from pgproxy.policy.plan import CopyFormat, NameAct
from pgproxy.policy.rules import Null
from pgproxy.wire import backend, frontend
from pgproxy.wire.framing import message
from tests.session.plans import EMAIL, ID, MASKED, SHOWN, TOKENIZED, copied, field, named, one, plan
from tests.session.plans import seen as described
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
    messages,
    parse,
    query,
    row,
)

TYPES = ((23, -1), (25, -1))
TEXT = CopyFormat(types=TYPES)
CSV = CopyFormat("csv", b",", b"", header=True, types=TYPES)
BINARY = CopyFormat("binary", types=TYPES)
PLANS = {
    b"copy": plan(copied(TEXT, SHOWN, MASKED)),
    b"copy shown": plan(copied(TEXT, SHOWN, SHOWN)),
    b"copy nothing": plan(copied(TEXT, SHOWN, field("email", Null()))),
    b"copy untyped": plan(copied(CopyFormat(), SHOWN, MASKED)),
    b"copy half typed": plan(copied(CopyFormat(types=((23, -1), (0, -1))), SHOWN, MASKED)),
    b"copy unknown": plan(copied(CopyFormat("json", types=TYPES), SHOWN, MASKED)),
    b"copy tokens": plan(copied(TEXT, SHOWN, TOKENIZED)),
    b"csv": plan(copied(CSV, SHOWN, MASKED)),
    b"binary": plan(copied(BINARY, SHOWN, MASKED)),
    b"copy, two": plan(copied(TEXT, SHOWN, MASKED), one(SHOWN, MASKED)),
    b"execute": plan(named(NameAct.EXECUTE, "p")),
    b"two": plan(one(SHOWN, MASKED)),
    b"set": plan(one(rows=False)),
}
TWO = backend.row_description([described("id", ID, 23), described("email", EMAIL)])
OUT = backend.copy_response(backend.COPY_OUT_RESPONSE, 0, (0, 0))
BINARY_OUT = backend.copy_response(backend.COPY_OUT_RESPONSE, 1, (1, 1))
END = message(backend.COPY_DONE)
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def data(text: bytes) -> bytes:
    """CopyData."""
    return message(backend.COPY_DATA, text)


def tag(rows: int) -> bytes:
    return backend.command_complete(b"COPY %d" % rows)


def asked(text: bytes) -> Script:
    return Script(PLANS).log_in().client(query(text))


def pieces(script: Script) -> list[bytes]:
    """The CopyData that the client got."""
    return [body for letter, body in messages(script.to_client) if letter == b"d"]


def test_rows_are_treated_and_counted() -> None:
    script = asked(b"copy").server(OUT, data(b"1\traw\n"), data(b"2\t\\N\n"), END, tag(2), READY)
    assert script.heard == "HddcCZ"
    assert script.to_client.startswith(OUT)
    assert pieces(script) == [b"1\t***\n", b"2\t\\N\n"]
    (record,) = script.audits
    assert (record.kind, record.rows, record.fields) == ("Copy", 2, {"email:redact": 1})


def test_rows_come_one_a_message_however_they_were_cut() -> None:
    script = asked(b"copy").server(OUT, data(b"1\tra"), data(b"w\n2\tra"), data(b""), data(b"w\n"))
    assert pieces(script) == [b"1\t***\n", b"2\t***\n"]
    assert script.server(END, tag(2), READY).heard == "HddcCZ"


def test_headings_pass() -> None:
    script = asked(b"csv").server(OUT, data(b'id,"e\nmail"\n'), data(b'1,"r,a""w\n"\n'))
    script.server(END, tag(1), READY)
    assert pieces(script) == [b'id,"e\nmail"\n', b"1,***\n"]


def test_binary() -> None:
    sent = [SIGNATURE + row(b"\0\0\0\1", b"raw")[5:], row(b"\0\0\0\2", None)[5:], b"\xff\xff"]
    script = asked(b"binary").server(BINARY_OUT, *map(data, sent), END, tag(2), READY)
    assert pieces(script) == [SIGNATURE + row(b"\0\0\0\1", b"***")[5:], *sent[1:]]
    script = asked(b"binary").server(BINARY_OUT, data(SIGNATURE + b"\xff\xff"), END, tag(0))
    assert pieces(script) == [SIGNATURE + b"\xff\xff"]


def test_what_is_shown_is_only_counted() -> None:
    sent = OUT + data(b"1\ta\\\\b\n") + data(b"\\N\t\n") + END + tag(2) + READY
    script = asked(b"copy shown").server(sent)
    assert script.to_client == sent
    assert script.audits[0].rows == 2


@pytest.mark.parametrize(
    "text", [b"copy nothing", b"copy untyped", b"copy half typed"]
)  # fmt: skip
def test_a_field_of_no_known_type_becomes_null(text: bytes) -> None:
    script = asked(text).server(OUT, data(b"1\traw\n"), END, tag(1), READY)
    assert pieces(script) == [b"1\t\\N\n"]


def test_copy_by_the_protocol() -> None:
    describe = frontend.Describe(frontend.STATEMENT, b"").encode()
    portal = frontend.Describe(frontend.PORTAL, b"").encode()
    script = Script(PLANS).log_in()
    script.client(parse(b"copy"), describe, bind(), portal, execute(), SYNC)
    script.server(PARSED, backend.parameter_description([]), NO_DATA, BOUND, NO_DATA, NO_DATA)
    script.server(OUT, data(b"1\traw\n"), END, tag(1), READY)
    assert script.heard == "1tn2nHdcCZ"
    assert pieces(script) == [b"1\t***\n"]


def test_copy_behind_execute() -> None:
    script = Script(PLANS).log_in().client(parse(b"copy", b"p"), SYNC, query(b"execute"))
    script.server(PARSED, READY, OUT, data(b"1\traw\n"), END, tag(1), READY)
    assert pieces(script) == [b"1\t***\n"]


def test_a_copy_among_other_statements() -> None:
    script = asked(b"copy, two").server(OUT, data(b"1\traw\n"), END, tag(1))
    script.server(TWO, row(b"1", b"raw"), DONE, READY)
    assert script.heard == "HdcCTDCZ"
    assert b"raw" not in script.to_client


def test_tokens_hold_up_what_is_behind_them() -> None:
    script = asked(b"copy tokens").server(OUT, data(b"1\ta"), data(b"\n2\tb\n"), data(b"3\tc"))
    assert script.heard == "H"
    assert script.session.upstream_blocked
    script.server(data(b"\n"), END, tag(3), READY)
    learned = {value: b"tok_" + value * 22 for value in (b"a", b"b", b"c")}
    script.do(script.session.tokens_ready((dict(list(learned.items())[:2]),)))
    assert script.heard == "Hdd"
    script.do(script.session.tokens_ready(({b"c": learned[b"c"]},)))
    assert script.heard == "HdddcCZ"
    assert pieces(script) == [
        b"%d\t%b\n" % (n, token) for n, token in enumerate(learned.values(), 1)
    ]


@pytest.mark.parametrize("code", ["57014", "22012"])
def test_an_error_in_the_middle_ends_the_copy(code: str) -> None:
    script = asked(b"copy").server(OUT, data(b"1\traw\n"), data(b"2\tra"), error(code), READY)
    assert script.heard == "HdEZ"
    assert (script.audits[0].sqlstate, script.audits[0].rows) == (code, 1)
    script.client(query(b"copy")).server(OUT, data(b"3\traw\n"), END, tag(1), READY)
    assert pieces(script)[1:] == [b"3\t***\n"]
    script = Script(PLANS).log_in().client(parse(b"copy"), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, NO_DATA, OUT, data(b"1\traw\n"), error(code), READY)
    assert script.heard == "12HdEZ"


def test_what_the_client_says_of_a_copy_is_not_listened_to() -> None:
    script = asked(b"copy").forget()
    ends = (frontend.CopyData(b"x"), frontend.CopyDone(), frontend.CopyFail(b"x"))
    script.client(*(end.encode() for end in ends))
    assert script.to_upstream == b""
    script.server(OUT, data(b"1\traw\n"), END, tag(1), READY)
    assert script.heard == "HdcCZ"


ROW = data(b"1\traw\n")


@pytest.mark.parametrize(
    "answer",
    [
        ROW,
        END,
        tag(0),
        TWO,
        DONE,
        row(b"1", b"raw"),
        READY,
        OUT + OUT,
        OUT + TWO,
        OUT + row(b"1", b"raw"),
        OUT + tag(0),
        OUT + READY,
        OUT + ROW + tag(1),
        OUT + ROW + END + END,
        OUT + ROW + END + ROW,
        OUT + ROW + END + OUT,
        OUT + ROW + END + tag(0),
        OUT + ROW + END + tag(2),
        OUT + ROW + END + DONE,
        OUT + ROW + data(b"2\tra") + END,
        OUT + data(b"1\n"),
        OUT + data(b"1\traw\traw\n"),
        OUT + error("22012") + ROW,
        OUT + b"d\0\0\0\3",
        BINARY_OUT,
        backend.copy_response(backend.COPY_OUT_RESPONSE, 0, (0, 1)),
        backend.copy_response(backend.COPY_OUT_RESPONSE, 0, (0,)),
        backend.copy_response(backend.COPY_OUT_RESPONSE, 0, (0, 0, 0)),
        backend.copy_response(backend.COPY_IN_RESPONSE, 0, (0, 0)),
        backend.copy_response(backend.COPY_BOTH_RESPONSE, 0, (0, 0)),
        message(backend.COPY_OUT_RESPONSE, b"\0\0"),
        message(backend.COPY_OUT_RESPONSE),
    ],
)
def test_an_answer_that_does_not_fit_stops_the_session(answer: bytes) -> None:
    for script in (asked(b"copy"), asked(b"copy tokens")):
        script.server(answer).do(
            script.session.tokens_ready(({b"raw": b"tok_" + b"A" * 22},))
            if script.session.upstream_blocked
            else []
        )
        assert script.stopped()["V"] == "FATAL"
        assert b"\traw" not in script.to_client


@pytest.mark.parametrize("text", [b"two", b"set", b"copy unknown", b"binary"])
def test_a_copy_that_was_not_planned_is_stopped(text: bytes) -> None:
    asked(text).server(OUT).stopped()
    script = Script(PLANS).log_in().client(parse(text), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, TWO if text == b"two" else NO_DATA, OUT).stopped()


def test_a_copy_is_no_result_of_rows() -> None:
    script = Script(PLANS).log_in().client(parse(b"copy"), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, TWO).stopped()
    script = Script(PLANS).log_in().client(parse(b"copy"), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, NO_DATA, row(b"1", b"raw")).stopped()
    script = Script(PLANS).log_in().client(parse(b"copy"), bind(), execute(), SYNC)
    script.server(PARSED, BOUND, NO_DATA, tag(0)).stopped()
