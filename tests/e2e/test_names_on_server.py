"""Names of SQL and of the protocol against PostgreSQL itself, in any order, with any failures."""

import random

import pytest

from tests.e2e.house import RESET, House, cutter
from tests.e2e.names import NamesPlanner, pipeline
from tests.e2e.pipelines import CANARY, shapes, spelled

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("how", "rounds"), [("whole", 60), ("random", 25), ("single", 10)])
def test_any_pipeline_of_names_is_answered_as_the_server_does(
    house: House, how: str, rounds: int
) -> None:
    for seed in range(rounds):
        dice = random.Random(f"names {how} {seed}")
        direct, through = house.direct(), house.through(cutter(dice, how), NamesPlanner)
        try:
            for _ in range(5):
                asked = pipeline(dice)
                expected = direct.run(spelled(asked, direct=True) + RESET)
                heard = through.run(spelled(asked, direct=False) + RESET)
                assert CANARY not in heard
                assert shapes(heard) == shapes(expected), asked
        finally:
            direct.close()
            through.close()
