"""``pgproxy tokenize`` and ``detokenize``: there and back, audited, only what the policy has."""

from collections.abc import Callable
import io
import json
from pathlib import Path
import sys
import time

import pytest

from pgproxy.__main__ import main
from pgproxy.vault.keys import new_key_file

POLICY = """\
version: 1
classes: {mail: {domain: person}}
columns:
  public.customers.email: mail
  public.customers.born: born
  public.customers.salary: salary
  public.customers.ssn: ssn
  public.customers.note: note
roles:
  - role: analyst
    treat:
      mail: {token: {format: email}}
      born: token
      salary: token
      ssn: redact
  - role: support
    treat: {note: token}
  - role: other
    treat: {note: {token: {format: shape}}}
"""

Told = tuple[object, bytes, str]
Run = Callable[..., Told]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in a folder of its own: exit code, standard output and error."""
    key = tmp_path / "vault.key"
    key.touch(mode=0o600)
    key.write_text(new_key_file())
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "pgproxy.yaml").write_text(
        "upstream: {url: 'postgresql://me@127.0.0.1:1'}\n"
        "vault: {keys: {provider: file, path: vault.key}}\n"
        "audit: {path: audit.jsonl}\nlimits: {detokenize_per_second: 100}\npolicy: policy.yaml\n"
    )

    def run(command: str, stdin: bytes, *arguments: str) -> Told:
        out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        config = str(tmp_path / "pgproxy.yaml")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["pgproxy", command, "-c", config, *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as caught:
                main()
        out.flush()
        return caught.value.code, out.buffer.getvalue(), err.getvalue()

    return run


def audit(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("domain", "type_name", "lines"),
    [
        ("person", "text", b"ann@example.org\nbob@example.org\nann@example.org\n"),
        ("person", "varchar(25)", b"ann@example.org\n"),
        ("born", "date", b"1980-02-29\n2001-01-01\n"),
        ("salary", "integer", b"52000\n-1\n"),
        ("salary", "numeric(10,2)", b"52000.50\n1.25\n"),
    ],
)
def test_there_and_back(run: Run, domain: str, type_name: str, lines: bytes) -> None:
    code, tokens, _ = run("tokenize", lines, "--domain", domain, "--type", type_name)
    assert code == 0
    assert tokens.count(b"\n") == lines.count(b"\n")
    assert not set(tokens.splitlines()) & set(lines.splitlines())
    assert len(set(tokens.splitlines())) == len(set(lines.splitlines()))
    assert run("tokenize", lines, "--domain", domain, "--type", type_name)[1] == tokens
    assert run("detokenize", tokens, "--domain", domain, "--type", type_name) == (0, lines, "")


def test_tokens_look_as_the_policy_says(run: Run) -> None:
    _, token, _ = run("tokenize", b"ann@example.org\n", "--domain", "person")
    assert b"@" in token


def test_what_is_no_token_becomes_an_empty_line(run: Run, tmp_path: Path) -> None:
    _, token, _ = run("tokenize", b"ann@example.org\n", "--domain", "person")
    code, values, told = run("detokenize", b"forged\n" + token + b"\n", "--domain", "person")
    assert (code, values) == (1, b"\nann@example.org\n\n")
    assert "2 lines are no tokens" in told
    assert [(line["kind"], line["fields"], line["rows"]) for line in audit(tmp_path)] == [
        ("tokenize", {"person:token": 1}, 1),
        ("detokenize", {"person:token": 1}, 3),
    ]
    text = (tmp_path / "audit.jsonl").read_text()
    assert "ann@" not in text
    assert token.decode().strip() not in text


def test_line_breaks_in_values_stay_in_their_line(run: Run) -> None:
    given = b"two\\nlines\\\\ and a \\r\n"
    _, token, _ = run("tokenize", given, "--domain", "note", "--format", "opaque")
    assert run("detokenize", token, "--domain", "note") == (0, given, "")


@pytest.mark.parametrize(
    ("command", "arguments", "code", "expected"),
    [
        ("detokenize", ("--domain", "ssn"), 1, "no role of the policy has such tokens"),
        ("tokenize", ("--domain", "nothing"), 1, "no role of the policy has such tokens"),
        ("detokenize", ("--domain", "nothing"), 1, "no role of the policy has such tokens"),
        ("tokenize", ("--domain", "note"), 2, "several formats in this domain (opaque, shape)"),
        ("tokenize", ("--domain", "person", "--type", "box"), 2, "expected one of text, varchar"),
        ("tokenize", ("--domain", "person", "--type", "varchar(5)"), 2, "no room"),
        ("tokenize", (), 2, "--domain"),
    ],
)
def test_what_cannot_be_done_prints_nothing(
    run: Run, command: str, arguments: tuple[str, ...], code: int, expected: str
) -> None:
    told = run(command, b"secret\n", *arguments)
    assert told[:2] == (code, b"")
    assert expected in told[2]
    assert "secret" not in told[2]


def test_values_come_no_faster_than_the_limit(run: Run) -> None:
    began = time.monotonic()
    run("detokenize", b"x\n" * 30, "--domain", "person")
    assert time.monotonic() - began >= 0.3


def test_without_an_audit_trail_nothing_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to("/dev/full")
    code, values, told = run("tokenize", b"ann@example.org\n", "--domain", "person")
    assert (code, values) == (1, b"")
    assert "audit trail" in told
