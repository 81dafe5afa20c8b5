"""The queue of expected replies against what a server does, message by message."""

from hypothesis import given, strategies

from pgproxy.session.replies import ENDS_READY, Entry, Expect, ReplyQueue
from pgproxy.wire.backend import IDLE, IN_TRANSACTION

KINDS = [kind for kind in Expect if kind not in (Expect.COPY_END, Expect.LAYOUT)]
# A message of the client and whether the server fails it.
STEPS = strategies.lists(strategies.tuples(strategies.sampled_from(KINDS), strategies.booleans()))


class Server:
    """Discards after an error until Sync, as the manual says; its replies wait to be read."""

    def __init__(self) -> None:
        self.discards = False
        self.replies: list[tuple[str, int]] = []

    def take(self, kind: Expect, number: int, fails: bool) -> None:
        """One message."""
        if kind is Expect.SYNC:
            self.discards = False
        elif self.discards:
            return
        if fails:
            self.replies.append(("error", number))
            self.discards = kind not in ENDS_READY
        elif kind not in ENDS_READY:
            self.replies.append(("done", number))
        if kind in ENDS_READY:
            self.replies.append(("ready", number))


class Numbered(Entry):
    """Which message it was."""

    def __init__(self, expect: Expect, number: int) -> None:
        super().__init__(expect)
        self.number = number


@given(STEPS, strategies.data())
def test_each_reply_finds_the_message_it_answers(
    steps: list[tuple[Expect, bool]], data: strategies.DataObject
) -> None:
    server, queue = Server(), ReplyQueue[Numbered]()

    def read(reply: tuple[str, int]) -> None:
        head = queue.head
        assert head is not None
        assert head.number == reply[1]
        if reply[0] == "error":
            queue.failed()
        elif reply[0] == "ready":
            queue.ready(IDLE)
        else:
            queue.pop()

    for number, (kind, fails) in enumerate(steps):
        # As the session does: nothing but Sync goes out once the error has been read.
        if not queue.skipping or kind is Expect.SYNC:
            queue.push(Numbered(kind, number))
            server.take(kind, number, fails)
        for _ in range(data.draw(strategies.integers(0, len(server.replies)))):
            read(server.replies.pop(0))
    while server.replies:
        read(server.replies.pop(0))
    assert queue.head is None
    assert queue.skipping == server.discards


def test_idle_is_only_where_nothing_is_open() -> None:
    queue = ReplyQueue[Entry]()
    assert queue.idle
    queue.push(Entry(Expect.PARSE))
    queue.pop()
    assert not queue.idle
    queue.push(Entry(Expect.SYNC))
    assert not queue.idle
    queue.ready(IN_TRANSACTION)
    assert not queue.idle
    queue.push(Entry(Expect.QUERY))
    queue.ready(IDLE)
    assert queue.idle


def test_only_syncs_before_the_end_of_a_copy_are_ignored() -> None:
    queue = ReplyQueue[Entry]()
    for kind in (Expect.EXECUTE, Expect.SYNC, Expect.SYNC, Expect.COPY_END, Expect.SYNC):
        queue.push(Entry(kind))
    queue.copy_in()
    kept = [entry.expect for entry in queue.entries]
    assert kept == [Expect.EXECUTE, Expect.COPY_END, Expect.SYNC]


def test_copy_ends_outside_a_copy_do_not_fill_the_queue() -> None:
    """A client that sends CopyDone without end was never read again."""
    queue: ReplyQueue[Entry] = ReplyQueue()
    for _ in range(50):
        queue.push(Entry(Expect.COPY_END))
    assert len(queue) == 1
    queue.push(Entry(Expect.QUERY))
    head = queue.head
    assert head is not None
    assert head.expect is Expect.QUERY
