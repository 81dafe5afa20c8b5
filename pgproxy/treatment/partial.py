"""partial: keeps the ends of a text and masks the rest, character for character."""

from pgproxy.policy.rules import Partial
from pgproxy.treatment.columns import FieldTreatment, Mapped, Nulls
from pgproxy.treatment.shape import FieldType
from pgproxy.wire import values


def partly_shown(treatment: Partial, field: FieldType) -> FieldTreatment:
    """Texts only: of other types no part is a value of the type."""
    if not field.is_text:
        return Nulls()

    def treat(value: bytes) -> bytes | None:
        try:
            text = values.decode(field.oid, field.format, value).decode()
        except (values.Unsupported, UnicodeDecodeError):
            return None
        return field.fit(masked(text, treatment))

    return Mapped(treat)


def masked(text: str, treatment: Partial) -> str:
    """The text with its middle masked; all of it when the ends would cover it.

    A mask of several characters is repeated to the length of what it hides: the result is as long
    as the value and fits wherever the value did.
    """
    first, last = max(treatment.first, 0), max(treatment.last, 0)
    if first + last >= len(text):
        first = last = 0
    hidden = len(text) - first - last
    middle = (treatment.mask * hidden)[:hidden]
    return text[:first] + middle + text[len(text) - last :]
