"""A sample of ``cuts``: whatever a peer does wrong, both legs end and no value comes out."""

import pytest

from tests.session.cuts import try_all
from tests.session.test_transcripts import RECORDED

EVERY = 97  # prime, so that the sample meets every kind of fault


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_spoilt_in_some_places(name: str) -> None:
    tried = try_all(name, EVERY)
    assert {"length", "type", "> ended", "<< ended", "> cut", "<< cut"} <= set(tried)
