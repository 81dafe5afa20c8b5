"""Upkeep of a SQLite vault: the forgotten is gone, keys change, tokens do not, copies hold."""

from contextlib import closing
import os
from pathlib import Path
import sqlite3
import threading

import pytest

from pgproxy.errors import ConfigError, Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault.keys import KeyRing, new_key_file, rotated_key_file
from pgproxy.vault.sqlite import SqliteVault
from pgproxy.vault.sqlite_upkeep import SqliteUpkeep, copy_vault
from tests.vault.conftest import EMAILS

FLOORS = TokenSpace("floor", "smallint")


def test_what_is_forgotten_is_gone_from_the_files_too(path: Path, keys: KeyRing) -> None:
    with closing(SqliteUpkeep(path, keys)) as vault:
        old, kept = vault.tokens(EMAILS, [b"a", b"b"])
        with closing(sqlite3.connect(path)) as look:
            lookup = look.execute("SELECT lookup FROM entry ORDER BY id").fetchall()
        stored = [one for (one,) in lookup]
        assert vault.forget(EMAILS, [b"a", b"never", b"a"]) == 1
        assert vault.forget(FLOORS, [b"a"]) == 0
        assert vault.values(EMAILS, [old, kept]) == [None, b"b"]
        files = b"".join(file.read_bytes() for file in path.parent.glob("vault.db*"))
        assert sum(one in files for one in stored) == 1
        again = vault.tokens(EMAILS, [b"a", b"b"])
        assert again[0] != old
        assert again[1] == kept


def test_sealing_anew_changes_no_token_and_goes_on_beside_a_writer(path: Path) -> None:
    text = new_key_file()
    old = SqliteVault(path, KeyRing.from_json(text, "old"))
    values = [b"v%d" % n for n in range(5000)]
    tokens = old.tokens(EMAILS, values)
    (floor,) = old.tokens(FLOORS, [b"1"])
    newer = KeyRing.from_json(rotated_key_file(text, "old"), "new")
    running = SqliteVault(path, newer)
    more: list[list[bytes]] = []
    writer = threading.Thread(
        target=lambda: more.extend(running.tokens(EMAILS, [b"w%d" % n]) for n in range(200))
    )
    writer.start()
    with closing(SqliteUpkeep(path, newer)) as upkeep:
        done: list[int] = []
        while not done or done[-1]:
            done.append(upkeep.reseal(2000))
        assert done == [2000, 2000, 1001, 0]
        writer.join()
        assert len(more) == 200
        sealed = {key.id: key.sealed for key in upkeep.status().keys}
        assert sealed[newer.primary] == sum(sealed.values()) == 5201
        assert upkeep.values(EMAILS, tokens) == values
        assert upkeep.tokens(EMAILS, values) == tokens
        assert upkeep.values(FLOORS, [floor]) == [b"1"]
    running.close()
    # The proxy that was not restarted says what is the matter, and still knows every token.
    with pytest.raises(Unavailable, match="absent from the key file"):
        old.values(EMAILS, tokens[:1])
    assert old.tokens(EMAILS, values) == tokens
    old.close()


def test_a_rotated_key_file_keeps_every_key_and_has_another_primary() -> None:
    text = new_key_file()
    one = KeyRing.from_json(text, "one")
    two = KeyRing.from_json(rotated_key_file(text, "one"), "two")
    assert two.states == {one.primary: "enabled", two.primary: "primary"}
    assert one.primary != two.primary
    assert one.fingerprint() == two.fingerprint()
    assert one.proof(one.primary) == two.proof(one.primary)
    with pytest.raises(ConfigError):
        rotated_key_file("{}", "broken")


def test_a_copy_made_beside_a_writer_is_a_vault(path: Path, keys: KeyRing, tmp_path: Path) -> None:
    vault = SqliteVault(path, keys)
    values = [b"v%d" % n for n in range(3000)]
    tokens = vault.tokens(EMAILS, values)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            vault.tokens(EMAILS, [b"more%d" % number])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    backup = tmp_path / "copy.db"
    try:
        copy_vault(path, backup, keys)
    finally:
        stop.set()
        writer.join()
    assert backup.stat().st_mode & 0o777 == 0o600
    vault.close()
    for file in tmp_path.glob("vault.db*"):
        file.unlink()
    copy_vault(backup, path, keys)
    again = SqliteVault(path, keys)
    assert again.values(EMAILS, tokens) == values
    assert again.tokens(EMAILS, values) == tokens
    again.close()
    assert not list(tmp_path.glob("*.part*"))


def test_a_copy_overwrites_nothing_and_takes_no_other_vault(
    path: Path, keys: KeyRing, tmp_path: Path
) -> None:
    SqliteVault(path, keys).close()
    with pytest.raises(ConfigError, match="nothing is overwritten"):
        copy_vault(path, path, keys)
    taken = tmp_path / "taken.db"
    taken.with_name("taken.db-wal").touch()
    with pytest.raises(ConfigError, match="nothing is overwritten"):
        copy_vault(path, taken, keys)
    with pytest.raises(ConfigError, match="no vault here"):
        copy_vault(tmp_path / "absent.db", tmp_path / "new.db", keys)
    other = KeyRing.from_json(new_key_file(), "other")
    with pytest.raises(ConfigError, match=r"vault\.db: .*another key file"):
        copy_vault(path, tmp_path / "new.db", other)
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigError, match="empty"):
        copy_vault(tmp_path / "empty.db", tmp_path / "new.db", keys)
    (tmp_path / "text.db").write_bytes(b"no database at all, but long enough to be looked at" * 99)
    with pytest.raises(Unavailable, match="SQLITE_NOTADB"):
        copy_vault(tmp_path / "text.db", tmp_path / "new.db", keys)
    with pytest.raises(Unavailable, match="cannot be copied"):
        copy_vault(path, tmp_path / "nowhere" / "new.db", keys)
    left = {name for name in os.listdir(tmp_path) if "new" in name or "part" in name}
    assert left == set()
