"""Documents by path: what a path reaches is treated, and nothing else is touched."""

from decimal import Decimal
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.rules import (
    Bucket,
    Hash,
    Inside,
    Noise,
    Null,
    Partial,
    Paths,
    Redact,
    Show,
    Synthetic,
    Token,
    Treatment,
)
from pgproxy.treatment.fields import FieldType, Keys, compile_treatment
from pgproxy.treatment.rows import RowTreatment
from pgproxy.treatment.tokens import TokenMap, TokenSpace
from pgproxy.wire import values
from pgproxy.wire._kernel_py import cut
from tests.treatment.vault import CountingVault
from tests.wire.streams import run_of

FORMS = [(values.JSON, 0), (values.JSON, 1), (values.JSONB, 0), (values.JSONB, 1)]


def paths(found: dict[str, Treatment], rest: Show | Null = Show()) -> Paths:  # noqa: B008
    """Paths as a policy writes them, the most specific first; the domain is the last key."""
    inside = [
        Inside(tuple(path.split("->")), treatment, path.rpartition(">")[2], "")
        for path, treatment in found.items()
    ]
    return Paths(tuple(inside), rest)


def treated(of: Paths, document: str, form: tuple[int, int] = FORMS[2]) -> str | None:
    """One document through rows, with a vault that answers as often as it is asked."""
    oid, format = form
    tokens = TokenMap()
    vault = CountingVault(tokens)
    treatment = compile_treatment(of, "", FieldType(oid, -1, format), Keys(b"k" * 32), tokens)
    assert treatment is not None
    rows = RowTreatment(1, {0: treatment})
    run = run_of([[values.encode(oid, format, document.encode())]])
    for _ in range(3):
        done = rows.apply(run)
        if isinstance(done, bytes):
            ((value,),) = cut(done, 1, (0,))
            return None if value is None else values.decode(oid, format, value).decode()
        for request in done:
            vault.answer(request)
    raise AssertionError("asks again and again")


MAIL = paths({"contact->email": Redact()})


@pytest.mark.parametrize("form", FORMS)
def test_only_the_value_at_the_path_changes(form: tuple[int, int]) -> None:
    document = '{"a": 1.50, "contact": {"email": "x@y", "city": "Rome"}, "b": [1e5, true, null]}'
    assert treated(MAIL, document, form) == document.replace("x@y", "***")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"contact": [{"email": "a"}, [{"email": "b"}], 1]}',) * 2,
        ('{"contact": {"email": ["a", 7, {"k": "b", "n": null}]}}',) * 2,
        ('{"contact": {"email": "a", "email": "b"}}',) * 2,
        ('[{"contact": {"email": "a"}}]',) * 2,
    ],
)
def test_arrays_are_looked_through_and_all_below_is_treated(document: str, expected: str) -> None:
    for letter in "ab":
        expected = expected.replace(f'"{letter}"', '"***"')
    assert treated(MAIL, document) == expected.replace("7", "0")


@pytest.mark.parametrize(
    "document",
    [
        '{"contact": "x@y"}',
        '{"email": "x@y", "Contact": {"email": "x"}}',
        '{"contact": {"e": 1}}',
        '"x@y"',
        "{}",
        "[]",
        "null",
        '{"contact": {"email": null}}',
    ],
)
def test_what_lies_beside_the_path_stays(document: str) -> None:
    assert treated(MAIL, document) == document


def test_a_star_is_any_key_and_any_element() -> None:
    of = paths({"years->*->pay": Redact()})
    assert treated(of, '{"years": {"2020": {"pay": 5}}}') == '{"years": {"2020": {"pay": 0}}}'
    assert treated(of, '{"years": [{"pay": 5, "x": 5}]}') == '{"years": [{"pay": 0, "x": 5}]}'


def test_the_longest_path_decides() -> None:
    of = paths({"a->b->c": Show(), "a->b": Redact(text="-"), "a": Null()})
    assert (
        treated(of, '{"a": {"b": {"c": {"x": "1"}, "d": "2"}, "e": "3"}}')
        == '{"a": {"b": {"c": {"x": "1"}, "d": "-"}, "e": null}}'
    )


def test_under_null_only_what_leads_to_a_path_is_there() -> None:
    of = paths({"contact->email": Redact(), "plan": Show()}, Null())
    document = '{"plan": {"x": [1]}, "contact": {"email": "a", "city": "b"}, "ssn": "c"}'
    assert treated(of, document) == '{"plan": {"x": [1]}, "contact": {"email": "***"}}'
    assert treated(of, '{"contact": "secret"}') == '{"contact": null}'
    assert treated(of, '["secret", {"plan": 1, "a": 2}]') == '[null, {"plan": 1}]'
    assert treated(of, '"secret"') == "null"
    assert treated(of, '{"ssn": 1}') == "{}"


def test_each_leaf_is_treated_as_what_it_is() -> None:
    of = paths({"a": Bucket(size=Decimal(5)), "b": Partial(last=1), "c": Hash(length=8)})
    document = '{"a": [7, 7.50, "7", true], "b": ["xyz", 12], "c": ["q", false]}'
    found = json.loads(treated(of, document) or "")
    assert found["a"][0] == 5
    assert found["a"][1] == 5
    assert found["a"][2:] == [None, None]
    assert found["b"] == ["**z", None]
    assert len(found["c"][0]) == 8
    assert found["c"][1] is None


