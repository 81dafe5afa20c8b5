"""Which treatment yields something for which type; everything else is NULL, never the value."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy import rules
from pgproxy.treatment.fields import FieldType, Keys, Treatments, compile_treatment
from pgproxy.treatment.tokens import TokenMap, TokenRequest
from pgproxy.wire import values
from tests.treatment.vault import applied

KEYS = Keys(bytes(range(32)))

TEXTS = {values.TEXT, values.VARCHAR, values.BPCHAR, values.NAME, values.UNKNOWN}
INTEGERS = {values.INT2, values.INT4, values.INT8}
FLOATS = {values.FLOAT4, values.FLOAT8}

DATES = {values.DATE, values.TIMESTAMP, values.TIMESTAMPTZ}
OTHERS = {values.NUMERIC, *DATES, values.UUID, values.INET, values.BYTEA}

YIELDS: list[tuple[rules.Treatment, set[int]]] = [
    (rules.Null(), set()),
    (rules.Redact(), set(values.CODECS)),
    (rules.Partial(last=4), TEXTS),
    (rules.Hash(), TEXTS | INTEGERS | {values.UUID}),
    (rules.Token(), TEXTS | INTEGERS | OTHERS),
    (rules.Token(format="card"), TEXTS | INTEGERS | OTHERS),
    (rules.Synthetic(kind="email"), TEXTS),
    (rules.Noise(range=Decimal(3)), INTEGERS | FLOATS | {values.NUMERIC, *DATES}),
    (rules.Noise(percent=Decimal(3)), INTEGERS | FLOATS | {values.NUMERIC}),
]
MASKS = [treatment for treatment, _ in YIELDS]


@pytest.mark.parametrize(("treatment", "types"), YIELDS)
@pytest.mark.parametrize("format", [0, 1])
def test_the_types_a_treatment_yields(
    treatment: rules.Treatment, types: set[int], format: int
) -> None:
    yielded = set()
    for oid in values.CODECS:
        compiled = compile_treatment(treatment, "d", FieldType(oid, -1, format), KEYS, TokenMap())
        assert compiled is not None
        if not compiled.null_only:
            yielded.add(oid)
    assert yielded == types


def test_show_leaves_the_field_alone() -> None:
    text = FieldType(values.TEXT, -1, 0)
    assert compile_treatment(rules.Show(), "d", text, KEYS, TokenMap()) is None


@pytest.mark.parametrize("treatment", MASKS)
def test_an_unknown_format_is_never_shown(treatment: rules.Treatment) -> None:
    field = FieldType(values.TEXT, -1, 7)
    compiled = compile_treatment(treatment, "d", field, KEYS, TokenMap())
    assert compiled is not None
    assert compiled.null_only


@given(
    st.sampled_from(MASKS),
    st.sampled_from([*sorted(values.CODECS), 99999]),
    st.sampled_from([0, 1]),
    st.sampled_from([-1, 0, 4, 9, 655366]),
    st.binary(max_size=30),
)
def test_no_value_however_odd_breaks_the_rows(
    treatment: rules.Treatment, oid: int, format: int, typmod: int, value: bytes
) -> None:
    field = FieldType(oid, typmod, format)
    compiled = compile_treatment(treatment, "d", field, KEYS, TokenMap())
    assert compiled is not None
    result = applied(compiled, [value, None, value])
    assert isinstance(result, TokenRequest) or (
        len(result) == 3 and result[1] is None and result[0] == result[2]
    )


def test_something_that_is_no_treatment_is_not_shown() -> None:
    class Fresh:
        name = "fresh"

    with pytest.raises(AssertionError):
        compile_treatment(Fresh(), "d", FieldType(25, -1, 0), KEYS, TokenMap())  # type: ignore[arg-type]


def test_compiled_treatments_are_shared_and_bounded() -> None:
    treatments = Treatments(KEYS, TokenMap())
    text = FieldType(values.TEXT, -1, 0)
    first = treatments.of(rules.Redact(), "d", text)
    assert treatments.of(rules.Redact(), "d", text) is first
    assert treatments.of(rules.Redact(text="x"), "d", text) is not first
    assert treatments.of(rules.Show(), "d", text) is None
    for number in range(1000):
        treatments.of(rules.Redact(), f"domain {number}", text)
    assert len(treatments) <= 256
