"""COPY … FROM STDIN of a masked role: tokens of some columns become what they stand for.

The rows are cut as the server cuts them; what could be read in two ways is refused, or a value
might end up in another column than its own.
"""

from collections.abc import Collection, Mapping
from itertools import chain

from pgproxy.errors import Refusal, UpstreamViolation
from pgproxy.policy.plan import CopyFormat, CopyIn, Input
from pgproxy.session.copies import style_of
from pgproxy.session.counters import Counters
from pgproxy.session.inputs import Key, key_of, requests_for, written
from pgproxy.session.results import stopped
from pgproxy.session.statements import Asked
from pgproxy.treatment.tokens import ValueRequest
from pgproxy.wire import backend, values
from pgproxy.wire.copy_in import BinaryIntake, CsvIntake, Malformed, RowIntake, TextIntake
from pgproxy.wire.known import Known

# Bytes that a column remembers while the copy lasts.
_REMEMBERED = 4 << 20
_ROUNDS = 16


class Rows:
    """The rows of one copy on their way in."""

    def __init__(self, plan: CopyIn, form: CopyFormat, counters: Counters) -> None:
        self._counters = counters
        self._wanted = tuple(n for n, column in enumerate(plan.columns) if column is not None)
        self._columns = [column for column in plan.columns if column is not None]
        self._format = values.BINARY_FORMAT if form.format == "binary" else values.TEXT_FORMAT
        self._sources = tuple(Known(_REMEMBERED) for _ in self._wanted)
        self._stream = _stream(form, len(plan.columns))
        self._found: dict[Key, bytes | None] = {}
        self._requests: tuple[ValueRequest, ...] = ()

    def feed(self, data: bytes) -> None:
        """The body of a CopyData.  Raises Refusal."""
        try:
            self._stream.feed(data)
        except (Malformed, UpstreamViolation) as error:
            raise _unreadable() from error

    def end(self) -> None:
        """CopyDone.  Raises Refusal."""
        try:
            self._stream.finish()
        except (Malformed, UpstreamViolation) as error:
            raise _unreadable() from error

    def take(self) -> bytes | tuple[ValueRequest, ...]:
        """What is complete, as CopyData messages; or what must be learned first.

        Raises Refusal.
        """
        for _ in range(_ROUNDS):
            try:
                rows, _, missing = self._stream.take(self._wanted, self._sources)
            except UpstreamViolation as error:
                raise _unreadable() from error
            if rows is not None:
                return rows
            self._requests = self._fill(missing)
            if self._requests:
                return self._requests
        raise RuntimeError("values are forgotten faster than they are written")

    def learn(self, found: tuple[Mapping[bytes, bytes | None], ...]) -> None:
        """The answers to what was asked, in its order."""
        for request, known in zip(self._requests, found, strict=True):
            self._found.update(
                ((request.space, token), known.get(token)) for token in request.tokens
            )
        self._requests = ()

    def _fill(self, missing: list[list[bytes]]) -> tuple[ValueRequest, ...]:
        keys = [
            {value: key_of(column, column.type_oid, self._format, value) for value in lacking}
            for column, lacking in zip(self._columns, missing, strict=True)
        ]
        every = chain.from_iterable(each.values() for each in keys)
        unknown = [key for key in every if key and key not in self._found]
        if unknown:
            return requests_for(unknown)
        for column, source, each in zip(self._columns, self._sources, keys, strict=True):
            source.learn({value: self._value(column, value, key) for value, key in each.items()})
        self._found.clear()
        return ()

    def _value(self, column: Input, given: bytes, key: Key | None) -> bytes:
        value = self._found.get(key) if key else None
        put = None if value is None else written(column.type_oid, self._format, value)
        if put is not None:
            self._counters.tokens_resolved += 1
            return put
        if column.as_given:
            return given
        self._counters.tokens_unknown += 1
        raise Refusal(
            "masked_write",
            f"a value of COPY for {column.column} is no token of it",
            hint="Copy tokens as this role reads them in that column, or leave the column out.",
        )


class Intake:
    """The copy that the server takes in, or is about to; nothing behind it goes out before."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        # Sent and not over: the server may ask for rows.
        self._due: Asked | None = None
        self.rows: Rows | None = None
        self.active = False

    def expect(self, entry: Asked) -> None:
        """An entry goes out that copies rows in."""
        self._due = entry

    def due(self, outstanding: Collection[Asked]) -> bool:
        """Whether the server may still ask for rows: what is behind them has to wait.

        ``outstanding``: the entries of the queue.
        """
        if self._due is not None and self._due not in outstanding:
            self._due = None
        return self._due is not None and not self.active

    def begin(self, plan: CopyIn | None, response: bytes) -> None:
        """CopyInResponse.  Raises UpstreamViolation."""
        if plan is None or self.active:
            raise stopped("the server asks for rows where none were to come")
        overall, formats = backend.parse_copy_response(response)
        if len(formats) != len(plan.columns):
            raise stopped("the server asks for another number of columns than expected")
        form = plan.form
        if form is not None:
            expected = int(form.format == "binary")
            if overall != expected or any(each != expected for each in formats):
                raise stopped("the server asks for another format than expected")
            self.rows = Rows(plan, form, self._counters)
        self.active = True

    def end(self, *, only: bool) -> None:
        """The client has ended it; ``only``: its statement has no other."""
        self.stop()
        if only:
            # The answer may wait for the Sync behind it.
            self._due = None

    def stop(self) -> None:
        """No row is taken any more."""
        self.active = False
        self.rows = None


def _stream(form: CopyFormat, fields: int) -> RowIntake:
    if form.format == "binary":
        return BinaryIntake(fields)
    style = style_of(form, fields)
    return CsvIntake(style) if form.format == "csv" else TextIntake(style)


def _unreadable() -> Refusal:
    return Refusal(
        "copy",
        "the rows of COPY cannot be read for sure: columns that hold tokens are among them",
        sqlstate="22P04",
        hint="Lines end with LF or CRLF throughout; text has no octal or hexadecimal escapes.",
    )
