"""Every script, with the server and through the proxy, in one piece and in pieces."""

from dataclasses import replace
import random
import re
import struct

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy
from pgproxy.demo.shop import ANALYST, DATABASE, OWNER
from pgproxy.wire import backend
from tests.differential.scripts import Script, corpus, message
from tests.e2e.raw import RawClient, fields

SCRIPTS = corpus()
LOGIN = (OWNER.user, OWNER.password)
FIRST_NORMAL_OID = 16384
TEMPORARY = re.compile(rb"pg_(?:toast_)?temp_[0-9]+")
TERMINATE = message(b"X", b"")
Messages = list[tuple[bytes, bytes]]


def answers(
    host: str,
    port: int,
    script: Script,
    cuts: list[int] | None = None,
    login: tuple[str, str] = LOGIN,
) -> Messages:
    """All that comes back, without what differs between any two sessions."""
    data = b"".join([*script.messages, TERMINATE])
    found: Messages = []
    with RawClient(host, port, login, DATABASE) as client:
        try:
            for start, end in zip([0, *(cuts or [])], [*(cuts or []), len(data)], strict=True):
                client.send(data[start:end])
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended already, and has said why
        try:
            while True:
                found.append(client.next())
        except (EOFError, ConnectionResetError):
            pass
    return alike(found)


def alike(messages: Messages) -> Messages:
    """Without process ids and numbers of temporary schemas; OIDs by the order they come in."""
    known: dict[int, int] = {}

    def numbered(oid: int) -> int:
        return oid if oid < FIRST_NORMAL_OID else known.setdefault(oid, 10**9 + len(known))

    found: Messages = []
    for kind, body in messages:
        if kind == b"A":
            body = body[4:]  # NotificationResponse carries a process id
        elif kind == b"T":
            described = [
                replace(f, table_oid=numbered(f.table_oid), type_oid=numbered(f.type_oid))
                for f in backend.parse_row_description(body)
            ]
            body = backend.row_description(described)
        elif kind == b"t":
            oids = [o for (o,) in struct.iter_unpack("!I", body[2:])]
            body = body[:2] + b"".join(struct.pack("!I", numbered(o)) for o in oids)
        found.append((kind, TEMPORARY.sub(b"pg_temp_N", body)))
    return found


def shown(messages: Messages) -> list[str]:
    """Messages as a person reads them."""
    return [f"{kind.decode()} {body[:200]!r}" for kind, body in messages]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.where)
def test_same_messages(cluster: Cluster, proxy: Proxy, script: Script) -> None:
    direct = answers(cluster.host, cluster.port, script)
    assert shown(answers(proxy.host, proxy.port, script)) == shown(direct)


@pytest.mark.parametrize(
    "script", [s for s in SCRIPTS if not s.whole][::4], ids=lambda script: script.where
)
def test_same_messages_in_pieces(cluster: Cluster, proxy: Proxy, script: Script) -> None:
    direct = answers(cluster.host, cluster.port, script)
    length = len(b"".join(script.messages)) + len(TERMINATE)
    rng = random.Random(script.where)
    cuts = sorted(rng.sample(range(1, length), min(12, length - 1)))
    assert shown(answers(proxy.host, proxy.port, script, cuts)) == shown(direct)


# What a masked role is told otherwise, and why.
KNOWN = {
    "unnamed statement for one thing after another": "a token in place of an e-mail address",
    "in, refused before it begins": "the table is looked up when the statement is prepared",
    "long name cut": "the statement goes up with the name cut already: no notice",
}


def test_role_with_masks_is_answered_alike_where_it_is_not_refused(
    cluster: Cluster, proxy: Proxy
) -> None:
    """Its texts of errors and notices are ours; what is no message ends its session."""
    login = (ANALYST.user, ANALYST.password)
    same, different = 0, []
    for script in SCRIPTS:
        if script.where.startswith("broken:") or script.name in KNOWN:
            continue
        through = answers(proxy.host, proxy.port, script, login=login)
        if any(kind == b"E" and b"C42501\0" in body for kind, body in through):
            continue
        if spared(through) == spared(answers(cluster.host, cluster.port, script, login=login)):
            same += 1
        else:
            different.append(script.where)
    assert different == []
    assert same >= 250


def spared(messages: Messages) -> Messages:
    """Without the texts of errors and notices, and without payloads of notifications."""
    found: Messages = []
    for kind, body in messages:
        if kind == b"E":
            body = fields(body)["C"].encode()
        found.append((kind, b"" if kind in (b"N", b"A") else body))
    return found


def test_there_are_enough_and_no_two_alike() -> None:
    assert len(SCRIPTS) >= 300
    names = [script.name for script in SCRIPTS]
    assert sorted(set(names)) == sorted(names)
    bodies = [tuple(script.messages) for script in SCRIPTS]
    assert len(set(bodies)) == len(bodies)
