"""COPY of PostgreSQL itself, in every format: what we read is what it has, what we leave alone is
byte for byte what it sent, and what we write it reads back as what we meant.
"""

from collections.abc import Iterator
import itertools
import random

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.wire.copy import BinaryRows, CopyRows, CsvRows, Style, TextRows
from pgproxy.wire.known import Known
from tests.e2e.raw import RawClient, message, query, rows

pytestmark = pytest.mark.e2e

Values = list[list[bytes | None]]
SETUP = r"""
CREATE TABLE copied (n int, a text, "b""c
d" text, e numeric(9, 2), f bytea, g timestamptz, h text[], i int);
CREATE TABLE back (n int, a text, b text, e numeric(9, 2), f bytea, g timestamptz, h text[], i int);
"""
FIELDS = 8
SPECIAL = "a\"\\'|,;~.N \t\n\r\b\f\v\x01é€😀x"


@pytest.fixture(scope="module")
def client(cluster: Cluster) -> Iterator[RawClient]:
    """The superuser, before a table that has everything in it."""
    login = (cluster.superuser, cluster.password)
    with RawClient(cluster.host, cluster.port, login, "postgres") as raw:
        said = raw.ask(query(SETUP + "".join(inserts(random.Random(7)))))
        assert b"E" not in [kind for kind, _ in said]
        yield raw


def inserts(dice: random.Random) -> Iterator[str]:
    """Rows, some of them of NULLs, of nothing, and of what looks like markers."""
    odd = ("NULL", "''", "'\\N'", "'\\.'", "'N'", "'..'", "' '", "'\\x'", "E'\\r\\n'", "'\"'")
    for n in range(300):
        texts = [dice.choice(odd), *(_text(dice) for _ in range(2))]
        a, b = dice.sample(texts, 2)
        yield (
            f"INSERT INTO copied VALUES ({n}, {a}, {b}, {dice.randrange(10**6)} / 7.0,"
            f" '\\x{dice.randbytes(dice.randrange(4)).hex()}',"
            f" timestamptz '2020-01-01' + interval '{n} hours', ARRAY[{_text(dice)}, NULL],"
            f" {dice.choice(('NULL', n))});"
        )


def _text(dice: random.Random) -> str:
    text = "".join(dice.choice(SPECIAL) for _ in range(dice.randrange(12)))
    return "'" + text.replace("'", "''") + "'"


STYLES = [
    ("FORMAT text", Style(FIELDS, b"\t", b"\\N")),
    ("FORMAT text, HEADER", Style(FIELDS, b"\t", b"\\N", header=True)),
    ("DELIMITER '|'", Style(FIELDS, b"|", b"\\N")),
    ("DELIMITER ',', NULL '\\x'", Style(FIELDS, b",", b"\\x")),
    ("DELIMITER E'\\x01'", Style(FIELDS, b"\x01", b"\\N")),
    ("DELIMITER E'\\b'", Style(FIELDS, b"\b", b"\\N")),
    ("DELIMITER ''''", Style(FIELDS, b"'", b"\\N")),
    ("FORMAT csv", Style(FIELDS, b",", b"")),
    ("FORMAT csv, HEADER", Style(FIELDS, b",", b"", header=True)),
    ("FORMAT csv, NULL 'N'", Style(FIELDS, b",", b"N")),
    ("FORMAT csv, NULL '\\N', FORCE_QUOTE *",
     Style(FIELDS, b",", b"\\N", force_quote=(True,) * FIELDS)),
    ("FORMAT csv, FORCE_QUOTE (a, i)",
     Style(FIELDS, b",", b"", force_quote=[n in (1, 7) for n in range(FIELDS)])),
    ("FORMAT csv, DELIMITER E'\\t', QUOTE '''', ESCAPE '\\'",
     Style(FIELDS, b"\t", b"", quote=b"'", escape=b"\\")),
    ("FORMAT csv, DELIMITER '|', QUOTE '~', ESCAPE ';', HEADER",
     Style(FIELDS, b"|", b"", header=True, quote=b"~", escape=b";")),
    ("FORMAT csv, DELIMITER ';', QUOTE '\\', ESCAPE 'a'",
     Style(FIELDS, b";", b"", quote=b"\\", escape=b"a")),
    ("FORMAT csv, QUOTE 'x', ESCAPE 'x'", Style(FIELDS, b",", b"", quote=b"x", escape=b"x")),
    ("FORMAT binary", None),
]  # fmt: skip
EVERY = tuple(range(FIELDS))


def table(client: RawClient, name: str, *, binary: bool) -> Values:
    """Its rows as DataRows have them."""
    select = f"SELECT * FROM {name} ORDER BY n"
    if not binary:
        return rows(client.ask(query(select)))
    client.ask(query(f"BEGIN; DECLARE all_of BINARY CURSOR FOR {select}"))
    found = rows(client.ask(query("FETCH ALL all_of; COMMIT")))
    client.ask(query("ROLLBACK"))
    return found


def turn(column: list[bytes | None]) -> dict[bytes, bytes | None]:
    """Each value becomes another one of its column, one of them NULL."""
    values = list(dict.fromkeys(value for value in column if value is not None))
    return dict(zip(values, [*values[1:], None], strict=True)) if values else {}


def cutter_of(options: str, style: Style | None) -> CopyRows:
    """What reads a stream of these options."""
    if style is None:
        return BinaryRows(FIELDS)
    return CsvRows(style) if "csv" in options else TextRows(style)


@pytest.mark.parametrize(("options", "style"), STYLES, ids=[options for options, _ in STYLES])
def test_copy_of_the_server(client: RawClient, options: str, style: Style | None) -> None:
    binary, cutter = style is None, cutter_of(options, style)
    expected = table(client, "copied", binary=binary)
    copy = f"COPY (SELECT * FROM copied ORDER BY n) TO STDOUT ({options})"
    sent = [body for kind, body in client.ask(query(copy)) if kind == b"d"]
    stream = b"".join(sent)
    dice = random.Random(options)
    edges = sorted({0, len(stream), *(dice.randrange(len(stream)) for _ in range(400))})
    same, wanted = b"", (1, 2, 4)
    itself = Known(1 << 20)
    itself.learn({value: value for row in expected for value in row if value is not None})
    for start, end in itertools.pairwise(edges):
        cutter.feed(stream[start:end])
        out, _, missing = cutter.take(EVERY, (itself,) * len(EVERY))
        assert out is not None, "a value was read that the table does not hold"
        same += out
    cutter.end()
    assert cutter.count == len(expected)
    assert same == b"".join(message(b"d", body) for body in sent)

    # The same again, with other values in it, read back by the server.
    turned = [turn([row[index] for row in expected]) for index in wanted]
    sources = tuple(Known(1 << 20) for _ in wanted)
    for source, new in zip(sources, turned, strict=True):
        source.learn(new)
    cutter = cutter_of(options, style)
    cutter.feed(stream)
    changed, counts, missing = cutter.take(wanted, sources)
    assert counts == [sum(row[index] is not None for row in expected) for index in wanted]
    assert changed is not None, missing
    into = options.partition(", FORCE_QUOTE")[0]
    client.send(query(f"TRUNCATE back; COPY back FROM STDIN ({into})"), changed, message(b"c"))
    said = client.until()
    assert b"E" not in [kind for kind, _ in said], said
    meant = [
        [
            turned[wanted.index(i)][value] if i in wanted and value is not None else value
            for i, value in enumerate(row)
        ]
        for row in expected
    ]
    assert table(client, "back", binary=binary) == meant
