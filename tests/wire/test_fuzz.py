"""A short run of ``fuzz``: every reader of the wire gives a value or raises what it documents."""

import pytest

from tests.wire.fuzz import READERS, inputs, judge


@pytest.mark.parametrize("name", READERS)
def test_spoilt_input(name: str) -> None:
    for data in READERS[name].good:
        judge(name, data)
    for data in inputs(name, 1500, 0):
        judge(name, data)
