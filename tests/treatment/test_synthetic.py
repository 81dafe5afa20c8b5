"""synthetic: the same input gives the same output; plausible, and it fits."""

import re

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.fields import FieldType, Keys
from pgproxy.treatment.synthetic import synthesized
from pgproxy.treatment.wordlists import words
from pgproxy.wire import values
from tests.treatment.vault import Column, applied

KEYS = Keys(bytes(range(32)))
TEXT = FieldType(values.TEXT, -1, 0)
KINDS = ("first_name", "last_name", "name", "email")
# Changing a key derivation or a list would give every user new people overnight.
EDITION_1 = [b"Ricardo", b"Peterson", b"Ricardo Peterson", b"ricardo.peterson4036@example.com"]
PEOPLE = [b"person-%d" % number for number in range(5000)]


def run(
    kind: str, field: FieldType, *column: bytes, domain: str = "d", keys: Keys = KEYS
) -> Column:
    result = applied(synthesized(Synthetic(kind=kind), domain, field, keys), list(column))
    assert isinstance(result, list)
    return result


def test_the_values_of_edition_1_stay_what_they_are() -> None:
    assert [run(kind, TEXT, b"Grace Hopper")[0] for kind in KINDS] == EDITION_1


@pytest.mark.parametrize("kind", KINDS)
def test_stable_within_key_and_domain_and_unlinked_beyond(kind: str) -> None:
    column = run(kind, TEXT, *PEOPLE)
    assert column == run(kind, FieldType(values.VARCHAR, 4 + 60, 1), *PEOPLE)
    for other in (
        run(kind, TEXT, *PEOPLE, domain="other"),
        run(kind, TEXT, *PEOPLE, keys=Keys(bytes(32))),
    ):
        assert sum(a == b for a, b in zip(column, other, strict=True)) < 50


def test_names_come_from_the_lists_and_use_all_of_them() -> None:
    firsts, lasts = run("first_name", TEXT, *PEOPLE), run("last_name", TEXT, *PEOPLE)
    assert {v.decode() for v in firsts if v} <= set(words("first_names"))
    assert {v.decode() for v in lasts if v} <= set(words("last_names"))
    assert len(set(firsts)) > 700
    assert len(set(lasts)) > 850
    full = run("name", TEXT, *PEOPLE)
    assert len(set(full)) > 4900
    assert full[0] == b" ".join(name for name in (firsts[0], lasts[0]) if name)


def test_addresses_are_at_reserved_hosts_and_rarely_collide() -> None:
    addresses = run("email", TEXT, *PEOPLE)
    assert len(set(addresses)) == len(PEOPLE)
    shape = re.compile(rb"[a-z]+\.[a-z]+[0-9]{4}@example\.(com|org|net)")
    assert all(address and shape.fullmatch(address) for address in addresses)


@given(st.integers(1, 40), st.binary(max_size=20))
def test_an_address_that_does_not_fit_gives_way_in_its_names(room: int, value: bytes) -> None:
    field = FieldType(values.VARCHAR, 4 + room, 0)
    (address,) = run("email", field, value)
    if room < 17:
        assert address is None
    else:
        assert address is not None
        assert len(address) <= room
        assert re.fullmatch(rb"[a-z]+(\.[a-z]+)?[0-9]{4}@example\.(com|org|net)", address)


def test_a_char_agrees_with_a_varchar() -> None:
    (padded,) = run("name", FieldType(values.BPCHAR, 4 + 40, 0), b"Ada".ljust(40))
    (plain,) = run("name", TEXT, b"Ada")
    assert padded is not None
    assert plain is not None
    assert padded == plain.ljust(40)


def test_what_has_no_list_or_no_text_becomes_null() -> None:
    assert synthesized(Synthetic(kind="shoe_size"), "d", TEXT, KEYS).null_only
    assert synthesized(Synthetic(kind="name", locale="nl"), "d", TEXT, KEYS).null_only
    for oid in (values.INT4, values.JSON, values.DATE, 99999):
        assert synthesized(Synthetic(), "d", FieldType(oid, -1, 0), KEYS).null_only
