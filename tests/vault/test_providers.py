"""Where keys come from: readable by others is refused, absent is explained."""

import os
from pathlib import Path

import pytest

from pgproxy.errors import ConfigError
from pgproxy.vault.keys import new_key_file
from pgproxy.vault.providers import load_keys


def _key_file(tmp_path: Path, mode: int) -> Path:
    path = tmp_path / "vault.key"
    path.write_text(new_key_file(), encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_read(tmp_path: Path, mode: int) -> None:
    assert load_keys("file", str(_key_file(tmp_path, mode))).primary.startswith("k-")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o666, 0o610, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = _key_file(tmp_path, mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*chmod 600"):
        load_keys("file", str(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of root's")
def test_a_file_of_root_may_be_read_by_its_group(tmp_path: Path) -> None:
    assert load_keys("file", str(_key_file(tmp_path, 0o640))).primary.startswith("k-")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keys new"):
        load_keys("file", str(tmp_path / "absent.key"))
    with pytest.raises(ConfigError, match="cannot read"):
        load_keys("file", str(tmp_path))


def test_a_binary_file_is_refused_without_its_bytes(tmp_path: Path) -> None:
    path = _key_file(tmp_path, 0o600)
    path.write_bytes(b"\xff\xfesecret")
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        load_keys("file", str(path))
    assert caught.value.__cause__ is None


def test_the_environment_gives_a_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPROXY_TEST_KEYS", new_key_file())
    assert load_keys("env", "PGPROXY_TEST_KEYS").primary.startswith("k-")
    monkeypatch.delenv("PGPROXY_TEST_KEYS")
    with pytest.raises(ConfigError, match=r"\$PGPROXY_TEST_KEYS: not set"):
        load_keys("env", "PGPROXY_TEST_KEYS")


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown provider 'gcp'"):
        load_keys("gcp", "")
