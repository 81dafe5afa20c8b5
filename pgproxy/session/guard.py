"""The conversation of a masked role, after its login: the two halves and what passes between."""

from collections.abc import Mapping

from pgproxy.analysis.catalog import Catalog
from pgproxy.errors import Unavailable
from pgproxy.session.answers import Answers
from pgproxy.session.context import Identity, SessionContext
from pgproxy.session.effects import Close
from pgproxy.session.foreseen import Foreseen
from pgproxy.session.intake import Intake
from pgproxy.session.ledger import Ledger
from pgproxy.session.outbox import Outbox
from pgproxy.session.phase import Phase
from pgproxy.session.planning import Planning
from pgproxy.session.questions import Questions
from pgproxy.session.replies import ReplyQueue
from pgproxy.session.reports import Reports
from pgproxy.session.runs import Runs
from pgproxy.session.shared import Shared
from pgproxy.session.statements import Asked, Names
from pgproxy.wire.frontend import Terminate


class Guard(Phase):
    """See ``questions`` for what goes up, ``answers`` for what comes down."""

    ready = True
    masked = True

    def __init__(
        self, context: SessionContext, outbox: Outbox, identity: Identity, catalog: Catalog
    ) -> None:
        super().__init__(outbox)
        self._context = context
        queue: ReplyQueue[Asked] = ReplyQueue()
        names = Names()
        self._queue = queue
        self._planning = Planning(context, identity, catalog)
        runs = Runs(names, self._planning)
        intake = Intake(context.counters)
        foreseen = Foreseen(names)
        shared = Shared(context, outbox, queue, names, foreseen, self._planning, runs, intake)
        self._questions = Questions(shared)
        ledger = Ledger(identity, context, outbox)
        self._reports = Reports(shared, ledger, identity.server_login.encode())
        self._answers = Answers(shared, self._reports)
        self._upstream_gone = False

    @property
    def client_blocked(self) -> bool:
        """A catalog or a value is awaited, or the pipeline is full."""
        return self._questions.blocked

    @property
    def upstream_blocked(self) -> bool:
        """Tokens are awaited."""
        return self._answers.waiting

    @property
    def idle(self) -> bool:
        """No transaction is open, nothing is under way."""
        return self._queue.idle and self._questions.idle and not self._answers.waiting

    def abandon(self) -> None:
        """Unfinished statements are put down too: some of their rows may be out."""
        self._reports.abandoned()

    def goodbye(self) -> bytes:
        """Only whole messages went up, so that one more may follow."""
        return Terminate().encode()

    def client_data(self, data: bytes) -> None:
        """Questions."""
        self._questions.feed(data)

    def client_closed(self) -> None:
        """One that took its leave wants its last statement carried out."""
        if self._questions.left:
            self._outbox.add(Close())
        else:
            super().client_closed()

    def upstream_data(self, data: bytes) -> None:
        """Answers."""
        self._answers.feed(data)
        self._questions.answered()

    def upstream_closed(self) -> None:
        """What it sent before still counts, if it only waits for tokens."""
        self._upstream_gone = True
        self._end_with_upstream()

    def catalog_ready(self, catalog: Catalog) -> None:
        """From the next message on."""
        self._planning.renew(catalog)
        self._questions.refreshed()

    def catalog_failed(self, reason: str) -> None:
        """The statement that needed it is refused, by the plan there is if that still holds."""
        self._questions.refreshed(failed=True)

    def values_ready(self, found: tuple[Mapping[bytes, bytes | None], ...]) -> None:
        """The statement goes on."""
        self._questions.values_ready(found)

    def values_failed(self, reason: str) -> None:
        """The statement that has the tokens is refused."""
        self._questions.values_ready(None)

    def tokens_ready(self, tokens: tuple[Mapping[bytes, bytes], ...]) -> None:
        """The rows go on."""
        self._answers.tokens_ready(tokens)
        self._questions.answered()
        self._end_with_upstream()

    def tokens_failed(self, reason: str) -> None:
        """A result that is half out cannot be finished without raw values."""
        raise Unavailable("the vault cannot be reached: no masked rows can be sent")

    def _end_with_upstream(self) -> None:
        if self._upstream_gone and not self._answers.waiting:
            if not self._reports.fatal_seen and not self._questions.left:
                raise Unavailable("the server closed the connection", sqlstate="08006")
            left = self._questions.left
            self._outbox.add(Close("" if left else "the server ended the session"))
