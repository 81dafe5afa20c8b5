"""Get-or-create on one file: one token a value, one value a token, and clear ends when it fails."""

from contextlib import closing
import json
import os
from pathlib import Path
import sqlite3
import threading

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from pgproxy.errors import Unavailable
from pgproxy.treatment.tokens import TokenSpace
from pgproxy.vault import tokens as drawing
from pgproxy.vault.keys import KeyRing, new_key_file
from pgproxy.vault.sqlite import SqliteVault
from tests.vault.conftest import EMAILS

SMALL = TokenSpace("floor", "smallint")


def test_the_same_value_keeps_its_token_in_and_after_the_process(
    path: Path, keys: KeyRing, vault: SqliteVault
) -> None:
    first = vault.tokens(EMAILS, [b"a", b"b", b"a", b""])
    assert first[0] == first[2]
    assert len(set(first)) == 3
    assert vault.tokens(EMAILS, [b"", b"b", b"c", b"a"])[0:2] == [first[3], first[1]]
    vault.close()
    again = SqliteVault(path, keys)
    assert again.tokens(EMAILS, [b"a", b"b", b"a", b""]) == first
    assert again.values(EMAILS, first) == [b"a", b"b", b"a", b""]
    again.close()


def test_spaces_know_nothing_of_each_other(vault: SqliteVault) -> None:
    spaces = [EMAILS, TokenSpace("person_email", "text/8"), TokenSpace("ssn", "text"), SMALL]
    tokens = [vault.tokens(space, [b"1"])[0] for space in spaces]
    assert len(set(tokens)) == len(spaces)
    for space in spaces:
        mine = [b"1" if other is space else None for other in spaces]
        assert vault.values(space, tokens) == mine


def test_what_is_no_token_stands_for_nothing(vault: SqliteVault) -> None:
    assert vault.values(EMAILS, [b"tok_0000000000000000000000"]) == [None]
    (token,) = vault.tokens(EMAILS, [b"a@b.org"])
    odd = [b"", b"a@b.org", token + b" ", token[:-1], token.lower() + b"x", b"\x00\xff"]
    assert vault.values(EMAILS, odd) == [None] * len(odd)
    assert vault.values(EMAILS, [b"x", token, token]) == [None, b"a@b.org", b"a@b.org"]


def test_asking_for_values_makes_no_space(vault: SqliteVault) -> None:
    assert vault.values(SMALL, [b"1"]) == [None]
    assert vault.status().spaces == ()


def test_nothing_asked_nothing_done(vault: SqliteVault) -> None:
    assert vault.tokens(EMAILS, []) == []
    assert vault.values(EMAILS, []) == []


def test_large_requests_are_cut_into_batches(vault: SqliteVault) -> None:
    values = [b"user%d" % number for number in range(25_001)]
    tokens = vault.tokens(EMAILS, values)
    assert len(set(tokens)) == len(values)
    assert vault.values(EMAILS, tokens) == values
    assert vault.tokens(EMAILS, values[::-1]) == tokens[::-1]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=8) | st.sampled_from([b"a", b"b"]), max_size=30)))
def test_any_order_of_requests_gives_one_bijection(
    tmp_path_factory: pytest.TempPathFactory, requests: list[list[bytes]]
) -> None:
    keys = KeyRing.from_json(new_key_file(), "test.key")
    vault = SqliteVault(tmp_path_factory.mktemp("vault") / "vault.db", keys)
    known: dict[bytes, bytes] = {}
    for request in requests:
        for value, token in zip(request, vault.tokens(SMALL, request), strict=True):
            assert known.setdefault(value, token) == token
    assert len(set(known.values())) == len(known)
    assert vault.values(SMALL, list(known.values())) == list(known)
    vault.close()


def test_a_space_fills_to_its_last_token_and_then_says_so(vault: SqliteVault) -> None:
    values = [b"%d" % number for number in range(32_767)]
    tokens = vault.tokens(SMALL, values[:-1])
    tokens += vault.tokens(SMALL, values[-1:])
    assert sorted(map(int, tokens)) == list(range(1, 32_768))
    with pytest.raises(Unavailable, match="kind 'smallint' in domain 'floor' is full"):
        vault.tokens(SMALL, [b"one too many"])
    assert vault.tokens(SMALL, values) == tokens
    assert vault.tokens(EMAILS, [b"others go on"])


