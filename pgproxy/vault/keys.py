"""The key ring: which secrets there are, and the subkeys that hang from them.

Two kinds of secret, so that rotation never changes a token: the *index* secret is made once and
stays (look-ups, keyed hashes and synthetic values come from it), the *sealing* keys come and go.  A
sealing key is ``primary`` (seals what is new), ``enabled`` (still opens) or ``disabled`` (neither).
No secret serves a value directly: every use has its own subkey by HKDF.  Reads no files (see
``providers``), and may not print a secret, in a repr or in an error.
"""

import base64
import binascii
from collections.abc import Mapping
from enum import StrEnum
import json
import re
import secrets
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pgproxy.errors import ConfigError, Finding, Unavailable

VERSION = 1
SECRET_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class KeyState(StrEnum):
    """What a sealing key may still do."""

    PRIMARY = "primary"
    ENABLED = "enabled"
    DISABLED = "disabled"


class KeyRing:
    """The secrets of one key file.  Frozen; rotation makes a new file and a new ring."""

    __slots__ = ("_index", "_primary", "_secrets", "_states")

    def __init__(
        self, index: bytes, sealing: Mapping[str, bytes], states: Mapping[str, KeyState]
    ) -> None:
        self._index = index
        self._secrets = dict(sealing)
        self._states = dict(states)
        (self._primary,) = (name for name, s in states.items() if s is KeyState.PRIMARY)

    @classmethod
    def from_json(cls, text: str, source: str) -> "KeyRing":
        """Read a key file; ``source`` is what an error calls it (a path, a variable)."""
        return _KeyFile(source).read(text)

    @property
    def primary(self) -> str:
        """The id of the key that seals new values."""
        return self._primary

    @property
    def states(self) -> Mapping[str, KeyState]:
        """Every key id of the file, and what it may do."""
        return dict(self._states)

    def lookup_key(self, domain: str) -> bytes:
        """The HMAC key under which values of one domain are looked up; survives rotation."""
        return _derive(self._index, "lookup", domain)

    def place_key(self, domain: str) -> bytes:
        """The AES key that hides where a token lies in the index (see ``places``)."""
        return _derive(self._index, "place", domain)

    def format_key(self, domain: str) -> bytes:
        """The AES key of the tokens of a domain that are computed; stable, as look-ups are."""
        return _derive(self._index, "format", domain)

    def treatment_secret(self) -> bytes:
        """The secret of keyed hashes, synthetic values and noise; survives rotation."""
        return _derive(self._index, "treatment", "")

    def sealing(self, key_id: str, domain: str) -> bytes:
        """The AES-256 key that seals one domain's values under key ``key_id``.

        One subkey a domain keeps the number of random nonces under one key small.
        """
        state = self._states.get(key_id)
        if state is None:
            raise Unavailable(f"a value is sealed under key {key_id!r}, absent from the key file")
        if state is KeyState.DISABLED:
            raise Unavailable(f"a value is sealed under key {key_id!r}, which is disabled")
        return _derive(self._secrets[key_id], "seal", domain)

    def fingerprint(self) -> bytes:
        """Tells one index secret from another and gives nothing away: a vault remembers it."""
        return _derive(self._index, "fingerprint", "")[:16]

    def proof(self, key_id: str) -> bytes:
        """The same for a sealing key, so that a re-used id with another secret is noticed."""
        return _derive(self._secrets[key_id], "fingerprint", "")[:16]

    def __repr__(self) -> str:
        return f"KeyRing(primary={self._primary!r}, keys={len(self._states)})"


def new_key_file() -> str:
    """The text of a fresh key file: one index secret, one primary key."""
    document = {"version": VERSION, "index": _fresh_secret(), "keys": [_fresh_key()]}
    return json.dumps(document, indent=2) + "\n"


def rotated_key_file(text: str, source: str) -> str:
    """The same key file with a fresh primary key; the one before stays enabled.

    Raises ConfigError where ``text`` is no key file.
    """
    KeyRing.from_json(text, source)
    document = json.loads(text)
    for key in document["keys"]:
        if key["state"] == KeyState.PRIMARY:
            key["state"] = KeyState.ENABLED.value
    document["keys"].append(_fresh_key())
    return json.dumps(document, indent=2) + "\n"


