"""What is taken of the values in an answer: those that satisfy the schema and are new."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
import json
from typing import Any

from pgproxy.errors import ConfigError, Finding
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.texts import likeness, sound

_MAX_DIGITS = 60


class Harvest:
    """The values of one edition; the counts are of this run.  Needs jsonschema."""

    def __init__(self, rule: PoolRule, made: Sequence[str]) -> None:
        self._schema: dict[str, Any] = json.loads(rule.schema)
        self._fits = _validator(self._schema)
        self.values = list(made)
        self._seen = {likeness(value) for value in made}
        self.repeated = 0
        self.refused = 0

    def take(self, offered: Iterable[Any], most: int) -> list[str]:
        """Takes what is good and new, ``most`` values at most, and gives it back as texts."""
        taken: list[str] = []
        for value in offered:
            text = self._text(value)
            if text is None:
                self.refused += 1
            elif likeness(text) in self._seen:
                self.repeated += 1
            elif len(taken) < most:
                self._seen.add(likeness(text))
                taken.append(text)
        self.values.extend(taken)
        return taken

    def _text(self, value: Any) -> str | None:
        """A value that satisfies the schema, as the text that is kept of it."""
        if isinstance(value, str):
            value = value.strip()
            # First: a pattern is not run over what is out of all bounds.
            return value if sound(value) and self._fits.is_valid(value) else None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) + len(number.as_tuple().digits) > (
            _MAX_DIGITS
        ):
            return None
        whole = number == number.to_integral_value()
        if not self._fits.is_valid(int(number) if whole else float(number)):
            return None
        return str(int(number)) if whole else format(number, "f")


def _validator(schema: dict[str, Any]) -> Any:
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        message = "building a pool needs jsonschema: pip install 'pgproxy[pools]'"
        raise ConfigError((Finding("pgproxy pool", 0, message),)) from None
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
