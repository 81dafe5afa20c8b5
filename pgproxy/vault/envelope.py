"""Key files whose secrets are wrapped by a key service: useless without it, safe to copy about.

The file has the form that ``keys`` reads, with what the service made of each secret in its place.
The name of a secret (``index``, or its key's id) is bound in: two of them cannot be swapped.
The service is asked when a proxy starts and when keys change, never for a value.
"""

import base64
from collections.abc import Callable
import json
from typing import Any, Protocol

from pgproxy.errors import ConfigError, Finding
from pgproxy.vault.keys import KeyRing

_INDEX = "index"


class KeyService(Protocol):
    """Wraps and unwraps 32 bytes under a master key that never leaves the service.

    Both raise Unavailable where the service is away, ConfigError where it says no.
    """

    def wrap(self, name: str, secret: bytes) -> str:
        """What may be stored in the secret's stead; ``name`` is bound in."""

    def unwrap(self, name: str, wrapped: str) -> bytes:
        """The secret that was wrapped under this name."""


def wrap_key_file(text: str, service: KeyService) -> str:
    """A plain key file, as ``keys.new_key_file`` makes it, with every secret wrapped."""
    KeyRing.from_json(text, "the new key file")

    def wrap(name: str, secret: str) -> str:
        return service.wrap(name, base64.b64decode(secret))

    return json.dumps(_changed(json.loads(text), wrap), indent=2) + "\n"


def unwrap_key_file(text: str, source: str, service: KeyService) -> str:
    """The plain key file; raises ConfigError where ``text`` is no wrapped one."""

    def unwrap(name: str, wrapped: str) -> str:
        return base64.b64encode(service.unwrap(name, wrapped)).decode("ascii")

    try:
        return json.dumps(_changed(json.loads(text), unwrap))
    except (ValueError, TypeError, KeyError, AttributeError):
        message = "not a wrapped key file; make one with `pgproxy keys new -c pgproxy.yaml`"
        raise ConfigError((Finding(source, 0, message),)) from None


def _changed(document: dict[str, Any], change: Callable[[str, str], str]) -> dict[str, Any]:
    keys = [{**key, "secret": change(key["id"], key["secret"])} for key in document["keys"]]
    return {**document, "index": change(_INDEX, document["index"]), "keys": keys}
