"""The strict reader: what each text becomes, and what is told instead of being guessed."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.config.yaml import MAX_DEPTH, FromEnvironment, Odd, dotted, read
from tests.config.told import lines


def told(text: str | bytes, environment: dict[str, str] | None = None) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return lines(read("f.yaml", data, environment))


def value(text: str) -> Any:
    document = read("f.yaml", f"key: {text}".encode(), {})
    assert not document.findings
    return document.value["key"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("1.50", Decimal("1.50")),
        ("1e3", Decimal(1000)),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("'12'", "12"),
        ('"no"', "no"),
        ("'010'", "010"),
        ('""', ""),
        ("nUll", "nUll"),
        ("2024-01-31", "2024-01-31"),
        ("127.0.0.1:5432", "127.0.0.1:5432"),
        ("1GiB", "1GiB"),
        ("no one", "no one"),
        ("[a, 1]", ["a", 1]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
    ],
)
def test_a_plain_word_is_what_yaml_1_2_says(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize("text", ["no", "No", "NO", "off", "n", "N"])
def test_a_word_for_false_is_no_value(text: str) -> None:
    assert value(text) == Odd(
        f"`{text}` without quotes, which some YAML readers take for false and others for a text"
    )


@pytest.mark.parametrize("text", ["yes", "On", "y"])
def test_a_word_for_true_is_no_value(text: str) -> None:
    assert value(text) == Odd(
        f"`{text}` without quotes, which some YAML readers take for true and others for a text"
    )


@pytest.mark.parametrize("text", ["010", "+07", "0x1f", "0o17", "0b1", "1_000", "22:30", "1:00:00"])
def test_a_number_that_readers_do_not_agree_on_is_no_value(text: str) -> None:
    assert value(text) == Odd(
        f"`{text}` without quotes, which not all YAML readers take for the same number"
    )


def test_an_empty_value_is_not_null() -> None:
    assert read("f.yaml", b"a:\nb: null\n", {}).value == {"a": Odd("nothing"), "b": None}


def test_a_key_is_always_a_text() -> None:
    assert read("f.yaml", b"no: a\n010: b\n1: c\n", {}).value == {"no": "a", "010": "b", "1": "c"}


def test_a_key_written_twice_does_not_drop_a_rule() -> None:
    text = "a: 1\nb:\n  email: token\n  name: redact\n  email: show\na: 2\n"
    assert told(text) == [
        "5: b.email: written twice (first on line 3); keep one of them",
        "6: a: written twice (first on line 1); keep one of them",
    ]


def test_what_yaml_would_resolve_out_of_sight_is_told() -> None:
    text = "a: &x 1\nb: *x\nc: !!int 3\nd:\n  <<: {e: 1}\n? [1]\n: 2\n"
    assert told(text) == [
        "2: b: aliases (`*name`) are not read here; write the value out",
        "3: c: tags (`!name`) are not read here; write the plain value",
        '5: d."<<": merge keys are not read here; write the keys out',
        "6: found a list as a key; expected a name",
    ]


def test_an_alias_of_itself_ends() -> None:
    assert told("a: &x [*x]") == [
        "1: a[0]: aliases (`*name`) are not read here; write the value out"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty"),
        ("# only a comment\n", "1: the file is empty"),
        ("- a\n- b\n", "1: found a list; expected lines of the form `key: value`"),
        ("hello\n", "1: found a single text; expected lines of the form `key: value`"),
        (b"a: 1\nb: \xff\n", "2: this is not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_a_file_that_is_no_mapping_is_told(text: str | bytes, expected: str) -> None:
    assert told(text) == [expected]


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert read("f.yaml", b"\xef\xbb\xbfa: 1\n", {}).value == {"a": 1}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1000, 200_000])
def test_deep_nesting_does_not_kill_the_process(depth: int) -> None:
    assert told("a: 1\nb: " + "[" * depth) == [f"2: nested more than {MAX_DEPTH} levels deep"]


class TestEnvironment:
    def test_a_name_is_replaced_wherever_it_stands(self) -> None:
        document = read("f.yaml", b"a: x-${ONE}-${TWO}\nb: '${ONE}'\n", {"ONE": "1", "TWO": "2"})
        assert document.value == {"a": "x-1-2", "b": "1"}
        assert isinstance(document.value["b"], FromEnvironment)

    def test_every_unset_name_is_told(self) -> None:
        assert told("a: ${ONE}${TWO}\nb: ${THREE}\n", {"TWO": ""}) == [
            "1: a: the environment variable ONE is not set",
            "2: b: the environment variable THREE is not set",
        ]

    @pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A:-b}", "${A B}"])
    def test_a_reference_that_is_none_is_told(self, text: str) -> None:
        assert told(f"a: '{text}'", {"A": "1"}) == [
            "1: a: found `${` without a name; expected ${NAME}, or $${ for a literal ${"
        ]

    def test_dollars_that_are_meant_stay(self) -> None:
        document = read("f.yaml", b"a: $${ONE}\nb: $ONE $$ 5$\n", {"ONE": "1"})
        assert document.value == {"a": "${ONE}", "b": "$ONE $$ 5$"}

    def test_a_value_is_not_searched_for_names_again(self) -> None:
        assert read("f.yaml", b"a: ${ONE}", {"ONE": "${TWO}"}).value == {"a": "${TWO}"}

    def test_a_policy_does_not_depend_on_the_environment(self) -> None:
        assert told("a: ${HOME}") == [
            "1: a: ${NAME} is read in pgproxy.yaml only; write the value out"
        ]


def test_a_path_reads_as_a_person_would_write_it() -> None:
    assert dotted(("roles", 0, "treat", "*")) == "roles[0].treat.*"
    assert dotted(("columns", "public.a.b")) == 'columns."public.a.b"'
    assert dotted(("postgresql://me:secret@db",)) == '"…"'
    assert dotted(("\x1b[31m",)) == '"?[31m"'


@given(st.text(max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    document = read("f.yaml", text.encode("utf-8", "surrogatepass"), {})
    assert document.findings or isinstance(document.value, dict)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    document = read("f.yaml", data, {})
    assert document.findings or isinstance(document.value, dict)


@given(st.text("ab:*&!{}[]#-?|>'\"\n \t%@`,$~<0_", max_size=40))
def test_any_punctuation_is_read_or_told(text: str) -> None:
    document = read("f.yaml", text.encode(), {})
    assert document.findings or isinstance(document.value, dict)
