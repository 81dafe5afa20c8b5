"""Pipelines against PostgreSQL itself: through a masked session the server's answers must come in
the same order, of the same types, with the same codes and numbers of rows, as without us.
"""

import random

import pytest

from tests.e2e.house import RESET, House, cutter
from tests.e2e.pipelines import CANARY, pipeline, shapes, spelled

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("how", "rounds"), [("whole", 150), ("random", 100), ("single", 40)])
def test_any_pipeline_is_answered_in_the_servers_own_order(
    house: House, how: str, rounds: int
) -> None:
    for seed in range(rounds // 10):
        dice = random.Random(f"{how} {seed}")
        direct, through = house.direct(), house.through(cutter(dice, how))
        try:
            for _ in range(10):
                asked = pipeline(dice)
                expected = direct.run(spelled(asked, direct=True) + RESET)
                heard = through.run(spelled(asked, direct=False) + RESET)
                assert CANARY not in heard
                assert shapes(heard) == shapes(expected), asked
        finally:
            direct.close()
            through.close()
