"""``pgproxy check``: what it prints, where, and with which exit code."""

import json
from pathlib import Path
import sys

import pytest

from pgproxy.__main__ import main
from tests.config.told import POLICY, SMALLEST

WARNED = POLICY + "    treat: {email: {partial: {last: 4}}}\nclasses: {ssn: {}}\n"


class Check:
    """The command in a folder with both files."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(folder)
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.write(SMALLEST, POLICY)

    def write(self, proxy: str, policy: str) -> None:
        Path("pgproxy.yaml").write_text(proxy)
        Path("policy.yaml").write_text(policy)

    def run(self, *options: str) -> tuple[object, str, str]:
        """The exit code, standard output and standard error."""
        self._monkeypatch.setattr(sys, "argv", ["pgproxy", "check", "-c", "pgproxy.yaml", *options])
        with pytest.raises(SystemExit) as caught:
            main()
        told = self._capsys.readouterr()
        return caught.value.code, told.out, told.err


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    return Check(tmp_path, monkeypatch, capsys)


def test_good_files_show_what_each_role_gets(check: Check) -> None:
    policy = POLICY + "    treat: {email: token}\n  - role: [app, '[bold]']\n"
    check.write(SMALLEST, policy + "    treat: {'*': show}\n    unclassified: show\n")
    code, out, err = check.run("--offline")
    assert (code, err) == (0, "")
    rows = [line.strip("│┃").split("│") for line in out.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["email", "token", "show"],
        ["every other class", "redact", "show"],
        ["unclassified", "null", "show"],
    ]
    assert "app, [bold]" in out
    assert out.endswith("no mistakes: 1 column patterns, 2 role entries\n")


def test_mistakes_go_to_stderr_with_code_2(check: Check) -> None:
    check.write(SMALLEST + "listne: {}\n", POLICY + "    filter: refuse\n")
    assert check.run("--offline") == (
        2,
        "",
        (
            "pgproxy.yaml:4: listne: unknown key; did you mean `listen`?\n"
            "policy.yaml:6: roles[0].filter: unknown key; did you mean `filters`?\n"
        ),
    )


def test_a_warning_fails_only_when_strict(check: Check) -> None:
    check.write(SMALLEST, WARNED)
    warning = "policy.yaml:7: warning: classes.ssn: no column has this class\n"
    code, out, err = check.run("--offline")
    assert (code, err) == (0, warning)
    assert check.run("--offline", "--strict") == (1, out, warning)


def test_json_has_everything_and_nothing_else(check: Check) -> None:
    check.write(SMALLEST, WARNED)
    code, out, err = check.run("--offline", "--json", "--strict")
    assert (code, err) == (1, "")
    assert json.loads(out) == {
        "findings": [],
        "warnings": [
            {"path": "policy.yaml", "line": 7, "message": "classes.ssn: no column has this class"}
        ],
        "treatments": {"analyst": {"email": "partial", "*": "redact", "unclassified": "null"}},
    }


def test_json_of_mistakes_keeps_the_exit_code(check: Check) -> None:
    check.write(SMALLEST, "")
    code, out, err = check.run("--offline", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["findings"] == [
        {"path": "policy.yaml", "line": 1, "message": "the file is empty"}
    ]


def test_without_a_database_the_comparison_says_so(check: Check) -> None:
    check.write(SMALLEST.replace("5432", "1"), POLICY)
    code, out, err = check.run()
    assert (code, out) == (1, "")
    assert "catalog of the database cannot be read" in err


def test_the_files_are_told_before_what_is_not_there(check: Check) -> None:
    check.write(SMALLEST, "")
    assert check.run() == (2, "", "policy.yaml:1: the file is empty\n")


def test_a_password_is_in_no_output(check: Check) -> None:
    check.write(SMALLEST.replace("me@", "me:hunter2@") + "x: 1\n", POLICY)
    for options in (["--offline"], ["--offline", "--json"], []):
        assert "hunter2" not in str(check.run(*options))
