"""How a build goes on: how many values to ask for, when to wait, when to give up; what it cost."""

from dataclasses import dataclass
from decimal import Decimal

from pgproxy.pools.replies import Usage

# Answers in a row without one new value; failures in a row are ``models.retries``.
DRY_ROUNDS = 5

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_LONGEST_ASKED = 300.0
# Asked for beyond what is lacking: some will be refused.
_SPARE = 2


def pause(failures: int, after: float | None, dice: float) -> float:
    """Seconds to wait after so many failures in a row; ``dice`` from 0 to 1 spreads them.

    ``after``: what the endpoint asks for, which is done, up to five minutes.
    """
    backed_off = min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 16), _LONGEST_PAUSE)
    spread = backed_off * (0.5 + dice / 2)
    return spread if after is None else max(min(after, _LONGEST_ASKED), spread)


class Rounds:
    """Requests one after the other until there are ``goal`` values."""

    def __init__(self, goal: int, size: int) -> None:
        self._goal = goal
        self._size = size
        self._dry = 0

    def ask(self, made: int) -> int:
        """How many values to ask for when so many are there."""
        return min(self._size, self._goal - made + _SPARE)

    def heard(self, new: int, cut: bool) -> None:
        """An answer brought so many; one that was cut off makes the next question smaller."""
        self._dry = 0 if new else self._dry + 1
        if cut:
            self._size = max(self._size // 2, 1)

    @property
    def is_dry(self) -> bool:
        """Nothing new has come for long enough."""
        return self._dry >= DRY_ROUNDS


@dataclass(slots=True)
class Tally:
    """What a build has taken; ``unmetered``: answers that did not say how many tokens."""

    requests: int = 0
    failures: int = 0
    input: int = 0
    output: int = 0
    unmetered: int = 0

    def count(self, usage: Usage | None) -> None:
        """One answer more."""
        if usage is None:
            self.unmetered += 1
        else:
            self.input += usage.input
            self.output += usage.output

    def cost(self, input_price: Decimal, output_price: Decimal) -> Decimal:
        """In the currency of the prices, which are per million tokens."""
        return (self.input * input_price + self.output * output_price) / 1_000_000

    def line(self, prices: tuple[Decimal, Decimal] | None) -> str:
        """What to tell when all is done."""
        failed = f" ({self.failures} failed)" if self.failures else ""
        told = f"{self.requests} requests{failed}, {self.input:,} tokens in, {self.output:,} out"
        if self.unmetered:
            told += f" and what {self.unmetered} answers did not count"
        if prices is None:
            return f"{told}; models.price_per_million would give the cost"
        return f"{told}; cost: {self.cost(*prices):.4f}"
