"""Building a pool: questions to the model until there are enough values, each kept as it comes."""

from collections.abc import Callable
from dataclasses import dataclass, field
import random
import time

from pgproxy.config.models import Models
from pgproxy.errors import PgproxyError, Unavailable
from pgproxy.net.model_endpoint import ModelEndpoint
from pgproxy.net.pool_files import PartFile
from pgproxy.policy.pools import PoolRule
from pgproxy.pools.editions import Header
from pgproxy.pools.harvest import Harvest
from pgproxy.pools.prompts import request
from pgproxy.pools.replies import Reply, Trouble, read_reply
from pgproxy.pools.rounds import DRY_ROUNDS, Rounds, Tally, pause

# How many values there are; '' or why the build waits.
Tell = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """What time and chance are to a build."""

    sleep: Callable[[float], None] = time.sleep
    dice: Callable[[], float] = field(default=random.random)


class Build:
    """One edition of one pool; what has come stays in ``part``, however this ends."""

    def __init__(self, rule: PoolRule, models: Models, part: PartFile, pace: Pace) -> None:
        self._rule = rule
        self._models = models
        self._part = part
        self._pace = pace
        self._endpoint = ModelEndpoint(models)
        self.tally = Tally()
        self.harvest = Harvest(rule, ())

    def run(self, header: Header, goal: int, tell: Tell) -> None:
        """Until ``goal`` values are in the file of the pool.

        Raises Unavailable when the endpoint does not answer, PgproxyError when it has nothing new.
        """
        self.harvest = harvest = Harvest(self._rule, self._part.go_on(header))
        rounds = Rounds(goal, self._models.values_per_request)
        tell(len(harvest.values), "")
        while (made := len(harvest.values)) < goal:
            reply = self._answer(rounds.ask(made), tell)
            new = harvest.take(reply.values or (), goal - made)
            if new:
                self._part.add(new)
            rounds.heard(len(new), reply.cut)
            tell(len(harvest.values), "")
            if rounds.is_dry:
                raise self._dry(goal)
        self._part.finish(header, harvest.values[:goal])

    def _answer(self, ask: int, tell: Tell) -> Reply:
        """To one question, asked again after a while when that may help."""
        made = self.harvest.values
        models = self._models
        body = request(self._rule, models.model, models.structured, ask, made)
        failures = 0
        while True:
            self.tally.requests += 1
            try:
                reply = read_reply(self._endpoint.ask(body))
            except Trouble as trouble:
                failures += 1
                self.tally.failures += 1
                if not trouble.again or failures > models.retries:
                    raise self._away(trouble) from None
                seconds = pause(failures, trouble.after, self._pace.dice())
                tell(len(made), f"{trouble.message}; again in {seconds:.0f} s")
                self._pace.sleep(seconds)
            else:
                self.tally.count(reply.usage)
                return reply

    def _away(self, trouble: Trouble) -> Unavailable:
        return Unavailable(trouble.message, hint=self._kept("the same command goes on"))

    def _dry(self, goal: int) -> PgproxyError:
        made = len(self.harvest.values)
        refused, repeated = self.harvest.refused, self.harvest.repeated
        message = (
            f"{DRY_ROUNDS} answers in a row held no new value: {made} of {goal} are there; of what "
            f"came, {repeated} were there already and {refused} do not satisfy the schema"
        )
        fewer = f"--count {made} is content with them, " if made else ""
        return PgproxyError(message, hint=self._kept(f"{fewer}another model may know more"))

    def _kept(self, then: str) -> str:
        return f"{len(self.harvest.values)} values are kept; {then}"
