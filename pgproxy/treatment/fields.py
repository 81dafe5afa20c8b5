"""A policy's treatment for one field of a result, compiled for the field's type.

The one place that knows every family.  A treatment that cannot yield the type, or that is not there
yet, compiles to NULL: fail closed.
"""

from typing import assert_never

from pgproxy.policy import rules
from pgproxy.treatment.bucket import bucketed, shifted
from pgproxy.treatment.columns import FieldTreatment, Nulls
from pgproxy.treatment.elementwise import Elementwise
from pgproxy.treatment.hashed import hashed
from pgproxy.treatment.keys import Keys
from pgproxy.treatment.like import alike
from pgproxy.treatment.noise import noisy
from pgproxy.treatment.partial import partly_shown
from pgproxy.treatment.paths import in_documents
from pgproxy.treatment.redact import redacted
from pgproxy.treatment.shape import FieldType
from pgproxy.treatment.synthetic import synthesized
from pgproxy.treatment.tokenized import tokenized
from pgproxy.treatment.tokens import TokenMap
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS

__all__ = [
    "FieldTreatment",
    "FieldType",
    "Keys",
    "Treatments",
    "compile_treatment",
]

_FORMATS = (values.TEXT_FORMAT, values.BINARY_FORMAT)
_CAPACITY = 256
_OF_WHOLE_ARRAYS = (rules.Show, rules.Null, rules.Redact)


def compile_treatment(
    treatment: rules.Treatment, domain: str, field: FieldType, keys: Keys, tokens: TokenMap
) -> FieldTreatment | None:
    """What to do with the field; None: show it, leave the field alone."""
    if field.format not in _FORMATS:
        return None if isinstance(treatment, rules.Show) else Nulls()
    if field.oid in ARRAYS and not isinstance(treatment, _OF_WHOLE_ARRAYS):
        element = FieldType(ARRAYS[field.oid], field.typmod, field.format)
        inner = compile_treatment(treatment, domain, element, keys, tokens)
        return Nulls() if inner is None or inner.null_only else Elementwise(inner, field.format)
    match treatment:
        case rules.Show():
            return None
        case rules.Null():
            return Nulls()
        case rules.Redact():
            return redacted(treatment.text, field)
        case rules.Partial():
            return partly_shown(treatment, field)
        case rules.Hash():
            return hashed(treatment, domain, field, keys)
        case rules.Token():
            return tokenized(treatment, domain, field, tokens)
        case rules.Synthetic():
            return synthesized(treatment, domain, field, keys)
        case rules.Like():
            return alike(treatment, domain, field, keys)
        case rules.Noise():
            return noisy(treatment, domain, field, keys)
        case rules.Bucket():
            return bucketed(treatment, field)
        case rules.Shift():
            return shifted(treatment, domain, field, keys)
        case rules.Paths():
            return in_documents(
                treatment,
                field,
                lambda of, name, leaf: compile_treatment(of, name, leaf, keys, tokens),
            )
    # A family nobody wired up must not fall through to "leave alone".
    assert_never(treatment)


class Treatments:
    """Compiled treatments, shared by the sessions of a process: what one has seen serves all.

    Bounded like the memos inside them; the oldest goes first.
    """

    def __init__(self, keys: Keys, tokens: TokenMap) -> None:
        self._keys = keys
        self._tokens = tokens
        self._compiled: dict[tuple[rules.Treatment, str, FieldType], FieldTreatment | None] = {}

    def of(
        self, treatment: rules.Treatment, domain: str, field: FieldType
    ) -> FieldTreatment | None:
        """As ``compile_treatment``, remembered."""
        key = treatment, domain, field
        try:
            return self._compiled[key]
        except KeyError:
            pass
        if len(self._compiled) >= _CAPACITY:
            del self._compiled[next(iter(self._compiled))]
        made = compile_treatment(treatment, domain, field, self._keys, self._tokens)
        self._compiled[key] = made
        return made

    def __len__(self) -> int:
        return len(self._compiled)
