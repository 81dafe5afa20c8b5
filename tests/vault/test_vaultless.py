"""Vaultless tokens: of the form of their value, one for one, and back without anything stored."""

from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import Unavailable
from pgproxy.policy.rules import Token
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.token_kinds import has_form, kind_for, space_for, space_of
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.sqlite_upkeep import SqliteUpkeep
from pgproxy.vault.vaultless import Vaultless
from pgproxy.wire import values

RING = KeyRing.from_json(new_key_file(), "key")
DIGITS = st.text("0123456789", min_size=6, max_size=40)
LETTERS = st.text("abcxyzABCXYZ0189", min_size=4, max_size=40)
KINDS = {
    "digits": DIGITS,
    "length": LETTERS,
    "integer": st.integers(0, (1 << 31) - 1).map(str),
    "uuid": st.uuids().map(str),
    "date": st.dates(min_value=date(1000, 1, 1)).map(str),
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vaultless:
    return Vaultless(SqliteUpkeep(tmp_path_factory.mktemp("v") / "vault.db", RING), RING)


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(vault: Vaultless, kind: str) -> None:
    space = TokenSpace("d", f"ff1/{kind}")

    @given(st.sets(KINDS[kind].map(str.encode), min_size=1, max_size=20))
    def holds(given_values: set[bytes]) -> None:
        wanted = sorted(given_values)
        tokens = vault.tokens(space, wanted)
        assert len(set(tokens)) == len(wanted)
        assert all(has_form(space.kind, token) for token in tokens)
        if kind in ("digits", "length"):
            assert [len(token) for token in tokens] == [len(value) for value in wanted]
        assert vault.values(space, tokens) == wanted
        assert vault.tokens(space, wanted[::-1]) == tokens[::-1]

    holds()
    assert vault.status().tokens == 0


def test_domains_kinds_and_keys_have_nothing_in_common(vault: Vaultless) -> None:
    wanted = [b"%08d" % number for number in range(100)]
    found = {
        name: tuple(vault.tokens(TokenSpace(domain, f"ff1/{kind}"), wanted))
        for name, domain, kind in (("a", "a", "digits"), ("b", "b", "digits"))
    }
    other = KeyRing.from_json(new_key_file(), "key")
    found["other"] = tuple(Vaultless(vault, other).tokens(TokenSpace("a", "ff1/digits"), wanted))
    for tokens in found.values():
        assert len(set(tokens)) == 100
    every = [token for tokens in found.values() for token in tokens]
    assert len(set(every)) > 295


@pytest.mark.parametrize(
    ("kind", "value"),
    [("digits", b"12345"), ("digits", b"12345a"), ("digits", b""), ("length", b"abc"),
     ("length", b"ab cd"), ("length", "abcdé".encode()), ("integer", b"-1"), ("integer", b"01"),
     ("integer", b"2147483648"), ("uuid", b"x"), ("date", b"0999-12-31"), ("date", b"infinity"),
     ("date", b"0044-03-15 BC"), ("date", b"10000-01-01")],
)  # fmt: skip
def test_what_is_not_of_the_domain_has_no_token(vault: Vaultless, kind: str, value: bytes) -> None:
    space = TokenSpace("d", f"ff1/{kind}")
    assert not has_form(space.kind, value)
    assert vault.values(space, [value]) == [None]
    with pytest.raises(Unavailable, match="no token of kind"):
        vault.tokens(space, [value])


def test_a_day_that_is_none_is_no_token(vault: Vaultless) -> None:
    assert vault.values(TokenSpace("d", "ff1/date"), [b"2023-02-30"]) == [None]


def test_other_spaces_go_to_the_vault(vault: Vaultless) -> None:
    space = TokenSpace("d", "text")
    (token,) = vault.tokens(space, [b"x"])
    assert vault.values(space, [token]) == [b"x"]
    assert vault.forget(TokenSpace("d", "ff1/digits"), [b"123456"]) == 0
    assert vault.forget(space, [b"x"]) == 1


@pytest.mark.parametrize(
    ("oid", "format", "kind"),
    [(values.TEXT, "digits", "ff1/digits"), (values.BPCHAR, "length", "ff1/length"),
     (values.TEXT, "opaque", None), (values.INT4, "digits", "ff1/integer"),
     (values.INT2, "digits", None), (values.NUMERIC, "digits", None),
     (values.UUID, "length", "ff1/uuid"), (values.DATE, "digits", "ff1/date")],
)  # fmt: skip
def test_which_columns_have_them(oid: int, format: str, kind: str | None) -> None:
    treatment = Token(format, vaultless=True)
    assert kind_for(treatment, FieldType(oid, -1, 0)) == kind


def test_a_token_is_looked_for_where_it_came_from() -> None:
    treatment = Token("digits", vaultless=True)
    assert space_of(treatment, "d", values.TEXT, b"123456") == TokenSpace("d", "ff1/digits")
    assert space_of(treatment, "d", values.TEXT, b"12345x") is None


def test_one_way_tokens_are_of_a_space_of_their_own_and_keep_nothing(tmp_path: Path) -> None:
    treatment = Token(reversible=False)
    space = space_for(treatment, "d", "text")
    assert space.domain != "d"
    assert space_of(treatment, "d", values.TEXT, b"tok_0123456789ABCDEFGHIJKL") is None
    opened = SqliteUpkeep(tmp_path / "vault.db", RING)
    tokens = opened.tokens(space, [b"a secret", b"another"])
    assert opened.tokens(space, [b"another", b"a secret"]) == tokens[::-1]
    assert opened.values(space, tokens) == [None, None]
    assert opened.tokens(TokenSpace("d", "text"), [b"a secret"]) != tokens[:1]
    row = opened._connection.execute("SELECT max(length(sealed)) FROM entry e JOIN space s"
                                     " ON s.id = e.space WHERE s.domain = ?",
                                     (space.domain,)).fetchone()  # fmt: skip
    # A nonce and a tag around nothing.
    assert row == (12 + 16,)
    opened.close()
