"""The columns that the resolver sees in a statement, against the server's own analysis of a view.

PostgreSQL notes in pg_depend every column that the rule of a view uses, anywhere in it.  Each must
be one that the analysis has seen as a source, or as what the server may name.
"""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from pgproxy.analysis.catalog import Catalog
from pgproxy.analysis.grammar import parse
from pgproxy.analysis.statement import Analyzer
from pgproxy.errors import Refusal
from pgproxy.net.introspection import read_catalog
from tests.noninterference.run import statements
from tests.resolver.comparison import seen
from tests.resolver.oracle import Connection, used
from tests.usability.corpus import corpus
from tests.world import pair
from tests.world.world import World

GENERATED = 1500


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Connection]:
    with psycopg.connect(world.dsn(), autocommit=True) as connection:
        connection.execute("SET search_path = shop, public")
        yield connection


@pytest.fixture(scope="module")
def catalog(world: World) -> Catalog:
    return asyncio.run(read_catalog(world.dsn(), pair.A, 1))


def missing(server: Connection, analyzer: Analyzer, sql: str) -> set[tuple[int, int]] | None:
    """Columns that the server uses and the analysis has not seen; None: nothing to compare."""
    try:
        (raw,) = parse(sql)
        analysis = analyzer.analyze(raw)
    except Refusal:
        return None
    of_server = used(server, sql) if analysis.kind == "SelectStmt" else None
    return None if of_server is None else of_server - seen(analysis)


def test_of_honest_statements_no_column_is_missed(server: Connection, catalog: Catalog) -> None:
    analyzer = Analyzer(catalog, ["shop", "public"])
    found = {case.where: missing(server, analyzer, case.sql) for case in corpus()}
    compared = {where: columns for where, columns in found.items() if columns is not None}
    assert len(compared) > 350
    assert {where: columns for where, columns in compared.items() if columns} == {}


def test_of_generated_statements_no_column_is_missed(
    world: World, server: Connection, catalog: Catalog
) -> None:
    analyzer = Analyzer(catalog, ["shop", "public"])
    compared, missed = 0, []
    for sql in statements(world, 2026, GENERATED):
        columns = missing(server, analyzer, sql)
        compared += columns is not None
        if columns:
            missed.append((sql, columns))
    assert missed == []
    assert compared > GENERATED * 2 // 3
