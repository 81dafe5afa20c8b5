"""What came back: the values in an answer, what it cost, or why there are none.

An answer is untrusted.  Nothing of it is repeated in a message, for it may quote the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
import json
import re
from typing import Any

MAX_BYTES = 8 << 20

_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)(?:```|\Z)", re.DOTALL)
_TRY_AGAIN = (408, 409, 425, 429)
# Codes that come with 429 and do not pass by waiting.
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")
# Only these are told: whatever else an endpoint calls its error may hold more than that.
_CODES = (
    *_SPENT,
    "context_length_exceeded",
    "invalid_api_key",
    "invalid_request_error",
    "model_not_found",
    "rate_limit_exceeded",
    "server_error",
)
_ADVICE = {
    400: "see models.model; an endpoint may want another `structured`",
    401: "see models.key",
    403: "see models.key",
    404: "see models.url and models.model",
    422: "an endpoint may want another `structured`",
    500: "an endpoint may want another `structured`",
}


class Trouble(Exception):
    """No answer to use.  ``again``: asking again may help, not before ``after`` seconds."""

    def __init__(self, message: str, again: bool, after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.again = again
        self.after = after


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counts them; None where it does not say."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Reply:
    """``values`` as JSON has them, unchecked; None when the answer holds no list of any.

    ``cut``: the model had more to say than it was let.
    """

    values: list[Any] | None
    usage: Usage | None
    cut: bool


def refusal(status: int, body: bytes, after: float | None) -> Trouble:
    """Why a status other than 200 came."""
    code = _code(body)
    told = f"the endpoint answers {status}" + (f" ({code})" if code else "")
    again = (status in _TRY_AGAIN or status >= 500) and code not in _SPENT
    advice = _ADVICE.get(status)
    return Trouble(f"{told}; {advice}" if advice else told, again, after)


def read_reply(body: bytes) -> Reply:
    """The answer to a request.  Raises Trouble where it is not of the form."""
    try:
        document = _json(body.decode())
        choice = document["choices"][0]
        content = choice["message"]["content"]
        cut = choice.get("finish_reason") == "length"
        usage = _usage(document.get("usage"))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Trouble("the endpoint's answer is none of the chat completions form", True) from None
    return Reply(_values(content) if isinstance(content, str) else None, usage, cut)


def _values(content: str) -> list[Any] | None:
    """The list in a text: alone, in an object, in a fence, or after some words."""
    for text in (content, *_FENCE.findall(content), content[_start(content) :]):
        try:
            found = _json(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            lists = [one for one in found.values() if isinstance(one, list)]
            found = found.get("values", lists[0] if len(lists) == 1 else None)
        if isinstance(found, list):
            return found
    return None


def _start(content: str) -> int:
    return min((at for at in map(content.find, "{[") if at >= 0), default=0)


def _json(text: str) -> Any:
    """Raises ValueError for all that is no JSON, however deep or long."""
    try:
        return json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number).raw_decode(
            text.strip()
        )[0]
    except RecursionError:
        raise ValueError("too deep") from None


def _no_number(_: str) -> None:
    raise ValueError("NaN is no JSON")


def _usage(found: object) -> Usage | None:
    if not isinstance(found, Mapping):
        return None
    counts = [found.get(key) for key in ("prompt_tokens", "completion_tokens")]
    given, made = (one if type(one) is int and 0 <= one < 1 << 40 else None for one in counts)
    return Usage(given, made) if given is not None and made is not None else None


def _code(body: bytes) -> str:
    """The word that names an error, where it is one that is known."""
    try:
        error = _json(body.decode())["error"]
        found = [error.get("code"), error.get("type")]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return next((word for word in found if isinstance(word, str) and word in _CODES), "")
