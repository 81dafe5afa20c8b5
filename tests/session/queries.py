"""Simple queries of a masked role, from the login to the server, for the tests of the guard."""

from pgproxy.wire import backend
from tests.session.plans import EMAIL, ID, MASKED, SHOWN, TOKENIZED, one, plan, refused, seen
from tests.session.script import (
    Script,
    query,
)

TWO = backend.row_description([seen("id", ID, 23), seen("email", EMAIL)])
PLANS = {
    b"two": plan(one(SHOWN, MASKED)),
    b"tokens": plan(one(SHOWN, TOKENIZED)),
    b"open": plan(one(SHOWN, touches=False), sql=b"open"),
    b"printed": plan(one(SHOWN, touches=False)),
    b"told": plan(one(MASKED, notices=("cut", "redacted"))),
    b"begin": plan(one(rows=False, touches=False)),
    b"set": plan(one(rows=False, touches=False)),
    b"": plan(sql=b""),
    b"no": plan(refused(position=4)),
    b"open, no": plan(one(SHOWN, touches=False), refused()),
    b"two, two": plan(one(SHOWN, MASKED), one(MASKED, SHOWN)),
}


def ready(text: bytes) -> Script:
    """Logged in, and the query is with the server."""
    return Script(PLANS).log_in().client(query(text))
