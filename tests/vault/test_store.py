"""A vault url opens what it says, or says what is not there yet."""

from pathlib import Path

import pytest

from pgproxy.errors import ConfigError
from pgproxy.vault.keys import KeyRing
from pgproxy.vault.store import open_vault
from tests.vault.conftest import EMAILS


def test_a_relative_path_is_relative_to_the_base(tmp_path: Path, keys: KeyRing) -> None:
    vault = open_vault("sqlite:///my vault%20.db", keys, tmp_path)
    vault.tokens(EMAILS, [b"a@b.org"])
    vault.ping()
    vault.close()
    assert (tmp_path / "my vault%20.db").is_file()


def test_an_absolute_path_is_absolute(tmp_path: Path, keys: KeyRing) -> None:
    open_vault(f"sqlite:///{tmp_path}/a.db", keys, Path("/nowhere")).close()
    assert (tmp_path / "a.db").is_file()


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "vault.db", "mysql://h/secret"])
def test_other_urls_are_refused_without_repeating_them(url: str, keys: KeyRing) -> None:
    with pytest.raises(ConfigError, match="expected sqlite:///PATH") as caught:
        open_vault(url, keys)
    assert "secret" not in str(caught.value)
