"""What the vault says of the tokens in the one message that is to go out next."""

from collections.abc import Iterable, Mapping

from pgproxy.errors import Refusal
from pgproxy.policy.plan import QueryPlan
from pgproxy.session.counters import Counters
from pgproxy.session.effects import ResolveValues
from pgproxy.session.inputs import (
    Key,
    Resolved,
    parameter_keys,
    requests_for,
    with_literals,
    with_parameters,
)
from pgproxy.session.outbox import Outbox
from pgproxy.session.statements import Statement
from pgproxy.treatment.tokens import ValueRequest
from pgproxy.wire.frontend import Bind

UNREACHABLE = Refusal(
    "vault",
    "the vault cannot be reached: no token can be resolved",
    sqlstate="58000",
    hint="Try again; statements without tokens in their conditions need no vault.",
)


class Resolving:
    """The tokens of the one message that is to go out next."""

    def __init__(self, counters: Counters, outbox: Outbox) -> None:
        self._counters = counters
        self._outbox = outbox
        self._found: dict[Key, bytes | None] = {}
        self._requests: tuple[ValueRequest, ...] = ()
        self.refusal: Refusal | None = None

    def ask(self, keys: Iterable[Key]) -> bool:
        """Whether it is known what these stand for; if not, that is asked now."""
        missing = [key for key in keys if key not in self._found]
        if not missing or self.refusal is not None:
            return True
        self._requests = requests_for(missing)
        self._outbox.add(ResolveValues(self._requests))
        return False

    def learn(self, found: tuple[Mapping[bytes, bytes | None], ...] | None) -> None:
        """The answers to what was asked, in its order; None: there are none."""
        if found is None or len(found) != len(self._requests):
            self.refusal = UNREACHABLE
            return
        for request, known in zip(self._requests, found, strict=True):
            self._found.update(
                ((request.space, token), known.get(token)) for token in request.tokens
            )

    def clear(self) -> None:
        """That message has gone out."""
        if self._found or self.refusal is not None:
            self._found, self._requests, self.refusal = {}, (), None

    def text(self, plan: QueryPlan) -> tuple[bytes, tuple[str, ...]]:
        """The text to send for a plan, and what to tell the client; there may be a ``refusal``."""
        if not any(one.mark for each in plan.statements for one in each.inputs):
            return plan.sql, ()
        resolved = Resolved(self._found)
        sql = with_literals(plan, resolved)
        return sql, self._told(resolved)

    def ask_parameters(self, statement: Statement, bind: Bind) -> bool:
        """As ``ask``, for the parameters of a Bind.  Raises ClientViolation."""
        assert statement.only is not None
        return self.ask(parameter_keys(statement.only, bind, statement.types))

    def bound(self, statement: Statement, bind: Bind) -> tuple[Bind, tuple[str, ...]]:
        """The Bind to send, and what to tell the client; there may be a ``refusal``.

        Raises ClientViolation.
        """
        assert statement.only is not None
        resolved = Resolved(self._found)
        sent = with_parameters(statement.only, bind, statement.types, resolved)
        return sent, self._told(resolved)

    def _told(self, resolved: Resolved) -> tuple[str, ...]:
        """Notices; or the refusal, where a column was to be set to what is no token."""
        for column in resolved.refused:
            self.refusal = Refusal(
                "masked_write",
                f"a value written to {column} is no token of it",
                hint="Write a token as this role reads it in that column, or leave the column out.",
            )
        self._counters.tokens_resolved += resolved.known
        self._counters.tokens_unknown += resolved.unknown
        return tuple(
            f"a value compared with {column} is no token of it: it matches nothing"
            for column in resolved.columns
        )
