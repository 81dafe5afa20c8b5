"""Column patterns and class names: a pattern that can match nothing must be told."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
import pytest

from pgproxy.config.columns import class_name, own_class, pattern, treated_class
from pgproxy.policy.globs import compile_glob

EXPECTED = 'expected schema.table.column, such as public.customers.email or "*.*.ssn"'
BRACES = "braces do not match, or hold a dot or more braces; expected {a,b} in one part"
NUMBER = (
    "a key is a number; arrays are looked through, so leave an index out, and write `*` for a key "
    "that is a number"
)
SPACE = "a space stands beside a dot, comma or brace; leave it out"


@pytest.mark.parametrize(
    "text",
    [
        "public.customers.email",
        "*.*.ssn",
        "public.{customers,orders}.{first,last}_name",
        "Sales.Order Items.unit price",
        "a.b-c.d?",
        "größe.straße.ñ",
        "crm.customers.profile->contact->email",
        "*.*.{profile,data}->items->*->Unit price",
    ],
)
def test_a_pattern_of_three_parts_is_taken(text: str) -> None:
    assert pattern(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f"found an empty text; {EXPECTED}"),
        ("email", f"has one part; {EXPECTED}"),
        ("customers.email", f"has 2 parts; {EXPECTED}"),
        ("db.public.customers.email", f"has 4 parts; {EXPECTED}"),
        ("public..email", f"a part is empty; {EXPECTED}"),
        (".customers.email", f"a part is empty; {EXPECTED}"),
        ("public.customers.", f"a part is empty; {EXPECTED}"),
        ("public.customers.{}", f"a part is empty; {EXPECTED}"),
        ("public.customers.{a,}", f"a part is empty; {EXPECTED}"),
        ("public.customers.{a,b", BRACES),
        ("public.customers.a,b}", BRACES),
        ("public.{customers.email,b}", BRACES),
        ("a.b.{a,{b,c}}", BRACES),
        ("public.customers.{first, last}_name", SPACE),
        ("public. customers.email", SPACE),
        ("public.customers.email ", SPACE),
        (
            'public."Customers".email',
            'holds a `"`; write names as the catalog stores them, without double quotes',
        ),
    ],
)
def test_a_pattern_that_matches_nothing_is_told(text: str, expected: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        pattern(text)
    assert caught.value.message() == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("->>email", "`->>` is SQL's; write `->` before each key"),
        ("->", "a key is empty; expected schema.table.column->key->key"),
        ("->a->->b", "a key is empty; expected schema.table.column->key->key"),
        ("-> email", "a space stands beside a `->`; leave it out"),
        ("->'email'", "a key stands in quotes; write keys as the document has them"),
        ("->e*", "`*` stands for a whole key, or any element of an array"),
        ("->items->0->email", NUMBER),
    ],
)
def test_a_path_that_leads_nowhere_is_told(path: str, expected: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        pattern("crm.customers.profile" + path)
    assert caught.value.message() == expected


@given(st.text("ab.*?{},_ ", max_size=20))
def test_a_pattern_that_is_taken_matches_some_column(text: str) -> None:
    try:
        pattern(text)
    except PydanticCustomError:
        return
    names = text.replace("*", "x").replace("?", "y")
    while "{" in names:
        before, _, rest = names.partition("{")
        inside, _, after = rest.partition("}")
        names = before + inside.split(",")[0] + after
    assert names.count(".") == 2
    assert compile_glob(text).fullmatch(names)


@pytest.mark.parametrize("text", ["email", "first_name", "pci-card", "a.b", "2fa", "größe"])
def test_a_class_is_a_word(text: str) -> None:
    assert class_name(text) == own_class(text) == treated_class(text) == text


def test_the_built_in_classes_can_be_given_and_not_defined() -> None:
    assert class_name("public") == "public"
    with pytest.raises(PydanticCustomError, match="`public` is built in: shown to everyone"):
        own_class("public")
    with pytest.raises(PydanticCustomError, match="`unclassified` is built in; a role has"):
        treated_class("unclassified")


def test_a_star_stands_for_classes_under_treat_only() -> None:
    assert treated_class("*") == "*"
    with pytest.raises(PydanticCustomError, match=r"^`\*` stands for all classes under `treat`"):
        class_name("*")


@pytest.mark.parametrize("value", ["", "two words", "a,b", 5, None, True, ["a"], {"token": {}}])
def test_another_class_is_told(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a class: one word of your choice"):
        class_name(value)
