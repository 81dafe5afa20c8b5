"""What the two halves of a masked session have in common."""

from dataclasses import dataclass

from pgproxy.session.context import SessionContext
from pgproxy.session.foreseen import Foreseen
from pgproxy.session.intake import Intake
from pgproxy.session.outbox import Outbox
from pgproxy.session.planning import Planning
from pgproxy.session.replies import ReplyQueue
from pgproxy.session.runs import Runs
from pgproxy.session.statements import Asked, Names


@dataclass(slots=True)
class Shared:
    """One of each, for questions and answers."""

    context: SessionContext
    outbox: Outbox
    queue: ReplyQueue[Asked]
    names: Names
    foreseen: Foreseen
    planning: Planning
    runs: Runs
    intake: Intake
