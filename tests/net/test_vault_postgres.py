"""The vault in PostgreSQL: one bijection for all proxies, clear ends, recovery."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
import os
import signal
import time

from hypothesis import given, settings
from hypothesis import strategies as st
import psycopg
import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.errors import ConfigError, Unavailable
from pgproxy.net.lookups import Lookups
from pgproxy.net.vault_postgres import PostgresVault
from pgproxy.session.counters import Counters
from pgproxy.treatment.tokens import TokenRequest, TokenSpace
from pgproxy.vault import postgres_sql as sql
from pgproxy.vault.keys import KeyRing, new_key_file

EMAILS = TokenSpace("person_email", "text")
SMALL = TokenSpace("floor", "smallint")
SHORT = TokenSpace("code", "text/8")

pytestmark = pytest.mark.e2e
_numbers = count()


def ring() -> KeyRing:
    return KeyRing.from_json(new_key_file(), "test.key")


def rotated(keys: str) -> str:
    """The same file with another primary key."""
    fresh = new_key_file().split('"keys": [')[1].rpartition("]")[0].strip()
    return keys.replace('"primary"', '"enabled"').replace('"keys": [', f'"keys": [{fresh},')


@pytest.fixture
def url(cluster: Cluster) -> str:
    """A database of its own."""
    name = f"vault_{next(_numbers)}"
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return cluster.dsn(database=name)


@pytest.fixture
def keys() -> KeyRing:
    return ring()


@pytest.fixture
def vault(url: str, keys: KeyRing) -> Iterator[PostgresVault]:
    opened = PostgresVault(url, keys)
    yield opened
    opened.close()


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(query)
        return found.fetchall() if found.description else []


def require_whole(url: str) -> None:
    """Each row of one table has its row in the other."""
    both = f"""SELECT (SELECT count(*) FROM {sql.SCHEMA}.token_of),
        (SELECT count(*) FROM {sql.SCHEMA}.value_of),
        (SELECT count(*) FROM {sql.SCHEMA}.token_of JOIN {sql.SCHEMA}.value_of
         USING (space, place))"""
    ((there, back, joined),) = rows(url, both)
    assert there == back == joined


@pytest.mark.parametrize("space", [EMAILS, SHORT, SMALL, TokenSpace("id", "integer")])
def test_the_same_value_keeps_its_token_in_and_after_the_process(
    url: str, keys: KeyRing, vault: PostgresVault, space: TokenSpace
) -> None:
    first = vault.tokens(space, [b"a", b"b", b"a", b""])
    assert first[0] == first[2]
    assert len(set(first)) == 3
    assert vault.tokens(space, [b"", b"b", b"c", b"a"])[0:2] == [first[3], first[1]]
    vault.close()
    again = PostgresVault(url, keys)
    assert again.tokens(space, [b"a", b"b", b"a", b""]) == first
    assert again.values(space, [*first, b"nothing", b""]) == [b"a", b"b", b"a", b"", None, None]
    again.close()
    require_whole(url)


def test_nothing_asked_nothing_done(url: str, vault: PostgresVault) -> None:
    assert vault.tokens(EMAILS, []) == vault.values(EMAILS, []) == []
    assert vault.values(SMALL, [b"1"]) == [None]
    assert vault.status().spaces == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.lists(st.binary(max_size=2) | st.sampled_from([b"a"]), max_size=9)
        ),
        max_size=12,
    )
)
def test_two_proxies_give_one_bijection_in_any_order(
    shared: tuple[list[PostgresVault], str],
    requests: list[tuple[int, list[bytes]]],
) -> None:
    space = TokenSpace(f"any{next(_numbers)}", shared[1])
    known: dict[bytes, bytes] = {}
    for who, values in requests:
        tokens = shared[0][who].tokens(space, values)
        for value, token in zip(values, tokens, strict=True):
            assert known.setdefault(value, token) == token
    assert len(set(known.values())) == len(known)
    assert shared[0][0].values(space, list(known.values())) == list(known)


@pytest.fixture(scope="module", params=["text", "smallint"])
def shared(
    request: pytest.FixtureRequest, cluster: Cluster
) -> Iterator[tuple[list[PostgresVault], str]]:
    name = f"vault_shared_{request.param}"
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    keys = ring()
    vaults = [PostgresVault(cluster.dsn(database=name), keys) for _ in range(2)]
    yield vaults, request.param
    for one in vaults:
        one.close()


@pytest.mark.parametrize("space", [EMAILS, SMALL])
def test_proxies_that_meet_the_same_values_at_once_agree(
    url: str, keys: KeyRing, space: TokenSpace
) -> None:
    with ThreadPoolExecutor(4) as threads:
        vaults = list(threads.map(lambda _: PostgresVault(url, keys), range(4)))  # all create it
        values = [b"v%d" % n for n in range(9000 if space is EMAILS else 1500)]
        orders = [values, values[::-1], values[500:] + values[:500], values[::2] + values[1::2]]
        answers = list(threads.map(lambda v, o: v.tokens(space, o), vaults, orders))
        known = [dict(zip(o, a, strict=True)) for o, a in zip(orders, answers, strict=True)]
        assert known[0] == known[1] == known[2] == known[3]
        assert len(set(known[0].values())) == len(values)
        assert vaults[3].values(space, answers[0]) == values
        for one in vaults:
            one.close()
    require_whole(url)


def test_a_full_space_says_so_and_what_is_there_stays(url: str, keys: KeyRing) -> None:
    vault = PostgresVault(url, keys)
    values = [b"%d" % n for n in range(32767)]
    tokens = vault.tokens(SMALL, values)
    assert set(tokens) == {b"%d" % n for n in range(1, 32768)}
    with pytest.raises(Unavailable, match="full") as caught:
        vault.tokens(SMALL, [b"one more"])
    assert caught.value.sqlstate == "53000"
    assert vault.tokens(SMALL, values[:9]) == tokens[:9]
    vault.close()
    require_whole(url)


def test_other_keys_and_other_versions_are_refused_at_the_start(
    url: str, keys: KeyRing, vault: PostgresVault
) -> None:
    with pytest.raises(ConfigError, match="another key file"):
        PostgresVault(url, ring())
    rows(url, f"UPDATE {sql.SCHEMA}.vault SET version = 99")
    with pytest.raises(ConfigError, match="version 99 is unknown"):
        PostgresVault(url, keys)
    rows(url, f"TRUNCATE {sql.SCHEMA}.vault")
    with pytest.raises(ConfigError, match="damaged"):
        PostgresVault(url, keys)


def test_a_vault_put_in_its_place_is_noticed(url: str, vault: PostgresVault) -> None:
    vault.tokens(EMAILS, [b"a"])
    rows(url, f"UPDATE {sql.SCHEMA}.vault SET fingerprint = 'x'")
    rows(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'pgproxy vault' AND datname = current_database()",
    )
    with pytest.raises(Unavailable, match="another key file"):
        vault.tokens(EMAILS, [b"a"])


def test_tables_that_are_gone_stop_rows(url: str, vault: PostgresVault) -> None:
    vault.tokens(EMAILS, [b"a"])
    rows(url, f"DROP SCHEMA {sql.SCHEMA} CASCADE")
    with pytest.raises(Unavailable, match="tables are gone"):
        vault.tokens(EMAILS, [b"a"])


def test_a_killed_connection_is_made_again_unseen(url: str, vault: PostgresVault) -> None:
    (token,) = vault.tokens(EMAILS, [b"a"])
    rows(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'pgproxy vault' AND datname = current_database()",
    )
    assert vault.tokens(EMAILS, [b"a", b"b"])[0] == token


def test_a_read_only_and_a_locked_vault_say_so_and_recover(url: str, keys: KeyRing) -> None:
    vault = PostgresVault(url, keys, seconds=0.5)
    (token,) = vault.tokens(EMAILS, [b"secret-value"])
    with psycopg.connect(url) as other:
        other.execute(f"LOCK {sql.SCHEMA}.token_of")
        with pytest.raises(Unavailable, match=r"in time|keeps it locked") as caught:
            vault.tokens(EMAILS, [b"secret-other"])
        assert caught.value.sqlstate == "58000"
        assert "secret" not in str(caught.value)
    assert vault.tokens(EMAILS, [b"secret-value"]) == [token]
    vault.close()


def test_a_server_that_is_away_frozen_or_killed_stops_rows_until_it_is_back(keys: KeyRing) -> None:
    with Cluster(settings={"fsync": "on", "full_page_writes": "on"}) as server:
        vault = PostgresVault(server.dsn(), keys, seconds=1.0)
        values = [b"v%d" % n for n in range(3000)]
        tokens = vault.tokens(EMAILS, values)
        os.kill(server.pid, signal.SIGQUIT)  # as a crash: no checkpoint
        deadline = time.monotonic() + 20
        while server.running and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(Unavailable, match=r"cannot be reached|says 57P"):
            vault.tokens(EMAILS, [b"new"])
        with pytest.raises(Unavailable):
            vault.ping()
        vault.close()
        late = PostgresVault(server.dsn(), keys)  # starts without it
        with pytest.raises(Unavailable, match="cannot be reached"):
            late.tokens(EMAILS, [b"new"])
        late.close()
        server.stop()
        server.start()
        back = PostgresVault(server.dsn(), keys)
        assert back.values(EMAILS, tokens) == values
        assert back.tokens(EMAILS, values) == tokens
        back.close()


def test_rotation_changes_keys_and_no_token(url: str) -> None:
    text = new_key_file()
    vault = PostgresVault(url, KeyRing.from_json(text, "old"))
    values = [b"v%d" % n for n in range(700)]
    tokens = vault.tokens(EMAILS, values)
    vault.close()
    newer = KeyRing.from_json(rotated(text), "new")
    vault = PostgresVault(url, newer)
    assert vault.values(EMAILS, tokens) == values
    done = [vault.reseal(300) for _ in range(4)]
    assert done == [300, 300, 100, 0]
    status = {key.id: key.sealed for key in vault.status().keys}
    assert status[newer.primary] == 700
    assert sorted(status.values()) == [0, 700]
    assert vault.values(EMAILS, tokens) == values
    assert vault.tokens(EMAILS, values) == tokens
    vault.close()


def test_what_is_forgotten_is_gone_for_good(url: str, vault: PostgresVault) -> None:
    old, kept = vault.tokens(EMAILS, [b"a", b"b"])
    assert vault.forget(EMAILS, [b"a", b"never"]) == 1
    assert vault.forget(SMALL, [b"a"]) == 0
    assert vault.values(EMAILS, [old, kept]) == [None, b"b"]
    assert vault.tokens(EMAILS, [b"a", b"b"]) != [old, kept]
    require_whole(url)
    assert vault.status().tokens == 2


def test_it_is_partitioned_and_says_its_size(url: str, vault: PostgresVault) -> None:
    vault.tokens(EMAILS, [b"%d" % n for n in range(2000)])
    for table in ("token_of", "value_of"):
        used = rows(url, f"SELECT count(DISTINCT tableoid) FROM {sql.SCHEMA}.{table}")
        assert used == [(sql.PARTITIONS,)]
    status = vault.status()
    assert status.bytes > 100_000
    assert status.schema_version == sql.VERSION


def test_behind_the_loop_a_fault_is_told_and_the_next_round_works(
    url: str, vault: PostgresVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        lookups = Lookups(vault, Counters())

        async def ask() -> object:
            answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            lookups.ask((TokenRequest(EMAILS, (b"x",)),), answer.set_result)
            return await answer

        good = sql.FIND
        monkeypatch.setattr(sql, "FIND", "SELECT 1 / 0 WHERE $1 = 1 OR $2 IS NULL")
        monkeypatch.setattr(sql, "MAKE", "SELECT nothing")
        assert isinstance(await ask(), Unavailable)
        monkeypatch.undo()
        assert good == sql.FIND
        assert isinstance(await ask(), tuple)
        await lookups.close()

    asyncio.run(test())
