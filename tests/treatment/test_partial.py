"""partial never shows more than it was told to."""

from hypothesis import given
from hypothesis import strategies as st

from pgproxy.policy.rules import Partial
from pgproxy.treatment.fields import FieldType
from pgproxy.treatment.partial import masked, partly_shown
from pgproxy.wire import values
from tests.treatment.vault import applied

TEXT = FieldType(values.TEXT, -1, 0)


def test_keeps_the_ends_and_the_length() -> None:
    assert masked("4111111111111111", Partial(last=4)) == "************1111"
    assert masked("Margaret", Partial(first=2, last=1, mask="·")) == "Ma·····t"
    assert masked("Margaret", Partial(first=1, mask="ab")) == "Mabababa"
    assert masked("Margaret", Partial(first=1, last=1, mask="")) == "Mt"


def test_a_short_value_is_masked_altogether() -> None:
    for first, last in ((4, 0), (0, 4), (2, 2), (3, 3), (100, 0)):
        assert masked("Anna", Partial(first=first, last=last)) == "****"
    assert masked("", Partial(last=4)) == ""


@given(st.text(st.characters(exclude_characters="*")), st.integers(-2, 9), st.integers(-2, 9))
def test_at_least_one_character_is_hidden(text: str, first: int, last: int) -> None:
    result = masked(text, Partial(first=first, last=last))
    assert len(result) == len(text)
    assert "*" in result or not text
    shown = sum(a == b for a, b in zip(result, text, strict=True))
    assert shown <= max(first, 0) + max(last, 0)


def test_the_padding_of_a_char_is_not_its_end() -> None:
    field = FieldType(values.BPCHAR, 4 + 8, 0)
    assert applied(partly_shown(Partial(last=2), field), [b"Ada     "]) == [b"*da     "]
    assert applied(partly_shown(Partial(last=4), field), [b"Ada     "]) == [b"***     "]


def test_other_types_and_other_encodings_become_null() -> None:
    assert partly_shown(Partial(last=1), FieldType(values.INT4, -1, 0)).null_only
    assert partly_shown(Partial(last=1), FieldType(values.JSON, -1, 0)).null_only
    assert applied(partly_shown(Partial(last=1), TEXT), [b"\xff\xfeabc", b"abc"]) == [None, b"**c"]
