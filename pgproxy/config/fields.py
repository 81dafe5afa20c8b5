"""The kinds of values that stand in the files: what each accepts, and how a mistake is told.

Every check answers with ``found …; expected …``.  What was found is shown only when it is a
short plain word or number: a longer text may be, or hold, a secret.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
import re
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from pgproxy.config.yaml import BROKEN, FromEnvironment, Odd

# The type of a pydantic error whose message is finished: findings.py passes it on as it is.
TOLD = "told"

# That of an error which carries the complaints about the options of one treatment.
NESTED = "nested"

# That of an error about a value which the reader of the file has complained about.
ALREADY = "already"

NOT_YET = "not there yet"

_PLAIN = re.compile(r"[\w.*-]{1,32}")
# A text that would be something else without its quotes is shown with them.
_NUMERIC = re.compile(r"[-+]?[0-9.]{1,32}|true|false|null")
_SIZE = re.compile(r"([0-9]+) ?(B|KiB|MiB|GiB)?")
_UNITS = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

E = TypeVar("E", bound=StrEnum)


class Section(BaseModel):
    """A mapping with fixed keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def wrong(message: str) -> PydanticCustomError:
    """A mistake, told in our own words."""
    return PydanticCustomError(TOLD, "{message}", {"message": message})


def mismatch(value: object, expected: str) -> PydanticCustomError:
    """A value that is not what this place takes."""
    if value is BROKEN:
        return PydanticCustomError(ALREADY, "told")
    return wrong(f"found {shown(value)}; expected {expected}")


def shown(value: object, plain: re.Pattern[str] = _PLAIN) -> str:
    """A value as a finding may show it: a text only when it is ``plain``."""
    if isinstance(value, FromEnvironment):
        return f"the value of {value.origin}"
    if isinstance(value, str):
        if not value:
            return "an empty text"
        if _NUMERIC.fullmatch(value):
            return f'`"{value}"`'
        return f"`{value}`" if plain.fullmatch(value) else "another text"
    if isinstance(value, Odd):
        return value.text
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool) or value is None:
        return {True: "`true`", False: "`false`", None: "`null`"}[value]
    return f"`{value}`"


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that was probably meant, dashes and capitals aside."""
    folded = {name.lower().replace("-", "_"): name for name in known}
    close = get_close_matches(word.lower().replace("-", "_"), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def listed(words: Sequence[str], last: str = "or") -> str:
    """``a``, ``b`` or ``c``."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def one_of(value: object, words: Sequence[str], not_yet: Sequence[str] = ()) -> str:
    """A word of a fixed list; the ones that are only planned are named as such."""
    expected = listed(words)
    if isinstance(value, str):
        if value in words:
            return str(value)
        if value in not_yet:
            raise wrong(f"`{value}` is {NOT_YET}; expected {expected}")
        near = nearest(value, [*words, *not_yet])
        if near in not_yet:
            raise wrong(f"found {shown(value)}; `{near}` is {NOT_YET}; expected {expected}")
        if near:
            raise mismatch(value, f"{expected}; did you mean `{near}`?")
    raise mismatch(value, expected)


def choice(kind: type[E], not_yet: Sequence[str] = ()) -> Callable[[object], E]:
    """A check for the words of an enumeration."""
    words = [member.value for member in kind if member.value not in not_yet]
    return lambda value: kind(one_of(value, words, not_yet))


def integer(value: object, low: int, high: int) -> int:
    """A whole number in a range; digits in quotes are none, digits from the environment are."""
    expected = f"a whole number from {low} to {high}"
    if isinstance(value, FromEnvironment) and re.fullmatch(r"[0-9]{1,18}", value):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        raise mismatch(value, f"{expected}, without quotes")
    else:
        raise mismatch(value, expected)
    if not low <= number <= high:
        raise mismatch(value, expected)
    return number


def number(value: object, expected: str) -> Decimal:
    """A number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise mismatch(value, expected)
    found = Decimal(value)
    if not (found.is_finite() and Decimal("1e-9") <= found <= Decimal("1e18")):
        raise mismatch(value, expected)
    return found


def text(value: object, expected: str = "a text") -> str:
    """Any text but an empty one."""
    if not isinstance(value, str) or not value or "\0" in value:
        if isinstance(value, bool | int | Decimal):
            raise mismatch(value, f"{expected}, in quotes")
        raise mismatch(value, expected)
    return str(value)


def size(value: object, low: int, high: int) -> int:
    """A number of bytes: plain, or with KiB, MiB, GiB."""
    expected = f"a size from {size_name(low)} to {size_name(high)}, such as 16MiB"
    if isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        match = _SIZE.fullmatch(value) if isinstance(value, str) and len(value) < 24 else None
        if not match:
            raise mismatch(value, expected)
        found = int(match[1]) * _UNITS[match[2]]
    if not low <= found <= high:
        raise mismatch(value, expected)
    return found


def size_name(size: int) -> str:
    """A size as a person writes it."""
    for unit in ("GiB", "MiB", "KiB"):
        if size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return f"{size}B"


def path(value: object, info: ValidationInfo) -> Path:
    """A path; a relative one is relative to the file it stands in."""
    return beside(text(value, "a path"), info)


def beside(name: str, info: ValidationInfo) -> Path:
    """``name`` seen from the folder of the file that is being read."""
    if name.startswith("~"):
        raise wrong("`~` is not read here; write ${HOME}, or the whole path")
    base: Path = (info.context or {}).get("base", Path())
    return base / name


def service(value: object, example: str = "https://vault.example.org:8200") -> str:
    """The address of a service that is sent secrets."""
    expected = f"an https address such as {example}"
    found = text(value, expected)
    local = found.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
    if not (found.startswith("https://") or local) or "@" in found:
        raise wrong(f"found something else; expected {expected}; http only to this machine")
    return found


def yes_or_no(value: object) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise mismatch(value, "`true` or `false`")
    return value


def not_yet(what: str) -> Callable[[object], Any]:
    """A check for a key that is planned (``what``: "views are"): refused, whatever it holds."""

    def refuse(_: object) -> Any:
        raise wrong(f"{what} {NOT_YET}; leave this key out")

    return refuse


Port = Annotated[int, PlainValidator(lambda value: integer(value, 0, 65535))]
Text = Annotated[str, PlainValidator(text)]
FilePath = Annotated[Path, PlainValidator(path)]
