"""The token map: bounded, per space."""

from pgproxy.treatment.tokens import TokenMap, TokenSpace

ONE, TWO = TokenSpace("one", "text"), TokenSpace("two", "text")


def test_spaces_do_not_mix() -> None:
    tokens = TokenMap()
    tokens.learn(ONE, {b"v": b"t1"})
    tokens.learn(TWO, {b"v": b"t2"})
    assert tokens.space(ONE).look_up([b"v"]) == ([b"t1"], [])
    assert tokens.space(TWO).look_up([b"v"]) == ([b"t2"], [])
    assert tokens.space(TokenSpace("one", "integer")).look_up([b"v"]) == ([], [b"v"])


def test_the_newest_survive_when_it_is_full() -> None:
    tokens = TokenMap(capacity=1000)
    for number in range(100):
        for space in (ONE, TWO):
            tokens.learn(space, {b"%d" % number: b"t"})
            assert tokens.size <= 1200
            assert tokens.space(space).look_up([b"%d" % number]) == ([b"t"], [])
    assert 10 < len(tokens) < 40


def test_learning_again_does_not_count_twice() -> None:
    tokens = TokenMap()
    tokens.learn(ONE, {b"v": b"t"})
    tokens.learn(ONE, {b"v": b"t"})
    assert len(tokens) == 1
