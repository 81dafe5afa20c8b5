"""A role without masks sees the server's bytes: every script answered alike, message by message."""

from collections.abc import Sequence

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy
from pgproxy.demo.shop import DATABASE, OWNER
from tests.e2e.raw import (
    FLUSH,
    SYNC,
    RawClient,
    bind,
    close,
    describe,
    execute,
    message,
    parse,
    query,
)

LOGIN = (OWNER.user, OWNER.password)

# Each script is sent in one write; the number says how many ReadyForQuery it earns.
SCRIPTS: dict[str, tuple[Sequence[bytes], int]] = {
    "select": ([query("SELECT id, email, created_at FROM shop.customers ORDER BY id")], 1),
    "several statements": ([query("SELECT 1; SELECT 'a', NULL; SELECT FROM shop.orders")], 1),
    "empty": ([query(""), query(" -- nothing")], 2),
    "syntax error": ([query("SELEC 1")], 1),
    "error in the middle": ([query("SELECT 1; SELECT 1/0; SELECT 2")], 1),
    "error after rows": ([query("SELECT 1/(3-g) FROM generate_series(1, 5) g")], 1),
    "transaction": ([query("BEGIN"), query("SELECT 1/0"), query("SELECT 1"), query("ROLLBACK")], 4),
    "notice": ([query("DO $$ BEGIN RAISE NOTICE 'hello'; END $$")], 1),
    "parameter status": ([query("SET TimeZone = 'Asia/Tokyo'; SELECT now() > '2000-01-01'")], 1),
    "extended": (
        [
            parse("", "SELECT id, total FROM shop.orders WHERE id < 4"),
            bind("", ""),
            execute(""),
            SYNC,
        ],
        1,
    ),
    "described": (
        [
            parse("s", "SELECT id, created_at FROM shop.orders WHERE id < 4"),
            describe("S", "s"),
            bind("p", "s", 0, 1),
            describe("P", "p"),
            execute("p"),
            close("P", "p"),
            close("S", "s"),
            SYNC,
        ],
        1,
    ),
    "row limits": (
        [
            parse("", "SELECT g FROM generate_series(1, 5) g"),
            bind("", ""),
            execute("", 2),
            execute("", 2),
            execute("", 2),
            SYNC,
        ],
        1,
    ),
    "skip until sync": (
        [
            parse("", "SELECT nothing"),
            bind("", ""),
            execute(""),
            query("SELECT 'skipped'"),
            SYNC,
            query("SELECT 1"),
        ],
        2,
    ),
    "syncs": ([SYNC, SYNC, FLUSH, SYNC], 3),
    "copy out": ([query("COPY shop.products TO STDOUT")], 1),
    "copy out csv": (
        [query("COPY (SELECT * FROM shop.products) TO STDOUT (FORMAT csv, HEADER)")],
        1,
    ),
    "copy in": (
        [
            query("CREATE TEMP TABLE t (a int, b text); COPY t FROM STDIN; SELECT sum(a) FROM t"),
            message(b"d", b"1\to"),
            message(b"d", b"ne\n2\ttwo\n"),
            message(b"c"),
        ],
        1,
    ),
    "copy in fails": (
        [
            query("CREATE TEMP TABLE u (a int); COPY u FROM STDIN"),
            message(b"d", b"x\n"),
            message(b"f", b"enough\0"),
        ],
        1,
    ),
    "listen": ([query("LISTEN a; NOTIFY a, 'b'")], 1),
    "cursor": (
        [query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.orders; FETCH 2 FROM c; COMMIT")],
        1,
    ),
    "function call": ([message(b"F", b"\0\0\x05\xd2" + b"\0\0" + b"\0\0" + b"\0\0")], 1),
    "explain": ([query("EXPLAIN (COSTS OFF) SELECT * FROM shop.customers WHERE email = 'x'")], 1),
    "closed portal": ([execute("gone"), SYNC, close("S", "gone"), SYNC], 2),
}


def answers(host: str, port: int, script: Sequence[bytes], syncs: int) -> list[tuple[bytes, bytes]]:
    with RawClient(host, port, LOGIN, DATABASE) as client:
        found = client.ask(*script, syncs=syncs)
    # Process ids differ between two sessions; NotificationResponse carries one.
    return [(k, body[4:] if k == b"A" else body) for k, body in found]


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_messages(cluster: Cluster, proxy: Proxy, name: str) -> None:
    script, syncs = SCRIPTS[name]
    direct = answers(cluster.host, cluster.port, script, syncs)
    assert answers(proxy.host, proxy.port, script, syncs) == direct


@pytest.mark.parametrize("name", ["described", "error in the middle", "copy in", "syncs"])
def test_same_messages_one_byte_at_a_time(cluster: Cluster, proxy: Proxy, name: str) -> None:
    script, syncs = SCRIPTS[name]
    direct = answers(cluster.host, cluster.port, script, syncs)
    with RawClient(proxy.host, proxy.port, LOGIN, DATABASE) as client:
        for byte in b"".join(script):
            client.send(bytes((byte,)))
        assert client.until(times=syncs) == direct
