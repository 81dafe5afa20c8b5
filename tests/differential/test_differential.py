"""Every script, with the server and through the proxy, in one piece and in pieces."""

from dataclasses import replace
import random
import re
import struct

import pytest

from pgproxy.demo.postgres import Cluster
from pgproxy.demo.proxy import Proxy
from pgproxy.demo.shop import DATABASE, OWNER
from pgproxy.wire import backend
from tests.differential.scripts import Script, corpus, message
from tests.e2e.raw import RawClient

SCRIPTS = corpus()
LOGIN = (OWNER.user, OWNER.password)
FIRST_NORMAL_OID = 16384
TEMPORARY = re.compile(rb"pg_(?:toast_)?temp_[0-9]+")
TERMINATE = message(b"X", b"")
Messages = list[tuple[bytes, bytes]]


def answers(host: str, port: int, script: Script, cuts: list[int] | None = None) -> Messages:
    """All that comes back, without what differs between any two sessions."""
    data = b"".join([*script.messages, TERMINATE])
    found: Messages = []
    with RawClient(host, port, LOGIN, DATABASE) as client:
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
            fields = [
                replace(f, table_oid=numbered(f.table_oid), type_oid=numbered(f.type_oid))
                for f in backend.parse_row_description(body)
            ]
            body = backend.row_description(fields)
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


def test_there_are_enough_and_no_two_alike() -> None:
    assert len(SCRIPTS) >= 300
    names = [script.name for script in SCRIPTS]
    assert sorted(set(names)) == sorted(names)
    bodies = [tuple(script.messages) for script in SCRIPTS]
    assert len(set(bodies)) == len(bodies)
