"""``pgproxy keys new``."""

import io
import json
from pathlib import Path
import sys

import pytest

from pgproxy.__main__ import main
from pgproxy.config.load import load
from pgproxy.net.vaults import load_ring
from pgproxy.session.scram import Verifier
from pgproxy.session.service import PasswordKeys
from pgproxy.vault.keys import KeyRing
from tests.vault.transit import TOKEN, transit


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


def test_a_verifier_is_made_of_what_stands_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    assert run(monkeypatch, "keys", "verifier") == 0
    told = capsys.readouterr()
    stored = Verifier.parse(told.out.strip())
    assert stored is not None
    assert PasswordKeys("correct horse").matching(stored.salt, 4096).verifier == stored
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert run(monkeypatch, "keys", "verifier") == 2
    assert capsys.readouterr().out == ""


def test_a_key_service_wraps_rotates_and_opens_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config, key = tmp_path / "pgproxy.yaml", tmp_path / "vault.key"
    (tmp_path / "policy.yaml").write_text(
        "version: 1\ncolumns: {public.customers.email: email}\n"
        "roles:\n  - role: analyst\n    treat: {email: token}\n"
    )
    with transit() as engine:
        config.write_text(
            "upstream: {url: 'postgresql://me@127.0.0.1:1'}\n"
            f"vault: {{keys: {{provider: hashicorp, path: vault.key, address: '{engine.address}', "
            "key: pgproxy, token: '${TRANSIT_TOKEN}'}}\n"
            "policy: policy.yaml\n"
        )
        monkeypatch.setenv("TRANSIT_TOKEN", TOKEN)
        assert run(monkeypatch, "keys", "new", "-c", str(config)) == 0
        key.touch(mode=0o600)
        key.write_text(capsys.readouterr().out)
        assert "vault:v1:" in key.read_text()
        keys = load(config).proxy.vault.keys
        assert TOKEN not in repr(keys)
        old = load_ring(keys)
        assert run(monkeypatch, "vault", "rotate", "-c", str(config)) == 0
        new = load_ring(keys)
        assert new.primary != old.primary
        assert new.fingerprint() == old.fingerprint()
        monkeypatch.setenv("TRANSIT_TOKEN", "another")
        capsys.readouterr()
        assert run(monkeypatch, "vault", "rotate", "-c", str(config)) == 2
        told = capsys.readouterr()
        assert "HashiCorp Vault says 403" in told.err
        assert "another" not in told.err
