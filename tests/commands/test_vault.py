"""``pgproxy vault`` on both kinds of vault: what it tells and changes, what it never prints."""

from collections.abc import Iterator
from contextlib import closing
import io
import json
from pathlib import Path
import sys

import psycopg
import pytest

from pgproxy.__main__ import main
from pgproxy.demo.postgres import Cluster
from pgproxy.net.vaults import open_vault
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file

EMAIL = TokenSpace("email", "text")
VALUES = [b"ann@example.org", b"bob@example.org", b"cyd@example.org"]


class Desk:
    """A configuration, and the command line on it."""

    def __init__(
        self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: object
    ) -> None:
        self.folder, self.url, self.key = folder, url, folder / "vault.key"
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.key.touch(mode=0o600)
        self.key.write_text(new_key_file())
        (folder / "policy.yaml").write_text(
            "version: 1\ncolumns: {public.customers.email: email}\n"
            "roles:\n  - role: analyst\n    treat: {email: token}\n"
        )
        self.config = folder / "pgproxy.yaml"
        self.config.write_text(
            "upstream: {url: 'postgresql://me@127.0.0.1:1'}\n"
            f"vault: {{url: '{url}', keys: {{provider: file, path: vault.key}}}}\n"
            "policy: policy.yaml\n"
        )

    @property
    def keys(self) -> KeyRing:
        return KeyRing.from_json(self.key.read_text(), "vault.key")

    def tokens(self) -> list[bytes]:
        with closing(open_vault(self.url, self.keys)) as vault:
            return vault.tokens(EMAIL, VALUES)

    def values(self, tokens: list[bytes]) -> list[bytes | None]:
        with closing(open_vault(self.url, self.keys)) as vault:
            return vault.values(EMAIL, tokens)

    def run(self, *arguments: str, stdin: bytes = b"") -> tuple[object, str, str]:
        action, *rest = arguments
        argv = ["pgproxy", "vault", action, "-c", str(self.config), *rest]
        self._monkeypatch.setattr(sys, "argv", argv)
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            main()
        told = self._capsys.readouterr()  # type: ignore[attr-defined]
        for value in VALUES:
            assert value.decode() not in told.out + told.err
        return caught.value.code, told.out, told.err


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    if request.param == "sqlite":
        yield Desk(tmp_path, f"sqlite:///{tmp_path}/vault.db", monkeypatch, capsys)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS vault_desk WITH (FORCE)")
        admin.execute("CREATE DATABASE vault_desk")
    yield Desk(tmp_path, cluster.dsn(database="vault_desk"), monkeypatch, capsys)


def test_status_counts(desk: Desk) -> None:
    desk.tokens()
    code, out, err = desk.run("status", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["tokens"] == 3
    assert told["spaces"] == [{"domain": "email", "kind": "text", "tokens": 3, "full": None}]
    assert told["keys"] == [{"id": desk.keys.primary, "state": "primary", "sealed": 3}]
    code, out, _ = desk.run("status")
    assert code == 0
    assert "3 tokens" in out


def test_values_and_tokens_are_forgotten(desk: Desk) -> None:
    tokens = desk.tokens()
    code, out, err = desk.run(
        "forget", "--domain", "email", "--json", stdin=VALUES[0] + b"\r\nno@example.org\n"
    )
    assert (code, json.loads(out), err) == (0, {"forgotten": 1}, "")
    code, out, err = desk.run("forget", "--domain", "email", "--tokens", stdin=tokens[1])
    assert (code, out) == (0, "forgotten: 1\n")
    assert "memory" in err
    assert desk.values(tokens) == [None, None, VALUES[2]]
    assert desk.run("forget", "--domain", "email", stdin=VALUES[0])[0] == 1
    assert desk.run("forget", "--domain", "phone", stdin=VALUES[2])[0] == 1
    assert desk.values(tokens[2:]) == VALUES[2:]


def test_keys_rotate_and_tokens_stay(desk: Desk) -> None:
    tokens, old = desk.tokens(), desk.keys.primary
    code, out, err = desk.run("rotate")
    assert (code, out) == (0, f"key: {desk.keys.primary}\n")
    assert "restart every proxy" in err
    assert desk.keys.primary != old
    assert desk.key.stat().st_mode & 0o777 == 0o600
    assert desk.tokens() == tokens
    code, out, err = desk.run("reseal", "--json")
    assert (code, json.loads(out)) == (0, {"resealed": 3})
    told = json.loads(desk.run("status", "--json")[1])
    assert [key["sealed"] for key in told["keys"]] == [0, 3]
    assert desk.values(tokens) == VALUES


def test_backup_and_restore(desk: Desk) -> None:
    tokens, copy = desk.tokens(), str(desk.folder / "copy.db")
    code, _, err = desk.run("backup", "--file", copy)
    if not desk.url.startswith("sqlite"):
        assert code == 2
        assert "pg_dump -n pgproxy_vault" in err
        assert desk.url not in err
        return
    assert code == 0
    assert desk.run("restore", "--file", copy)[0] == 2  # there is a vault
    for file in desk.folder.glob("vault.db*"):
        file.unlink()
    assert desk.run("status")[0] == 2
    assert not (desk.folder / "vault.db").exists()
    assert desk.run("restore", "--file", copy)[0] == 0
    assert desk.values(tokens) == VALUES


@pytest.mark.parametrize(
    "arguments",
    [
        ("forget",),
        ("status", "--domain", "email"),
        ("reseal", "--tokens"),
        ("backup",),
        ("status", "--file", "x"),
        ("polish",),
    ],
)
def test_bad_usage_ends_with_two(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    desk = Desk(tmp_path, f"sqlite:///{tmp_path}/vault.db", monkeypatch, capsys)
    desk.tokens()
    assert desk.run(*arguments)[0] == 2


def test_keys_that_are_not_in_a_file_are_not_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, f"sqlite:///{tmp_path}/vault.db", monkeypatch, capsys)
    text = desk.config.read_text()
    desk.config.write_text(
        text.replace("{provider: file, path: vault.key}", "{provider: env, variable: KEYS_HERE}")
    )
    code, _, err = desk.run("rotate")
    assert code == 2
    assert "not ours to write" in err
