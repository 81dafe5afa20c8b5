"""The key file: every mistake is found, no secret is shown, rotation keeps the index."""

import base64
from collections.abc import Callable
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.errors import ConfigError, Unavailable
from pgproxy.vault.keys import KeyRing, KeyState, new_key_file


def _ring(document: dict[str, Any]) -> KeyRing:
    return KeyRing.from_json(json.dumps(document), "vault.key")


def _document() -> dict[str, Any]:
    result: dict[str, Any] = json.loads(new_key_file())
    return result


def test_new_key_files_share_no_secret() -> None:
    first, second = _document(), _document()
    assert first["index"] != second["index"]
    assert first["keys"][0]["secret"] != second["keys"][0]["secret"]
    assert first["index"] != first["keys"][0]["secret"]
    assert _ring(first).fingerprint() != _ring(second).fingerprint()


def test_rotation_keeps_lookups_and_treatments() -> None:
    document = _document()
    before = _ring(document)
    document["keys"][0]["state"] = "enabled"
    document["keys"].append(
        {"id": "new", "state": "primary", "secret": base64.b64encode(b"s" * 32).decode()}
    )
    after = _ring(document)
    assert after.primary == "new"
    assert after.states[before.primary] is KeyState.ENABLED
    assert after.lookup_key("ssn") == before.lookup_key("ssn")
    assert after.treatment_secret() == before.treatment_secret()
    assert after.fingerprint() == before.fingerprint()
    assert after.sealing("new", "ssn") != after.sealing(before.primary, "ssn")
    assert after.sealing(before.primary, "ssn") == before.sealing(before.primary, "ssn")


def test_no_two_uses_share_a_subkey(keys: KeyRing) -> None:
    subkeys = [
        keys.lookup_key("a"),
        keys.lookup_key("b"),
        keys.treatment_secret(),
        keys.sealing(keys.primary, "a"),
        keys.sealing(keys.primary, "b"),
    ]
    assert len(set(subkeys)) == len(subkeys)
    assert {len(key) for key in subkeys} == {32}


def test_disabled_and_absent_keys_open_nothing() -> None:
    document = _document()
    secret = document["keys"][0]["secret"]
    document["keys"].append({"id": "old", "state": "disabled", "secret": secret})
    ring = _ring(document)
    with pytest.raises(Unavailable, match="'old', which is disabled"):
        ring.sealing("old", "ssn")
    with pytest.raises(Unavailable, match="'gone', absent"):
        ring.sealing("gone", "ssn")


def _set(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document[name] = value

    return change


def _set_key(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["keys"][0][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set("version", 2), "version: expected 1"),
        (_set("index", "AAAA"), "index: expected 32 bytes"),
        (_set("index", 7), "index: expected 32 bytes"),
        (_set("index", "no base64!"), "index: expected 32 bytes"),
        (_set("keys", []), "at least one key"),
        (_set("keys", ["k"]), "expected an object"),
        (_set("kyes", 1), "'kyes' is not known"),
        (_set_key("state", "retired"), "primary, enabled or disabled"),
        (_set_key("state", "enabled"), "found 0"),
        (_set_key("id", ""), "up to 64 letters"),
        (_set_key("id", "a b"), "up to 64 letters"),
        (_set_key("secret", None), "secret: expected 32 bytes"),
        (_set_key("created", 1), "'created' is not known"),
    ],
)
def test_each_mistake_is_named(change: Callable[[dict[str, Any]], None], expected: str) -> None:
    document = _document()
    change(document)
    with pytest.raises(ConfigError, match=expected) as caught:
        _ring(document)
    assert str(caught.value).startswith("vault.key: ")


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        _ring({"version": 0, "index": "", "keys": [{"id": "a"}, {"id": "a"}]})
    assert len(caught.value.findings) >= 6
    assert "taken by an earlier key" in str(caught.value)


def test_a_key_that_stands_twice_is_an_error_not_the_last_one() -> None:
    text = new_key_file().replace('"version": 1', '"version": 2, "version": 1')
    with pytest.raises(ConfigError, match="twice"):
        KeyRing.from_json(text, "vault.key")


def test_broken_json_is_told_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"vault\.key:3: not JSON"):
        KeyRing.from_json('{\n"version": 1,\n!', "vault.key")


def test_a_secret_shows_in_no_repr_and_in_no_error() -> None:
    document = _document()
    secrets = [document["index"], document["keys"][0]["secret"]]
    ring = _ring(document)
    shown = [repr(ring), str(ring)]
    misplaced = dict(document, **{secrets[0]: 1}, index=secrets[1][:-4])
    for broken in (json.dumps(misplaced), new_key_file()[:-3] + secrets[0]):
        with pytest.raises(ConfigError) as caught:
            KeyRing.from_json(broken, "vault.key")
        shown += [str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
    assert not [text for text in shown for secret in secrets if secret[:12] in text]


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_what_is_no_key_file_is_refused_cleanly(text: str) -> None:
    with pytest.raises(ConfigError):
        KeyRing.from_json(text, "vault.key")


@given(st.recursive(st.none() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)))
def test_odd_parts_of_a_key_file_are_refused_cleanly(odd: object) -> None:
    for name in ("version", "index", "keys"):
        with pytest.raises(ConfigError):
            _ring(dict(_document(), **{name: odd}))


def test_deep_nesting_is_refused_cleanly() -> None:
    with pytest.raises(ConfigError):
        KeyRing.from_json("[" * 100_000, "vault.key")
