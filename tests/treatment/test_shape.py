"""Lengths and precisions as RowDescription gives them."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.treatment.shape import FieldType
from pgproxy.wire import values


def test_length_counts_characters_not_bytes() -> None:
    assert FieldType(values.VARCHAR, 4 + 3, 0).fit("äöüß") == "äöü".encode()
    assert FieldType(values.BPCHAR, 4 + 3, 0).fit("äöüß") == "äöü".encode()


def test_a_name_counts_bytes_and_never_ends_in_half_a_character() -> None:
    fitted = FieldType(values.NAME, -1, 0).fit("é" * 40)
    assert fitted == "é".encode() * 31


def test_a_char_is_padded_and_a_varchar_is_not() -> None:
    assert FieldType(values.BPCHAR, 4 + 5, 0).fit("é") == "é    ".encode()
    assert FieldType(values.BPCHAR, -1, 0).fit("é") == "é".encode()
    assert FieldType(values.VARCHAR, 4 + 5, 0).fit("é") == "é".encode()
    assert FieldType(values.TEXT, -1, 0).fit("é") == "é".encode()


@pytest.mark.parametrize(
    ("precision", "scale"), [(10, 2), (5, -2), (3, 5), (1000, 1000), (1, -1000), (38, 0)]
)
def test_the_typmod_of_numeric(precision: int, scale: int) -> None:
    typmod = (precision << 16 | scale & 0x7FF) + 4
    assert FieldType(values.NUMERIC, typmod, 0).precision_and_scale == (precision, scale)


def test_no_typmod_means_no_bounds() -> None:
    assert FieldType(values.NUMERIC, -1, 0).precision_and_scale is None
    assert FieldType(values.VARCHAR, -1, 0).characters is None
    assert FieldType(values.INT4, 20, 0).precision_and_scale is None
    assert FieldType(values.INT4, 20, 0).characters is None


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(1, 20),
    st.sampled_from([values.VARCHAR, values.BPCHAR]),
)
def test_what_fits_is_not_touched(text: str, room: int, oid: int) -> None:
    fitted = FieldType(oid, 4 + room, 0).fit(text[:room]).decode()
    assert fitted.startswith(text[:room])
    assert not fitted[len(text[:room]) :].strip(" ")
