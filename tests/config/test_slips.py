"""What a newcomer does to YAML in the first hour, and what is said about it."""

import pytest

from pgproxy.config.yaml import read
from tests.config.told import lines

STAR = 'put a pattern that begins with `*` in quotes: "*.*.ssn"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "columns:\n  *.*.ssn: ssn\n",
            "2: this is not YAML: did not find expected alphabetic or numeric character; " + STAR,
        ),
        (
            "treat:\n  email: token\n  *: redact\n",
            "3: this is not YAML: did not find expected alphabetic or numeric character; " + STAR,
        ),
        ("a: *all\n", f"1: aliases (`*name`) are not read here; {STAR}"),
        (
            "columns:\n  {a,b}.x.y: c\n",
            (
                "2: a key is missing, or the line is indented unlike its neighbours; "
                "put a pattern that begins with `{` in quotes"
            ),
        ),
        (
            "keys: {path: ${HOME}/vault.key}\n",
            (
                "1: this is not YAML: did not find expected ',' or '}'; "
                "inside { } put a value with ${NAME} in quotes"
            ),
        ),
        (
            "a: 1\nb:\n\t- c\n",
            (
                "3: this is not YAML: found character that cannot start any token; "
                "indent with spaces: a tab stands before the text"
            ),
        ),
        (
            "a: b: c\n",
            "1: a `:` stands where no key can be; put a text that contains `: ` in quotes",
        ),
        ("a: b\n  c: d\n", "2: a `:` stands where no key can be"),
        (
            "a: @b\n",
            (
                "1: this is not YAML: found character that cannot start any token; "
                "put a text that begins with `@`, `%` or a backtick in quotes"
            ),
        ),
        ("a: 1\nb: 'c\nd: e\n", "2: a quote opens here and is never closed"),
        ("a: 1\nbc\n", "2: a line without `:`; expected `key: value`"),
        ("a: 1\n---\nb: 2\n", "2: a second document begins here (`---`); expected one"),
        ("a: 1\nb: \x07\n", "2: a control character stands here; remove it"),
    ],
)
def test_a_slip_is_told_with_what_to_do(text: str, expected: str) -> None:
    assert lines(read("f.yaml", text.encode(), {})) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "url: postgresql://me:hunter2@db: x",
        "url: 'postgresql://me:hunter2@db",
        "url: {postgresql://me:hunter2@db}: x}",
        "url: *hunter2",
        "url: !hunter2 x",
        "url: &hunter2 [*hunter2",
        "url: @hunter2",
        'url: "\\hunter2"',
        "%hunter2\n---\n",
        "url: |hunter2",
    ],
)
def test_no_part_of_a_broken_line_is_repeated(text: str) -> None:
    told = "\n".join(lines(read("f.yaml", text.encode(), {})))
    assert told
    assert "hunter2" not in told
