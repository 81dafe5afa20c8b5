"""The key services: HashiCorp Vault's transit engine (OpenBao has the same) and AWS KMS.

Transit is two HTTP calls, made with the standard library; KMS needs boto3, the extra ``aws``.
No answer and no credential is ever repeated in an error.
"""

import base64
import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pgproxy.errors import ConfigError, Finding, Unavailable

SECONDS = 10.0
_MAX_BYTES = 1 << 20


class _NoRedirect(HTTPRedirectHandler):
    """The token of the request goes to nobody else."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


class Transit:
    """One key of a transit engine, of a type that authenticates (aes256-gcm96, the default).

    ``address`` is such as https://vault:8200; the engine is mounted at ``transit``.
    """

    def __init__(self, address: str, key: str, token: str) -> None:
        self._address = address.rstrip("/")
        self._key = key
        self._token = token
        self._open = build_opener(_NoRedirect).open

    def wrap(self, name: str, secret: bytes) -> str:
        """See ``envelope.KeyService``."""
        return self._ask("encrypt", name, {"plaintext": _text(secret)}, "ciphertext")

    def unwrap(self, name: str, wrapped: str) -> bytes:
        """See ``envelope.KeyService``."""
        return base64.b64decode(self._ask("decrypt", name, {"ciphertext": wrapped}, "plaintext"))

    def _ask(self, verb: str, name: str, body: dict[str, str], field: str) -> str:
        body["associated_data"] = _text(_bound(name).encode())
        request = Request(
            f"{self._address}/v1/transit/{verb}/{quote(self._key, safe='')}",
            data=json.dumps(body).encode(),
            headers={"X-Vault-Token": self._token, "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with self._open(request, timeout=SECONDS) as answer:
                return str(json.loads(answer.read(_MAX_BYTES))["data"][field])
        except HTTPError as error:
            error.close()
            if error.code < 500 and error.code != 429:
                raise _refused(f"HashiCorp Vault says {error.code} to {verb}") from None
            raise Unavailable(f"HashiCorp Vault answers {error.code}; is it sealed?") from None
        except (URLError, OSError):
            raise Unavailable("HashiCorp Vault cannot be reached") from None
        except (ValueError, KeyError, TypeError):
            raise Unavailable("HashiCorp Vault gave an answer that is none") from None


class Kms:
    """One key of AWS KMS; credentials and region as boto3 finds them, ``address`` for tests."""

    def __init__(self, key: str, region: str = "", address: str = "") -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            message = "AWS KMS needs boto3: pip install 'pgproxy[aws]'"
            raise ConfigError((Finding("vault.keys", 0, message),)) from None
        times = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"max_attempts": 3})
        self._key = key
        try:
            self._client = boto3.client(
                "kms", region_name=region or None, endpoint_url=address or None, config=times
            )
        except Exception as error:
            raise _refused(f"AWS KMS cannot be used ({type(error).__name__})") from None

    def wrap(self, name: str, secret: bytes) -> str:
        """See ``envelope.KeyService``."""
        bound = {"pgproxy": _bound(name)}
        answer = self._ask("encrypt", Plaintext=secret, EncryptionContext=bound)
        return _text(answer["CiphertextBlob"])

    def unwrap(self, name: str, wrapped: str) -> bytes:
        """See ``envelope.KeyService``."""
        bound = {"pgproxy": _bound(name)}
        blob = base64.b64decode(wrapped, validate=True)
        answer = self._ask("decrypt", CiphertextBlob=blob, EncryptionContext=bound)
        return bytes(answer["Plaintext"])

    def _ask(self, verb: str, **named: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client, verb)(KeyId=self._key, **named)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = str(error.response.get("Error", {}).get("Code", "an error"))
            if status < 500 and "Throttl" not in code:
                raise _refused(f"AWS KMS says {code[:60]} to {verb}") from None
            raise Unavailable("AWS KMS does not answer as it should") from None
        except BotoCoreError as error:
            raise Unavailable(f"AWS KMS cannot be reached ({type(error).__name__})") from None
        return answer


def _bound(name: str) -> str:
    return f"pgproxy/1/{name}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _refused(message: str) -> ConfigError:
    hint = "check the key's name, the rights on it, and that the key file was made with it"
    return ConfigError((Finding("vault.keys", 0, f"{message}; {hint}"),))