def _fresh_key() -> dict[str, str]:
    return {
        "id": f"k-{secrets.token_hex(4)}",
        "state": KeyState.PRIMARY.value,
        "secret": _fresh_secret(),
    }


def _fresh_secret() -> str:
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def _derive(secret: bytes, purpose: str, context: str) -> bytes:
    info = b"pgproxy/1\0" + purpose.encode("ascii") + b"\0" + context.encode("utf-8")
    return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=info).derive(secret)


class _KeyFile:
    """One reading of a key file: collects every finding before it gives up."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._findings: list[Finding] = []

    def read(self, text: str) -> KeyRing:
        document = self._document(text)
        self._fields(document, {"version", "index", "keys"}, "the key file")
        if document.get("version") != VERSION:
            self._note(f"version: expected {VERSION}, the only one this pgproxy knows")
        index = self._secret(document.get("index"), "index")
        sealing, states = self._keys(document.get("keys"))
        self._give_up_on_findings()
        return KeyRing(index, sealing, states)

    def _document(self, text: str) -> dict[str, Any]:
        document: object = None
        try:
            document = json.loads(text, object_pairs_hook=self._object)
        except json.JSONDecodeError as error:
            # The decoder's exception carries the whole text: it must not travel as a cause.
            self._note(f"not JSON: {error.msg} (make one with `pgproxy keys new`)", error.lineno)
        except RecursionError:
            self._note("not a key file: nested too deeply")
        if not isinstance(document, dict):
            if not self._findings:
                self._note("expected a JSON object, as `pgproxy keys new` prints")
            document = {}
        self._give_up_on_findings()
        return document

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            self._note("a key stands twice in one JSON object")
        return result

    def _keys(self, listed: object) -> tuple[dict[str, bytes], dict[str, KeyState]]:
        sealing: dict[str, bytes] = {}
        states: dict[str, KeyState] = {}
        if not isinstance(listed, list) or not listed:
            self._note("keys: expected a list with at least one key")
            return sealing, states
        for number, item in enumerate(listed):
            where = f"keys[{number}]"
            if not isinstance(item, dict):
                self._note(f"{where}: expected an object with id, state and secret")
                continue
            self._fields(item, {"id", "state", "secret"}, where)
            key_id, state = self._id(item.get("id"), where), self._state(item.get("state"), where)
            if key_id in states:
                self._note(f"{where}.id: {key_id!r} is taken by an earlier key")
            states[key_id] = state
            sealing[key_id] = self._secret(item.get("secret"), f"{where}.secret")
        primaries = sum(state is KeyState.PRIMARY for state in states.values())
        if primaries != 1:
            self._note(f"keys: expected exactly one with state 'primary', found {primaries}")
        return sealing, states

    def _fields(self, found: dict[str, Any], expected: set[str], where: str) -> None:
        # Names only when they are short and plain: a secret put in the wrong place is not echoed.
        for name in sorted(set(found) - expected):
            shown = repr(name) if len(name) <= 20 and name.isidentifier() else "a name"
            self._note(
                f"{where}: {shown} is not known here; expected {', '.join(sorted(expected))}"
            )

    def _id(self, found: object, where: str) -> str:
        if isinstance(found, str) and _KEY_ID.fullmatch(found):
            return found
        self._note(f"{where}.id: expected up to 64 letters, digits, '.', '_' or '-'")
        return where

    def _state(self, found: object, where: str) -> KeyState:
        if isinstance(found, str) and found in set(KeyState):
            return KeyState(found)
        self._note(f"{where}.state: expected primary, enabled or disabled")
        return KeyState.DISABLED

    def _secret(self, found: object, where: str) -> bytes:
        try:
            secret = base64.b64decode(found, validate=True) if isinstance(found, str) else b""
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != SECRET_BYTES:
            self._note(f"{where}: expected {SECRET_BYTES} bytes in base64")
        return secret

    def _note(self, message: str, line: int = 0) -> None:
        self._findings.append(Finding(self._source, line, message))

    def _give_up_on_findings(self) -> None:
        if self._findings:
            raise ConfigError(tuple(self._findings)) from None
