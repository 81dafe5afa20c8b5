"""Start-up parameters of a masked role, and the search_path it has."""

import pytest

from pgproxy.errors import Refusal
from pgproxy.session.settings import bare, pinned
from tests.session.plans import catalog


def test_the_most_specific_search_path_is_pinned() -> None:
    paths = {"alice": "shop", "": "base"}
    assert pinned({"user": "alice"}, catalog(search_paths=paths))["search_path"] == "shop"
    assert pinned({"user": "bob"}, catalog(search_paths=paths))["search_path"] == "base"


def test_a_pin_cannot_be_undone_by_another_spelling() -> None:
    given_ = {"user": "alice", "CLIENT_encoding": "utf8", "client_ENCODING": "unicode"}
    sent = pinned(given_, catalog())
    encodings = {k: v for k, v in sent.items() if k.lower() == "client_encoding"}
    assert list(encodings.values()) == ["UTF8"]


@pytest.mark.parametrize("value", ["UTF8", "utf-8", "'utf-8'", "Unicode", "UTF_8", " utf8 "])
def test_every_spelling_of_utf8_is_taken(value: str) -> None:
    sent = pinned({"user": "alice", "client_encoding": value}, catalog())
    assert sent["client_encoding"] == "UTF8"


@pytest.mark.parametrize(
    ("given_", "sent"),
    [("ISO", "ISO"), ("ISO, DMY", "ISO, DMY"), ("dmy", "ISO, dmy"), ("iso,ymd", "iso,ymd")],
)
def test_dates_are_iso_whatever_their_order(given_: str, sent: str) -> None:
    assert pinned({"user": "alice", "datestyle": given_}, catalog())["datestyle"] == sent


def test_a_client_may_want_fewer_messages_and_not_more() -> None:
    sent = pinned({"user": "alice", "client_min_messages": "error"}, catalog())
    assert sent["client_min_messages"] == "error"
    with pytest.raises(Refusal):
        pinned({"user": "alice", "client_min_messages": "log"}, catalog())


def test_no_replication_is_no_request() -> None:
    assert "replication" not in pinned({"user": "alice", "replication": "off"}, catalog())


def test_a_login_that_will_be_refused_says_only_who_it_is() -> None:
    start = {"user": "alice", "options": "-c x=y", "role": "bob", "_pq_.x": "1"}
    assert bare(start) == {"user": "alice", "database": "alice", "_pq_.x": "1"}
