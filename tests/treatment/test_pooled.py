"""synthetic from a pool: the same for the same value, of the type, and it fits."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pgproxy.policy.pools import Pool
from pgproxy.policy.rules import Synthetic
from pgproxy.treatment.fields import FieldType, Keys, Treatments, compile_treatment
from pgproxy.treatment.tokens import TokenMap
from pgproxy.wire import values
from pgproxy.wire.arrays import ARRAYS, close_array, open_array
from tests.treatment.vault import Column, applied

KEYS = Keys(bytes(range(32)))
TEXT = FieldType(values.TEXT, -1, 0)
JOBS = Pool("jobs", 1, "d1", ("Baker", "Cook", "Pastry chef", "Head of ovens", "Köchin"))
# Changing the key derivation would give every user other values overnight.
EDITION_1 = [
    b"Head of ovens",
    "Köchin".encode(),
    "Köchin".encode(),
    b"Baker",
    b"Pastry chef",
    "Köchin".encode(),
    None,
]
PEOPLE = [b"person-%d" % number for number in range(500)]


def run(
    pool: Pool, field: FieldType, *column: bytes | None, domain: str = "d", keys: Keys = KEYS
) -> Column:
    made = compile_treatment(Synthetic("pool", pool=pool), domain, field, keys, TokenMap())
    assert made is not None
    result = applied(made, list(column))
    assert isinstance(result, list)
    return result


def test_the_picks_of_an_edition_stay_what_they_are() -> None:
    assert run(JOBS, TEXT, *PEOPLE[:6], None) == EDITION_1


def test_all_of_the_pool_is_used_and_keys_domains_and_pools_are_apart() -> None:
    column = run(JOBS, TEXT, *PEOPLE)
    assert {value.decode() for value in column if value} == set(JOBS.values)
    assert column == run(JOBS, FieldType(values.VARCHAR, 4 + 60, 1), *PEOPLE)
    for other in (
        run(JOBS, TEXT, *PEOPLE, domain="other"),
        run(JOBS, TEXT, *PEOPLE, keys=Keys(bytes(32))),
        run(Pool("more", 1, "d2", JOBS.values), TEXT, *PEOPLE),
    ):
        assert sum(a == b for a, b in zip(column, other, strict=True)) < 200


@given(st.integers(1, 20), st.binary(min_size=1, max_size=9))
def test_a_short_column_gets_what_fits_and_the_same_where_that_does(
    room: int, value: bytes
) -> None:
    (wide,) = run(JOBS, TEXT, value)
    (narrow,) = run(JOBS, FieldType(values.VARCHAR, 4 + room, 0), value)
    (padded,) = run(JOBS, FieldType(values.BPCHAR, 4 + room, 0), value)
    assert wide is not None
    if room < 4:
        assert narrow is None
        assert padded is None
        return
    assert narrow is not None
    assert padded is not None
    assert narrow.decode() in JOBS.values
    assert len(narrow.decode()) <= room
    if len(wide.decode()) <= room:
        assert narrow == wide
    assert len(padded.decode()) == room


def test_a_char_agrees_with_a_varchar() -> None:
    (padded,) = run(JOBS, FieldType(values.BPCHAR, 4 + 40, 0), b"Ada".ljust(40))
    (plain,) = run(JOBS, TEXT, b"Ada")
    assert padded is not None
    assert plain is not None
    assert padded.decode() == plain.decode().ljust(40)


@pytest.mark.parametrize(
    ("oid", "typmod", "pool", "given", "expected"),
    [
        (values.INT4, -1, ("7", "x", "7.5", "99999999999", ""), b"41", b"7"),
        (values.INT2, -1, ("70000", "-7"), b"41", b"-7"),
        (values.INT8, -1, ("99999999999",), b"41", b"99999999999"),
        (values.NUMERIC, -1, ("7.125", "NaN pls"), b"4.1", b"7.125"),
        (values.NUMERIC, (5 << 16 | 2) + 4, ("7.126", "1000", "999.999"), b"4.10", b"7.13"),
        (values.NUMERIC, (3 << 16 | 0x7FE) + 4, ("1249",), b"100", b"1200"),
        (values.FLOAT8, -1, ("7.50", "x"), b"4.1", b"7.5"),
        (values.DATE, -1, ("2024-02-29", "2023-02-29", "soon"), b"2020-01-01", b"2024-02-29"),
        (
            values.TIMESTAMP,
            -1,
            ("2024-02-29",),
            b"2020-01-01 10:00:00",
            b"2024-02-29 00:00:00",
        ),
        (
            values.TIMESTAMPTZ,
            4,
            ("2024-02-29", "2024-02-29 10:00:00.5+00"),
            b"2020-01-01 10:00:00+00",
            b"2024-02-29 00:00:00+00",
        ),
        (
            values.UUID,
            -1,
            ("0d9f5c3e-7c0b-4a0e-9d62-2b6a5f3c1e77", "no"),
            b"ffffffff-7c0b-4a0e-9d62-2b6a5f3c1e77",
            b"0d9f5c3e-7c0b-4a0e-9d62-2b6a5f3c1e77",
        ),
        (values.NAME, -1, ("ü" * 40, "short"), b"long", b"short"),
    ],
)
def test_other_types_get_what_is_of_the_type_in_both_formats(
    oid: int, typmod: int, pool: tuple[str, ...], given: bytes, expected: bytes
) -> None:
    found = Pool("pool", 1, "d", pool)
    for format in (values.TEXT_FORMAT, values.BINARY_FORMAT):
        field = FieldType(oid, typmod, format)
        (one,) = run(found, field, values.encode(oid, format, given))
        assert one is not None
        assert values.decode(oid, format, one) == expected


@pytest.mark.parametrize(
    "oid",
    [values.INT4, values.DATE, values.UUID, values.JSON, values.BYTEA, values.MONEY, 99999],
)
@pytest.mark.parametrize("format", [0, 1])
def test_nothing_of_the_type_is_null(oid: int, format: int) -> None:
    field = FieldType(oid, -1, format)
    made = compile_treatment(Synthetic("pool", pool=JOBS), "d", field, KEYS, TokenMap())
    assert made is not None
    assert made.null_only


def test_an_empty_pool_and_a_value_that_is_none_of_the_type_are_null() -> None:
    assert run(Pool("jobs"), TEXT, b"Ada") == [None]
    assert run(Pool("n", 1, "d", ("7",)), FieldType(values.INT4, -1, 1), b"\1") == [None]


def test_arrays_are_picked_for_element_by_element() -> None:
    (array,) = [oid for oid, element in ARRAYS.items() if element == values.TEXT]
    (found,) = run(JOBS, FieldType(array, -1, 0), b"{Ada,NULL,Grace}")
    assert found is not None
    _, elements = open_array(0, found)
    assert elements == [*run(JOBS, TEXT, b"Ada"), None, *run(JOBS, TEXT, b"Grace")]
    assert close_array(0, *open_array(0, found)) == found


def test_a_subject_has_one_value_of_a_pool_wherever_it_is_told_of() -> None:
    made = Synthetic("pool", pool=JOBS, of_subject=True)
    picked = []
    for field in (TEXT, FieldType(values.VARCHAR, 4 + 60, 1)):
        compiled = compile_treatment(made, "persona employee", field, KEYS, TokenMap())
        assert compiled is not None
        told = applied(compiled, [b"k%d" % number for number in range(50)])
        picked.append(told)
        assert told != run(JOBS, field, *(b"%d" % number for number in range(50)))
    assert picked[0] == picked[1]
    # What else is told of the subject does not change it.
    compiled = compile_treatment(made, "persona employee", TEXT, KEYS, TokenMap())
    assert compiled is not None
    assert applied(compiled, [b"kf\x1fDE\x1f7"]) == applied(compiled, [b"k7"])


def test_no_value_stays_itself() -> None:
    for job in JOBS.values:
        (picked,) = run(JOBS, TEXT, job.encode())
        assert picked != job.encode()


def test_a_treatment_is_compiled_once_an_edition() -> None:
    treatments = Treatments(KEYS, TokenMap())
    one = Synthetic("pool", pool=JOBS)
    again = Synthetic("pool", pool=Pool("jobs", 1, "d1", tuple(JOBS.values)))
    after = Synthetic("pool", pool=Pool("jobs", 2, "d2", ("Miller",)))
    assert treatments.of(one, "d", TEXT) is treatments.of(again, "d", TEXT)
    assert treatments.of(one, "d", TEXT) is not treatments.of(after, "d", TEXT)
