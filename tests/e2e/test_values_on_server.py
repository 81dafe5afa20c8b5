"""decode and encode against what a real server sends, in both formats, type by type."""

from collections.abc import Iterator

from psycopg.pq import Format
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.wire import values
from tests.e2e.oracle import Connection, Oracle, connect

pytestmark = pytest.mark.e2e

NUMBERS = ["0", "1", "-1", "9999", "10000", "-10000", "99999999", "100000000"]
SAMPLES: dict[str, list[str]] = {
    "text": ["", "Ada", "Žofie", "a\nb\\c", "'", " padded "],
    "varchar(5)": ["", "abcde", "ÄÖÜßé"],
    "varchar": ["", "any length at all"],
    "name": ["", "pg_class", "x" * 63],
    "boolean": ["t", "f"],
    "smallint": [*NUMBERS[:5], "-32768", "32767"],
    "integer": [*NUMBERS, "-2147483648", "2147483647"],
    "bigint": [*NUMBERS, "-9223372036854775808", "9223372036854775807"],
    "oid": ["0", "16384", "4294967295"],
    "real": [
        *("0", "-0", "1", "-1.5", "0.1", "100000", "1000000", "1234567", "0.0001", "0.00001"),
        *("3.4028235e38", "1.17549435e-38", "1e-45", "16777217", "NaN", "Infinity", "-Infinity"),
    ],
    "double precision": [
        *("0", "-0", "1", "-1.5", "0.1", "1e14", "1e15", "1e16", "123456789012345680", "0.0001"),
        *("0.00001", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "1e22"),
        *("9007199254740993", "0.30000000000000004", "NaN", "Infinity", "-Infinity"),
    ],
    "numeric": [
        *NUMBERS,
        *(
            "0.0",
            "0.00",
            "-0.5",
            "1.10",
            "123.45",
            "0.0001",
            "0.00010000",
            "0.00001",
            "12345.678901",
        ),
        *("1e20", "1e-20", "1e100", "-1e-100", "10000.0001", "NaN", "Infinity", "-Infinity"),
        *("1e131071", "1e-16383", "9" * 40 + "." + "9" * 40),
    ],
    "numeric(10,2)": ["0", "1", "-1.5", "99999999.99", "-99999999.99", "NaN"],
    "numeric(5,-2)": ["0", "12300", "9999900", "-100"],
    "numeric(3,5)": ["0", "0.00123", "-0.00999"],
    "date": [
        *("2000-01-01", "1999-12-31", "1970-01-01", "2024-02-29", "1900-03-01", "0001-01-01"),
        *("0001-12-31 BC", "0044-03-15 BC", "4714-11-24 BC", "10000-01-01", "5874897-12-31"),
        *("infinity", "-infinity"),
    ],
    "timestamp": [
        *("2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 12:30:01.5"),
        *("0044-03-15 12:00:00 BC", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999"),
        *("infinity", "-infinity"),
    ],
    "timestamp(3)": ["2024-02-29 12:30:01.123"],
    "timestamptz": [
        *("2000-01-01 00:00:00+00", "1999-12-31 23:59:59.999999-08", "1850-06-01 00:00:00+00"),
        *("0044-03-15 12:00:00+00 BC", "294276-12-31 12:00:00+00", "infinity", "-infinity"),
    ],
    "uuid": ["00000000-0000-0000-0000-000000000000", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"],
    "json": ["{}", '{"a":  [1, null, "é"]}', "null"],
    "jsonb": ["{}", '{"a":  [1, null, "é"]}', "null"],
    "bytea": ["", "\\x00ff5c", "\\x5c783030", "\\x" + bytes(range(256)).hex()],
}
CASES = [(name, literal) for name, literals in SAMPLES.items() for literal in literals]


@pytest.fixture
def connection(cluster: Cluster) -> Iterator[Connection]:
    with connect(cluster) as opened:
        yield opened


@pytest.fixture(params=SAMPLES)
def named_oracle(request: pytest.FixtureRequest, connection: Connection) -> tuple[str, Oracle]:
    return request.param, Oracle(connection, request.param)


def test_text_and_binary_of_one_value_have_one_canonical_form(
    named_oracle: tuple[str, Oracle],
) -> None:
    name, oracle = named_oracle
    for literal in SAMPLES[name]:
        sent = oracle.sends(literal)
        assert sent.text is not None
        assert sent.binary is not None
        canonical = values.decode(oracle.oid, 0, sent.text)
        assert values.decode(oracle.oid, 1, sent.binary) == canonical, literal
        if name != "timestamptz":
            assert canonical == sent.text, literal


def test_what_we_write_is_what_the_server_writes(named_oracle: tuple[str, Oracle]) -> None:
    name, oracle = named_oracle
    oracle.set("TimeZone", "UTC")
    for literal in SAMPLES[name]:
        sent = oracle.sends(literal)
        assert sent.text is not None
        canonical = values.decode(oracle.oid, 0, sent.text)
        assert values.encode(oracle.oid, 0, canonical) == sent.text, literal
        assert values.encode(oracle.oid, 1, canonical) == sent.binary, literal
        assert oracle.takes(values.encode(oracle.oid, 1, canonical), Format.BINARY) == sent


def test_a_padded_char_has_the_canonical_form_of_a_varchar(
    connection: Connection,
) -> None:
    oracle = Oracle(connection, "char(8)")
    for literal in ("", "Ada", "Žofie", "12345678"):
        sent = oracle.sends(literal)
        assert sent.text is not None
        assert sent.binary is not None
        assert len(sent.text.decode()) == 8
        assert values.decode(values.BPCHAR, 0, sent.text) == literal.encode()
        assert values.decode(values.BPCHAR, 1, sent.binary) == literal.encode()


@pytest.mark.parametrize(
    "zone", ["UTC", "America/New_York", "Asia/Kathmandu", "Europe/Amsterdam", "Pacific/Apia"]
)
def test_the_zone_of_the_session_does_not_change_a_timestamptz(
    connection: Connection, zone: str
) -> None:
    oracle = Oracle(connection, "timestamptz")
    oracle.set("TimeZone", zone)
    for literal in SAMPLES["timestamptz"]:
        sent = oracle.sends(literal)
        assert sent.text is not None
        assert sent.binary is not None
        canonical = values.decode(values.TIMESTAMPTZ, 1, sent.binary)
        assert values.decode(values.TIMESTAMPTZ, 0, sent.text) == canonical, literal


def test_the_escape_form_of_bytea_is_read(
    connection: Connection,
) -> None:
    oracle = Oracle(connection, "bytea")
    oracle.set("bytea_output", "escape")
    for literal in SAMPLES["bytea"]:
        sent = oracle.sends(literal)
        assert sent.text is not None
        assert sent.binary is not None
        canonical = values.decode(values.BYTEA, 1, sent.binary)
        assert values.decode(values.BYTEA, 0, sent.text) == canonical, literal


def test_oids_are_those_of_the_catalog(
    connection: Connection,
) -> None:
    rows = connection.execute(
        "SELECT upper(typname), oid::int FROM pg_catalog.pg_type"
        " WHERE typnamespace = 'pg_catalog'::regnamespace"
    ).fetchall()
    theirs = {str(name): oid for name, oid in rows}
    ours = {
        name: oid
        for name, oid in vars(values).items()
        if name.isupper() and isinstance(oid, int) and not name.endswith("_FORMAT")
    }
    assert {name: theirs.get(name) for name in ours} == ours
