"""Free text: as long, as many lines, and not one word of it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.free_text import plausible
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.synthetic import synthesized
from pgproxy.wire import values
from tests.treatment.vault import applied

DIGEST = Keys(bytes(range(32))).digest("synthetic text", "d")
TICKET = """Dear support,

Ada Lovelace (ada@corp.test, +49 171 555 1234) did not get order 4711-22 of 2024-03-05; see
https://corp.test/o/4711?x=1. Her card 4111 1111 1111 1111 was charged twice.
"""


def test_nothing_of_a_ticket_survives() -> None:
    told = plausible(TICKET, DIGEST)
    assert plausible(TICKET, DIGEST) == told
    assert plausible(TICKET + "!", DIGEST) != told
    ours = set(re.findall(r"\w+", told.lower()))
    assert not ours & set(re.findall(r"\w+", TICKET.lower()))
    assert not re.search(r"[0-9@/:]", told)
    assert told.count("\n") == TICKET.count("\n")


@given(st.text(max_size=400))
def test_it_is_about_as_long_and_has_as_many_lines(text: str) -> None:
    told = plausible(text, DIGEST)
    assert told.count("\n") == text.count("\n")
    for ours, theirs in zip(told.split("\n"), text.split("\n"), strict=True):
        assert bool(ours) == bool(theirs)
        assert abs(len(ours) - len(theirs)) <= 12
    words = {word.strip(".,;:!?").lower() for word in text.split()}
    assert not words & {word.strip(".").lower() for word in told.split()}


def test_texts_of_a_column_keep_to_its_length() -> None:
    field = FieldType(values.VARCHAR, 4 + 10, 0)
    treated = synthesized(Synthetic("text"), "d", field, Keys(bytes(range(32))))
    found = applied(treated, [b"ten or so.", None, b""])
    assert isinstance(found, list)
    assert found[1:] == [None, b""]
    assert found[0] is not None
    assert len(found[0]) <= 10
