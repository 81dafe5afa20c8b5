"""One scripted endpoint a test."""

from collections.abc import Iterator

import pytest

from tests.pools.endpoint import Scripted, scripted


@pytest.fixture
def endpoint() -> Iterator[Scripted]:
    """Listens; says nothing yet."""
    with scripted() as found:
        yield found