def test_tokens_are_those_of_columns_of_the_domain() -> None:
    tokens = TokenMap()
    of = paths({"email": Token(), "number": Token(), "x->email": Token()})
    field = FieldType(values.JSONB, -1, 0)
    treatment = compile_treatment(of, "", field, Keys(b"k" * 32), tokens)
    assert treatment is not None
    rows = RowTreatment(1, {0: treatment})
    run = run_of([[b'{"email": "a", "number": 7, "x": {"email": "b"}}'], [b'{"email": "b"}']])
    asked = rows.apply(run)
    assert isinstance(asked, tuple)
    mail, number = TokenSpace("email", "text"), TokenSpace("number", "integer")
    assert {request.space: set(request.values) for request in asked} == {
        mail: {b"a", b"b"},
        number: {b"7"},
    }, "all is asked for at once"
    tokens.learn(mail, {b"a": b"tok_a", b"b": b"tok_b"})
    tokens.learn(number, {b"7": b"99"})
    ((first, second),) = cut(rows.apply(run), 1, (0,))  # type: ignore[arg-type]
    assert first == b'{"email": "tok_a", "number": 99, "x": {"email": "tok_b"}}'
    assert second == b'{"email": "tok_b"}'


def test_numbers_of_any_size_get_tokens() -> None:
    of = paths({"n": Token()})
    big = "9" * 40
    found = json.loads(treated(of, f'{{"n": [{big}, 2.5, 1e5, 3]}}') or "")["n"]
    assert str(found[0]) != big
    assert all(isinstance(number, int | None) for number in found)
    assert isinstance(found[3], int)


@pytest.mark.parametrize(
    "document",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"contact":' * 5000 + "1" + "}" * 5000,
        "{",
        "NaN",
        '{"a": Infinity}',
        "",
        "x",
    ],
    ids=lambda document: document[:12],
)
def test_what_cannot_be_read_becomes_null(document: str) -> None:
    assert treated(MAIL, document) is None


def test_bytes_that_are_no_text_and_other_types_become_null() -> None:
    for oid, value in ((values.JSONB, b'{"a":"\xff"}'), (values.TEXT, b'{"a":1}')):
        found = compile_treatment(MAIL, "", FieldType(oid, -1, 0), Keys(b"k" * 32), TokenMap())
        assert found is not None
        ((new,),) = cut(RowTreatment(1, {0: found}).apply(run_of([[value]])), 1, (0,))  # type: ignore[arg-type]
        assert new is None


def test_half_a_surrogate_pair_is_no_reason_to_fail() -> None:
    document = r'{"a": "\ud800", "contact": {"email": "\udc00", "x": "\u0000"}}'
    expected = r'{"a": "\ud800", "contact": {"email": null, "x": "\u0000"}}'
    assert treated(MAIL, document, (values.JSON, 0)) == expected
    assert treated(MAIL, r'{"contact": {"email": "a\u0000"}}', (values.JSON, 0)) == (
        '{"contact": {"email": null}}'
    )


KEYS = st.sampled_from(["a", "b", "c", "", "ü", 'q"\\', "*"])
SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
SECRET = "s3cr3t-%d"
TREATMENTS: list[Treatment] = [
    Null(),
    Redact(),
    Hash(),
    Token(),
    Synthetic("name"),
    Noise(range=Decimal(3)),
    Partial(last=1),
]


@given(DOCUMENTS, st.sampled_from(FORMS))
def test_a_document_without_the_path_comes_out_equal(document: Any, form: tuple[int, int]) -> None:
    text = json.dumps(document, ensure_ascii=False)
    of = paths({"no such key->a": Redact()})
    assert treated(of, text, form) == text


def walk(value: Any, path: tuple[str, ...], reached: bool) -> Any:
    """The document with a secret in each string that a path reaches, by a reader of its own."""
    if isinstance(value, dict):
        return {
            key: walk(inner, path[1:] if path[:1] in ((key,), ("*",)) else (), reached or not path)
            if reached or not path or path[0] in (key, "*")
            else inner
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [walk(inner, path, reached) for inner in value]
    return SECRET % 1 if not path or reached else value


@given(
    DOCUMENTS,
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3),
    st.sampled_from(TREATMENTS),
    st.sampled_from(FORMS),
    st.booleans(),
)
def test_nothing_at_a_path_survives(
    document: Any, path: list[str], treatment: Treatment, form: tuple[int, int], hidden: bool
) -> None:
    with_secrets = json.dumps(walk(document, tuple(path), False), ensure_ascii=False)
    of = paths({"->".join(path): treatment}, Null() if hidden else Show())
    found = treated(of, with_secrets, form)
    assert found is not None
    assert "s3cr3t" not in found
    again = json.loads(found)
    if not hidden and isinstance(treatment, Redact):
        assert again == json.loads(with_secrets.replace(SECRET % 1, "***"))


@given(DOCUMENTS, st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3))
def test_a_shown_path_of_a_hidden_document_shows_no_other(document: Any, path: list[str]) -> None:
    marked = json.dumps(walk(document, tuple(path), False), ensure_ascii=False)
    found = treated(paths({"->".join(path): Show()}, Null()), marked)
    assert found is not None
    assert found.count("s3cr3t") == marked.count("s3cr3t")
    assert set(strings(json.loads(found))) <= {SECRET % 1}


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in strings(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in strings(inner)]
    return [value] if isinstance(value, str) else []
