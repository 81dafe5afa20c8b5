"""``pgproxy keys new``."""

import json
from pathlib import Path
import sys

import pytest

from pgproxy.__main__ import main
from pgproxy.vault.keys import KeyRing


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["pgproxy", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code


def test_a_new_key_file_can_be_read_and_is_new_each_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "keys", "new") == 0
    one = capsys.readouterr()
    assert run(monkeypatch, "keys", "new") == 0
    two = capsys.readouterr()
    assert one.err == two.err == ""
    assert one.out.endswith("}\n")
    rings = [KeyRing.from_json(text, "stdin") for text in (one.out, two.out)]
    assert rings[0].treatment_secret() != rings[1].treatment_secret()
    assert json.loads(one.out)["version"] == 1


@pytest.mark.parametrize("arguments", [[], ["nwe"], ["new", "new"]])
def test_bad_usage_prints_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(monkeypatch, "keys", *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Usage: pgproxy keys" in told.err


def test_help_says_how_to_keep_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "keys", "--help") == 0
    assert "(umask 077 && pgproxy keys new > vault.key)" in capsys.readouterr().out
