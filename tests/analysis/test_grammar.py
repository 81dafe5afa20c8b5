"""The encoder against pglast's own, and the texts that must not bring the process down."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pglast import parser
import pytest

from pgproxy.analysis.grammar import MAX_SQL_BYTES, deparse, normalize, parse, says
from pgproxy.errors import Refusal

CASES = sorted((Path(__file__).parents[1] / "lineage").glob("*.sql"))

# One of each construct whose nodes are not in the case files.
MORE = r"""
SELECT E'a\\b\n', U&'\00e9', $q$it's$q$, B'101', X'1F', 1.5e10, -1, 99999999999, NULL, true;
SELECT a[1:2], (b).c.d, ARRAY[[1, 2], [3, 4]], ROW(1, 2), ROW(t.*), (SELECT 1), ARRAY(SELECT
    2) FROM t;
SELECT CAST(x AS numeric(10, 2)), x::varchar(3)[], interval '1' day, timestamp with time zone
    'now' FROM t;
SELECT x IS TRUE, x IS NOT UNKNOWN, x IS DISTINCT FROM y, x SIMILAR TO 'a', x NOT ILIKE 'b'
    ESCAPE 'c' FROM t;
SELECT sum(x) FILTER (WHERE y) OVER (PARTITION BY a ORDER BY b GROUPS BETWEEN 1 PRECEDING AND
    CURRENT ROW EXCLUDE TIES) FROM t;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), string_agg(DISTINCT a, ',' ORDER BY a
    DESC) FROM t;
SELECT * FROM a LEFT JOIN b USING (x) AS j, ROWS FROM (f(1), g(2)) WITH ORDINALITY AS r(a, b),
    LATERAL (VALUES (1)) v;
SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1) FOR UPDATE OF t SKIP LOCKED;
WITH RECURSIVE r AS NOT MATERIALIZED (SELECT 1 UNION ALL SELECT 2) SEARCH DEPTH FIRST BY a SET
    b CYCLE a SET c USING d SELECT 1;
SELECT json_object('a': 1 NULL ON NULL), json_array(1, 2), x IS JSON ARRAY, xmlelement(name a,
    'b') FROM t;
SELECT trim(LEADING 'x' FROM y), substring(y FROM 1 FOR 2), position('a' IN y), overlay(y
    PLACING 'x' FROM 1) FROM t;
SELECT extract(epoch FROM x), x AT TIME ZONE 'UTC', x COLLATE "C", x OPERATOR(pg_catalog.+) 1,
    @ x FROM t;
SELECT FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES;
INSERT INTO t (a, b) VALUES (1, DEFAULT) ON CONFLICT (a) DO UPDATE SET b = excluded.b
    RETURNING *;
UPDATE t SET (a, b) = (1, 2), c[1] = 3 FROM u WHERE t.a = u.a;
MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES
    (1);
BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE DEFERRABLE;
SET LOCAL x.y TO 'a', 'b';
"""


def statements() -> list[str]:
    texts = [MORE] + [path.read_text() for path in CASES]
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("--")]
    split = [sql.strip() for sql in "\n".join(lines).split(";\n")]
    return [sql for sql in split if sql and not sql.startswith("SELEC ")]


@pytest.mark.parametrize("sql", statements(), ids=range(len(statements())))
def test_encoder_agrees_with_pglast(sql: str) -> None:
    printed = deparse(parse(sql))
    assert printed == parser.deparse_protobuf(parser.parse_sql_protobuf(sql))
    tree = parse(sql)
    assert says(deparse(tree), tree)


def test_strings_with_backslashes_survive() -> None:
    for text in (r"SELECT E'a\\b'", r"SELECT 'a\b'", "SELECT 'it''s'", r"SELECT '\''"):
        try:
            tree = parse(text)
        except Refusal:
            continue
        assert says(deparse(tree), tree)


@given(st.text(min_size=1, max_size=60).filter(lambda text: "\0" not in text))
def test_any_literal_survives_being_printed(text: str) -> None:
    literal = text.replace("'", "''")
    try:
        tree = parse(f"SELECT '{literal}'")
    except Refusal:
        return
    printed = deparse(tree)
    assert says(printed, tree)
    again = parse(printed)[0]["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    assert again["A_Const"].get("sval", {}).get("sval", "") == text


@given(st.text(max_size=80))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse(text)
    except Refusal as refusal:
        sqlstate = refusal.sqlstate
    else:
        return
    assert sqlstate in ("42601", "54001")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1" + "+1" * 60_000,
        "SELECT 1" + " UNION ALL SELECT 1" * 10_000,
        "SELECT " + "(" * 60_000,
        "SELECT " + "-" * 3 + "\n" * 3 + "NOT " * 30_000 + "true",
        "SELECT " + "'x'::text" + "::text" * 20_000,
        "SELECT " + "CASE WHEN true THEN " * 10_000 + "1" + " END" * 10_000,
        "SELECT * FROM " + "(SELECT * FROM " * 5_000 + "t" + ") x" * 5_000,
    ],
)
def test_a_deep_statement_is_refused_not_fatal(sql: str) -> None:
    with pytest.raises(Refusal):
        deparse(parse(sql))


def test_a_long_statement_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Refusal) as caught:
        parse("SELECT '" + "x" * MAX_SQL_BYTES + "'")
    assert caught.value.sqlstate == "54001"


def test_another_text_is_told_from_what_was_printed() -> None:
    tree = parse("SELECT a FROM t WHERE b = 1 AND c IN ('\"location\":5', 2)")
    assert says(deparse(tree), tree)
    for other in (
        "SELECT a FROM t WHERE b = 2 AND c IN ('\"location\":5', 2)",
        "SELECT a FROM s.t WHERE b = 1 AND c IN ('\"location\":5', 2)",
        "SELECT a FROM t WHERE b = 1 AND c IN ('\"location\":6', 2)",
        "SELECT a FROM t WHERE b = 1 AND c IN ('\"location\":5', 2); SELECT 1",
        "SELEC",
    ):
        assert not says(other, tree)
    assert says("SELECT  a\nFROM t WHERE b=1 AND c IN ('\"location\":5',2) -- x", tree)


def test_syntax_errors_say_where() -> None:
    with pytest.raises(Refusal) as caught:
        parse("SELECT 1 FROM FROM")
    assert caught.value.position == 15
    with pytest.raises(Refusal):
        normalize("SELECT 1 FROM FROM")
