"""How single values are read and shown."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
import pytest

from pgproxy.config.fields import (
    ALREADY,
    choice,
    integer,
    listed,
    mismatch,
    nearest,
    number,
    shown,
    size,
    size_name,
    text,
)
from pgproxy.config.yaml import BROKEN, FromEnvironment, Odd


def from_environment(value: str) -> FromEnvironment:
    made = FromEnvironment(value)
    made.origin = "${NAME}"
    return made


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", "`abc`"),
        ("", "an empty text"),
        ("two words", "another text"),
        ("me:secret@db", "another text"),
        ("a" * 33, "another text"),
        ("a\n", "another text"),
        ("12", '`"12"`'),
        ("true", '`"true"`'),
        (12, "`12`"),
        (Decimal("1.50"), "`1.50`"),
        (True, "`true`"),
        (None, "`null`"),
        ([], "a list"),
        ({}, "a mapping"),
        (Odd("nothing"), "nothing"),
        (from_environment("secret"), "the value of ${NAME}"),
    ],
)
def test_only_a_short_plain_value_is_shown(value: object, expected: str) -> None:
    assert shown(value) == expected


@given(st.text())
def test_what_is_shown_is_short_and_printable(value: str) -> None:
    assert len(shown(value)) < 40
    assert shown(value).isprintable()


def test_the_nearest_word_is_found_whatever_its_dashes_and_capitals() -> None:
    known = ["startup_seconds", "clients", "message_bytes"]
    assert nearest("Startup-Seconds", known) == "startup_seconds"
    assert nearest("client", known) == "clients"
    assert nearest("port", known) is None
    assert nearest("", known) is None


def test_words_are_listed_as_in_a_sentence() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b"]) == "`a` or `b`"
    assert listed(["a", "b", "c"], "and") == "`a`, `b` and `c`"


def test_a_value_that_was_told_is_not_told_again() -> None:
    assert mismatch(BROKEN, "anything").type == ALREADY


def test_digits_from_the_environment_are_a_number_and_others_are_not() -> None:
    assert integer(from_environment("5432"), 0, 65535) == 5432
    for value in ("5432", from_environment("5432 "), from_environment("٥"), 1.0, True, None):
        with pytest.raises(PydanticCustomError, match="expected a whole number from 0 to 65535"):
            integer(value, 0, 65535)


@pytest.mark.parametrize("value", [0, -1, Decimal("NaN"), Decimal("1e19"), "3", True, None, 1.5])
def test_another_number_is_told(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a number"):
        number(value, "a number")


def test_an_exact_number_stays_exact() -> None:
    assert number(Decimal("0.1"), "") == Decimal("0.1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), ("1B", 1), ("2KiB", 2048), ("1 MiB", 1 << 20), ("1GiB", 1 << 30)],
)
def test_a_size_is_read(value: object, expected: int) -> None:
    assert size(value, 1, 1 << 30) == expected


@pytest.mark.parametrize("value", ["1GB", "1gib", "1.5GiB", "-1", "", "9" * 30, True, None, 0])
def test_another_size_is_told(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a size from 1B to 1GiB, such as 16MiB"):
        size(value, 1, 1 << 30)


@given(st.integers(1, 1 << 34))
def test_the_name_of_a_size_is_read_back(value: int) -> None:
    assert size(size_name(value), 1, 1 << 34) == value


@pytest.mark.parametrize("value", ["", "a\0b", None, [], {}])
def test_another_text_is_told(value: object) -> None:
    with pytest.raises(PydanticCustomError, match=r"expected a text$"):
        text(value)


def test_a_number_for_a_text_is_told_to_be_quoted() -> None:
    with pytest.raises(PydanticCustomError, match=r"^found `5`; expected a text, in quotes$"):
        text(5)


class Fruit(StrEnum):
    APPLE = "apple"
    CHERRY = "cherry"


@given(st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(BROKEN))
def test_a_choice_takes_its_words_only(value: Any) -> None:
    take = choice(Fruit, ["cherry"])
    assert take("apple") is Fruit.APPLE
    with pytest.raises(PydanticCustomError):
        take(value)
