"""``personas``: which columns speak of one subject, and which columns of their table tell of it."""

from pgproxy.config.fields import mismatch, wrong

_COLUMNS = ("key", "gender", "country")
_EXPECTED = "a column of the same table, such as id, or {key: id, gender: sex, country: country}"


def subject(value: object) -> dict[str, str]:
    """The right side of a line: ``id``, or ``{key: id, country: country}``."""
    told = {"key": value} if isinstance(value, str) else value
    if not isinstance(told, dict) or not told:
        raise mismatch(value, _EXPECTED)
    for name, column in told.items():
        if name not in _COLUMNS:
            raise wrong(f"found `{name}`; expected `key`, and `gender` or `country`")
        if not isinstance(column, str) or not column or "." in column:
            raise mismatch(column, _EXPECTED)
    if "key" not in told:
        raise wrong(f"has no `key`; expected {_EXPECTED}")
    return told
