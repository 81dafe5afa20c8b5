"""JSON read and written again: numbers as they are spelt, members in order, equal keys and all."""

import json
from json.encoder import encode_basestring as quoted
from typing import Any, NoReturn

__all__ = ["Members", "Other", "Whole", "parse", "plain", "quoted"]


class Whole(str):
    """A number without point or exponent, as it is spelt."""

    __slots__ = ()


class Other(str):
    """Any other number, as it is spelt."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The members of an object in their order, equal keys among them."""

    __slots__ = ()


def parse(text: str) -> Any:
    """A document: str, Whole, Other, bool, None, Members, or a list.

    Raises ValueError for what is no JSON, RecursionError for what is nested too deeply.
    """
    return json.loads(
        text,
        object_pairs_hook=Members,
        parse_int=Whole,
        parse_float=Other,
        parse_constant=_no_constant,
    )


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN or Infinity")


def plain(value: Any) -> str:
    """Any part of a document as text, spaced as PostgreSQL writes jsonb."""
    if type(value) is str:
        return quoted(value)
    if isinstance(value, Members):
        members = [f"{quoted(key)}: {plain(inner)}" for key, inner in value]
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(plain, value))}]"
    if isinstance(value, str):
        return str(value)
    return {True: "true", False: "false", None: "null"}[value]
