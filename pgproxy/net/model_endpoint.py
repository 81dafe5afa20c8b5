"""One request to a language model, over HTTP, by the standard library.

Used by `pgproxy pool build` alone, never on the way of the data.  Neither the key nor anything of
an answer is ever part of an error.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
import time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from pgproxy.config.models import Models
from pgproxy.pools.replies import MAX_BYTES, Trouble, refusal

_CHUNK = 1 << 16
_ERROR_BYTES = 1 << 16


class _NoRedirect(HTTPRedirectHandler):
    """The key goes to nobody else."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


class ModelEndpoint:
    """An endpoint of the chat completions form."""

    def __init__(self, models: Models) -> None:
        self._url = f"{models.url}/chat/completions"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if models.key is not None:
            self._headers["Authorization"] = f"Bearer {models.key}"
        self._seconds = float(models.timeout_seconds)
        # Plain HTTP goes to this machine only, and not around by a proxy of the environment.
        direct = [ProxyHandler({})] if models.url.startswith("http:") else []
        self._open = build_opener(_NoRedirect, *direct).open

    def ask(self, body: bytes) -> bytes:
        """The answer to one request, unread.  Raises Trouble.

        A silence of ``timeout_seconds`` ends it, and so does an answer that takes longer in all.
        """
        request = Request(self._url, data=body, headers=self._headers, method="POST")
        deadline = time.monotonic() + self._seconds
        try:
            with self._open(request, timeout=self._seconds) as answer:
                return _read(answer, deadline)
        except HTTPError as error:
            with error:
                raise refusal(error.code, _error_body(error), _retry_after(error)) from None
        except TimeoutError:
            raise Trouble(self._late(), True) from None
        except URLError as error:
            late = isinstance(error.reason, TimeoutError)
            raise Trouble(self._late() if late else _away(error.reason), True) from None
        except (OSError, HTTPException) as error:
            raise Trouble(_away(error), True) from None

    def _late(self) -> str:
        return f"no answer within {self._seconds:.0f} seconds (models.timeout_seconds)"


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """The body; the time-out of a socket alone would let it drip for ever."""
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise Trouble("the endpoint's answer is longer than any should be", True)
        if time.monotonic() > deadline:
            raise TimeoutError
    if answer.length:  # what was announced and never came
        raise Trouble("the endpoint's answer was cut off", True)
    return b"".join(parts)


def _away(reason: object) -> str:
    """The operating system's words; those of an HTTP error may quote what was sent."""
    told = reason.strerror if isinstance(reason, OSError) and reason.strerror else ""
    return f"the endpoint cannot be reached: {told or type(reason).__name__}"


def _error_body(error: HTTPError) -> bytes:
    try:
        return error.read(_ERROR_BYTES)
    except (OSError, HTTPException):
        return b""


def _retry_after(error: HTTPError) -> float | None:
    """In seconds; the header has seconds or a date."""
    found = error.headers.get("Retry-After", "").strip()
    if found.isascii() and found.isdigit():
        return float(found[:6])
    try:
        moment = parsedate_to_datetime(found)
        return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
