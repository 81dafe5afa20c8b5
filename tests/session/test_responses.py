"""Texts of the server are withheld whole; ours say who, what and why."""

from hypothesis import given, strategies

from pgproxy.errors import ClientViolation, Refusal
from pgproxy.session.conditions import condition, label
from pgproxy.session.responses import ServerError, fatal, notice, refused
from pgproxy.wire.backend import encode_error, parse_error
from pgproxy.wire.framing import HEADER

FIELDS = strategies.dictionaries(
    strategies.sampled_from("SVCMDHPpqWstcdnFLR"),
    strategies.binary(max_size=20).filter(lambda value: 0 not in value),
)


@given(FIELDS)
def test_nothing_but_a_level_and_a_code_survives(fields: dict[str, bytes]) -> None:
    error = ServerError(encode_error(fields)[HEADER:])
    withheld = error.withheld()
    assert withheld["S"] == withheld["V"]
    assert withheld["V"].isupper()
    assert withheld["C"] == error.sqlstate.encode()
    assert len(error.sqlstate) == 5
    assert withheld["M"] == condition(error.sqlstate).encode()
    assert set(withheld) <= set("SVCMH")


@given(strategies.binary(max_size=60))
def test_any_bytes_are_read_as_an_error(body: bytes) -> None:
    error = ServerError(body)
    encode_error(error.withheld())
    encode_error(error.shown(position=False))


def test_a_translated_severity_is_told_by_its_other_name() -> None:
    error = ServerError(b"SFEHLER\0VERROR\0C22012\0Mx\0\0")
    assert error.withheld()["S"] == b"ERROR"
    assert not error.is_fatal
    assert ServerError(b"SFATAL\0C57P01\0\0").is_fatal


def test_an_unknown_code_has_the_text_of_every_unknown_code() -> None:
    assert condition("ZZ123") == condition("22ABC") == "error"
    assert (label("22012"), label("22ABC"), label("ZZ123")) == ("22012", "22000", "other")


def test_our_errors_say_what_would_work() -> None:
    told = parse_error(refused(Refusal("x", "no", hint="yes", position=7))[HEADER:])
    assert told == {
        "S": b"ERROR", "V": b"ERROR", "C": b"42501", "M": b"no", "H": b"yes", "P": b"7"
    }  # fmt: skip
    assert "P" not in parse_error(refused(Refusal("x", "no"))[HEADER:])
    assert parse_error(fatal(ClientViolation("bad"))[HEADER:])["S"] == b"FATAL"
    assert parse_error(notice("told")[HEADER:])["M"] == b"told"


def test_a_name_that_is_not_utf8_can_be_told() -> None:
    assert parse_error(fatal(ClientViolation("role \udcff\0"))[HEADER:])["M"] == b"role \\udcff?"
