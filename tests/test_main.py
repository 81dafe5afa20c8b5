"""The command line as a whole: lazy, helpful, exit codes 0, 1 and 2."""

import os
from pathlib import Path
import subprocess
import sys
from types import ModuleType

import pytest

from pgproxy import __main__ as command_line
from pgproxy.errors import ConfigError, Finding, Refusal
from pgproxy.wire.kernel import IMPLEMENTATION

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pgproxy", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )


def test_version_names_the_kernel() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("pgproxy ")
    assert done.stdout.endswith(f", {IMPLEMENTATION} kernel\n")


def test_help_lists_every_command_that_is_there() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name in command_line.COMMANDS:
        there = (ROOT / "pgproxy" / "commands" / f"{name}.py").is_file()
        assert (f" {name} " in done.stdout) == there
    assert "Example: pgproxy demo" in done.stdout


@pytest.mark.parametrize(
    "name",
    [n for n in command_line.COMMANDS if (ROOT / "pgproxy" / "commands" / f"{n}.py").is_file()],
)
def test_every_command_has_help_with_an_example(name: str) -> None:
    done = run(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Example: " in done.stdout
    assert f"pgproxy {name}" in done.stdout.partition("Example: ")[2]


def test_a_misspelt_command_is_bad_usage_with_the_right_one() -> None:
    done = run("chek")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'chek'. Did you mean 'check'?" in done.stderr


def test_only_the_command_that_was_asked_for_is_imported() -> None:
    code = (
        "import sys; sys.argv = ['pgproxy', 'keys', 'new']\n"
        "from pgproxy.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "here = tuple('pgproxy.' + room for room in ('commands', 'demo', 'net', 'config'))\n"
        "print(sorted(m for m in sys.modules if m.startswith(here)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr == "['pgproxy.commands', 'pgproxy.commands.keys']\n"


def fails_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> object:
    """The exit code when the command ``keys`` raises ``error``."""

    def keys() -> None:
        raise error

    module = ModuleType("pgproxy.commands.keys")
    module.__dict__["keys"] = keys
    monkeypatch.setitem(sys.modules, "pgproxy.commands.keys", module)
    monkeypatch.setattr(command_line, "_wanted", lambda _: ["keys"])
    monkeypatch.setattr(sys, "argv", ["pgproxy", "keys"])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    return caught.value.code


def test_a_mistake_in_a_file_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = (Finding("a.yaml", 3, "one"), Finding("b.yaml", 0, "two"))
    assert fails_with(monkeypatch, ConfigError(findings)) == 2
    assert capsys.readouterr() == ("", "a.yaml:3: one\nb.yaml: two\n")


def test_a_refusal_ends_with_1_and_its_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails_with(monkeypatch, Refusal("x", "not for you", hint="ask")) == 1
    assert capsys.readouterr() == ("", "pgproxy: not for you\nhint: ask\n")


def test_a_bare_interpreter_makes_its_environment_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from pgproxy import bootstrap

    asked: list[str] = []
    monkeypatch.setattr(bootstrap, "ensure", asked.append)
    monkeypatch.setattr(command_line, "find_spec", lambda name: None if name == "yaml" else name)
    command_line._bootstrap(["check"])
    assert asked == ["demo"]


def test_a_command_that_has_what_it_needs_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from pgproxy import bootstrap

    asked: list[str] = []
    monkeypatch.setattr(bootstrap, "ensure", asked.append)
    command_line._bootstrap(["check"])
    assert asked == []
    command_line._bootstrap(["demo", "--once"])
    assert asked == ["demo"]


def test_nothing_but_the_standard_library_is_needed_to_begin() -> None:
    code = (
        "import sys, pgproxy.__main__\n"
        "import pgproxy.bootstrap\n"
        "bad = {m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names\n"
        "print(sorted(m for m in bad if not m.startswith('_') and 'pgproxy' not in m))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