def test_a_large_space_that_gives_only_taken_tokens_ends(
    vault: SqliteVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = TokenSpace("card", "text/8")
    monkeypatch.setattr(drawing, "draw", lambda kind, values: [b"SameSame"] * len(values))
    assert vault.tokens(wide, [b"first"]) == [b"SameSame"]
    with pytest.raises(Unavailable, match="is full"):
        vault.tokens(wide, [b"second"])
    assert vault.values(wide, [b"SameSame"]) == [b"first"]


def test_a_taken_token_is_drawn_again(vault: SqliteVault, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([[], [b"taken"], [b"taken", b"free1"], [b"taken"], [b"free2"]])
    monkeypatch.setattr(drawing, "draw", lambda kind, values: next(draws))
    wide = TokenSpace("card", "text/5")
    assert vault.tokens(wide, [b"a"]) == [b"taken"]
    assert set(vault.tokens(wide, [b"b", b"c"])) == {b"free1", b"free2"}
    assert len(set(vault.tokens(wide, [b"a", b"b", b"c"]))) == 3


def test_an_unknown_kind_is_refused_before_anything_is_written(vault: SqliteVault) -> None:
    with pytest.raises(Unavailable, match="no tokens of kind 'words'"):
        vault.tokens(TokenSpace("person", "words"), [b"a"])
    assert vault.status().spaces == ()


def test_rotation_keeps_tokens_and_opens_old_values(path: Path) -> None:
    document = json.loads(new_key_file())
    vault = SqliteVault(path, KeyRing.from_json(json.dumps(document), "k"))
    (old,) = vault.tokens(EMAILS, [b"old"])
    document["keys"][0]["state"] = "enabled"
    document["keys"] += json.loads(new_key_file())["keys"]
    other = SqliteVault(path, KeyRing.from_json(json.dumps(document), "k"))
    assert other.tokens(EMAILS, [b"old"]) == [old]
    (new,) = other.tokens(EMAILS, [b"new"])
    assert other.values(EMAILS, [old, new]) == [b"old", b"new"]
    assert [(key.state, key.sealed) for key in other.status().keys] == [
        ("enabled", 1),
        ("primary", 1),
    ]
    # The proxy that still runs with the older file cannot open it, and says which key it lacks.
    with pytest.raises(Unavailable, match="absent from the key file"):
        vault.values(EMAILS, [new])
    assert vault.tokens(EMAILS, [b"new"]) == [new]
    other.close()
    vault.close()


def test_status_counts_by_space_and_key(vault: SqliteVault, keys: KeyRing) -> None:
    vault.tokens(EMAILS, [b"a", b"b"])
    vault.tokens(SMALL, [b"1"])
    status = vault.status()
    assert [(s.space, s.tokens) for s in status.spaces] == [(SMALL, 1), (EMAILS, 2)]
    assert status.tokens == 3
    assert [(k.id, k.state, k.sealed) for k in status.keys] == [(keys.primary, "primary", 3)]
    assert status.bytes > 0


def test_a_closed_vault_says_so(vault: SqliteVault) -> None:
    vault.close()
    vault.close()
    with pytest.raises(Unavailable, match="closed"):
        vault.ping()
    with pytest.raises(Unavailable, match="closed"):
        vault.tokens(EMAILS, [b"a"])


def test_no_token_leaves_when_the_file_was_replaced(path: Path, vault: SqliteVault) -> None:
    vault.ping()
    path.rename(path.with_name("moved.db"))
    with pytest.raises(Unavailable, match="moved or replaced"):
        vault.tokens(EMAILS, [b"a"])
    path.touch()
    for call in (vault.ping, lambda: vault.tokens(EMAILS, [b"a"])):
        with pytest.raises(Unavailable, match="moved or replaced"):
            call()


def test_a_writer_that_never_ends_makes_us_unavailable_not_stuck(path: Path, keys: KeyRing) -> None:
    vault = SqliteVault(path, keys, patience=0.05)
    (known,) = vault.tokens(EMAILS, [b"known"])
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked") as caught:
        vault.tokens(EMAILS, [b"canary-value"])
    assert "canary" not in repr(caught.value) + repr(caught.value.__cause__)
    assert vault.tokens(EMAILS, [b"known"]) == [known]
    foreign.execute("ROLLBACK")
    foreign.close()
    assert vault.tokens(EMAILS, [b"canary-value"])
    vault.close()


def test_a_failed_commit_hands_out_nothing_and_leaves_nothing(
    path: Path, keys: KeyRing, vault: SqliteVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.tokens(EMAILS, [b"before"])

    def fail(self: SqliteVault) -> None:
        raise sqlite3.OperationalError("disk I/O error at canary")

    monkeypatch.setattr(SqliteVault, "_require_same_file", fail)
    with pytest.raises(Unavailable) as caught:
        vault.tokens(EMAILS, [b"lost"])
    assert "canary" not in str(caught.value)
    monkeypatch.undo()
    other = SqliteVault(path, keys)
    assert other.status().tokens == 1
    other.close()
    assert vault.tokens(EMAILS, [b"lost"])


def test_an_altered_row_is_noticed(path: Path, vault: SqliteVault) -> None:
    # Asked for one at a time, so that row 1 is the first value and row 2 the second.
    (first,), (second,) = vault.tokens(EMAILS, [b"first"]), vault.tokens(EMAILS, [b"second"])
    with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
        row = "SELECT sealed FROM entry WHERE id = 1"
        foreign.execute(f"UPDATE entry SET sealed = ({row}) WHERE id = 2")
    assert vault.values(EMAILS, [first]) == [b"first"]
    with pytest.raises(Unavailable, match="damaged or was altered"):
        vault.values(EMAILS, [second])


def test_threads_take_turns(vault: SqliteVault) -> None:
    values = [b"%d" % number for number in range(300)]
    answers: list[list[bytes]] = []

    def work(step: int) -> None:
        tokens = vault.tokens(EMAILS, values[::step])
        answers.append(tokens[::step])

    threads = [threading.Thread(target=work, args=(step,)) for step in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)


def test_a_forked_child_is_refused(vault: SqliteVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(Unavailable, match="before a fork"):
        vault.tokens(EMAILS, [b"a"])
