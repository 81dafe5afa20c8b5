"""hash: keyed, stable, the same for one value of one domain wherever it stands."""

import hashlib

from pgproxy.policy.rules import Hash
from pgproxy.treatment.fields import FieldType, Keys
from pgproxy.treatment.hashed import hashed
from pgproxy.wire import values
from tests.treatment.vault import Column, applied

KEYS = Keys(bytes(range(32)))


def run(field: FieldType, *column: bytes, domain: str = "d", length: int = 32) -> Column:
    result = applied(hashed(Hash(length=length), domain, field, KEYS), list(column))
    assert isinstance(result, list)
    return result


def test_never_a_hash_that_a_reader_can_compute() -> None:
    (digits,) = run(FieldType(values.TEXT, -1, 0), b"ann@example.com", length=64)
    assert digits is not None
    assert len(digits) == 64
    assert digits.decode() != hashlib.sha256(b"ann@example.com").hexdigest()


def test_domains_do_not_match_and_columns_of_one_do() -> None:
    text = FieldType(values.TEXT, -1, 0)
    assert run(text, b"Ada") != run(text, b"Ada", domain="other")
    assert run(text, b"Ada") == run(FieldType(values.VARCHAR, 44, 1), b"Ada")
    (padded,) = run(FieldType(values.BPCHAR, 4 + 40, 0), b"Ada".ljust(40))
    (plain,) = run(text, b"Ada")
    assert padded is not None
    assert padded.rstrip() == plain


def test_length_is_kept_to_and_clipped_to_the_column() -> None:
    text = FieldType(values.TEXT, -1, 0)
    (long,) = run(text, b"Ada", length=64)
    (short,) = run(text, b"Ada", length=10)
    (clipped,) = run(FieldType(values.VARCHAR, 4 + 6, 0), b"Ada", length=64)
    assert long is not None
    assert short == long[:10]
    assert clipped == long[:6]


def test_integers_stay_in_range_and_agree_across_widths_and_formats() -> None:
    (small,) = run(FieldType(values.INT2, -1, 0), b"7")
    assert small is not None
    assert 0 < int(small) < 1 << 15
    (text,) = run(FieldType(values.INT4, -1, 0), b"7")
    assert text is not None
    assert 0 < int(text) < 1 << 31
    assert run(FieldType(values.INT4, -1, 1), b"\0\0\0\7") == [int(text).to_bytes(4)]
    assert run(FieldType(values.INT8, -1, 1), bytes(7) + b"\7") == [int(text).to_bytes(8)]


def test_a_uuid_looks_like_one() -> None:
    (text,) = run(FieldType(values.UUID, -1, 0), b"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
    assert text is not None
    assert text[14:15] == b"4"
    assert text[19:20] in b"89ab"
    (binary,) = run(
        FieldType(values.UUID, -1, 1), bytes.fromhex("a0eebc999c0b4ef8bb6d6bb9bd380a11")
    )
    assert binary == bytes.fromhex(text.replace(b"-", b"").decode())


def test_other_types_become_null() -> None:
    for oid in (values.NUMERIC, values.DATE, values.BOOL, values.JSON, values.BYTEA):
        assert hashed(Hash(), "d", FieldType(oid, -1, 0), KEYS).null_only


def test_bytes_that_are_not_of_the_type_become_null() -> None:
    assert run(FieldType(values.INT4, -1, 1), bytes(8), b"\0\0\0\7")[0] is None


def test_the_hashes_of_a_key_stay_what_they_are() -> None:
    assert run(FieldType(values.TEXT, -1, 0), b"Grace Hopper") == [
        b"9bb1e1e227cce232f5ab211bb9f5d61f"
    ]
    assert run(FieldType(values.INT4, -1, 0), b"1906") == [b"1052173122"]
